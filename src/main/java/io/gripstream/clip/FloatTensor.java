package io.gripstream.clip;

import java.util.Arrays;

/**
 * Numbers with a shape, on the Java side of the engine: what crosses package and process borders.
 * Row-major. The array is not copied; whoever makes a tensor gives the array away.
 */
public record FloatTensor(int[] shape, float[] values) {
  public FloatTensor {
    long count = 1;
    for (int extent : shape) {
      if (extent < 0) {
        throw new IllegalArgumentException("negative extent in " + Arrays.toString(shape));
      }
      count = Math.multiplyExact(count, extent);
    }
    if (count != values.length) {
      throw new IllegalArgumentException(
          values.length + " values for shape " + Arrays.toString(shape));
    }
  }

  /** A matrix of {@code rows * columns} values. */
  public static FloatTensor matrix(int rows, int columns, float[] values) {
    return new FloatTensor(new int[] {rows, columns}, values);
  }

  public int rows() {
    return shape[0];
  }

  /** The product of all extents but the first. */
  public int columns() {
    return shape[0] == 0 ? 0 : values.length / shape[0];
  }

  /** A copy of row {@code i}. */
  public float[] row(int i) {
    return Arrays.copyOfRange(values, i * columns(), (i + 1) * columns());
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof FloatTensor that
        && Arrays.equals(shape, that.shape)
        && Arrays.equals(values, that.values);
  }

  @Override
  public int hashCode() {
    return 31 * Arrays.hashCode(shape) + Arrays.hashCode(values);
  }

  @Override
  public String toString() {
    return "FloatTensor" + Arrays.toString(shape);
  }
}
