package io.gripstream.refine.head;

import io.gripstream.clip.FloatTensor;
import java.util.Arrays;
import java.util.List;

/** Small things done to tensors by row. */
public final class Rows {
  private Rows() {}

  /** The chosen rows of {@code [N, ...]}, in the order given. */
  public static FloatTensor of(FloatTensor tensor, int[] rows) {
    int columns = tensor.columns();
    float[] values = new float[rows.length * columns];
    for (int i = 0; i < rows.length; i++) {
      System.arraycopy(tensor.values(), rows[i] * columns, values, i * columns, columns);
    }
    return FloatTensor.matrix(rows.length, columns, values);
  }

  /** The chosen elements, in the order given. */
  public static <T> List<T> of(List<T> list, int[] rows) {
    return Arrays.stream(rows).mapToObj(list::get).toList();
  }

  /**
   * Probabilities {@code [N, C]}, all of a row's on one class where its label is known.
   *
   * @param labels {@code [N]}, -1 where none is
   */
  public static FloatTensor named(FloatTensor probabilities, int[] labels) {
    int c = probabilities.columns();
    float[] values = probabilities.values().clone();
    for (int i = 0; i < labels.length; i++) {
      if (labels[i] != Metrics.UNKNOWN) {
        Arrays.fill(values, i * c, (i + 1) * c, 0);
        values[i * c + labels[i]] = 1;
      }
    }
    return FloatTensor.matrix(labels.length, c, values);
  }

  /** {@code (1 - share) * one + share * other}. */
  public static FloatTensor mixed(FloatTensor one, FloatTensor other, double share) {
    float[] values = new float[one.values().length];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) ((1 - share) * one.values()[i] + share * other.values()[i]);
    }
    return new FloatTensor(one.shape(), values);
  }
}
