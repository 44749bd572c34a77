package io.gripstream.refine;

import io.gripstream.clip.FloatTensor;

/**
 * What a prompt amounts to once its class features are made: a cosine classifier.
 *
 * @param classFeatures {@code [C, D]}, rows of unit length
 * @param logitScale the factor that turns a cosine into a logit
 */
public record Classifier(FloatTensor classFeatures, float logitScale) {
  public Classifier {
    if (classFeatures.shape().length != 2 || classFeatures.rows() < 2) {
      throw new IllegalArgumentException("class features of shape " + classFeatures);
    }
  }

  /** The number of classes {@code C}. */
  public int classes() {
    return classFeatures.rows();
  }

  /** Whether all numbers are finite: training can make them explode. */
  public boolean isFinite() {
    for (float value : classFeatures.values()) {
      if (!Float.isFinite(value)) {
        return false;
      }
    }
    return Float.isFinite(logitScale);
  }

  /** The same class features under another logit scale. */
  public Classifier withLogitScale(float scale) {
    return new Classifier(classFeatures, scale);
  }

  /**
   * Scores images, with sums in double precision.
   *
   * @param features {@code [N, D]}, rows of unit length
   * @return {@code [N, C]}
   * @throws IllegalArgumentException when the features are of another length than the classes'
   */
  public FloatTensor logits(FloatTensor features) {
    int n = features.rows();
    int c = classes();
    int d = classFeatures.columns();
    if (n > 0 && features.columns() != d) {
      throw new IllegalArgumentException("features " + features + " for classes " + classFeatures);
    }
    float[] x = features.values();
    float[] w = classFeatures.values();
    float[] logits = new float[n * c];
    for (int i = 0; i < n; i++) {
      for (int j = 0; j < c; j++) {
        double dot = 0;
        for (int k = 0; k < d; k++) {
          dot += (double) x[i * d + k] * w[j * d + k];
        }
        logits[i * c + j] = (float) (logitScale * dot);
      }
    }
    return FloatTensor.matrix(n, c, logits);
  }

  /**
   * The class probabilities of images.
   *
   * @param features {@code [N, D]}, rows of unit length
   * @return {@code [N, C]}, rows that sum to 1
   */
  public FloatTensor probabilities(FloatTensor features) {
    return Scores.softmax(logits(features));
  }
}
