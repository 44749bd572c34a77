package io.gripstream.refine.head;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.gripstream.clip.FloatTensor;
import java.util.Arrays;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class MixtureTest {
  private static final int SIZE = 5;
  private static final int CLASSES = 3;

  /** How an image's own part in a class mean is treated by the direct computation. */
  private enum OwnPart {
    /** Taken off by the mean product of an image with itself, as the mixture does it. */
    BY_THE_MEAN_PRODUCT,
    /** The class mean is computed again without the image. */
    REMOVED,
    LEFT_IN
  }

  @Test
  void itIsWhatADirectComputationOfItsFormulasGives() {
    for (long seed = 1; seed <= 5; seed++) {
      FloatTensor images = clustered(60, SIZE, 0.7, seed);
      FloatTensor teacher = opinion(60, 1.5, seed);
      Plain plain = new Plain(images, teacher, unknown(60), OwnPart.BY_THE_MEAN_PRODUCT);
      Mixture mixture = Mixture.fit(images, teacher, unknown(60));
      assertThat(furthest(mixture.probabilities(), plain.estimate)).isLessThan(1e-4);
      assertThat(furthest(mixture.weights(), plain.weights))
          .isLessThan(1e-3 * largest(plain.weights));
      for (int j = 0; j < CLASSES; j++) {
        assertThat(Math.abs(mixture.constants()[j] - plain.constants[j]))
            .isLessThan(1e-3 * (1 + Math.abs(plain.constants[j])));
      }
    }
  }

  /** The corners of a box, mirrored with the classes: all have the same product with themselves. */
  @Test
  void anImageIsHeldAgainstClassMeansThatItHasNoPartIn() {
    float[] values = new float[16 * 3];
    float[] logits = new float[16 * 2];
    for (int i = 0; i < 16; i++) {
      values[i * 3] = (i & 1) == 0 ? 0.48f : -0.48f;
      values[i * 3 + 1] = (i & 2) == 0 ? 0.6f : -0.6f;
      values[i * 3 + 2] = (i & 4) == 0 ? 0.64f : -0.64f;
      float sure = (i & 2) == 0 ? 1.5f : 0.2f;
      logits[i * 2] = (i & 1) == 0 ? sure : -sure;
    }
    FloatTensor images = FloatTensor.matrix(16, 3, values);
    FloatTensor teacher = FloatTensor.matrix(16, 2, logits);
    FloatTensor found = Mixture.fit(images, teacher, unknown(16)).probabilities();
    Plain removed = new Plain(images, teacher, unknown(16), OwnPart.REMOVED);
    Plain leftIn = new Plain(images, teacher, unknown(16), OwnPart.LEFT_IN);
    assertThat(furthest(found, removed.estimate)).isLessThan(1e-4);
    assertThat(furthest(found, leftIn.estimate)).isGreaterThan(0.005);
  }

  @Test
  void onImagesAsTheyComeItIsNearlyAsIfEachWereRemovedFromTheMeans() {
    for (long seed = 1; seed <= 5; seed++) {
      FloatTensor images = clustered(60, SIZE, 0.7, seed);
      FloatTensor teacher = opinion(60, 1.5, seed);
      FloatTensor found = Mixture.fit(images, teacher, unknown(60)).probabilities();
      Plain removed = new Plain(images, teacher, unknown(60), OwnPart.REMOVED);
      Plain leftIn = new Plain(images, teacher, unknown(60), OwnPart.LEFT_IN);
      assertThat(mean(found, removed.estimate)).isLessThan(mean(found, leftIn.estimate) / 3);
    }
  }

  @Test
  void humanLabelsHoldAndMoveTheImagesNearThem() {
    FloatTensor images = clustered(60, SIZE, 0.3, 6);
    FloatTensor teacher = FloatTensor.matrix(60, CLASSES, new float[60 * CLASSES]);
    int[] labels = unknown(60);
    for (int i = 0; i < 30; i++) {
      labels[i] = i % CLASSES;
    }
    FloatTensor found = Mixture.fit(images, teacher, labels).probabilities();
    for (int i = 0; i < 30; i++) {
      for (int j = 0; j < CLASSES; j++) {
        assertThat(found.row(i)[j]).isEqualTo(j == i % CLASSES ? 1 : 0);
      }
    }
    int[] truth = IntStream.range(0, 60).map(i -> i % CLASSES).toArray();
    assertThat(Metrics.accuracy(Scores.argmax(found), truth)).isGreaterThan(0.95);
    Plain plain = new Plain(images, teacher, labels, OwnPart.BY_THE_MEAN_PRODUCT);
    assertThat(furthest(found, plain.estimate)).isLessThan(1e-4);
  }

  @Test
  void itIsADistributionOfClassesForEachImage() {
    FloatTensor found =
        Mixture.fit(clustered(60, SIZE, 0.7, 17), opinion(60, 20, 17), unknown(60)).probabilities();
    for (int i = 0; i < 60; i++) {
      double sum = 0;
      for (float p : found.row(i)) {
        assertThat(p).isBetween(0f, 1f);
        sum += p;
      }
      assertThat(sum).isCloseTo(1, within(1e-5));
    }
  }

  @Test
  void featuresWithoutStructureLeaveTheTeachersOpinionAlmostAlone() {
    Random random = new Random(7);
    FloatTensor noise =
        SimulatedWorld.tensor(
            IntStream.range(0, 400)
                .mapToObj(
                    i ->
                        SimulatedWorld.unit(
                            IntStream.range(0, 32)
                                .mapToDouble(k -> random.nextGaussian())
                                .toArray()))
                .toArray(double[][]::new));
    FloatTensor teacher = opinion(400, 1.5, 8);
    double[][] before = doubles(Scores.softmax(teacher));
    FloatTensor found = Mixture.fit(noise, teacher, unknown(400)).probabilities();
    double moved = mean(found, before);
    FloatTensor structured = clustered(400, 32, 0.7, 9);
    FloatTensor borneOut = Mixture.fit(structured, teacher, unknown(400)).probabilities();
    assertThat(mean(borneOut, before)).isGreaterThan(0.05);
    assertThat(moved).isLessThan(0.02);
  }

  @Test
  void theHeadGivesTheTeachersLogitsAndHalfOfTheLikelihoods() {
    FloatTensor images = clustered(60, SIZE, 0.7, 10);
    Classifier teacher =
        new Classifier(clustered(CLASSES, SIZE, 0.5, 11), 8, new float[] {0.5f, -0.3f, -0.2f});
    Mixture mixture = Mixture.fit(images, teacher.logits(images), unknown(60));
    Classifier head = mixture.head(teacher);
    assertThat(head.logitScale()).isEqualTo(8);
    FloatTensor fresh = clustered(20, SIZE, 0.7, 12);
    FloatTensor expected = teacher.logits(fresh);
    FloatTensor found = head.logits(fresh);
    for (int i = 0; i < 20; i++) {
      for (int j = 0; j < CLASSES; j++) {
        double likelihood = mixture.constants()[j];
        for (int k = 0; k < SIZE; k++) {
          likelihood += (double) fresh.row(i)[k] * mixture.weights().row(j)[k];
        }
        assertThat(Math.abs(found.row(i)[j] - expected.row(i)[j] - likelihood / 2))
            .isLessThan(1e-3 * (1 + Math.abs(likelihood)));
      }
    }
  }

  @Test
  void forAHeadItIsWhatADirectComputationOfItsFormulasGives() {
    for (boolean even : new boolean[] {true, false}) {
      FloatTensor images = clustered(60, SIZE, 0.7, 21);
      FloatTensor teacher =
          ClassBalance.added(opinion(60, 1.5, 21), new float[] {0, 0, even ? 0 : -3});
      Plain plain = new Plain(images, teacher, even);
      Mixture mixture = Mixture.fit(images, teacher);
      assertThat(furthest(mixture.probabilities(), plain.estimate)).isLessThan(1e-3);
      assertThat(furthest(mixture.weights(), plain.weights))
          .isLessThan(1e-3 * largest(plain.weights));
      assertThat(mixture.share()).isEqualTo(even ? 1 : 0.5);
    }
  }

  @Test
  void whereATeacherNamesAllClassesEquallyOftenEachKeepsItsSize() {
    int[] half = IntStream.range(0, 600).filter(i -> i % 6 != 0).toArray();
    FloatTensor images = Rows.of(clustered(600, SIZE, 0.5, 22), half);
    FloatTensor opinion = Rows.of(opinion(600, 2, 22), half);
    FloatTensor teacher = ClassBalance.added(opinion, ClassBalance.uniform(opinion));
    double[] sizes = Metrics.meanPrediction(Scores.softmax(teacher));
    double[] kept = Metrics.meanPrediction(Mixture.fit(images, teacher).probabilities());
    double[] free =
        Metrics.meanPrediction(Mixture.fit(images, teacher, unknown(500)).probabilities());
    double moved = 0;
    for (int j = 0; j < CLASSES; j++) {
      assertThat(kept[j]).isCloseTo(sizes[j], within(2e-4));
      moved = Math.max(moved, Math.abs(free[j] - sizes[j]));
    }
    assertThat(moved).isGreaterThan(2e-3);
  }

  @Test
  void moreFeaturesThanImagesAndImagesAllAlikeStillGiveAMixture() {
    FloatTensor few = clustered(12, 64, 0.5, 13);
    FloatTensor teacher = opinion(12, 1, 14);
    Mixture mixture = Mixture.fit(few, teacher, unknown(12));
    Plain plain = new Plain(few, teacher, unknown(12), OwnPart.BY_THE_MEAN_PRODUCT);
    assertThat(furthest(mixture.probabilities(), plain.estimate)).isLessThan(1e-3);
    float[] same = new float[12 * 64];
    for (int i = 0; i < 12; i++) {
      same[i * 64 + 3] = 0.6f;
      same[i * 64 + 7] = 0.8f;
    }
    assertThat(
            furthest(
                Mixture.fit(FloatTensor.matrix(12, 64, same), teacher, unknown(12)).probabilities(),
                doubles(Scores.softmax(teacher))))
        .isLessThan(0.02);
  }

  @Test
  void noImagesGiveAMixtureThatSaysNothing() {
    Mixture none =
        Mixture.fit(
            FloatTensor.matrix(0, SIZE, new float[0]),
            FloatTensor.matrix(0, CLASSES, new float[0]),
            new int[0]);
    assertThat(none.probabilities().rows()).isZero();
    assertThat(none.probabilities().values()).isEmpty();
    assertThat(none.constants()).doesNotContain(Float.NaN);
  }

  @Test
  void sizesThatDoNotFitAreRefused() {
    FloatTensor images = clustered(6, SIZE, 0.5, 15);
    assertThatThrownBy(() -> Mixture.fit(images, opinion(5, 1, 16), unknown(6)))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> Mixture.fit(images, opinion(6, 1, 16), unknown(5)))
        .isInstanceOf(IllegalArgumentException.class);
  }

  private static int[] unknown(int n) {
    int[] labels = new int[n];
    Arrays.fill(labels, Metrics.UNKNOWN);
    return labels;
  }

  /** Image {@code i} lies around axis {@code i % 3}. */
  private static FloatTensor clustered(int n, int size, double noise, long seed) {
    Random random = new Random(seed);
    double[][] images = new double[n][size];
    for (int i = 0; i < n; i++) {
      for (int k = 0; k < size; k++) {
        images[i][k] =
            0.5
                + (k == i % CLASSES ? 1 : 0)
                + noise * random.nextGaussian() * Math.sqrt(5.0 / size);
      }
      images[i] = SimulatedWorld.unit(images[i]);
    }
    return SimulatedWorld.tensor(images);
  }

  /** A teacher that is right more often than not about {@link #clustered} images. */
  private static FloatTensor opinion(int n, double noise, long seed) {
    Random random = new Random(seed);
    float[] logits = new float[n * CLASSES];
    for (int i = 0; i < logits.length; i++) {
      logits[i] =
          (float)
              ((i % CLASSES == i / CLASSES % CLASSES ? 1.2 : 0) + noise * random.nextGaussian());
    }
    return FloatTensor.matrix(n, CLASSES, logits);
  }

  private static double[][] doubles(FloatTensor tensor) {
    return IntStream.range(0, tensor.rows())
        .mapToObj(
            i -> IntStream.range(0, tensor.columns()).mapToDouble(j -> tensor.row(i)[j]).toArray())
        .toArray(double[][]::new);
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

  private static double mean(FloatTensor found, double[][] expected) {
    double sum = 0;
    for (int i = 0; i < expected.length; i++) {
      for (int j = 0; j < expected[i].length; j++) {
        sum += Math.abs(found.row(i)[j] - expected[i][j]);
      }
    }
    return sum / found.values().length;
  }

  private static double largest(double[][] values) {
    return Arrays.stream(values).flatMapToDouble(Arrays::stream).map(Math::abs).max().orElseThrow();
  }

  /** The same mixture, image by image and without any algebra. */
  private static final class Plain {
    private static final int STEPS = 4;

    private final double[][] x;
    private final int classes;

    /** How much of a sphere is in the covariance; not a number: as much as Gaussians need. */
    private final double shrinkage;

    private double[][] estimate;
    private double[][] weights;
    private double[] constants;

    Plain(FloatTensor images, FloatTensor teacher, int[] labels, OwnPart own) {
      this(images, teacher, labels, own, 0.3, false);
    }

    /** That of a head. */
    Plain(FloatTensor images, FloatTensor teacher, boolean keeps) {
      this(images, teacher, unknown(images.rows()), OwnPart.BY_THE_MEAN_PRODUCT, Double.NaN, keeps);
    }

    private Plain(
        FloatTensor images,
        FloatTensor teacher,
        int[] labels,
        OwnPart own,
        double shrinkage,
        boolean keeps) {
      this.shrinkage = shrinkage;
      x = doubles(images);
      classes = teacher.columns();
      double[][] opinion = doubles(teacher);
      double[][] believed = labelled(softmax(opinion, opinion, 0), labels);
      estimate = believed;
      for (int t = 0; t < STEPS; t++) {
        double[][] means = new double[classes][];
        for (int j = 0; j < classes; j++) {
          means[j] = mean(j, -1);
        }
        double[][] inverse = inverse(covariance(means));
        double[][] likelihoods = likelihoods(means, inverse, own);
        double factor = factor(likelihoods, believed);
        weights = new double[classes][];
        constants = new double[classes];
        for (int j = 0; j < classes; j++) {
          weights[j] = scaled(times(inverse, means[j]), factor);
          constants[j] = -SimulatedWorld.dot(weights[j], means[j]) / 2;
        }
        estimate = labelled(softmax(opinion, likelihoods, factor), labels);
        for (int again = 0; keeps && again < 500; again++) {
          resize(believed);
        }
      }
    }

    /** Weighs the classes until each is as large as in {@code like}. */
    private void resize(double[][] like) {
      double[] factors = new double[classes];
      for (int j = 0; j < classes; j++) {
        double size = 0;
        double wanted = 0;
        for (int i = 0; i < like.length; i++) {
          size += estimate[i][j];
          wanted += like[i][j];
        }
        factors[j] = wanted / size;
      }
      for (double[] row : estimate) {
        double sum = 0;
        for (int j = 0; j < classes; j++) {
          row[j] *= factors[j];
          sum += row[j];
        }
        for (int j = 0; j < classes; j++) {
          row[j] /= sum;
        }
      }
    }

    /** Of a class, with one image at the mean of all; without image {@code but}. */
    private double[] mean(int j, int but) {
      double[] sum = new double[x[0].length];
      double count = 1;
      for (int i = 0; i < x.length; i++) {
        sum = SimulatedWorld.sum(sum, 1, x[i], 1.0 / x.length);
        if (i != but) {
          sum = SimulatedWorld.sum(sum, 1, x[i], estimate[i][j]);
          count += estimate[i][j];
        }
      }
      return scaled(sum, 1 / count);
    }

    /** How images, and the one at the mean of all that each class has, lie around their means. */
    private double[][] covariance(double[][] means) {
      int d = x[0].length;
      double[] centre = new double[d];
      for (double[] image : x) {
        centre = SimulatedWorld.sum(centre, 1, image, 1.0 / x.length);
      }
      double[][] covariance = new double[d][d];
      for (int j = 0; j < classes; j++) {
        add(covariance, SimulatedWorld.sum(centre, 1, means[j], -1), 1.0 / x.length);
        for (int i = 0; i < x.length; i++) {
          add(covariance, SimulatedWorld.sum(x[i], 1, means[j], -1), estimate[i][j] / x.length);
        }
      }
      double trace = 0;
      double squares = 0;
      for (int k = 0; k < d; k++) {
        trace += covariance[k][k];
        squares += SimulatedWorld.dot(covariance[k], covariance[k]);
      }
      double needed =
          ((1 - 2.0 / d) * squares + trace * trace)
              / ((x.length + 1 - 2.0 / d) * (squares - trace * trace / d));
      double sphere = Double.isNaN(shrinkage) ? Math.min(1, needed) : shrinkage;
      for (int k = 0; k < d; k++) {
        for (int l = 0; l < d; l++) {
          covariance[k][l] *= 1 - sphere;
        }
        covariance[k][k] += sphere * trace / d + 1e-6;
      }
      return covariance;
    }

    private double[][] likelihoods(double[][] means, double[][] inverse, OwnPart own) {
      double product = 0;
      for (double[] image : x) {
        product += SimulatedWorld.dot(image, times(inverse, image)) / x.length;
      }
      double[][] likelihoods = new double[x.length][classes];
      for (int i = 0; i < x.length; i++) {
        for (int j = 0; j < classes; j++) {
          double[] mean = own == OwnPart.REMOVED ? mean(j, i) : means[j];
          double dot = SimulatedWorld.dot(x[i], times(inverse, mean));
          double square = SimulatedWorld.dot(mean, times(inverse, mean));
          if (own == OwnPart.BY_THE_MEAN_PRODUCT) {
            double count = 1;
            for (double[] row : estimate) {
              count += row[j];
            }
            double share = estimate[i][j];
            double left = count - share;
            // (count * mean - share * image) / left, with the mean product for the image's own.
            square =
                (count * count * square - 2 * count * share * dot + share * share * product)
                    / (left * left);
            dot = (count * dot - share * product) / left;
          }
          likelihoods[i][j] = dot - square / 2;
        }
      }
      return likelihoods;
    }

    /** The factor of the likelihoods that predicts best what the teacher says, by halving. */
    private static double factor(double[][] likelihoods, double[][] believed) {
      double low = Math.log(1e-4);
      double high = Math.log(4);
      for (int t = 0; t < 200; t++) {
        double one = (2 * low + high) / 3;
        double other = (low + 2 * high) / 3;
        if (crossEntropy(likelihoods, believed, Math.exp(one))
            > crossEntropy(likelihoods, believed, Math.exp(other))) {
          low = one;
        } else {
          high = other;
        }
      }
      return Math.exp((low + high) / 2);
    }

    private static double crossEntropy(double[][] likelihoods, double[][] believed, double factor) {
      double[][] zeros = new double[believed.length][believed[0].length];
      double[][] p = softmax(zeros, likelihoods, factor);
      double sum = 0;
      for (int i = 0; i < p.length; i++) {
        for (int j = 0; j < p[i].length; j++) {
          sum -= believed[i][j] * Math.log(Math.max(p[i][j], 1e-300));
        }
      }
      return sum;
    }

    private static double[][] softmax(double[][] logits, double[][] more, double factor) {
      double[][] p = new double[logits.length][];
      for (int i = 0; i < p.length; i++) {
        double[] row = SimulatedWorld.sum(logits[i], 1, more[i], factor);
        double max = Arrays.stream(row).max().orElseThrow();
        double[] e = Arrays.stream(row).map(z -> Math.exp(z - max)).toArray();
        p[i] = scaled(e, 1 / Arrays.stream(e).sum());
      }
      return p;
    }

    private static double[][] labelled(double[][] probabilities, int[] labels) {
      for (int i = 0; i < labels.length; i++) {
        if (labels[i] != Metrics.UNKNOWN) {
          Arrays.fill(probabilities[i], 0);
          probabilities[i][labels[i]] = 1;
        }
      }
      return probabilities;
    }

    private static void add(double[][] matrix, double[] vector, double weight) {
      for (int k = 0; k < vector.length; k++) {
        for (int l = 0; l < vector.length; l++) {
          matrix[k][l] += weight * vector[k] * vector[l];
        }
      }
    }

    private static double[] scaled(double[] vector, double factor) {
      return Arrays.stream(vector).map(value -> value * factor).toArray();
    }

    private static double[] times(double[][] matrix, double[] vector) {
      return Arrays.stream(matrix).mapToDouble(row -> SimulatedWorld.dot(row, vector)).toArray();
    }

    /** Gauss and Jordan. */
    private static double[][] inverse(double[][] matrix) {
      int d = matrix.length;
      double[][] left = Arrays.stream(matrix).map(double[]::clone).toArray(double[][]::new);
      double[][] right = new double[d][d];
      for (int k = 0; k < d; k++) {
        right[k][k] = 1;
      }
      for (int k = 0; k < d; k++) {
        double pivot = left[k][k];
        left[k] = scaled(left[k], 1 / pivot);
        right[k] = scaled(right[k], 1 / pivot);
        for (int l = 0; l < d; l++) {
          if (l != k) {
            double factor = left[l][k];
            left[l] = SimulatedWorld.sum(left[l], 1, left[k], -factor);
            right[l] = SimulatedWorld.sum(right[l], 1, right[k], -factor);
          }
        }
      }
      return right;
    }
  }
}
