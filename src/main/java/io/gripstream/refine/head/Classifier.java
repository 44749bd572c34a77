package io.gripstream.refine.head;

import io.gripstream.clip.FloatTensor;
import io.gripstream.event.PromptVersion;
import io.gripstream.prompt.Prompt;
import io.gripstream.prompt.Tensors;
import java.util.stream.IntStream;

/**
 * What a prompt amounts to once its class features are made: {@code logitScale * features .
 * classFeatures + bias}.
 *
 * @param classFeatures {@code [C, D]}, rows of unit length but for the head of a {@link Mixture},
 *     whose rows have lengths of their own
 * @param logitScale the factor that turns a cosine into a logit
 * @param bias {@code [C]}, in nats
 */
public record Classifier(FloatTensor classFeatures, float logitScale, float[] bias) {
  public Classifier {
    if (classFeatures.shape().length != 2 || classFeatures.rows() < 2) {
      throw new IllegalArgumentException("class features of shape " + classFeatures);
    }
    if (bias.length != classFeatures.rows()) {
      throw new IllegalArgumentException(
          "a bias of %d numbers for %d classes".formatted(bias.length, classFeatures.rows()));
    }
  }

  /** A classifier that prefers no class. */
  public Classifier(FloatTensor classFeatures, float logitScale) {
    this(classFeatures, logitScale, new float[classFeatures.rows()]);
  }

  /**
   * What a version labels with.
   *
   * @throws IllegalArgumentException when its parts do not fit together
   */
  public static Classifier of(PromptVersion version) {
    return new Classifier(
        Tensors.decode(version.getClassFeatures()), version.getLogitScale(), Prompt.bias(version));
  }

  /** The number of classes {@code C}. */
  public int classes() {
    return classFeatures.rows();
  }

  /** Whether all numbers are finite: training can make them explode. */
  public boolean isFinite() {
    return Float.isFinite(logitScale) && isFinite(classFeatures.values()) && isFinite(bias);
  }

  private static boolean isFinite(float[] values) {
    for (float value : values) {
      if (!Float.isFinite(value)) {
        return false;
      }
    }
    return true;
  }

  /**
   * The same classifier at another temperature: all logits, and so the bias too, change in
   * proportion to the scale, and no image changes its class.
   *
   * @param scale above 0, as this one's must be
   */
  public Classifier withLogitScale(float scale) {
    double factor = (double) scale / logitScale;
    float[] scaled = new float[bias.length];
    for (int j = 0; j < bias.length; j++) {
      scaled[j] = (float) (bias[j] * factor);
    }
    return new Classifier(classFeatures, scale, scaled);
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
    IntStream.range(0, n)
        .parallel()
        .forEach(
            i -> {
              for (int j = 0; j < c; j++) {
                double dot = 0;
                for (int k = 0; k < d; k++) {
                  dot += (double) x[i * d + k] * w[j * d + k];
                }
                logits[i * c + j] = (float) (logitScale * dot + bias[j]);
              }
            });
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
