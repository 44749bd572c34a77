package io.gripstream.clip.pixels;

import static org.assertj.core.api.Assertions.assertThat;

import io.gripstream.clip.pixels.JpegSegments.ColorSpace;
import org.junit.jupiter.api.Test;

class JpegColorsTest {
  @Test
  void everyColorIsLibjpegs() {
    byte[] samples = new byte[3 << 16];
    byte[] expected = new byte[samples.length];
    for (int y = 0; y < 256; y++) {
      for (int chroma = 0; chroma < 1 << 16; chroma++) {
        int cb = chroma >> 8;
        int cr = chroma & 0xFF;
        put(samples, 3 * chroma, y, cb, cr);
        // jdcolor.c: factors of 16 fractional bits, green rounded once.
        put(
            expected,
            3 * chroma,
            clipped(y + (91881 * (cr - 128) + 32768 >> 16)),
            clipped(y + (-22554 * (cb - 128) - 46802 * (cr - 128) + 32768 >> 16)),
            clipped(y + (116130 * (cb - 128) + 32768 >> 16)));
      }

      JpegColors.toRgb(samples, 256, 256, ColorSpace.YCC);

      assertThat(samples).isEqualTo(expected);
    }
  }

  private static void put(byte[] pixels, int at, int first, int second, int third) {
    pixels[at] = (byte) first;
    pixels[at + 1] = (byte) second;
    pixels[at + 2] = (byte) third;
  }

  private static int clipped(int value) {
    return Math.max(0, Math.min(255, value));
  }
}
