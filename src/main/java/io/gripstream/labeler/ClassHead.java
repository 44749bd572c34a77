package io.gripstream.labeler;

import io.gripstream.event.Tensor;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.List;

/**
 * A prompt as a linear head: {@code softmax(logitScale * classFeatures . feature + bias)}.
 * Immutable.
 *
 * <p>The features are kept transposed, {@code [D, C]}, so that the inner loop runs over the classes
 * without a reduction, which is the form that the JIT compiler turns into vector instructions.
 */
final class ClassHead {
  private final int classes;
  private final int featureSize;
  private final float logitScale;
  private final float[] transposed;
  private final float[] bias;

  /**
   * A head that prefers no class.
   *
   * @param classFeatures {@code [C, D]}, rows of any length
   * @throws IllegalArgumentException when the tensor is no matrix, or holds another number of
   *     values than its shape says
   */
  ClassHead(Tensor classFeatures, float logitScale) {
    List<Integer> shape = classFeatures.getShape();
    FloatBuffer values =
        classFeatures.getData().duplicate().order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer();
    if (shape.size() != 2 || (long) shape.get(0) * shape.get(1) != values.remaining()) {
      throw new IllegalArgumentException(
          values.remaining() + " values for class features of shape " + shape);
    }
    this.classes = shape.get(0);
    this.featureSize = shape.get(1);
    this.logitScale = logitScale;
    this.transposed = new float[classes * featureSize];
    for (int c = 0; c < classes; c++) {
      for (int d = 0; d < featureSize; d++) {
        transposed[d * classes + c] = values.get(c * featureSize + d);
      }
    }
    this.bias = new float[classes];
  }

  private ClassHead(ClassHead head, float[] bias) {
    this.classes = head.classes;
    this.featureSize = head.featureSize;
    this.logitScale = head.logitScale;
    this.transposed = head.transposed;
    this.bias = bias;
  }

  /**
   * The same head with another bias.
   *
   * @param bias {@code [C]}, in nats
   * @throws IllegalArgumentException when there is not one for each class, or one is no number
   */
  ClassHead withBias(float[] bias) {
    if (bias.length != classes) {
      throw new IllegalArgumentException(
          "its bias has %d numbers for %d classes".formatted(bias.length, classes));
    }
    for (float value : bias) {
      if (!Float.isFinite(value)) {
        throw new IllegalArgumentException("its bias holds " + value);
      }
    }
    return new ClassHead(this, bias.clone());
  }

  /** {@code C}. */
  int classes() {
    return classes;
  }

  /** {@code D}. */
  int featureSize() {
    return featureSize;
  }

  /**
   * What the head says of one image.
   *
   * @param features {@code [N, D]}, row-major, rows of unit length
   * @param image which row
   * @return {@code [C]}, probabilities that add up to 1
   */
  float[] probabilities(float[] features, int image) {
    float[] logits = bias.clone();
    int first = image * featureSize;
    for (int d = 0; d < featureSize; d++) {
      float value = features[first + d] * logitScale;
      int row = d * classes;
      for (int c = 0; c < classes; c++) {
        logits[c] += value * transposed[row + c];
      }
    }
    return softmax(logits);
  }

  /**
   * The classes with the highest probabilities.
   *
   * @param k how many at most
   * @return indices, the most probable first; of equals the earlier one
   */
  static int[] top(float[] probabilities, int k) {
    int[] best = new int[Math.min(k, probabilities.length)];
    int found = 0;
    for (int c = 0; c < probabilities.length; c++) {
      int place = found;
      while (place > 0 && probabilities[c] > probabilities[best[place - 1]]) {
        place--;
      }
      if (place < best.length) {
        found = Math.min(found + 1, best.length);
        System.arraycopy(best, place, best, place + 1, found - place - 1);
        best[place] = c;
      }
    }
    return best;
  }

  private static float[] softmax(float[] logits) {
    float highest = Float.NEGATIVE_INFINITY;
    for (float logit : logits) {
      highest = Math.max(highest, logit);
    }
    double sum = 0;
    for (int c = 0; c < logits.length; c++) {
      logits[c] = (float) Math.exp(logits[c] - highest);
      sum += logits[c];
    }
    for (int c = 0; c < logits.length; c++) {
      logits[c] /= (float) sum;
    }
    return logits;
  }
}
