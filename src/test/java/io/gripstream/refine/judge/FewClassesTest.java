package io.gripstream.refine.judge;

import static org.assertj.core.api.Assertions.assertThat;

import io.gripstream.clip.FloatTensor;
import io.gripstream.refine.head.ClassBalance;
import io.gripstream.refine.head.Metrics;
import io.gripstream.refine.head.NeighborGraph;
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
    FewClasses rivals = FewClasses.of(logits(world), graph);
    assertThat(distinct(rivals.few())).isLessThanOrEqualTo(6);
    return new double[] {
      graph.fit(rivals.few(), CLASSES).structure(), graph.fit(rivals.most(), CLASSES).structure()
    };
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
    FewClasses rivals = FewClasses.of(logits(world), NeighborGraph.of(world.features()));
    assertThat(Metrics.accuracy(rivals.few(), world.truth)).isGreaterThan(0.9);
    assertThat(Arrays.stream(rivals.few()).distinct().sorted().toArray()).containsExactly(0, 1, 2);
  }

  @Test
  void aCandidateThatSaysAllClassesHasARivalWhereFewAreShown() {
    SimulatedWorld world = new SimulatedWorld(4, CLASSES, 600, 0.8, 0.6, 0, 1, 3);
    PoolView view = PoolView.of(world.features(), world.classifier(world.zeroShot));
    int[] unknown = new int[world.truth.length];
    Arrays.fill(unknown, Metrics.UNKNOWN);
    Judges judges = new Judges(view, unknown, world.heldOut);
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
    FloatTensor two = world.classifier(world.zeroShot).logits(world.features());
    FewClasses rivals = FewClasses.of(two, NeighborGraph.of(world.features()));
    assertThat(rivals.few()).isSameAs(rivals.most());
    FloatTensor none = FloatTensor.matrix(0, 4, new float[0]);
    FewClasses nobody =
        FewClasses.of(none, NeighborGraph.of(FloatTensor.matrix(0, 8, new float[0])));
    assertThat(nobody.few()).isEmpty();
    assertThat(nobody.most()).isEmpty();
  }

  private static long distinct(int[] labels) {
    return Arrays.stream(labels).distinct().count();
  }
}
