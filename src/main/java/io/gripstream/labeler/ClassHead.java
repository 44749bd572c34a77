package io.gripstream.labeler;

import io.gripstream.event.Tensor;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.Arrays;
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
   * What the head says of many images: a matrix product whose inner loop runs over the images, so
   * that ten classes use the processor's vectors as well as a thousand do.
   *
   * @param across {@code [D, N]}, features as {@link #across} lays them
   * @param images {@code N}
   * @return {@code [N, C]}
   */
  float[][] ofAll(float[] across, int images) {
    float[][] logits = new float[images][classes];
    float[] sums = new float[images];
    for (int c = 0; c < classes; c++) {
      Arrays.fill(sums, 0);
      int d = 0;
      for (; d + 4 <= featureSize; d += 4) {
        add(sums, across, d * images, images, d * classes + c);
      }
      for (; d < featureSize; d++) {
        float weight = transposed[d * classes + c];
        for (int i = 0; i < images; i++) {
          sums[i] += weight * across[d * images + i];
        }
      }
      for (int i = 0; i < images; i++) {
        logits[i][c] = logitScale * sums[i] + bias[c];
      }
    }
    for (float[] row : logits) {
      softmax(row);
    }
    return logits;
  }

  /** Four features at a time: a sum that is loaded and stored for each costs more than the rest. */
  private void add(float[] sums, float[] across, int first, int images, int at) {
    float weight0 = transposed[at];
    float weight1 = transposed[at + classes];
    float weight2 = transposed[at + 2 * classes];
    float weight3 = transposed[at + 3 * classes];
    int second = first + images;
    int third = second + images;
    int fourth = third + images;
    for (int i = 0; i < images; i++) {
      sums[i] +=
          weight0 * across[first + i]
              + weight1 * across[second + i]
              + weight2 * across[third + i]
              + weight3 * across[fourth + i];
    }
  }

  /**
   * Lays features side by side, {@code [D, N]}.
   *
   * @param features of {@code N} images, at least one
   */
  static float[] across(List<float[]> features) {
    int images = features.size();
    float[] across = new float[features.get(0).length * images];
    for (int i = 0; i < images; i++) {
      float[] feature = features.get(i);
      for (int d = 0; d < feature.length; d++) {
        across[d * images + i] = feature[d];
      }
    }
    return across;
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
