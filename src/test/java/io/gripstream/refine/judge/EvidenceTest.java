package io.gripstream.refine.judge;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.gripstream.clip.FloatTensor;
import io.gripstream.event.GateLimits;
import io.gripstream.refine.head.Classifier;
import io.gripstream.refine.head.Metrics;
import io.gripstream.refine.head.Mixture;
import io.gripstream.refine.head.Scores;
import io.gripstream.refine.head.SimulatedWorld;
import io.gripstream.refine.judge.Evidence.Opinion;
import java.util.Arrays;
import java.util.Map;
import java.util.Optional;
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
    assertThat(evidence.get("candidateScore")).isGreaterThan(evidence.get("baseScore"));
    assertThat(Gate.judge(new GateLimits(0.2f, 0f, 20), evidence).promote()).isTrue();
  }

  @Test
  void theSamePromptScoresTheSameAndIsHeldHoweverSureItIs() {
    Map<String, Double> evidence = measure(unknown, zeroShot.withLogitScale(1000));
    assertThat(evidence.get("candidateScore")).isEqualTo(evidence.get("baseScore"));
    assertThat(evidence.get("scoreError")).isZero();
    assertThat(evidence.get("agreement")).isEqualTo(1);
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
    assertThat(evidence.get("agreement")).isEqualTo((n - 1.0) / n);
    assertThat(evidence.get("candidateAccuracy")).isEqualTo(1);
    assertThat(evidence.get("candidateScore")).isEqualTo(1);
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
    assertThat(evidence.get("baseAccuracy"))
        .isCloseTo(
            Metrics.accuracy(Scores.argmax(zeroShot.logits(features)), heldOut), within(1e-12));
    assertThat(evidence.get("candidateAccuracy"))
        .isCloseTo(Metrics.accuracy(Scores.argmax(ideal.logits(features)), heldOut), within(1e-12));
    assertThat(evidence.get("heldOutLabelledClasses")).isEqualTo(8);
    int[] others =
        IntStream.range(0, world.truth.length)
            .map(i -> world.heldOut[i] ? Metrics.UNKNOWN : world.truth[i])
            .toArray();
    assertThat(measure(others, ideal)).doesNotContainKey("baseAccuracy");
  }

  @Test
  void labelsOfTwoClassesDoNotTakeBackAPromptThatIsWorseThereAndBetterElsewhere() {
    SimulatedWorld ten = new SimulatedWorld(8, 10, 1000, 1, 2.5, 0, 1);
    double[][] live = ten.ideal.clone();
    live[0] = ten.ideal[1];
    live[1] = ten.ideal[0];
    assertThat(ten.accuracy(live)).isGreaterThan(ten.accuracy(ten.zeroShot) + 0.03);
    int[] two =
        IntStream.range(0, ten.truth.length)
            .map(i -> ten.heldOut[i] && ten.truth[i] < 2 ? ten.truth[i] : Metrics.UNKNOWN)
            .toArray();
    Classifier zero = ten.classifier(ten.zeroShot);
    Map<String, Double> evidence =
        Judged.measure(ten.features(), ten.heldOut, two, zero, ten.classifier(live), zero);
    assertThat(evidence.get("zeroShotBack" + "Accuracy"))
        .isGreaterThan(evidence.get("zeroShotBack" + "AccuracyError"));
    assertThat(Gate.judge(new GateLimits(0.2f, 0f, 20), evidence).action())
        .isEqualTo(Gate.Action.HOLD);
  }

  @Test
  void aCandidateThatExplodedGivesEvidenceThatHolds() {
    float[] broken = ideal.classFeatures().values().clone();
    broken[17] = Float.NaN;
    Map<String, Double> evidence =
        measure(unknown, new Classifier(FloatTensor.matrix(8, SimulatedWorld.SIZE, broken), 10));
    assertThat(evidence).doesNotContainKey("candidateScore");
    assertThat(evidence.keySet()).noneMatch(name -> name.startsWith("gain"));
    assertThat(Gate.judge(new GateLimits(0.2f, 0f, 20), evidence).promote()).isFalse();
  }

  @Test
  void withoutHeldOutImagesNothingIsPromoted() {
    Map<String, Double> evidence =
        Judged.measure(features, new boolean[features.rows()], unknown, zeroShot, zeroShot, ideal);
    assertThat(evidence.get("heldOut")).isZero();
    assertThat(Gate.judge(new GateLimits(0.2f, 0f, 0), evidence).promote()).isFalse();
    FloatTensor none = FloatTensor.matrix(0, SimulatedWorld.SIZE, new float[0]);
    assertThat(
            Judged.measure(none, new boolean[0], new int[0], zeroShot, zeroShot, ideal)
                .get("heldOut"))
        .isZero();
  }

  @Test
  void theComparisonsAreReadFromTheEvidenceAsTheJudgesMadeThem() {
    Judges judges = new Judges(PoolView.of(features, zeroShot), unknown, world.heldOut);
    Classifier live = world.classifier(halfway());
    int[] first = Scores.argmax(zeroShot.logits(features));
    int[] base = Scores.argmax(live.logits(features));
    int[] after = Scores.argmax(ideal.logits(features));
    Map<String, Double> evidence =
        Evidence.measure(
                judges,
                world.heldOut,
                unknown,
                8,
                new Opinion(first, 0.5),
                new Opinion(base, 0.6),
                Optional.of(new Opinion(world.truth, 0.7)),
                Optional.of(new Opinion(after, 0.8)))
            .figures();
    assertThat(Comparison.of(evidence, "gain")).isEqualTo(judges.compare(base, after));
    assertThat(Comparison.of(evidence, "overZeroShot")).isEqualTo(judges.compare(first, after));
    assertThat(Comparison.of(evidence, "zeroShotBack")).isEqualTo(judges.compare(base, first));
    assertThat(Comparison.of(evidence, "predecessorBack"))
        .isEqualTo(judges.compare(base, world.truth));
    assertThat(evidence)
        .containsEntry("zeroShotScore", judges.score(first))
        .containsEntry("baseScore", judges.score(base))
        .containsEntry("candidateScore", judges.score(after))
        .containsEntry("scoreError", judges.scoreError(base, after))
        .containsEntry("baseConfidence", 0.6)
        .containsEntry("candidateConfidence", 0.8);
    assertThat(evidence.keySet()).noneMatch(name -> name.endsWith("Accuracy"));
  }

  @Test
  void theLivePromptHasNoSayInHowTheCandidateComparesWithZeroShot() {
    Map<String, Double> one = measure(world.truth, ideal);
    Map<String, Double> other =
        Judged.measure(features, world.heldOut, world.truth, zeroShot, ideal, ideal);
    assertThat(Comparison.of(other, "overZeroShot")).isEqualTo(Comparison.of(one, "overZeroShot"));
    for (String name : new String[] {"zeroShotScore", "candidateScore"}) {
      assertThat(other.get(name)).isEqualTo(one.get(name));
    }
    assertThat(Comparison.of(other, "gain").share()).isZero();
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

  private double[][] halfway() {
    return IntStream.range(0, 8)
        .mapToObj(
            j -> SimulatedWorld.unit(SimulatedWorld.sum(world.zeroShot[j], 1, world.ideal[j], 1)))
        .toArray(double[][]::new);
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
