package io.gripstream.refine.head;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.gripstream.clip.FloatTensor;
import java.util.Arrays;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class ClassBalanceTest {
  private static final int CLASSES = 10;

  @Test
  void predictionsAreOnAverageWhatTheyShallBe() {
    Random random = new Random(1);
    for (int trial = 0; trial < 20; trial++) {
      FloatTensor logits = drawn(random, 300, CLASSES, 3);
      double[] shares = random.doubles(CLASSES, 0.02, 1).toArray();
      double sum = Arrays.stream(shares).sum();
      Arrays.setAll(shares, j -> shares[j] / sum);
      float[] bias = ClassBalance.towards(logits, shares);
      assertThat(means(logits, bias)).containsExactly(shares, within(1e-3));
      assertThat(sum(bias)).isCloseTo(0, within(1e-4));
    }
  }

  @Test
  void equalSharesAreMetToo() {
    FloatTensor logits = drawn(new Random(2), 300, CLASSES, 3);
    double[] equal = new double[CLASSES];
    Arrays.fill(equal, 0.1);
    assertThat(means(logits, ClassBalance.uniform(logits))).containsExactly(equal, within(1e-3));
    assertThat(ClassBalance.uniform(logits)).containsExactly(ClassBalance.towards(logits, equal));
  }

  @Test
  void aClassThatIsNeverSaidIsSaidOnceSharesAreEqual() {
    FloatTensor logits = drawn(new Random(3), 300, CLASSES, 2);
    for (int i = 0; i < 300; i++) {
      logits.values()[i * CLASSES + 4] -= 15;
    }
    assertThat(ClassBalance.labels(logits, new float[CLASSES])).doesNotContain(4);
    int[] labels = ClassBalance.labels(logits, ClassBalance.uniform(logits));
    assertThat(Arrays.stream(labels).filter(label -> label == 4).count()).isBetween(15L, 45L);
  }

  @Test
  void noImagesGiveNoBias() {
    FloatTensor none = FloatTensor.matrix(0, CLASSES, new float[0]);
    for (float value : ClassBalance.uniform(none)) {
      assertThat(value).isZero();
    }
  }

  @Test
  void whereAllClassesAreShownMostOfALeanIsMended() {
    double gained = 0;
    double taken = 0;
    for (long seed = 1; seed <= 6; seed++) {
      Pool pool = Pool.of(seed, CLASSES, 1.5);
      double before = pool.accuracy(new float[CLASSES]);
      float[] uniform = ClassBalance.uniform(pool.logits);
      float[] pulled = ClassBalance.pulled(pool.logits, pool.graph);
      taken += share(pulled, uniform) / 6;
      gained += (pool.accuracy(pulled) - before) / 6;
      assertThat(pool.accuracy(pulled))
          .isGreaterThan(before)
          .isGreaterThan(pool.accuracy(uniform) - 0.01);
      assertThat(pool.accuracy(ClassBalance.moved(pool.logits, pool.graph, pulled)))
          .isGreaterThan(before);
    }
    assertThat(taken).isBetween(0.7, 1.1);
    assertThat(gained).isGreaterThan(0.1);
  }

  @Test
  void whereFewClassesAreShownTheImagesSpeakAgainstEqualShares() {
    int harmed = 0;
    for (double lean : new double[] {0, 0.7}) {
      for (long seed = 1; seed <= 12; seed++) {
        Pool pool = Pool.of(seed, 3, lean);
        double before = pool.accuracy(new float[CLASSES]);
        float[] pulled = ClassBalance.pulled(pool.logits, pool.graph);
        float[] moved = ClassBalance.moved(pool.logits, pool.graph, pulled);
        if (pool.accuracy(ClassBalance.uniform(pool.logits)) < before - 0.1) {
          harmed++;
          // The most that the pull lost of these pools is 1.8 points, in one of 24.
          assertThat(pool.accuracy(pulled)).isGreaterThan(before - 0.02);
          assertThat(pool.accuracy(moved)).isGreaterThan(before - 0.01);
        }
      }
    }
    assertThat(harmed).isGreaterThan(15);
  }

  @Test
  void movingSingleClassesNeverLowersTheStructureAndEachMoveGainsClearly() {
    int moves = 0;
    for (long seed = 1; seed <= 12; seed++) {
      Pool pool = Pool.of(seed, seed % 2 == 0 ? CLASSES : 4, 1.5);
      float[] start =
          seed % 3 == 0 ? new float[CLASSES] : ClassBalance.pulled(pool.logits, pool.graph);
      float[] given = start.clone();
      float[] moved = ClassBalance.moved(pool.logits, pool.graph, start);
      assertThat(start).containsExactly(given);
      int changed = (int) IntStream.range(0, CLASSES).filter(j -> moved[j] != start[j]).count();
      moves += changed;
      assertThat(pool.structure(moved))
          .isGreaterThanOrEqualTo(pool.structure(start) + (changed > 0 ? 0.03 : 0));
    }
    assertThat(moves).isPositive();
  }

  @Test
  void thePullTakesTheShareWhoseLabelsFitBest() {
    for (long seed = 1; seed <= 4; seed++) {
      Pool pool = Pool.of(seed, seed % 2 == 0 ? CLASSES : 4, 1.5);
      float[] uniform = ClassBalance.uniform(pool.logits);
      double found = pool.structure(ClassBalance.pulled(pool.logits, pool.graph));
      for (double share = 0; share < 1.15; share += 0.1) {
        float[] bias = new float[CLASSES];
        for (int j = 0; j < CLASSES; j++) {
          bias[j] = (float) (share * uniform[j]);
        }
        assertThat(found).isGreaterThan(pool.structure(bias) - 1e-3);
      }
    }
  }

  @Test
  void nothingChangesWhereTheLogitsAlreadyFit() {
    SimulatedWorld world = new SimulatedWorld(5, CLASSES, 600, 0.8, 0.3, 0, 1);
    FloatTensor logits = world.classifier(world.ideal).logits(world.features());
    NeighborGraph graph = NeighborGraph.of(world.features());
    int[] before = ClassBalance.labels(logits, new float[CLASSES]);
    float[] pulled = ClassBalance.pulled(logits, graph);
    assertThat(ClassBalance.labels(logits, pulled)).containsExactly(before);
    assertThat(ClassBalance.labels(logits, ClassBalance.moved(logits, graph, pulled)))
        .containsExactly(before);
    assertThat(ClassBalance.moved(logits, graph, pulled)).containsExactly(pulled);
  }

  @Test
  void theBiasIsAddedToEachRowAndTheLogitsThatWereGivenStay() {
    FloatTensor logits = FloatTensor.matrix(2, 3, new float[] {1, 2, 3, 4, 5, 6});
    assertThat(ClassBalance.added(logits, new float[] {10, 0, -10}).values())
        .containsExactly(11, 2, -7, 14, 5, -4);
    assertThat(ClassBalance.labels(logits, new float[] {10, 0, -10})).containsExactly(0, 0);
    assertThat(logits.values()).containsExactly(1, 2, 3, 4, 5, 6);
  }

  /** The images of some classes, and what a zero-shot prompt that leans says of them. */
  private record Pool(FloatTensor logits, NeighborGraph graph, int[] truth) {
    static Pool of(long seed, int shown, double lean) {
      SimulatedWorld world = new SimulatedWorld(seed, CLASSES, 500 * CLASSES / shown, 1.2, 1, 0, 1);
      int[] rows =
          IntStream.range(0, world.truth.length).filter(i -> world.truth[i] < shown).toArray();
      FloatTensor features = Rows.of(world.features(), rows);
      float[] bias = new float[CLASSES];
      for (int j = 0; j < CLASSES; j++) {
        bias[j] = (float) (lean * world.random.nextGaussian());
      }
      return new Pool(
          ClassBalance.added(world.classifier(world.zeroShot).logits(features), bias),
          NeighborGraph.of(features),
          Arrays.stream(rows).map(i -> world.truth[i]).toArray());
    }

    double accuracy(float[] bias) {
      return Metrics.accuracy(ClassBalance.labels(logits, bias), truth);
    }

    double structure(float[] bias) {
      return graph.fit(ClassBalance.labels(logits, bias), CLASSES).structure();
    }
  }

  /** How much of one bias is in another. */
  private static double share(float[] bias, float[] of) {
    double product = 0;
    double square = 0;
    for (int j = 0; j < of.length; j++) {
      product += bias[j] * of[j];
      square += of[j] * of[j];
    }
    return product / square;
  }

  private static double[] means(FloatTensor logits, float[] bias) {
    return Metrics.meanPrediction(Scores.softmax(ClassBalance.added(logits, bias)));
  }

  private static double sum(float[] values) {
    double sum = 0;
    for (float value : values) {
      sum += value;
    }
    return sum;
  }

  private static FloatTensor drawn(Random random, int n, int classes, double size) {
    float[] values = new float[n * classes];
    double[] lean = random.doubles(classes, -size, size).toArray();
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) (lean[i % classes] + size * random.nextGaussian());
    }
    return FloatTensor.matrix(n, classes, values);
  }
}
