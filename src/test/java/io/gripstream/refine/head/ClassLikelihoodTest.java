package io.gripstream.refine.head;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.gripstream.clip.FloatTensor;
import java.util.Arrays;
import java.util.Random;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class ClassLikelihoodTest {
  private static final int IMAGES = 600;
  private static final int SIZE = 8;

  /** Nine images of ten are of the first of two Gaussians, six standard deviations apart. */
  private static FloatTensor skewed() {
    Random random = new Random(5);
    float[] values = new float[IMAGES * SIZE];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) random.nextGaussian();
      if (i % SIZE == 0 && i / SIZE % 10 == 0) {
        values[i] += 6;
      }
    }
    return FloatTensor.matrix(IMAGES, SIZE, values);
  }

  private static int[] labels(IntPredicate second) {
    return IntStream.range(0, IMAGES).map(i -> second.test(i) ? 1 : 0).toArray();
  }

  @Test
  void itIsTheLogLikelihoodOfGaussiansWithOneCovarianceAndTheLabelsShares() {
    FloatTensor six = FloatTensor.matrix(6, 2, new float[] {0, 0, 2, 1, 1, 3, 8, 8, 9, 6, 10, 9});
    ClassLikelihood likelihood = ClassLikelihood.of(six);
    double one = determinant(six, new int[] {0, 0, 0, 0, 0, 0}, 1);
    double two = determinant(six, new int[] {0, 0, 0, 1, 1, 1}, 2);
    assertThat(
            likelihood.of(new int[] {0, 0, 0, 1, 1, 1}, 2)
                - likelihood.of(new int[] {0, 0, 0, 0, 0, 0}, 2))
        .isCloseTo(Math.log(0.5) - Math.log(two / one) / 2, within(1e-6));
    double uneven = determinant(six, new int[] {0, 0, 1, 1, 1, 1}, 2);
    assertThat(
            likelihood.of(new int[] {0, 0, 1, 1, 1, 1}, 2)
                - likelihood.of(new int[] {0, 0, 0, 1, 1, 1}, 2))
        .isCloseTo(
            Math.log(1 / 3.0) / 3
                + Math.log(2 / 3.0) * 2 / 3
                - Math.log(0.5)
                - Math.log(uneven / two) / 2,
            within(1e-6));
  }

  /** Of the mean product of two coordinates within classes, and a fiftieth of that of all. */
  private static double determinant(FloatTensor features, int[] labels, int classes) {
    double[][] within = new double[2][2];
    for (int k = 0; k < 2; k++) {
      for (int l = 0; l < 2; l++) {
        within[k][l] =
            product(features, labels, classes, k, l)
                + 0.02 * product(features, new int[labels.length], 1, k, l);
      }
    }
    return within[0][0] * within[1][1] - within[0][1] * within[1][0];
  }

  private static double product(FloatTensor features, int[] labels, int classes, int k, int l) {
    double sum = 0;
    for (int j = 0; j < classes; j++) {
      int c = j;
      int[] rows = IntStream.range(0, labels.length).filter(i -> labels[i] == c).toArray();
      double meanK = Arrays.stream(rows).mapToDouble(i -> features.row(i)[k]).average().orElse(0);
      double meanL = Arrays.stream(rows).mapToDouble(i -> features.row(i)[l]).average().orElse(0);
      for (int i : rows) {
        sum += (features.row(i)[k] - meanK) * (features.row(i)[l] - meanL) / labels.length;
      }
    }
    return sum;
  }

  @Test
  void aRareClassIsWorthMoreThanHalfOfAFrequentOne() {
    FloatTensor features = skewed();
    ClassLikelihood likelihood = ClassLikelihood.of(features);
    int[] right = labels(i -> i % 10 == 0);
    double rightly = likelihood.of(right, 2);
    assertThat(rightly).isGreaterThan(likelihood.of(labels(i -> false), 2));
    int[] equal = labels(i -> features.row(i)[0] > 0.1);
    assertThat(rightly).isGreaterThan(likelihood.of(equal, 2) + 0.05);
    int[] halves = labels(i -> i % 10 != 0 && features.row(i)[1] > 0);
    assertThat(likelihood.of(labels(i -> false), 2)).isGreaterThan(likelihood.of(halves, 2));
  }

  @Test
  void theMostProbableLabelsAreThoseOfTheClustersWhateverTheyAreCalled() {
    SimulatedWorld world = new SimulatedWorld(7, 6, IMAGES, 1, 1, 0, 0.5);
    ClassLikelihood likelihood = ClassLikelihood.of(world.features());
    double truth = likelihood.of(world.truth, 6);
    assertThat(likelihood.of(Arrays.stream(world.truth).map(j -> 5 - j).toArray(), 6))
        .isCloseTo(truth, within(1e-9));
    Random random = new Random(1);
    for (double share : new double[] {0.05, 0.2, 0.5}) {
      int[] wrong =
          Arrays.stream(world.truth)
              .map(j -> random.nextDouble() < share ? random.nextInt(6) : j)
              .toArray();
      assertThat(likelihood.of(wrong, 6)).isLessThan(truth);
    }
  }

  @Test
  void imagesThatDoNotCountMightAsWellNotBeThere() {
    FloatTensor features = skewed();
    int[] some = IntStream.range(0, IMAGES).filter(i -> i % 3 != 0).toArray();
    int[] right = labels(i -> i % 10 == 0);
    int[] other = labels(i -> features.row(i)[0] > 1);
    ClassLikelihood alone = ClassLikelihood.of(Rows.of(features, some));
    double gained =
        alone.of(Arrays.stream(some).map(i -> right[i]).toArray(), 2)
            - alone.of(Arrays.stream(some).map(i -> other[i]).toArray(), 2);
    ClassLikelihood all = ClassLikelihood.of(features);
    assertThat(all.of(only(some, right), 2) - all.of(only(some, other), 2))
        .isCloseTo(gained, within(1e-6));
  }

  private static int[] only(int[] images, int[] labels) {
    int[] only = new int[IMAGES];
    Arrays.fill(only, Metrics.UNKNOWN);
    Arrays.stream(images).forEach(i -> only[i] = labels[i]);
    return only;
  }

  @Test
  void imagesThatAreAllAlikeOrFewAreNoFault() {
    float[] same = new float[40 * 30];
    Arrays.fill(same, 0.2f);
    for (FloatTensor features :
        new FloatTensor[] {
          FloatTensor.matrix(40, 30, same),
          FloatTensor.matrix(1, 30, new float[30]),
          FloatTensor.matrix(0, 30, new float[0]),
          FloatTensor.matrix(3, 30, Arrays.copyOf(skewed().values(), 90))
        }) {
      ClassLikelihood likelihood = ClassLikelihood.of(features);
      int n = features.rows();
      assertThat(likelihood.of(new int[n], 2)).isFinite();
      int[] unknown = new int[n];
      Arrays.fill(unknown, Metrics.UNKNOWN);
      assertThat(likelihood.of(unknown, 2)).isZero();
    }
  }

  /** A pool has hundreds of directions; the twenty that it looks at are those that vary most. */
  @Test
  void itLooksWhereImagesDifferMost() {
    Random random = new Random(3);
    int wide = 200;
    float[] values = new float[IMAGES * wide];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) (0.1 * random.nextGaussian());
      if (i % wide == 77 && i / wide % 2 == 0) {
        values[i] += 0.6f;
      }
    }
    ClassLikelihood likelihood = ClassLikelihood.of(FloatTensor.matrix(IMAGES, wide, values));
    double apart = likelihood.of(labels(i -> i % 2 == 0), 2);
    assertThat(apart - likelihood.of(labels(i -> false), 2)).isGreaterThan(0.3);
    assertThat(apart - likelihood.of(labels(i -> i % 3 == 0), 2)).isGreaterThan(0.3);
  }
}
