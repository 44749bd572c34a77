package io.gripstream.refine.head;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.gripstream.clip.FloatTensor;
import java.util.Arrays;
import java.util.Comparator;
import java.util.Random;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ForkJoinPool;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class NeighborGraphTest {
  private static final int NONE = Metrics.UNKNOWN;

  @Test
  void anEdgeIsWhereEitherEndHasTheOtherAmongItsTenNearest() {
    for (int n : new int[] {12, 20, 150}) {
      FloatTensor images = positive(n, 12, n);
      double[][] weights = dense(images, true);
      boolean[][] edges = edges(NeighborGraph.of(images));
      for (int i = 0; i < n; i++) {
        for (int j = 0; j < n; j++) {
          assertThat(edges[i][j]).as("%d and %d of %d", i, j, n).isEqualTo(weights[i][j] > 0);
          assertThat(edges[i][j]).isEqualTo(edges[j][i]);
        }
      }
    }
  }

  /** Corners of a cube: cosines are multiples of a half, without rounding, and many are equal. */
  @Test
  void ofEquallyNearImagesTheEarlierOnesAreNeighbors() {
    Random random = new Random(2);
    float[] values = new float[90 * 4];
    for (int i = 0; i < values.length; i++) {
      values[i] = random.nextBoolean() ? 0.5f : -0.5f;
    }
    FloatTensor images = FloatTensor.matrix(90, 4, values);
    int[] labels = new Random(3).ints(90, 0, 5).toArray();
    double[][] expected = spread(dense(images, true), labels, 5);
    FloatTensor found = NeighborGraph.of(images).propagated(labels, 5);
    assertThat(furthest(found, expected)).isLessThan(1e-6);
    assertThat(furthest(found, spread(dense(images, false), labels, 5))).isGreaterThan(1e-3);
  }

  @Test
  void aPoolOfNoMoreThanElevenImagesIsJoinedAllToAll() {
    for (int n : new int[] {2, 3, 10, 11}) {
      FloatTensor images = positive(n, 6, n);
      boolean[][] edges = edges(NeighborGraph.of(images));
      for (int i = 0; i < n; i++) {
        for (int j = 0; j < n; j++) {
          assertThat(edges[i][j]).as("%d of %d", i, n).isEqualTo(i != j);
        }
      }
    }
  }

  @Test
  void noImagesAndOneImageHaveNoEdges() {
    NeighborGraph none = NeighborGraph.of(FloatTensor.matrix(0, 4, new float[0]));
    assertThat(none.size()).isZero();
    assertThat(none.propagated(new int[0], 3).rows()).isZero();
    assertThat(none.fit(new int[0], 3).structure()).isFinite();
    NeighborGraph one = NeighborGraph.of(drawn(1, 4, 3));
    assertThat(one.propagated(new int[] {2}, 3).values()).containsExactly(0, 0, 1);
    assertThat(one.fit(new int[] {2}, 3).structure()).isFinite();
  }

  @Test
  void labelsSpreadAsAProductOfDenseMatricesSays() {
    for (int n : new int[] {7, 90, 130}) {
      FloatTensor images = drawn(n, 10, n);
      int[] labels = new Random(n).ints(n, 0, 4).toArray();
      FloatTensor found = NeighborGraph.of(images).propagated(labels, 4);
      assertThat(furthest(found, spread(dense(images, true), labels, 4))).isLessThan(1e-6);
      for (int i = 0; i < n; i++) {
        double sum = 0;
        for (float share : found.row(i)) {
          sum += share;
        }
        assertThat(sum).isCloseTo(1, within(1e-6));
      }
    }
  }

  @Test
  void anImageAmongOthersIsTakenForWhatTheyAre() {
    int[] truth = truth(120, 3);
    NeighborGraph graph = NeighborGraph.of(clusters(truth, 0.3, 4));
    int[] labels = truth.clone();
    labels[0] = (truth[0] + 1) % 3;
    labels[50] = (truth[50] + 1) % 3;
    assertThat(Scores.argmax(graph.propagated(labels, 3))).containsExactly(truth);
  }

  /** Edges of 0.8, 0.6 and 0.96, cubed: 0.512, 0.216 and 0.884736, in sum 1.612736. */
  @Test
  void theFitOfATriangleIsWhatOneComputesByHand() {
    NeighborGraph graph =
        NeighborGraph.of(FloatTensor.matrix(3, 2, new float[] {1, 0, 0.8f, 0.6f, 0.6f, 0.8f}));
    NeighborGraph.Fit two = graph.fit(new int[] {0, 1, 1}, 3);
    double across = 0.728 / 3.225472;
    double within = 1.769472 / 3.225472;
    double rest = across + within;
    assertThat(two.modularity()).isCloseTo(within - across * across - rest * rest, within(1e-6));
    assertThat(two.information())
        .isCloseTo(
            2 * across * Math.log(1 / rest) + within * Math.log(within / rest / rest),
            within(1e-6));
    assertThat(two.entropy())
        .isCloseTo(-across * Math.log(across) - rest * Math.log(rest), within(1e-6));
    assertThat(two.structure())
        .isCloseTo(Math.log(two.information()) - Math.log(two.entropy()) / 2, within(1e-9));
    assertThat(two.told()).isCloseTo(two.information() / two.entropy(), within(1e-9));

    // Six cells and three classes on six ends of edges: a surplus of a sixth of a nat.
    NeighborGraph.Fit three = graph.fit(new int[] {0, 1, 2}, 3);
    double a = 0.728 / 3.225472;
    double b = 1.396736 / 3.225472;
    double c = 1.100736 / 3.225472;
    double ab = 0.512 / 3.225472;
    double ac = 0.216 / 3.225472;
    double bc = 0.884736 / 3.225472;
    assertThat(three.modularity()).isCloseTo(-a * a - b * b - c * c, within(1e-6));
    assertThat(three.information())
        .isCloseTo(
            2 * ab * Math.log(ab / a / b)
                + 2 * ac * Math.log(ac / a / c)
                + 2 * bc * Math.log(bc / b / c)
                - 1 / 6.0,
            within(1e-6));

    NeighborGraph.Fit one = graph.fit(new int[] {1, 1, 1}, 3);
    assertThat(one).isEqualTo(new NeighborGraph.Fit(0, 0, 0));
  }

  @Test
  void anImageWithoutALabelIsLeftOutWithItsEdges() {
    NeighborGraph graph =
        NeighborGraph.of(FloatTensor.matrix(3, 2, new float[] {1, 0, 0.8f, 0.6f, 0.6f, 0.8f}));
    assertThat(graph.fit(new int[] {0, 0, NONE}, 3)).isEqualTo(new NeighborGraph.Fit(0, 0, 0));
    NeighborGraph.Fit apart = graph.fit(new int[] {0, 1, NONE}, 3);
    // Two cells and two classes on two ends: what Miller and Madow add is half a nat.
    assertThat(apart.modularity()).isCloseTo(-0.5, within(1e-9));
    assertThat(apart.information()).isCloseTo(Math.log(2) + 1 / 2.0, within(1e-9));
    assertThat(apart.entropy()).isCloseTo(Math.log(2), within(1e-9));
    assertThat(graph.fit(new int[] {NONE, NONE, NONE}, 3).modularity()).isZero();
  }

  @Test
  void labelsDrawnAtRandomTellNothingAfterTheSurplusIsTakenOff() {
    int[] truth = truth(300, 3);
    NeighborGraph graph = NeighborGraph.of(clusters(truth, 0.5, 5));
    Random random = new Random(6);
    double sum = 0;
    for (int trial = 0; trial < 50; trial++) {
      sum += graph.fit(random.ints(300, 0, 20).toArray(), 20).information();
    }
    assertThat(sum / 50).isBetween(-0.06, 0.01);
  }

  @Test
  void cuttingThroughAClusterLowersModularityAndStructure() {
    int[] truth = truth(300, 3);
    NeighborGraph graph = NeighborGraph.of(clusters(truth, 0.5, 7));
    int[] cut = truth.clone();
    for (int i = 0; i < cut.length; i++) {
      cut[i] = truth[i] == 0 && i % 2 == 0 ? 3 : truth[i];
    }
    NeighborGraph.Fit whole = graph.fit(truth, 4);
    NeighborGraph.Fit fit = graph.fit(cut, 4);
    assertThat(fit.modularity()).isLessThan(whole.modularity() - 0.05);
    assertThat(fit.structure()).isLessThan(whole.structure() - 0.05);
  }

  @Test
  void givingUpAClassThatIsThereLowersInformationAndStructure() {
    int[] truth = truth(300, 3);
    NeighborGraph graph = NeighborGraph.of(clusters(truth, 0.5, 8));
    int[] merged = Arrays.stream(truth).map(label -> label == 2 ? 1 : label).toArray();
    NeighborGraph.Fit fit = graph.fit(merged, 3);
    NeighborGraph.Fit whole = graph.fit(truth, 3);
    assertThat(fit.information()).isLessThan(whole.information() - 0.2);
    assertThat(fit.structure()).isLessThan(whole.structure() - 0.1);
  }

  @Test
  void whatTheClassesAreCalledMakesNoDifference() {
    int[] truth = truth(200, 3);
    NeighborGraph graph = NeighborGraph.of(clusters(truth, 0.8, 9));
    NeighborGraph.Fit fit = graph.fit(truth, 3);
    NeighborGraph.Fit renamed =
        graph.fit(Arrays.stream(truth).map(label -> (label + 1) % 3).toArray(), 3);
    assertThat(renamed.modularity()).isCloseTo(fit.modularity(), within(1e-12));
    assertThat(renamed.structure()).isCloseTo(fit.structure(), within(1e-12));
  }

  @Test
  void theSameImagesGiveTheSameBitsOnOneThreadAndOnMany()
      throws ExecutionException, InterruptedException {
    FloatTensor images = drawn(700, 32, 10);
    int[] labels = new Random(11).ints(700, 0, 5).toArray();
    NeighborGraph alone = pooled(1, images);
    for (int threads : new int[] {1, 2, 8}) {
      NeighborGraph graph = pooled(threads, images);
      assertThat(graph.propagated(labels, 5).values())
          .containsExactly(alone.propagated(labels, 5).values());
      assertThat(graph.fit(labels, 5)).isEqualTo(alone.fit(labels, 5));
    }
  }

  private static NeighborGraph pooled(int threads, FloatTensor images)
      throws ExecutionException, InterruptedException {
    ForkJoinPool pool = new ForkJoinPool(threads);
    try {
      return pool.submit(() -> NeighborGraph.of(images)).get();
    } finally {
      pool.shutdown();
    }
  }

  /** An edge between two images alone shows in the entropy of their labels. */
  private static boolean[][] edges(NeighborGraph graph) {
    int n = graph.size();
    boolean[][] edges = new boolean[n][n];
    for (int i = 0; i < n; i++) {
      for (int j = 0; j < n; j++) {
        int[] labels = new int[n];
        Arrays.fill(labels, NONE);
        labels[i] = 0;
        labels[j] = i == j ? 0 : 1;
        edges[i][j] = graph.fit(labels, 2).entropy() > 0;
      }
    }
    return edges;
  }

  /** {@code [N, N]}: the graph by sorting, an image's cosines one after another. */
  private static double[][] dense(FloatTensor images, boolean earlier) {
    int n = images.rows();
    double[][] weights = new double[n][n];
    for (int i = 0; i < n; i++) {
      double[] cosines = new double[n];
      for (int j = 0; j < n; j++) {
        for (int k = 0; k < images.columns(); k++) {
          cosines[j] += (double) images.row(i)[k] * images.row(j)[k];
        }
      }
      int self = i;
      Comparator<Integer> nearer = Comparator.comparingDouble(j -> -cosines[j]);
      IntStream.range(0, n)
          .filter(j -> j != self)
          .boxed()
          .sorted(nearer.thenComparing(j -> earlier ? j : -j))
          .limit(10)
          .forEach(
              j -> {
                weights[self][j] = Math.pow(Math.max(0, cosines[j]), 3);
                weights[j][self] = weights[self][j];
              });
    }
    return weights;
  }

  /** Zhou et al.: F = alpha S F + (1 - alpha) Y, with S the normalized weights, 25 times. */
  private static double[][] spread(double[][] weights, int[] labels, int classes) {
    int n = labels.length;
    double[] degrees =
        Arrays.stream(weights).mapToDouble(row -> Arrays.stream(row).sum()).toArray();
    double[][] given = new double[n][classes];
    for (int i = 0; i < n; i++) {
      given[i][labels[i]] = 1;
    }
    double[][] now = given;
    for (int t = 0; t < 25; t++) {
      double[][] next = new double[n][classes];
      for (int i = 0; i < n; i++) {
        for (int j = 0; j < classes; j++) {
          for (int q = 0; q < n; q++) {
            next[i][j] += 0.9 * weights[i][q] / Math.sqrt(degrees[i] * degrees[q]) * now[q][j];
          }
          next[i][j] += (1 - 0.9) * given[i][j];
        }
      }
      now = next;
    }
    for (double[] row : now) {
      double sum = Arrays.stream(row).sum();
      Arrays.setAll(row, j -> row[j] / sum);
    }
    return now;
  }

  private static double furthest(FloatTensor found, double[][] expected) {
    double furthest = 0;
    for (int i = 0; i < expected.length; i++) {
      for (int j = 0; j < expected[i].length; j++) {
        furthest = Math.max(furthest, Math.abs(found.row(i)[j] - expected[i][j]));
      }
    }
    return furthest;
  }

  private static int[] truth(int n, int classes) {
    return IntStream.range(0, n).map(i -> i % classes).toArray();
  }

  /** Around the first axes, one for each class. */
  private static FloatTensor clusters(int[] truth, double noise, long seed) {
    Random random = new Random(seed);
    double[][] images = new double[truth.length][16];
    for (int i = 0; i < truth.length; i++) {
      for (int k = 0; k < 16; k++) {
        images[i][k] = (k == truth[i] ? 1 : 0) + noise * random.nextGaussian() / 4;
      }
      images[i] = SimulatedWorld.unit(images[i]);
    }
    return SimulatedWorld.tensor(images);
  }

  private static FloatTensor drawn(int n, int size, long seed) {
    Random random = new Random(seed);
    return SimulatedWorld.tensor(
        IntStream.range(0, n)
            .mapToObj(i -> SimulatedWorld.unit(random.doubles(size, -1, 1).toArray()))
            .toArray(double[][]::new));
  }

  /** All cosines are above 0: each edge weighs something. */
  private static FloatTensor positive(int n, int size, long seed) {
    Random random = new Random(seed);
    return SimulatedWorld.tensor(
        IntStream.range(0, n)
            .mapToObj(i -> SimulatedWorld.unit(random.doubles(size, 0.01, 1).toArray()))
            .toArray(double[][]::new));
  }
}
