package io.gripstream.workshop.experiment;

import java.util.Random;

/**
 * What spoils an image before the image tower sees it. Works on pixels at the tower's input size,
 * so that a model of a larger input is spoiled in the same proportion. One image is always spoiled
 * in the same way: what is drawn comes from its SHA-256.
 */
public enum Corruption {
  /** Nothing. */
  ASIS {
    @Override
    byte[] apply(byte[] pixels, int side, String sha256) {
      return pixels;
    }
  },

  /** Down to a quarter of the side, by area, and up again, bilinear. */
  BLURRED {
    @Override
    byte[] apply(byte[] pixels, int side, String sha256) {
      int small = Math.max(1, side / QUARTER);
      return enlarged(reduced(pixels, side, small), small, side);
    }
  },

  /** Gaussian noise on each channel, with a standard deviation of 40 of 255. */
  NOISY {
    @Override
    byte[] apply(byte[] pixels, int side, String sha256) {
      Random random = new Random(Long.parseUnsignedLong(sha256.substring(0, 16), 16));
      byte[] noisy = new byte[pixels.length];
      for (int i = 0; i < noisy.length; i++) {
        noisy[i] = clamped((pixels[i] & 0xff) + SIGMA * random.nextGaussian());
      }
      return noisy;
    }
  },

  /** About a third of the light, 0.35. */
  DARK {
    @Override
    byte[] apply(byte[] pixels, int side, String sha256) {
      byte[] dark = new byte[pixels.length];
      for (int i = 0; i < dark.length; i++) {
        dark[i] = clamped(LIGHT * (pixels[i] & 0xff));
      }
      return dark;
    }
  },

  /** No color: each pixel is its luma (ITU-R BT.601, as Pillow's "L"). */
  GREY {
    @Override
    byte[] apply(byte[] pixels, int side, String sha256) {
      byte[] grey = new byte[pixels.length];
      for (int i = 0; i < grey.length; i += CHANNELS) {
        double luma =
            0.299 * (pixels[i] & 0xff)
                + 0.587 * (pixels[i + 1] & 0xff)
                + 0.114 * (pixels[i + 2] & 0xff);
        grey[i] = grey[i + 1] = grey[i + 2] = clamped(luma);
      }
      return grey;
    }
  };

  private static final int CHANNELS = 3;
  private static final int QUARTER = 4;
  private static final double SIGMA = 40;
  private static final double LIGHT = 0.35;

  /**
   * @param pixels {@code [S, S, 3]}, RGB; they are not changed
   * @param side {@code S}
   * @param sha256 of the image's file, in hexadecimal
   * @return {@code [S, S, 3]}, RGB
   */
  abstract byte[] apply(byte[] pixels, int side, String sha256);

  /** The mean of the pixels that a smaller picture's pixel covers: {@code [q, q, 3]}. */
  private static double[] reduced(byte[] pixels, int side, int small) {
    double[] means = new double[small * small * CHANNELS];
    for (int row = 0; row < small; row++) {
      int top = row * side / small;
      int bottom = (row + 1) * side / small;
      for (int column = 0; column < small; column++) {
        int left = column * side / small;
        int right = (column + 1) * side / small;
        int at = (row * small + column) * CHANNELS;
        for (int y = top; y < bottom; y++) {
          for (int x = left; x < right; x++) {
            for (int c = 0; c < CHANNELS; c++) {
              means[at + c] += pixels[(y * side + x) * CHANNELS + c] & 0xff;
            }
          }
        }
        for (int c = 0; c < CHANNELS; c++) {
          means[at + c] /= (bottom - top) * (right - left);
        }
      }
    }
    return means;
  }

  /** Bilinear, with the edge repeated outside: {@code [S, S, 3]}. */
  private static byte[] enlarged(double[] small, int size, int side) {
    byte[] pixels = new byte[side * side * CHANNELS];
    for (int y = 0; y < side; y++) {
      double v = position(y, size, side);
      int above = (int) v;
      int below = Math.min(size - 1, above + 1);
      for (int x = 0; x < side; x++) {
        double u = position(x, size, side);
        int left = (int) u;
        int right = Math.min(size - 1, left + 1);
        for (int c = 0; c < CHANNELS; c++) {
          double upper =
              mixed(
                  small[(above * size + left) * CHANNELS + c],
                  small[(above * size + right) * CHANNELS + c],
                  u - left);
          double lower =
              mixed(
                  small[(below * size + left) * CHANNELS + c],
                  small[(below * size + right) * CHANNELS + c],
                  u - left);
          pixels[(y * side + x) * CHANNELS + c] = clamped(mixed(upper, lower, v - above));
        }
      }
    }
    return pixels;
  }

  /** Where the center of a large pixel lies among the small ones, from 0 to {@code size - 1}. */
  private static double position(int large, int size, int side) {
    return Math.max(0, Math.min(size - 1, (large + 0.5) * size / side - 0.5));
  }

  private static double mixed(double first, double second, double share) {
    return first + (second - first) * share;
  }

  private static byte clamped(double value) {
    return (byte) Math.round(Math.max(0, Math.min(255, value)));
  }
}
