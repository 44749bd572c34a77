package io.gripstream.clip;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * IEEE 754 binary16 in bytes, little-endian: how features are stored and sent. Rounds to the
 * nearest, ties to even, as the JDK's own conversion does from Java 20 on.
 */
public final class Float16 {
  /** Bytes that one value takes. */
  public static final int BYTES = 2;

  private static final int INFINITY = 0x7c00;
  private static final int NAN = 0x7e00;

  private Float16() {}

  /**
   * Halves the precision of {@code values}.
   *
   * @return two bytes a value, in the same order
   */
  public static byte[] encode(float[] values) {
    ByteBuffer bytes = ByteBuffer.allocate(values.length * BYTES).order(ByteOrder.LITTLE_ENDIAN);
    for (float value : values) {
      bytes.putShort(toBits(value));
    }
    return bytes.array();
  }

  /**
   * Reads what {@link #encode} wrote; exact.
   *
   * @throws IllegalArgumentException when the number of bytes is odd
   */
  public static float[] decode(byte[] bytes) {
    return decode(ByteBuffer.wrap(bytes));
  }

  /**
   * Reads the remaining bytes of a buffer, whose position and byte order stay as they are.
   *
   * @throws IllegalArgumentException when their number is odd
   */
  public static float[] decode(ByteBuffer bytes) {
    if (bytes.remaining() % BYTES != 0) {
      throw new IllegalArgumentException(
          bytes.remaining() + " bytes hold no whole number of halves");
    }
    ByteBuffer source = bytes.duplicate().order(ByteOrder.LITTLE_ENDIAN);
    float[] values = new float[source.remaining() / BYTES];
    for (int i = 0; i < values.length; i++) {
      values[i] = toFloat(source.getShort());
    }
    return values;
  }

  /** The binary16 that is nearest to {@code value}. */
  static short toBits(float value) {
    int bits = Float.floatToRawIntBits(value);
    int sign = bits >>> 16 & 0x8000;
    int magnitude = bits & 0x7fff_ffff;
    int half;
    if (magnitude > 0x7f80_0000) {
      half = NAN;
    } else if (magnitude >= 0x477f_f000) {
      // 65520 lies half-way between the largest half and the one that there is not.
      half = INFINITY;
    } else if (magnitude < 0x3880_0000) {
      // Below 2^-14 halves are multiples of 2^-24; the product is exact, and 1024 of them are the
      // smallest normal half.
      half = (int) Math.rint(Float.intBitsToFloat(magnitude) * 0x1p24f);
    } else {
      int toEven = magnitude >>> 13 & 1;
      half = (magnitude + 0xfff + toEven - 0x3800_0000) >>> 13;
    }
    return (short) (sign | half);
  }

  /** The value of a binary16, which every float can hold. */
  static float toFloat(short half) {
    int exponent = half >>> 10 & 0x1f;
    int fraction = half & 0x3ff;
    float magnitude;
    if (exponent == 0) {
      magnitude = fraction * 0x1p-24f;
    } else if (exponent == 0x1f) {
      magnitude = fraction == 0 ? Float.POSITIVE_INFINITY : Float.NaN;
    } else {
      magnitude = Float.intBitsToFloat(exponent + 112 << 23 | fraction << 13);
    }
    return half < 0 ? -magnitude : magnitude;
  }
}
