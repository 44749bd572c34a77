package io.gripstream.refine;

import io.gripstream.clip.FloatTensor;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/**
 * What images are, judged by prompts and by how the images lie among each other: a stand-in for the
 * truth that nobody knows.
 *
 * <p>A teacher's pseudolabels, as many of each class as {@link Selector} grants them, begin a
 * mixture of Gaussians over the image features, one per class with a common diagonal covariance,
 * and a few EM steps let the mixture and the teacher agree (after TransCLIP: Zanella, Gérin, Ben
 * Ayed, "Boosting Vision-Language Models with Transduction", NeurIPS 2024). An image in the midst
 * of another class's images is thus judged as one of them, however sure the teacher was. Where the
 * features have no structure that fits the classes, the mixture's log-likelihoods predict the
 * teacher badly, and the temperature that fits them to the teacher makes them count for little.
 *
 * <p>The mixture begins with as many images of each class because a teacher that hardly ever says a
 * class would otherwise judge any prompt that does say it to be wrong. Of 30 candidates on rendered
 * digits and shapes and on MNIST, those that gained scored up to +3.8 points, those that lost down
 * to -12.5, and none that lost by more than half a point passed one standard error; begun with the
 * teacher's soft predictions instead, the score of a candidate 7.1 points better was -2.0.
 */
public final class Consensus {
  /** More steps follow the clusters further from the teacher, and judged no better. */
  private static final int ITERATIONS = 3;

  /** The share of the images that the classes' means are made of. */
  private static final double SEEDS = 0.8;

  /** How much the teacher's own log-probabilities count; the mixture's count 1. */
  private static final double TEACHER = 0.1;

  /** Images at the mean of all that each class begins with, so that no class mean runs away. */
  private static final double SHRINKAGE = 1;

  /** Share of the mean variance that is added to each dimension's. */
  private static final double RIDGE = 0.1;

  private static final double TINY = 1e-9;

  private Consensus() {}

  /**
   * Estimates class probabilities.
   *
   * @param features {@code [N, D]}, the more images the better
   * @param teacher {@code [N, C]}, class probabilities of the same images
   * @param labels {@code [N]}, classes that are known, which hold, and -1 where none is
   * @return {@code [N, C]}, rows that sum to 1
   */
  public static FloatTensor estimate(FloatTensor features, FloatTensor teacher, int[] labels) {
    int n = teacher.rows();
    int c = teacher.columns();
    if (features.rows() != n || labels.length != n) {
      throw new IllegalArgumentException(
          "%s, %d labels for %s".formatted(features, labels.length, teacher));
    }
    FloatTensor known = withLabels(teacher, labels);
    FloatTensor estimate = known;
    for (int t = 0; t < ITERATIONS && n > 0; t++) {
      FloatTensor likelihoods = logLikelihoods(features, seeds(estimate, labels));
      double weight = Calibration.inverseTemperature(likelihoods, known, 1e-4, 2);
      float[] logits = new float[n * c];
      for (int i = 0; i < logits.length; i++) {
        logits[i] =
            (float)
                (weight * likelihoods.values()[i] + TEACHER * Math.log(teacher.values()[i] + TINY));
      }
      estimate = withLabels(Scores.softmax(FloatTensor.matrix(n, c, logits)), labels);
    }
    return estimate;
  }

  /**
   * {@code [N, C]}: 1 where an image speaks for a class; rows of 0 for images that speak for none.
   */
  private static FloatTensor seeds(FloatTensor estimate, int[] labels) {
    int c = estimate.columns();
    float[] equal = new float[c];
    Arrays.fill(equal, 1f / c);
    List<String> keys = IntStream.range(0, labels.length).mapToObj(String::valueOf).toList();
    float[] values = new float[labels.length * c];
    for (Pseudolabel seed : Selector.select(estimate, equal, (int) (labels.length * SEEDS), keys)) {
      values[seed.sample() * c + seed.label()] = 1;
    }
    return withLabels(FloatTensor.matrix(labels.length, c, values), labels);
  }

  private static FloatTensor withLabels(FloatTensor probabilities, int[] labels) {
    int c = probabilities.columns();
    float[] values = probabilities.values().clone();
    for (int i = 0; i < labels.length; i++) {
      if (labels[i] != Metrics.UNKNOWN) {
        Arrays.fill(values, i * c, (i + 1) * c, 0);
        values[i * c + labels[i]] = 1;
      }
    }
    return FloatTensor.matrix(labels.length, c, values);
  }

  /**
   * {@code [N, C]}, but for what is the same in all of a row. An image's own part in a class's mean
   * is taken off before it is held against that mean: otherwise each image would find itself near
   * to what the teacher says it is, the more so the longer the features.
   */
  private static FloatTensor logLikelihoods(FloatTensor features, FloatTensor shares) {
    int n = shares.rows();
    int c = shares.columns();
    int d = features.columns();
    float[] x = features.values();
    double[] weights = new double[c];
    double[][] means = means(features, shares, weights);
    double[] variance = variance(features, means, weights);
    double[][] whitened = new double[c][d];
    double[] squares = new double[c];
    for (int j = 0; j < c; j++) {
      for (int k = 0; k < d; k++) {
        whitened[j][k] = means[j][k] / variance[k];
        squares[j] += means[j][k] * whitened[j][k];
      }
    }
    float[] likelihoods = new float[n * c];
    for (int i = 0; i < n; i++) {
      double own = 0;
      for (int k = 0; k < d; k++) {
        double value = x[i * d + k];
        own += value * value / variance[k];
      }
      for (int j = 0; j < c; j++) {
        double dot = 0;
        for (int k = 0; k < d; k++) {
          dot += x[i * d + k] * whitened[j][k];
        }
        double w = weights[j];
        double share = shares.values()[i * c + j];
        double rest = w - share;
        double square =
            (w * w * squares[j] - 2 * w * share * dot + share * share * own) / (rest * rest);
        likelihoods[i * c + j] = (float) ((w * dot - share * own) / rest - square / 2);
      }
    }
    return FloatTensor.matrix(n, c, likelihoods);
  }

  /** {@code [C, D]}; leaves in {@code weights} how many images each mean stands for. */
  private static double[][] means(FloatTensor features, FloatTensor shares, double[] weights) {
    int n = shares.rows();
    int c = weights.length;
    int d = features.columns();
    float[] x = features.values();
    double[] centre = new double[d];
    for (int i = 0; i < n; i++) {
      for (int k = 0; k < d; k++) {
        centre[k] += x[i * d + k] / (double) n;
      }
    }
    double[][] means = new double[c][d];
    for (int j = 0; j < c; j++) {
      weights[j] = SHRINKAGE;
      for (int k = 0; k < d; k++) {
        means[j][k] = SHRINKAGE * centre[k];
      }
      for (int i = 0; i < n; i++) {
        double share = shares.values()[i * c + j];
        weights[j] += share;
        for (int k = 0; k < d; k++) {
          means[j][k] += share * x[i * d + k];
        }
      }
      for (int k = 0; k < d; k++) {
        means[j][k] /= weights[j];
      }
    }
    return means;
  }

  /** {@code [D]}: what is left of the variance around zero when the class means are taken off. */
  private static double[] variance(FloatTensor features, double[][] means, double[] weights) {
    int n = features.rows();
    int d = features.columns();
    double total = Arrays.stream(weights).sum();
    double[] variance = new double[d];
    double mean = 0;
    for (int k = 0; k < d; k++) {
      double square = 0;
      for (int i = 0; i < n; i++) {
        double value = features.values()[i * d + k];
        square += value * value / n;
      }
      for (int j = 0; j < means.length; j++) {
        square -= weights[j] / total * means[j][k] * means[j][k];
      }
      variance[k] = Math.max(square, 0);
      mean += variance[k] / d;
    }
    for (int k = 0; k < d; k++) {
      variance[k] += RIDGE * mean + TINY;
    }
    return variance;
  }
}
