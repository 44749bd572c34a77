package io.gripstream.prompt;

import io.gripstream.clip.FloatTensor;
import java.util.Arrays;
import java.util.List;

/** The vectors along a tensor's last extent, and how long they are (Euclidean norm). */
final class Vectors {
  private Vectors() {}

  /** Shortens each vector that is longer than {@code most} to that length, in place. */
  static void shorten(FloatTensor tensor, double most) {
    int width = width(tensor);
    float[] values = tensor.values();
    for (int from = 0; from < values.length; from += width) {
      double norm = norm(values, from, width);
      if (norm > most) {
        for (int i = from; i < from + width; i++) {
          values[i] *= (float) (most / norm);
        }
      }
    }
  }

  /** The norm of the longest vector. */
  static double longest(FloatTensor tensor) {
    return Arrays.stream(norms(tensor)).max().orElse(0);
  }

  /** The norms of all vectors, in order. */
  static double[] norms(FloatTensor tensor) {
    int width = width(tensor);
    double[] norms = new double[tensor.values().length / width];
    for (int row = 0; row < norms.length; row++) {
      norms[row] = norm(tensor.values(), row * width, width);
    }
    return norms;
  }

  /** Multiplies all values by a factor below 1, in place; one of 1 or more changes nothing. */
  static void scale(List<FloatTensor> tensors, double factor) {
    if (!(factor < 1)) {
      return;
    }
    for (FloatTensor tensor : tensors) {
      for (int i = 0; i < tensor.values().length; i++) {
        tensor.values()[i] *= (float) factor;
      }
    }
  }

  private static double norm(float[] values, int from, int width) {
    double square = 0;
    for (int i = from; i < from + width; i++) {
      square += (double) values[i] * values[i];
    }
    return Math.sqrt(square);
  }

  private static int width(FloatTensor tensor) {
    return tensor.shape()[tensor.shape().length - 1];
  }
}
