package io.gripstream.refine.head;

import io.gripstream.clip.FloatTensor;
import java.util.Arrays;

/**
 * Fits the temperature that logits are divided by so that probabilities mean what they say (Guo et
 * al., "On Calibration of Modern Neural Networks", ICML 2017).
 *
 * <p>The cross-entropy is convex in the inverse temperature, so the root of its derivative is found
 * by bisection: exact, bounded and the same everywhere.
 */
public final class Calibration {
  /** No temperature is lower; where every prediction is right, the best one would be 0. */
  public static final double LOWEST = 0.25;

  /** No temperature is higher; where predictions say nothing, the best one would be infinite. */
  public static final double HIGHEST = 16;

  private static final int ITERATIONS = 32;

  private Calibration() {}

  /**
   * Fits to known classes.
   *
   * @param logits {@code [N, C]}
   * @param targets {@code [N]}, -1 where no class is known. They must not be the logits' own
   *     maxima: nothing can be learnt from those but to be surer
   * @return from {@link #LOWEST} to {@link #HIGHEST}; 1 when no class is known
   */
  public static double temperature(FloatTensor logits, int[] targets) {
    int c = logits.columns();
    if (logits.rows() != targets.length) {
      throw new IllegalArgumentException(targets.length + " targets for " + logits);
    }
    float[] weights = new float[logits.values().length];
    for (int i = 0; i < targets.length; i++) {
      if (targets[i] != Metrics.UNKNOWN) {
        weights[i * c + targets[i]] = 1;
      }
    }
    return temperature(logits, FloatTensor.matrix(targets.length, c, weights));
  }

  /**
   * Fits to another prompt's probabilities, whose calibration the logits then take over.
   *
   * @param logits {@code [N, C]}
   * @param targets {@code [N, C]}, rows that sum to 1, or to 0 for an image that does not count
   * @return from {@link #LOWEST} to {@link #HIGHEST}; 1 when no image counts
   */
  public static double temperature(FloatTensor logits, FloatTensor targets) {
    if (logits.values().length != targets.values().length) {
      throw new IllegalArgumentException("targets " + targets + " for " + logits);
    }
    return Math.min(
        HIGHEST,
        Math.max(LOWEST, 1 / inverseTemperature(logits, targets, 1 / HIGHEST, 1 / LOWEST)));
  }

  /**
   * The factor of the logits that fits them best to the targets; 1 when no image counts.
   *
   * @throws IllegalArgumentException when a logit or a target is not finite
   */
  static double inverseTemperature(
      FloatTensor logits, FloatTensor targets, double lowest, double highest) {
    for (int i = 0; i < logits.values().length; i++) {
      if (!Float.isFinite(logits.values()[i]) || !Float.isFinite(targets.values()[i])) {
        throw new IllegalArgumentException("a logit or target that is not finite");
      }
    }
    if (Arrays.equals(targets.values(), new float[targets.values().length])) {
      return 1;
    }
    double low = Math.log(lowest);
    double high = Math.log(highest);
    for (int t = 0; t < ITERATIONS; t++) {
      double middle = (low + high) / 2;
      if (slope(logits, targets, Math.exp(middle)) > 0) {
        high = middle;
      } else {
        low = middle;
      }
    }
    return Math.exp((low + high) / 2);
  }

  /** The cross-entropy's derivative by the inverse temperature, summed over images. */
  private static double slope(FloatTensor logits, FloatTensor targets, double inverse) {
    int c = logits.columns();
    float[] z = logits.values();
    float[] t = targets.values();
    double slope = 0;
    for (int i = 0; i < logits.rows(); i++) {
      double max = Double.NEGATIVE_INFINITY;
      for (int j = i * c; j < (i + 1) * c; j++) {
        max = Math.max(max, z[j]);
      }
      double sum = 0;
      double weighted = 0;
      double weight = 0;
      for (int j = i * c; j < (i + 1) * c; j++) {
        double e = Math.exp(inverse * (z[j] - max));
        sum += e;
        weighted += e * z[j];
        weight += t[j];
        slope -= t[j] * z[j];
      }
      slope += weight * weighted / sum;
    }
    return slope;
  }
}
