package io.gripstream.refine.judge;

import static org.assertj.core.api.Assertions.assertThat;

import io.gripstream.clip.FloatTensor;
import io.gripstream.refine.head.ClassBalance;
import io.gripstream.refine.head.Metrics;
import io.gripstream.refine.head.NeighborGraph;
import io.gripstream.refine.head.Rows;
import io.gripstream.refine.head.Scores;
import io.gripstream.refine.head.SimulatedWorld;
import java.util.Arrays;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class FewClassesTest {
  private static final int CLASSES = 9;

  /** Worlds of 600 images whose zero-shot prompt leans, at the model's own scale. */
  private static FloatTensor logits(SimulatedWorld world) {
    float[] lean = new float[CLASSES];
    for (int j = 0; j < CLASSES; j++) {
      lean[j] = (float) world.random.nextGaussian();
    }
    return ClassBalance.added(world.classifier(world.zeroShot).logits(world.features()), lean);
  }

  private static double[] structures(SimulatedWorld world) {
    NeighborGraph graph = NeighborGraph.of(world.features());
    FewClasses rivals = FewClasses.of(logits(world), view(world), unknown(world));
    assertThat(distinct(rivals.few())).isLessThanOrEqualTo(6);
    return new double[] {
      graph.fit(rivals.few(), CLASSES).structure(), graph.fit(rivals.most(), CLASSES).structure()
    };
  }

  private static PoolView view(SimulatedWorld world) {
    return PoolView.of(world.features(), world.classifier(world.zeroShot));
  }

  private static FewClasses few(SimulatedWorld world, int[] labels) {
    return FewClasses.of(view(world).logits(), view(world), labels);
  }

  private static int[] unknown(SimulatedWorld world) {
    int[] unknown = new int[world.truth.length];
    Arrays.fill(unknown, Metrics.UNKNOWN);
    return unknown;
  }

  private static SimulatedWorld showing(int shown) {
    return new SimulatedWorld(2, CLASSES, 600, 1.2, 1, 0, 1, shown);
  }

  @Test
  void labelsWithFewOfTheClassesFitBestWhereFewAreShownAndOnlyThere() {
    int few = 0;
    int most = 0;
    for (long seed = 1; seed <= 8; seed++) {
      double[] shown3 = structures(new SimulatedWorld(seed, CLASSES, 600, 1.2, 1, 0, 1, 3));
      few += shown3[0] > shown3[1] ? 1 : 0;
      double[] shown9 = structures(new SimulatedWorld(seed, CLASSES, 600, 1.2, 1, 0, 1));
      most += shown9[1] > shown9[0] ? 1 : 0;
    }
    assertThat(few).isGreaterThanOrEqualTo(7);
    assertThat(most).isEqualTo(8);
  }

  @Test
  void theClassesThatAreLeftAreThoseThatAreShown() {
    SimulatedWorld world = new SimulatedWorld(4, CLASSES, 600, 0.8, 0.6, 0, 1, 3);
    FewClasses rivals = FewClasses.of(logits(world), view(world), unknown(world));
    assertThat(Metrics.accuracy(rivals.few(), world.truth)).isGreaterThan(0.9);
    assertThat(Arrays.stream(rivals.few()).distinct().sorted().toArray()).containsExactly(0, 1, 2);
  }

  @Test
  void whereFewAreShownZeroShotIsBalancedAmongThemAndStillFindsTheOthers() {
    SimulatedWorld world = showing(3);
    PoolView view = view(world);
    float[] bias = few(world, unknown(world)).bias().orElseThrow();
    FloatTensor balanced = ClassBalance.added(view.logits(), bias);
    assertThat(Metrics.accuracy(Scores.argmax(balanced), world.truth))
        .isGreaterThan(Metrics.accuracy(Scores.argmax(view.logits()), world.truth) + 0.2);
    double[] mean = Metrics.meanPrediction(Scores.softmax(balanced));
    for (int j = 3; j < CLASSES; j++) {
      assertThat(mean[j] * world.truth.length).isBetween(2.8, 3.2);
    }
  }

  @Test
  void whereAllAreShownNothingIsBalancedAmongFew() {
    SimulatedWorld world = showing(CLASSES);
    FewClasses all = few(world, unknown(world));
    assertThat(all.bias()).isEmpty();
    assertThat(all.shown()).hasSize(CLASSES);
    assertThat(few(showing(3), unknown(showing(3))).shown()).containsExactly(0, 1, 2);
  }

  /** The next classes may come at any moment. */
  @Test
  void fewerThanFiveHundredImagesMayBeAPhaseOfTheStream() {
    SimulatedWorld world = showing(3);
    for (int images : new int[] {499, 500}) {
      FloatTensor features = Rows.of(world.features(), IntStream.range(0, images).toArray());
      PoolView view = PoolView.of(features, world.classifier(world.zeroShot));
      FewClasses found = FewClasses.of(view.logits(), view, Arrays.copyOf(unknown(world), images));
      assertThat(found.bias().isPresent()).as("%d images", images).isEqualTo(images == 500);
    }
  }

  /** The graph tells groups apart, and cannot tell what they are called. */
  @Test
  void aGroupThatZeroShotCallsByAnotherNameMakesItUnclear() {
    SimulatedWorld world = showing(3);
    FloatTensor logits = view(world).logits();
    float[] renamed = logits.values().clone();
    for (int i = 0; i < renamed.length; i += CLASSES) {
      renamed[i] = logits.values()[i + 5];
      renamed[i + 5] = logits.values()[i];
    }
    FewClasses wrong =
        FewClasses.of(
            FloatTensor.matrix(logits.rows(), CLASSES, renamed), view(world), unknown(world));
    assertThat(Arrays.stream(wrong.few()).distinct().sorted().toArray()).containsExactly(1, 2, 5);
    assertThat(wrong.bias()).isEmpty();
  }

  @Test
  void aClassThatPeopleNamedIsShown() {
    SimulatedWorld world = showing(3);
    int[] labels = unknown(world);
    labels[0] = world.truth[0];
    assertThat(few(world, labels).bias()).isPresent();
    labels[1] = 7;
    assertThat(few(world, labels).bias()).isEmpty();
  }

  @Test
  void aCandidateThatSaysAllClassesHasARivalWhereFewFitBest() {
    SimulatedWorld world = new SimulatedWorld(4, CLASSES, 600, 0.8, 0.6, 0, 1, 3);
    PoolView view = view(world);
    Judges judges = new Judges(view, unknown(world), world.heldOut);
    assertThat(judges.few()).isEmpty();
    int[] zeroShot = Scores.argmax(view.logits());
    int[] scattered =
        IntStream.range(0, zeroShot.length)
            .map(i -> i % 3 == 0 ? (zeroShot[i] + 3 + i / 3 % 6) % CLASSES : zeroShot[i])
            .toArray();
    assertThat(judges.compare(zeroShot, scattered).rival()).isGreaterThan(0.1);
    assertThat(judges.compare(zeroShot, world.truth).rival()).isLessThan(0.02);
  }

  @Test
  void withTwoClassesOrNoImagesThereIsNoRival() {
    SimulatedWorld world = new SimulatedWorld(1, 2, 60, 1, 1, 0, 1);
    FewClasses rivals = FewClasses.of(view(world).logits(), view(world), unknown(world));
    assertThat(rivals.few()).isSameAs(rivals.most());
    assertThat(rivals.bias()).isEmpty();
    PoolView empty =
        PoolView.of(FloatTensor.matrix(0, 8, new float[0]), world.classifier(world.zeroShot));
    assertThat(new Judges(empty, new int[0], new boolean[0]).few()).isEmpty();
  }

  private static long distinct(int[] labels) {
    return Arrays.stream(labels).distinct().count();
  }
}
