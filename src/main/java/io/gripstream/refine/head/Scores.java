package io.gripstream.refine.head;

import io.gripstream.clip.FloatTensor;

/** What is done to rows of class scores, one row an image. */
public final class Scores {
  private Scores() {}

  /**
   * Turns logits into probabilities.
   *
   * @param logits {@code [N, C]}
   * @return {@code [N, C]}, rows that sum to 1
   */
  public static FloatTensor softmax(FloatTensor logits) {
    int n = logits.rows();
    int c = logits.columns();
    float[] z = logits.values();
    float[] probabilities = new float[z.length];
    for (int i = 0; i < n; i++) {
      double normalizer = logSumExp(z, i * c, c, 1);
      for (int j = i * c; j < (i + 1) * c; j++) {
        probabilities[j] = (float) Math.exp(z[j] - normalizer);
      }
    }
    return FloatTensor.matrix(n, c, probabilities);
  }

  /**
   * Turns probabilities into logits.
   *
   * @param probabilities {@code [N, C]}
   * @return {@code [N, C]}, finite
   */
  public static FloatTensor log(FloatTensor probabilities) {
    float[] logits = new float[probabilities.values().length];
    for (int i = 0; i < logits.length; i++) {
      logits[i] = (float) Math.log(Math.max(probabilities.values()[i], Float.MIN_NORMAL));
    }
    return FloatTensor.matrix(probabilities.rows(), probabilities.columns(), logits);
  }

  /**
   * The best class of each row; of classes that tie, the first.
   *
   * @param scores {@code [N, C]}
   * @return {@code [N]}
   * @throws IllegalArgumentException when a score is not a number
   */
  public static int[] argmax(FloatTensor scores) {
    int c = scores.columns();
    float[] values = scores.values();
    int[] best = new int[scores.rows()];
    for (int i = 0; i < best.length; i++) {
      for (int j = 0; j < c; j++) {
        if (Float.isNaN(values[i * c + j])) {
          throw new IllegalArgumentException("row " + i + ", class " + j + ": not a number");
        }
        if (values[i * c + j] > values[i * c + best[i]]) {
          best[i] = j;
        }
      }
    }
    return best;
  }

  /** {@code [N, K]}: the scores of some classes. */
  public static FloatTensor columns(FloatTensor scores, int[] classes) {
    float[] values = new float[scores.rows() * classes.length];
    for (int i = 0; i < values.length; i++) {
      values[i] =
          scores.values()[i / classes.length * scores.columns() + classes[i % classes.length]];
    }
    return FloatTensor.matrix(scores.rows(), classes.length, values);
  }

  /** log sum exp(factor * z) over {@code c} logits from {@code offset} on. */
  public static double logSumExp(float[] z, int offset, int c, double factor) {
    double max = Double.NEGATIVE_INFINITY;
    for (int j = offset; j < offset + c; j++) {
      max = Math.max(max, factor * z[j]);
    }
    double sum = 0;
    for (int j = offset; j < offset + c; j++) {
      sum += Math.exp(factor * z[j] - max);
    }
    return max + Math.log(sum);
  }
}
