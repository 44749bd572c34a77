package io.gripstream.client;

import io.gripstream.event.PromptVersion;
import io.gripstream.event.Tensor;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.List;

/**
 * A prompt version as a classifier: {@code softmax(logitScale * classFeatures . feature + bias)}.
 * Immutable.
 */
public final class LivePrompt {
  private final PromptVersion version;
  private final int featureSize;
  private final float[] vectors;
  private final float[] bias;

  /**
   * @throws IllegalArgumentException when shapes and numbers disagree, or one is not finite
   */
  LivePrompt(PromptVersion version) {
    int classes = version.getClasses().size();
    Tensor features = version.getClassFeatures();
    List<Integer> shape = features.getShape();
    FloatBuffer data =
        features.getData().duplicate().order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer();
    if (shape.size() != 2
        || classes < 1
        || shape.get(0) != classes
        || shape.get(1) < 1
        || (long) classes * shape.get(1) != data.remaining()) {
      throw new IllegalArgumentException(
          "%d classes have class features %s".formatted(classes, shape));
    }
    if (!version.getBias().isEmpty() && version.getBias().size() != classes) {
      throw new IllegalArgumentException(
          "%d classes have a bias of %d numbers".formatted(classes, version.getBias().size()));
    }
    this.version = version;
    this.featureSize = shape.get(1);
    this.vectors = new float[data.remaining()];
    data.get(vectors);
    this.bias = new float[classes];
    for (int c = 0; c < version.getBias().size(); c++) {
      bias[c] = version.getBias().get(c);
    }
    finite(new float[] {version.getLogitScale()});
    finite(vectors);
    finite(bias);
  }

  private static void finite(float[] values) {
    for (float value : values) {
      if (!Float.isFinite(value)) {
        throw new IllegalArgumentException("it holds " + value);
      }
    }
  }

  /** The record, with model id, digest and, where images need one, the prefix. */
  public PromptVersion version() {
    return version;
  }

  /** In the order of {@link #probabilities}. */
  public List<String> classes() {
    return version.getClasses();
  }

  /**
   * What the prompt says of an image.
   *
   * @param feature {@code [D]}, of any length but 0, by the model that the version names; encoded
   *     behind the version's tensor {@code prefix} where it has one
   * @return {@code [C]}, which add up to 1
   * @throws IllegalArgumentException when the feature is of another size, or has no length
   */
  public float[] probabilities(float[] feature) {
    if (feature.length != featureSize) {
      throw new IllegalArgumentException(
          "a feature of %d numbers where %d are due".formatted(feature.length, featureSize));
    }
    double squares = 0;
    for (float value : feature) {
      squares += (double) value * value;
    }
    if (!(squares > 0) || Double.isInfinite(squares)) {
      throw new IllegalArgumentException("the feature has the length " + Math.sqrt(squares));
    }
    double scale = version.getLogitScale() / Math.sqrt(squares);
    double[] logits = new double[bias.length];
    double highest = Double.NEGATIVE_INFINITY;
    for (int c = 0; c < logits.length; c++) {
      double product = 0;
      for (int d = 0; d < featureSize; d++) {
        product += (double) vectors[c * featureSize + d] * feature[d];
      }
      logits[c] = scale * product + bias[c];
      highest = Math.max(highest, logits[c]);
    }
    double sum = 0;
    for (int c = 0; c < logits.length; c++) {
      logits[c] = Math.exp(logits[c] - highest);
      sum += logits[c];
    }
    float[] probabilities = new float[logits.length];
    for (int c = 0; c < logits.length; c++) {
      probabilities[c] = (float) (logits[c] / sum);
    }
    return probabilities;
  }
}
