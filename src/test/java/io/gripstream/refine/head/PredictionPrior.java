package io.gripstream.refine.head;

import io.gripstream.clip.FloatTensor;
import java.util.Arrays;

/**
 * What {@link ClassPrior} is held against: the class shares by EM over soft predictions alone
 * (Saerens, Latinne, Decaestecker: "Adjusting the outputs of a classifier to new a priori
 * probabilities", Neural Computation 14, 2002, eq. 2.9). CLIP stands for a classifier whose own
 * prior is uniform.
 *
 * <p>A symmetric Dirichlet prior adds {@link #SMOOTHING} images to each class, so that no class's
 * share becomes zero: a class that no image showed in this batch may come in the next. The
 * log-posterior is concave, hence the result does not depend on where EM starts, and nothing here
 * is random.
 */
public final class PredictionPrior {
  /** Images that each class is thought to have been seen in beforehand. */
  public static final double SMOOTHING = 1;

  private static final int MAX_ITERATIONS = 1000;
  private static final double TOLERANCE = 1e-7;

  private PredictionPrior() {}

  /**
   * The estimated share of each class.
   *
   * @param probabilities {@code [N, C]}, rows that sum to 1, under a uniform prior
   * @return {@code [C]}, positive, summing to 1; uniform when there are no rows
   * @throws IllegalArgumentException when a probability is not a number, or is negative
   */
  public static float[] estimate(FloatTensor probabilities) {
    int n = probabilities.shape()[0];
    int c = probabilities.shape()[1];
    float[] p = probabilities.values();
    for (float value : p) {
      if (!(value >= 0 && value <= 1.001f)) {
        throw new IllegalArgumentException("not a probability: " + value);
      }
    }
    double[] prior = new double[c];
    Arrays.fill(prior, 1.0 / c);
    double change = 1;
    for (int t = 0; t < MAX_ITERATIONS && change > TOLERANCE; t++) {
      double[] next = iterate(p, n, prior);
      change = 0;
      for (int j = 0; j < c; j++) {
        change = Math.max(change, Math.abs(next[j] - prior[j]));
      }
      prior = next;
    }
    float[] result = new float[c];
    for (int j = 0; j < c; j++) {
      result[j] = (float) prior[j];
    }
    return result;
  }

  /** One E step and one M step. */
  private static double[] iterate(float[] p, int n, double[] prior) {
    int c = prior.length;
    double[] counts = new double[c];
    Arrays.fill(counts, SMOOTHING);
    double total = SMOOTHING * c;
    for (int i = 0; i < n; i++) {
      double evidence = 0;
      for (int j = 0; j < c; j++) {
        evidence += prior[j] * p[i * c + j];
      }
      if (evidence > 0) {
        for (int j = 0; j < c; j++) {
          counts[j] += prior[j] * p[i * c + j] / evidence;
        }
        total++;
      }
    }
    for (int j = 0; j < c; j++) {
      counts[j] /= total;
    }
    return counts;
  }
}
