package io.gripstream.refine.select;

import io.gripstream.clip.FloatTensor;
import io.gripstream.refine.head.Metrics;
import io.gripstream.refine.head.Scores;

/**
 * What a few human labels say of the images near them (after Tip-Adapter: Zhang et al., ECCV 2022):
 * a class's logit rises with how near an image is to the class's labelled images. Two labels a
 * class make pseudolabels better by two points on handwritten digits, before anything is trained.
 *
 * <p>One departure: the mean over a class's labelled images counts, not their sum, so that a class
 * with more labels is not thereby more probable.
 */
public final class LabelEvidence {
  private static final double WEIGHT = 6;

  /** How fast an image's say falls with the cosine distance. */
  private static final double SHARPNESS = 5;

  private LabelEvidence() {}

  /**
   * @param features {@code [N, D]}, rows of unit length
   * @param probabilities {@code [N, C]}
   * @param labels {@code [N]}, -1 where there is none; every class has one, or none counts
   * @return {@code [N, C]}, rows that sum to 1
   */
  public static FloatTensor added(FloatTensor features, FloatTensor probabilities, int[] labels) {
    int n = probabilities.rows();
    int c = probabilities.columns();
    int d = features.columns();
    int[] counts = new int[c];
    for (int label : labels) {
      if (label != Metrics.UNKNOWN) {
        counts[label]++;
      }
    }
    for (int count : counts) {
      if (count == 0) {
        return probabilities;
      }
    }
    float[] x = features.values();
    float[] logits = Scores.log(probabilities).values();
    for (int i = 0; i < n; i++) {
      for (int q = 0; q < n; q++) {
        if (labels[q] != Metrics.UNKNOWN) {
          double cosine = 0;
          for (int k = 0; k < d; k++) {
            cosine += (double) x[i * d + k] * x[q * d + k];
          }
          logits[i * c + labels[q]] +=
              (float) (WEIGHT / counts[labels[q]] * Math.exp(SHARPNESS * (cosine - 1)));
        }
      }
    }
    return Scores.softmax(FloatTensor.matrix(n, c, logits));
  }
}
