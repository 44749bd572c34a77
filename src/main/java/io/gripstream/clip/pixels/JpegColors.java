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
  private static final int[] CR_TO_RED = new int[256];
  private static final int[] CB_TO_BLUE = new int[256];
  private static final int[] CR_TO_GREEN = new int[256];
  private static final int[] CB_TO_GREEN = new int[256];

  static {
    for (int i = 0; i < 256; i++) {
      int chroma = i - 128;
      CR_TO_RED[i] = fixed(1.40200) * chroma + HALF >> BITS;
      CB_TO_BLUE[i] = fixed(1.77200) * chroma + HALF >> BITS;
      CR_TO_GREEN[i] = -fixed(0.71414) * chroma;
      CB_TO_GREEN[i] = -fixed(0.34414) * chroma + HALF;
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
      int y = samples[i] & 0xFF;
      int cb = samples[i + 1] & 0xFF;
      int cr = samples[i + 2] & 0xFF;
      samples[i] = clip(y + CR_TO_RED[cr]);
      samples[i + 1] = clip(y + (CB_TO_GREEN[cb] + CR_TO_GREEN[cr] >> BITS));
      samples[i + 2] = clip(y + CB_TO_BLUE[cb]);
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
