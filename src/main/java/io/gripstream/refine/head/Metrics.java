package io.gripstream.refine.head;

import io.gripstream.clip.FloatTensor;
import java.util.Arrays;

/**
 * Figures about predictions. Throughout, a target of -1 means that none is known, and the image
 * does not count; a figure over no images is not a number.
 */
public final class Metrics {
  /** The target of an image whose class nobody knows. */
  public static final int UNKNOWN = -1;

  private Metrics() {}

  /**
   * The share of images whose prediction is the target.
   *
   * @param predictions {@code [N]}
   * @param targets {@code [N]}
   */
  public static double accuracy(int[] predictions, int[] targets) {
    requireEqual(predictions.length, targets.length);
    int right = 0;
    int known = 0;
    for (int i = 0; i < targets.length; i++) {
      if (targets[i] != UNKNOWN) {
        known++;
        right += predictions[i] == targets[i] ? 1 : 0;
      }
    }
    return (double) right / known;
  }

  /** The share of images on which two predictions agree. */
  public static double agreement(int[] predictions, int[] others) {
    return accuracy(predictions, others);
  }

  /**
   * The accuracy among the images of each class.
   *
   * @return {@code [C]}, not a number for a class without images
   */
  public static double[] perClassAccuracy(int[] predictions, int[] targets, int classes) {
    requireEqual(predictions.length, targets.length);
    int[] right = new int[classes];
    int[] known = new int[classes];
    for (int i = 0; i < targets.length; i++) {
      if (targets[i] != UNKNOWN) {
        known[targets[i]]++;
        right[targets[i]] += predictions[i] == targets[i] ? 1 : 0;
      }
    }
    double[] accuracy = new double[classes];
    for (int j = 0; j < classes; j++) {
      accuracy[j] = (double) right[j] / known[j];
    }
    return accuracy;
  }

  /** The mean of the per-class accuracies, over the classes that have images. */
  public static double macroAccuracy(int[] predictions, int[] targets, int classes) {
    return Arrays.stream(perClassAccuracy(predictions, targets, classes))
        .filter(accuracy -> !Double.isNaN(accuracy))
        .average()
        .orElse(Double.NaN);
  }

  /**
   * The mean negative log-likelihood of the targets, in nats.
   *
   * @param logits {@code [N, C]}
   * @param targets {@code [N]}
   */
  public static double negativeLogLikelihood(FloatTensor logits, int[] targets) {
    requireEqual(logits.rows(), targets.length);
    int c = logits.columns();
    double sum = 0;
    int known = 0;
    for (int i = 0; i < targets.length; i++) {
      if (targets[i] != UNKNOWN) {
        known++;
        sum += Scores.logSumExp(logits.values(), i * c, c, 1) - logits.values()[i * c + targets[i]];
      }
    }
    return sum / known;
  }

  /** The mean of the highest probability in each row of {@code [N, C]}. */
  public static double meanConfidence(FloatTensor probabilities) {
    int[] predictions = Scores.argmax(probabilities);
    double sum = 0;
    for (int i = 0; i < predictions.length; i++) {
      sum += probabilities.values()[i * probabilities.columns() + predictions[i]];
    }
    return sum / predictions.length;
  }

  /**
   * The expected calibration error (Guo et al., ICML 2017): the mean distance between confidence
   * and accuracy over bins of equal width, weighted by the images in each.
   *
   * @param probabilities {@code [N, C]}
   * @param targets {@code [N]}
   */
  public static double expectedCalibrationError(
      FloatTensor probabilities, int[] targets, int bins) {
    requireEqual(probabilities.rows(), targets.length);
    int[] predictions = Scores.argmax(probabilities);
    double[] surplus = new double[bins];
    int known = 0;
    for (int i = 0; i < targets.length; i++) {
      if (targets[i] != UNKNOWN) {
        known++;
        double confidence = probabilities.values()[i * probabilities.columns() + predictions[i]];
        // A bin is open below and closed above, as in the paper.
        int bin = Math.min(bins, Math.max(1, (int) Math.ceil(confidence * bins))) - 1;
        surplus[bin] += confidence - (predictions[i] == targets[i] ? 1 : 0);
      }
    }
    return Arrays.stream(surplus).map(Math::abs).sum() / known;
  }

  /**
   * The mean of all predictions: how often each class is predicted, softly.
   *
   * @param probabilities {@code [N, C]}
   * @return {@code [C]}
   */
  public static double[] meanPrediction(FloatTensor probabilities) {
    int n = probabilities.rows();
    int c = probabilities.columns();
    double[] mean = new double[c];
    for (int i = 0; i < n; i++) {
      for (int j = 0; j < c; j++) {
        mean[j] += probabilities.values()[i * c + j] / n;
      }
    }
    return mean;
  }

  /** How many equally frequent classes would have the same entropy: exp(H(shares)), 1 to C. */
  public static double effectiveClasses(double[] shares) {
    double entropy = 0;
    for (double share : shares) {
      entropy -= share > 0 ? share * Math.log(share) : 0;
    }
    return Math.exp(entropy);
  }

  /**
   * The same of what labels say.
   *
   * @param labels {@code [N]}, from 0 to {@code classes - 1}
   */
  public static double effectiveClasses(int[] labels, int classes) {
    double[] shares = new double[classes];
    for (int label : labels) {
      shares[label] += 1.0 / labels.length;
    }
    return effectiveClasses(shares);
  }

  private static void requireEqual(int predictions, int targets) {
    if (predictions != targets) {
      throw new IllegalArgumentException(predictions + " predictions for " + targets + " targets");
    }
  }
}
