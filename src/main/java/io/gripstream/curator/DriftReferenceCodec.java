package io.gripstream.curator;

import io.gripstream.refine.judge.Drift;
import io.gripstream.refine.judge.DriftReference;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;

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
 *   4 W            dispersion
 *   4              worth; missing from references of versions that took it from the dispersion
 * </pre>
 */
final class DriftReferenceCodec {
  private DriftReferenceCodec() {}

  static byte[] encode(DriftReference reference) {
    int floats =
        reference.mean().length + reference.factor().length + reference.dispersion().length + 1;
    ByteBuffer bytes =
        ByteBuffer.allocate(2 * Integer.BYTES + 3 * Double.BYTES + floats * Float.BYTES)
            .putInt(reference.samples())
            .putInt(reference.mean().length)
            .putDouble(reference.trace())
            .putDouble(reference.square())
            .putDouble(reference.cube());
    bytes
        .asFloatBuffer()
        .put(reference.mean())
        .put(reference.factor())
        .put(reference.dispersion())
        .put((float) reference.worth());
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
    FloatBuffer floats = bytes.asFloatBuffer().get(mean).get(factor);
    float[] dispersion = new float[Drift.windows().length];
    floats.get(dispersion);
    double worth =
        floats.hasRemaining() ? floats.get() : samples / dispersion[dispersion.length - 1];
    return new DriftReference(samples, mean, factor, trace, square, cube, dispersion, worth);
  }
}
