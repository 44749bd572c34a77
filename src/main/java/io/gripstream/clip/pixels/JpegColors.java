package io.gripstream.clip.pixels;

import io.gripstream.clip.pixels.JpegSegments.ColorSpace;

/**
 * Turns a JPEG's stored samples into RGB in place, with libjpeg's fixed-point arithmetic ({@code
 * jdcolor.c}: 16 fractional bits), and CMYK by Pillow's rule, which knows no ink: Adobe stores it
 * inverted, and each colour is scaled by what black leaves.
 */
final class JpegColors {
  private static final int BITS = 16;
  private static final int HALF = 1 << (BITS - 1);

  /**
   * What each of a pixel's three samples adds to its red, green and blue, side by side in a {@code
   * long}, so that two sums make all three: red in bits 0 to 9, blue in bits 10 to 19, green from
   * bit 20 on, with its fraction. Each color's sum begins at {@link #BIAS}, and so none is
   * negative.
   */
  private static final long[] OF_Y = new long[256];

  private static final long[] OF_CB = new long[256];
  private static final long[] OF_CR = new long[256];
  private static final int BLUE = 10;
  private static final int GREEN = 20;
  private static final int BIAS = 256;
  private static final int MASK = (1 << BLUE) - 1;

  /** A color by its sum. */
  private static final byte[] CLIPPED = new byte[MASK + 1];

  static {
    for (int i = 0; i < 256; i++) {
      int chroma = i - 128;
      long red = fixed(1.40200) * chroma + HALF >> BITS;
      long blue = fixed(1.77200) * chroma + HALF >> BITS;
      long luma = i + BIAS;
      OF_Y[i] = luma + (luma << BLUE) + (luma << GREEN + BITS);
      OF_CB[i] = (blue << BLUE) + ((long) -fixed(0.34414) * chroma + HALF << GREEN);
      OF_CR[i] = red + ((long) -fixed(0.71414) * chroma << GREEN);
    }
    for (int i = 0; i < CLIPPED.length; i++) {
      CLIPPED[i] = clip(i - BIAS);
    }
  }

  private JpegColors() {}

  /**
   * @param samples {@code [height, width, components]}, overwritten
   * @return a view of the same array
   */
  static RgbView toRgb(byte[] samples, int width, int height, ColorSpace from) {
    return switch (from) {
      case GREY -> new RgbView(width, height, samples, 0, 1, width, 0, 0, 0);
      case RGB -> RgbView.interleaved(width, height, samples);
      case YCC -> {
        yccToRgb(samples, 3);
        yield RgbView.interleaved(width, height, samples);
      }
      case CMYK -> {
        removeBlack(samples);
        yield fourBytes(width, height, samples);
      }
      case YCCK -> {
        // YCC codes the complement of CMY, which is what an inverted file means by CMY.
        yccToRgb(samples, 4);
        invertCmy(samples);
        removeBlack(samples);
        yield fourBytes(width, height, samples);
      }
    };
  }

  private static RgbView fourBytes(int width, int height, byte[] samples) {
    return new RgbView(width, height, samples, 0, 4, 4 * width, 0, 1, 2);
  }

  private static int fixed(double factor) {
    return (int) (factor * (1 << BITS) + 0.5);
  }

  private static void yccToRgb(byte[] samples, int step) {
    for (int i = 0; i + step <= samples.length; i += step) {
      long sum =
          OF_Y[samples[i] & 0xFF] + OF_CB[samples[i + 1] & 0xFF] + OF_CR[samples[i + 2] & 0xFF];
      samples[i] = CLIPPED[(int) sum & MASK];
      samples[i + 1] = CLIPPED[(int) (sum >> GREEN + BITS) & MASK];
      samples[i + 2] = CLIPPED[(int) (sum >> BLUE) & MASK];
    }
  }

  private static void invertCmy(byte[] samples) {
    for (int i = 0; i + 4 <= samples.length; i += 4) {
      samples[i] = (byte) ~samples[i];
      samples[i + 1] = (byte) ~samples[i + 1];
      samples[i + 2] = (byte) ~samples[i + 2];
    }
  }

  /**
   * Stored, inverted CMYK to RGB: {@code light - ink * light / 255}, rounded as Pillow's {@code
   * MULDIV255}.
   */
  static void removeBlack(byte[] samples) {
    for (int i = 0; i + 4 <= samples.length; i += 4) {
      int light = samples[i + 3] & 0xFF;
      for (int c = i; c < i + 3; c++) {
        int product = (~samples[c] & 0xFF) * light + 128;
        samples[c] = clip(light - ((product >> 8) + product >> 8));
      }
    }
  }

  private static byte clip(int value) {
    return (byte) Math.max(0, Math.min(255, value));
  }
}
