package io.gripstream.refine.judge;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.gripstream.clip.FloatTensor;
import io.gripstream.refine.head.ClassBalance;
import io.gripstream.refine.head.Classifier;
import io.gripstream.refine.head.Metrics;
import io.gripstream.refine.head.NeighborGraph;
import io.gripstream.refine.head.Scores;
import io.gripstream.refine.head.SimulatedWorld;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class JudgesTest {
  private static final int CLASSES = 8;
  private static final int IMAGES = 600;

  private final SimulatedWorld world = new SimulatedWorld(7, CLASSES, IMAGES, 1.2, 1.2, 0, 1);
  private final PoolView view = PoolView.of(world.features(), world.classifier(world.zeroShot));
  private final int[] unknown = filled(Metrics.UNKNOWN);
  private final int[] zeroShot = Scores.argmax(view.logits());
  private final int[] truth = world.truth;
  private final Judges judges = new Judges(view, unknown, world.heldOut);

  @Test
  void theTruthConvincesInPlaceOfZeroShotAndNotTheOtherWayRound() {
    assertThat(judges.compare(zeroShot, truth).convincing(0)).isTrue();
    Comparison back = judges.compare(truth, zeroShot);
    assertThat(back.convincing(1)).isFalse();
    assertThat(back.inconsistent(1)).isPresent();
    assertThat(judges.compare(zeroShot, truth).worthGoingBack()).isTrue();
    assertThat(back.worthGoingBack()).isFalse();
  }

  @Test
  void theFiguresAreThoseOfTheMixturesTheNeighborsAndTheGraph() {
    int[] after = changed(zeroShot, i -> i % 3 == 0, 1);
    List<FloatTensor> mixtures =
        List.of(
            view.mixture(view.pulled(), unknown).probabilities(),
            view.mixture(view.moved(), unknown).probabilities());
    FloatTensor neighbors =
        view.graph().propagated(ClassBalance.labels(view.logits(), view.uniform()), CLASSES);
    int[] judged = IntStream.range(0, IMAGES).filter(i -> world.heldOut[i]).toArray();
    Comparison comparison = judges.compare(zeroShot, after);
    assertThat(comparison.images()).isEqualTo(judged.length);
    assertThat(comparison.share()).isEqualTo(200.0 / IMAGES);
    assertThat(comparison.mixtureEffect())
        .isCloseTo(
            mixtures.stream().mapToDouble(m -> effect(m, zeroShot, after)).min().orElseThrow(),
            within(1e-9));
    assertThat(comparison.mixtureDeviates())
        .isCloseTo(
            mixtures.stream().mapToDouble(m -> deviates(m, zeroShot, after)).min().orElseThrow(),
            within(1e-9));
    assertThat(comparison.neighborEffect())
        .isCloseTo(effect(neighbors, zeroShot, after), within(1e-9));
    NeighborGraph.Fit before = view.graph().fit(zeroShot, CLASSES);
    NeighborGraph.Fit fit = view.graph().fit(after, CLASSES);
    assertThat(comparison.structure()).isEqualTo(fit.structure() - before.structure());
    assertThat(comparison.modularity()).isEqualTo(fit.modularity() - before.modularity());
    assertThat(comparison.likelihood())
        .isEqualTo(view.likelihood().of(after, CLASSES) - view.likelihood().of(zeroShot, CLASSES));
    assertThat(comparison.pull()).isEqualTo(view.pull(classes(CLASSES)));
    assertThat(comparison.evenness())
        .isCloseTo((fit.entropy() - before.entropy()) / Math.log(CLASSES), within(1e-9));
    assertThat(comparison.ownModularity()).isEqualTo(fit.modularity());
    assertThat(comparison.ownInformation()).isEqualTo(fit.information() / fit.entropy());
    assertThat(comparison.support()).isEqualTo(view.support());
    double score = 0;
    for (int i : judged) {
      score +=
          (mixtures.get(0).row(i)[after[i]] + mixtures.get(1).row(i)[after[i]]) / 2 / judged.length;
    }
    assertThat(judges.score(after)).isCloseTo(score, within(1e-6));
  }

  /** From all classes they would defend some that are not there. */
  @Test
  void whereFewClassesAreShownMixturesAndNeighborsBeginWithThese() {
    SimulatedWorld three = new SimulatedWorld(2, 9, IMAGES, 1.2, 1, 0, 1, 3);
    PoolView shown = PoolView.of(three.features(), three.classifier(three.zeroShot));
    int[] before = Scores.argmax(shown.logits());
    Judges judges = new Judges(shown, unknown, three.heldOut);
    float[] few = judges.few().orElseThrow();
    assertThat(judges.shownClasses()).isBetween(2.5, 3.5);
    FloatTensor mixture = shown.mixture(few, unknown).probabilities();
    FloatTensor neighbors = shown.graph().propagated(ClassBalance.labels(shown.logits(), few), 9);
    Comparison comparison = judges.compare(before, three.truth);
    assertThat(comparison.mixtureEffect())
        .isCloseTo(effect(three, mixture, before, three.truth), within(1e-9));
    assertThat(comparison.neighborEffect())
        .isCloseTo(effect(three, neighbors, before, three.truth), within(1e-9));
    assertThat(comparison.rival()).isZero();
    assertThat(comparison.pull()).isEqualTo(shown.pull(classes(3)));
    assertThat(comparison.convincing(0)).isTrue();
    assertThat(new Judges(view, unknown, world.heldOut).shownClasses()).isEqualTo(CLASSES);
  }

  /** All but the likelihood lean to classes that are equally frequent. */
  @Test
  void equalSharesDoNotConvinceWhereOneClassIsFarAheadAndZeroShotIsRight() {
    int misled = 0;
    for (int seed = 1; seed <= 20; seed++) {
      SimulatedWorld skewed = new SimulatedWorld(seed, 2, 300, 2.5, 0.3, 2, 0.15);
      PoolView shown = PoolView.of(skewed.features(), skewed.classifier(skewed.zeroShot));
      int[] before = Scores.argmax(shown.logits());
      int[] pulled = ClassBalance.labels(shown.logits(), shown.pulled());
      int[] nobody = new int[skewed.truth.length];
      Arrays.fill(nobody, Metrics.UNKNOWN);
      Comparison comparison = new Judges(shown, nobody, skewed.heldOut).compare(before, pulled);
      double gain = Metrics.accuracy(pulled, skewed.truth) - Metrics.accuracy(before, skewed.truth);
      if (gain < -0.01 && withoutLikelihood(comparison).convincing(0)) {
        misled++;
        assertThat(comparison.likelihood()).as("seed %d", seed).isNegative();
        assertThat(comparison.convincing(0)).isFalse();
      }
    }
    assertThat(misled).isGreaterThan(5);
  }

  /** As if the images were as likely, and as well clustered, as one could wish. */
  private static Comparison withoutLikelihood(Comparison comparison) {
    Map<String, Double> figures = comparison.evidence("a");
    figures.put("aLikelihood", 1.0);
    figures.put("aPull", 1.0);
    figures.put("aOwnModularity", 1.0);
    figures.put("aOwnInformation", 1.0);
    return Comparison.of(figures, "a");
  }

  @Test
  void whoSaysOneClassOfAllImagesAsksForNoPull() {
    FloatTensor one = ClassBalance.added(view.logits(), new float[] {50, 0, 0, 0, 0, 0, 0, 0});
    assertThat(with(one).pull(classes(CLASSES))).isZero();
    assertThat(view.pull(classes(CLASSES))).isPositive();
  }

  /** That a class has no images at all asks for no pull towards the others. */
  @Test
  void whereFewClassesAreShownThePullIsTowardsThese() {
    int few = 0;
    for (int seed = 1; seed <= 7; seed++) {
      SimulatedWorld three = new SimulatedWorld(seed, 9, IMAGES, 1.6, 1, 0, 1, 3);
      PoolView shown = PoolView.of(three.features(), three.classifier(three.zeroShot));
      Judges judges = new Judges(shown, unknown, three.heldOut);
      if (judges.few().isPresent()) {
        few++;
        assertThat(judges.compare(Scores.argmax(shown.logits()), three.truth).pull())
            .as("seed %d", seed)
            .isEqualTo(shown.pull(classes(3)))
            .isGreaterThan(shown.pull(classes(9)));
      }
    }
    assertThat(few).isGreaterThan(2);
  }

  private static int[] classes(int count) {
    return IntStream.range(0, count).toArray();
  }

  /** The same images as another zero-shot prompt sees them. */
  private PoolView with(FloatTensor logits) {
    return new PoolView(
        view.features(),
        view.graph(),
        view.zeroShot(),
        logits,
        ClassBalance.uniform(logits),
        view.pulled(),
        view.moved(),
        view.likelihood());
  }

  @Test
  void ofTwoMixturesTheOneThatFindsLessCounts() {
    int[] after = changed(zeroShot, i -> i % 3 == 0, 1);
    double[] each =
        IntStream.range(0, 2)
            .mapToDouble(
                m ->
                    effect(
                        view.mixture(m == 0 ? view.pulled() : view.moved(), unknown)
                            .probabilities(),
                        zeroShot,
                        after))
            .toArray();
    PoolView same =
        new PoolView(
            view.features(),
            view.graph(),
            view.zeroShot(),
            view.logits(),
            view.uniform(),
            view.pulled(),
            other(view.pulled()),
            view.likelihood());
    Comparison apart = new Judges(same, unknown, world.heldOut).compare(zeroShot, after);
    double strange = effect(same.mixture(same.moved(), unknown).probabilities(), zeroShot, after);
    assertThat(strange).isNotCloseTo(each[0], within(1e-3));
    assertThat(apart.mixtureEffect()).isCloseTo(Math.min(each[0], strange), within(1e-9));
    Comparison back = new Judges(same, unknown, world.heldOut).compare(after, zeroShot);
    assertThat(back.mixtureEffect()).isCloseTo(Math.min(-each[0], -strange), within(1e-9));
  }

  @Test
  void onlyTheChangedLabelsOfHeldOutImagesAreJudged() {
    int[] after = changed(zeroShot, i -> world.heldOut[i] && i % 2 == 0, 1);
    int[] more = changed(after, i -> !world.heldOut[i] && i % 2 == 0, 3);
    Comparison one = judges.compare(zeroShot, after);
    Comparison other = judges.compare(zeroShot, more);
    assertThat(other.images()).isEqualTo(one.images());
    assertThat(other.mixtureEffect()).isEqualTo(one.mixtureEffect());
    assertThat(other.mixtureDeviates()).isEqualTo(one.mixtureDeviates());
    assertThat(other.neighborEffect()).isEqualTo(one.neighborEffect());
    assertThat(judges.score(more)).isEqualTo(judges.score(after));
    assertThat(judges.scoreError(zeroShot, more)).isEqualTo(judges.scoreError(zeroShot, after));
    assertThat(other.share()).isGreaterThan(one.share());
    assertThat(other.structure()).isLessThan(one.structure());
    assertThat(other.modularity()).isLessThan(one.modularity());
  }

  @Test
  void labelsThatBetterOnlyOtherImagesConvinceNobody() {
    int[] after =
        IntStream.range(0, IMAGES).map(i -> world.heldOut[i] ? zeroShot[i] : truth[i]).toArray();
    assertThat(judges.compare(zeroShot, after).structure()).isPositive();
    assertThat(judges.compare(zeroShot, after).convincing(0)).isFalse();
  }

  @Test
  void imagesThatEitherPromptWasNotAskedAboutDoNotCount() {
    int[] asked =
        IntStream.range(0, IMAGES)
            .map(i -> world.heldOut[i] ? truth[i] : Metrics.UNKNOWN)
            .toArray();
    int[] before =
        IntStream.range(0, IMAGES)
            .map(i -> world.heldOut[i] ? zeroShot[i] : Metrics.UNKNOWN)
            .toArray();
    Comparison comparison = judges.compare(before, asked);
    assertThat(judges.compare(zeroShot, asked)).isEqualTo(comparison);
    assertThat(judges.compare(before, truth)).isEqualTo(comparison);
    Comparison whole = judges.compare(zeroShot, truth);
    assertThat(comparison.mixtureEffect()).isEqualTo(whole.mixtureEffect());
    assertThat(comparison.images()).isEqualTo(whole.images());
    assertThat(judges.score(asked)).isEqualTo(judges.score(truth));

    int[] few = asked.clone();
    int first = IntStream.range(0, IMAGES).filter(i -> world.heldOut[i]).findFirst().orElseThrow();
    few[first] = Metrics.UNKNOWN;
    assertThat(judges.compare(zeroShot, few).images()).isEqualTo(whole.images() - 1);
  }

  @Test
  void aPromptThatSaysTheSameOfTheImagesItWasAskedAboutChangesNothing() {
    int[] asked =
        IntStream.range(0, IMAGES)
            .map(i -> world.heldOut[i] ? zeroShot[i] : Metrics.UNKNOWN)
            .toArray();
    Comparison comparison = judges.compare(zeroShot, asked);
    assertThat(comparison.share()).isZero();
    assertThat(comparison.structure()).isZero();
    assertThat(comparison.modularity()).isZero();
    assertThat(comparison.mixtureEffect()).isZero();
    assertThat(comparison.neighborEffect()).isZero();
    assertThat(comparison.worthGoingBack()).isFalse();
  }

  @Test
  void whatPeopleLabelledCountsInTheMixturesAndAmongTheNeighbors() {
    int[] labels =
        IntStream.range(0, IMAGES)
            .map(i -> world.heldOut[i] ? Metrics.UNKNOWN : truth[i])
            .toArray();
    Comparison without = judges.compare(zeroShot, truth);
    Comparison with = new Judges(view, labels, world.heldOut).compare(zeroShot, truth);
    assertThat(with.mixtureEffect()).isGreaterThan(without.mixtureEffect() + 0.02);
    assertThat(with.neighborEffect()).isGreaterThan(without.neighborEffect() + 0.02);
    assertThat(with.structure()).isEqualTo(without.structure());
    assertThat(with.accuracy()).isNaN();
  }

  @Test
  void whatPeopleLabelledAmongTheHeldOutGivesAnAccuracyAndItsError() {
    int[] labels =
        IntStream.range(0, IMAGES)
            .map(i -> world.heldOut[i] && i % 2 == 0 ? truth[i] : Metrics.UNKNOWN)
            .toArray();
    Comparison comparison = new Judges(view, labels, world.heldOut).compare(zeroShot, truth);
    int[] rows = IntStream.range(0, IMAGES).filter(i -> labels[i] >= 0).toArray();
    double[] right =
        Arrays.stream(rows).mapToDouble(i -> zeroShot[i] == truth[i] ? 0 : 1).toArray();
    double mean = Arrays.stream(right).average().orElseThrow();
    assertThat(comparison.accuracy()).isCloseTo(mean, within(1e-12));
    assertThat(comparison.accuracyError())
        .isCloseTo(Math.sqrt(mean * (1 - mean) / (rows.length - 1)), within(1e-9));
    // The images themselves say what people say.
    assertThat(comparison.mixtureEffect())
        .isGreaterThan(judges.compare(zeroShot, truth).mixtureEffect());
  }

  @Test
  void aZeroShotPromptThatHasNoIdeaOfTheClassesSupportsNothing() {
    Random random = new Random(3);
    double[][] blind = new double[CLASSES][];
    for (int j = 0; j < CLASSES; j++) {
      double[] drawn = new double[SimulatedWorld.SIZE];
      Arrays.setAll(drawn, k -> random.nextGaussian());
      blind[j] = SimulatedWorld.unit(drawn);
    }
    PoolView nothing =
        PoolView.of(world.features(), new Classifier(SimulatedWorld.tensor(blind), 2));
    assertThat(nothing.support()).isBetween(0.0, 0.1);
    assertThat(view.support()).isBetween(0.3, 1.0);
    Comparison comparison =
        new Judges(nothing, unknown, world.heldOut).compare(Scores.argmax(nothing.logits()), truth);
    assertThat(comparison.support()).isEqualTo(nothing.support());
    assertThat(comparison.convincing(0)).isFalse();
  }

  @Test
  void supportIsHowSureZeroShotIsOnceItsBiasIsGone() {
    FloatTensor leaning = ClassBalance.added(view.logits(), new float[] {5, 0, 0, 0, 0, 0, 0, 0});
    assertThat(with(leaning).support()).isCloseTo(view.support(), within(1e-3));
    FloatTensor equal = FloatTensor.matrix(IMAGES, CLASSES, new float[IMAGES * CLASSES]);
    assertThat(with(equal).support()).isCloseTo(0, within(1e-6));
  }

  @Test
  void sizesThatDoNotFitAreRefused() {
    assertThatThrownBy(() -> new Judges(view, new int[3], world.heldOut))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> new Judges(view, unknown, new boolean[3]))
        .isInstanceOf(IllegalArgumentException.class);
  }

  private double effect(FloatTensor says, int[] before, int[] after) {
    return effect(world, says, before, after);
  }

  private static double effect(SimulatedWorld world, FloatTensor says, int[] before, int[] after) {
    return IntStream.range(0, IMAGES)
        .filter(i -> world.heldOut[i] && before[i] != after[i])
        .mapToDouble(i -> (double) says.row(i)[after[i]] - says.row(i)[before[i]])
        .average()
        .orElseThrow();
  }

  private double deviates(FloatTensor says, int[] before, int[] after) {
    double[] gains =
        IntStream.range(0, IMAGES)
            .filter(i -> world.heldOut[i])
            .mapToDouble(i -> (double) says.row(i)[after[i]] - says.row(i)[before[i]])
            .toArray();
    double mean = Arrays.stream(gains).average().orElseThrow();
    double variance =
        Arrays.stream(gains).map(gain -> (gain - mean) * (gain - mean)).sum() / (gains.length - 1);
    return mean / Math.sqrt(variance / gains.length);
  }

  private static int[] changed(int[] labels, IntPredicate which, int by) {
    return IntStream.range(0, labels.length)
        .map(i -> which.test(i) ? (labels[i] + by) % CLASSES : labels[i])
        .toArray();
  }

  private static float[] other(float[] bias) {
    float[] other = bias.clone();
    other[2] += 4;
    return other;
  }

  private int[] filled(int value) {
    int[] values = new int[IMAGES];
    Arrays.fill(values, value);
    return values;
  }
}
