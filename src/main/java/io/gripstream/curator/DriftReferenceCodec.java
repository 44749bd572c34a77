package io.gripstream.curator;

import io.gripstream.refine.DriftReference;
import java.nio.ByteBuffer;

/**
 * {@link DriftReference} as bytes, big-endian:
 *
 * <pre>
 *   4  samples
 *   4  K
 *   8  trace
 *   8  square
 *   8  cube
 *   4 K            mean
 *   4 K (K + 1)/2  factor
 * </pre>
 */
final class DriftReferenceCodec {
  private DriftReferenceCodec() {}

  static byte[] encode(DriftReference reference) {
    int floats = reference.mean().length + reference.factor().length;
    ByteBuffer bytes =
        ByteBuffer.allocate(2 * Integer.BYTES + 3 * Double.BYTES + floats * Float.BYTES)
            .putInt(reference.samples())
            .putInt(reference.mean().length)
            .putDouble(reference.trace())
            .putDouble(reference.square())
            .putDouble(reference.cube());
    bytes.asFloatBuffer().put(reference.mean()).put(reference.factor());
    return bytes.array();
  }

  /**
   * @param bytes from the first to be read on
   */
  static DriftReference decode(ByteBuffer bytes) {
    int samples = bytes.getInt();
    float[] mean = new float[bytes.getInt()];
    float[] factor = new float[mean.length * (mean.length + 1) / 2];
    double trace = bytes.getDouble();
    double square = bytes.getDouble();
    double cube = bytes.getDouble();
    bytes.asFloatBuffer().get(mean).get(factor);
    return new DriftReference(samples, mean, factor, trace, square, cube);
  }
}
