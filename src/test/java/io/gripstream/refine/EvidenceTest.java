package io.gripstream.refine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.gripstream.clip.FloatTensor;
import io.gripstream.event.GateLimits;
import java.util.Arrays;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class EvidenceTest {
  private final SimulatedWorld world = new SimulatedWorld(7, 8, 600, 1.5, 1.5, 0, 1);
  private final FloatTensor features = world.features();
  private final Classifier zeroShot = world.classifier(world.zeroShot);
  private final Classifier ideal = world.classifier(world.ideal);
  private final int[] unknown = filled(Metrics.UNKNOWN);

  @Test
  void theMixtureIsNearerToTheTruthThanItsTeacher() {
    FloatTensor teacher = zeroShot.logits(features);
    FloatTensor mixture = Mixture.fit(features, teacher, unknown).probabilities();
    assertThat(Metrics.accuracy(Scores.argmax(mixture), world.truth))
        .isGreaterThan(Metrics.accuracy(Scores.argmax(teacher), world.truth) + 0.05);
  }

  @Test
  void theMixtureIsADistributionAndHoldsOnToLabels() {
    int[] labels = unknown.clone();
    labels[3] = 5;
    FloatTensor mixture =
        Mixture.fit(features, zeroShot.logits(features), labels).probabilities();
    assertThat(mixture.row(3)).containsExactly(0, 0, 0, 0, 0, 1, 0, 0);
    for (int i = 0; i < mixture.rows(); i++) {
      double sum = 0;
      for (float p : mixture.row(i)) {
        assertThat(p).isBetween(0f, 1f);
        sum += p;
      }
      assertThat(sum).isCloseTo(1, within(1e-5));
    }
  }

  @Test
  void featuresWithoutStructurePromoteNoPromptDrawnAtRandom() {
    FloatTensor noise = drawn(300);
    boolean[] heldOut = new boolean[300];
    for (int i = 0; i < 300; i += 4) {
      heldOut[i] = true;
    }
    for (int trial = 0; trial < 20; trial++) {
      Classifier candidate = new Classifier(drawn(zeroShot.classes()), zeroShot.logitScale());
      Map<String, Double> evidence =
          Judged.measure(
              noise, heldOut, Arrays.copyOf(unknown, 300), zeroShot, zeroShot, candidate);
      assertThat(Gate.judge(new GateLimits(0.25f, 0f, 20), evidence).promote()).isFalse();
    }
  }

  @Test
  void aBetterPromptScoresHigherAndPasses() {
    Map<String, Double> evidence = measure(unknown, ideal);
    assertThat(evidence.get(Evidence.CANDIDATE_SCORE))
        .isGreaterThan(evidence.get(Evidence.BASE_SCORE));
    assertThat(Gate.judge(new GateLimits(0.2f, 0f, 20), evidence).promote()).isTrue();
  }

  @Test
  void theSamePromptScoresTheSameAndIsHeldHoweverSureItIs() {
    Map<String, Double> evidence = measure(unknown, zeroShot.withLogitScale(1000));
    assertThat(evidence.get(Evidence.CANDIDATE_SCORE)).isEqualTo(evidence.get(Evidence.BASE_SCORE));
    assertThat(evidence.get(Evidence.SCORE_ERROR)).isZero();
    assertThat(evidence.get(Evidence.AGREEMENT)).isEqualTo(1);
    assertThat(Gate.judge(new GateLimits(0.2f, 0f, 20), evidence).promote()).isFalse();
  }

  @Test
  void aChangeOnOneImageIsNeverEnough() {
    // Two classes on two axes; the last image lies just on the wrong side of the live boundary.
    int n = 40;
    float[] images = new float[2 * n];
    int[] labels = new int[n];
    boolean[] heldOut = new boolean[n];
    Arrays.fill(heldOut, true);
    for (int i = 0; i < n; i++) {
      labels[i] = i % 2;
      images[2 * i + i % 2] = 1;
    }
    images[2 * n - 2] = 0.75f;
    images[2 * n - 1] = 0.66f;
    Classifier live = new Classifier(FloatTensor.matrix(2, 2, new float[] {1, 0, 0, 1}), 10);
    Classifier candidate =
        new Classifier(FloatTensor.matrix(2, 2, new float[] {0.95f, -0.3f, 0.3f, 0.95f}), 10);
    Map<String, Double> evidence =
        Judged.measure(FloatTensor.matrix(n, 2, images), heldOut, labels, live, live, candidate);
    assertThat(evidence.get(Evidence.AGREEMENT)).isEqualTo((n - 1.0) / n);
    assertThat(evidence.get(Evidence.CANDIDATE_ACCURACY)).isEqualTo(1);
    assertThat(evidence.get(Evidence.CANDIDATE_SCORE)).isEqualTo(1);
    assertThat(Gate.judge(new GateLimits(0.2f, 0f, 20), evidence).promote()).isFalse();
    assertThat(Gate.judge(new GateLimits(0.2f, 0f, 100), evidence).promote()).isFalse();
  }

  @Test
  void labelsOfHeldOutImagesGiveAccuraciesAndLabelsOfOthersDoNot() {
    Map<String, Double> evidence = measure(world.truth, ideal);
    int[] heldOut =
        IntStream.range(0, world.truth.length)
            .map(i -> world.heldOut[i] ? world.truth[i] : Metrics.UNKNOWN)
            .toArray();
    assertThat(evidence.get(Evidence.BASE_ACCURACY))
        .isCloseTo(
            Metrics.accuracy(Scores.argmax(zeroShot.logits(features)), heldOut), within(1e-12));
    assertThat(evidence.get(Evidence.CANDIDATE_ACCURACY))
        .isCloseTo(Metrics.accuracy(Scores.argmax(ideal.logits(features)), heldOut), within(1e-12));
    assertThat(evidence.get(Evidence.LABELLED_CLASSES)).isEqualTo(8);
    int[] others =
        IntStream.range(0, world.truth.length)
            .map(i -> world.heldOut[i] ? Metrics.UNKNOWN : world.truth[i])
            .toArray();
    assertThat(measure(others, ideal)).doesNotContainKey(Evidence.BASE_ACCURACY);
  }

  @Test
  void aCandidateThatExplodedGivesEvidenceThatHolds() {
    float[] broken = ideal.classFeatures().values().clone();
    broken[17] = Float.NaN;
    Map<String, Double> evidence =
        measure(unknown, new Classifier(FloatTensor.matrix(8, SimulatedWorld.SIZE, broken), 10));
    assertThat(evidence.get(Evidence.CANDIDATE_SCORE)).isNaN();
    assertThat(Gate.judge(new GateLimits(0.2f, 0f, 20), evidence).promote()).isFalse();
  }

  @Test
  void withoutHeldOutImagesNothingIsPromoted() {
    Map<String, Double> evidence =
        Judged.measure(features, new boolean[features.rows()], unknown, zeroShot, zeroShot, ideal);
    assertThat(evidence.get(Evidence.HELD_OUT)).isZero();
    assertThat(Gate.judge(new GateLimits(0.2f, 0f, 0), evidence).promote()).isFalse();
    FloatTensor none = FloatTensor.matrix(0, SimulatedWorld.SIZE, new float[0]);
    assertThat(
            Judged.measure(none, new boolean[0], new int[0], zeroShot, zeroShot, ideal)
                .get(Evidence.HELD_OUT))
        .isZero();
  }

  @Test
  void theSameInputGivesTheSameEvidenceBitForBit() {
    assertThat(measure(world.truth, ideal)).isEqualTo(measure(world.truth, ideal));
  }

  @Test
  void sizesThatDoNotFitAreRefused() {
    assertThatThrownBy(
            () -> Judged.measure(features, new boolean[3], unknown, zeroShot, zeroShot, ideal))
        .isInstanceOf(IllegalArgumentException.class);
  }

  private Map<String, Double> measure(int[] labels, Classifier candidate) {
    return Judged.measure(features, world.heldOut, labels, zeroShot, zeroShot, candidate);
  }

  private int[] filled(int value) {
    int[] values = new int[features.rows()];
    Arrays.fill(values, value);
    return values;
  }

  /** Directions without meaning. */
  private FloatTensor drawn(int n) {
    return SimulatedWorld.tensor(
        IntStream.range(0, n)
            .mapToObj(i -> SimulatedWorld.unit(world.gaussian(1)))
            .toArray(double[][]::new));
  }
}
