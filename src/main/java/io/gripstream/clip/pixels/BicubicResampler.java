package io.gripstream.clip.pixels;

import java.util.Arrays;

/**
 * Resizes and crops the center square, bit for bit as torchvision's {@code Resize(S, BICUBIC)} and
 * {@code CenterCrop(S)} do with Pillow: an antialiased bicubic (Keys, a = -1/2, widened when
 * shrinking) in a horizontal and then a vertical pass, weights in fixed point with 22 fractional
 * bits, each pass rounded and clipped to 8 bits.
 *
 * <p>Only what the crop shows is computed, so that a ribbon of an image costs no more than a square
 * one.
 */
public final class BicubicResampler {
  private static final int FRACTION_BITS = 32 - 8 - 2;
  private static final double SUPPORT = 2;

  private BicubicResampler() {}

  /**
   * @param size side {@code S} of the result, to which the shorter side is resized
   * @return {@code [S, S, 3]}, RGB
   */
  public static byte[] resizeAndCrop(RgbView image, int size) {
    return resizeAndCrop(image, size, true, size);
  }

  /**
   * @param resize length of the shorter side after resizing, or of both; not below {@code size}
   * @param keepsAspect whether the longer side stays longer; otherwise both sides get one length
   * @param size side {@code S} of the result
   * @return {@code [S, S, 3]}, RGB
   */
  public static byte[] resizeAndCrop(RgbView image, int resize, boolean keepsAspect, int size) {
    int shorter = Math.min(image.width(), image.height());
    long width = keepsAspect ? target(image.width(), shorter, resize) : resize;
    long height = keepsAspect ? target(image.height(), shorter, resize) : resize;
    if (width == image.width() && height == image.height()) {
      return cropped(image, size);
    }
    Weights across = Weights.of(image.width(), width, cropOffset(width, size), size);
    Weights down = Weights.of(image.height(), height, cropOffset(height, size), size);
    int channels = image.grey() ? 1 : 3;
    byte[] narrowed = narrow(image, across, down.firstSource(), down.endSource(), channels);
    byte[] square = shorten(narrowed, down, size, channels);
    return channels == 3 ? square : tripled(square);
  }

  private static byte[] cropped(RgbView image, int size) {
    int left = (int) cropOffset(image.width(), size);
    int top = (int) cropOffset(image.height(), size);
    byte[] data = image.data();
    byte[] out = new byte[size * size * 3];
    int o = 0;
    for (int y = 0; y < size; y++) {
      int p = image.origin() + (top + y) * image.rowStep() + left * image.columnStep();
      for (int x = 0; x < size; x++, p += image.columnStep()) {
        out[o++] = data[p + image.red()];
        out[o++] = data[p + image.green()];
        out[o++] = data[p + image.blue()];
      }
    }
    return out;
  }

  /**
   * torchvision's {@code int(round((extent - size) / 2.0))}; Python rounds a half to the even
   * neighbour.
   */
  private static long cropOffset(long extent, int size) {
    return (long) Math.rint((extent - size) / 2.0);
  }

  /** torchvision: the long side becomes {@code int(size * long / short)}. */
  private static long target(int extent, int shorter, int resize) {
    return (long) resize * extent / shorter;
  }

  /**
   * The horizontal pass over the source rows that the vertical one needs: {@code [rows, S,
   * channels]}.
   */
  private static byte[] narrow(RgbView image, Weights across, int top, int bottom, int channels) {
    byte[] out = new byte[(bottom - top) * across.count() * channels];
    int o = 0;
    for (int y = top; y < bottom; y++) {
      int row = image.origin() + y * image.rowStep();
      if (channels == 1) {
        narrowGreyRow(image, row + image.red(), across, out, o);
      } else {
        narrowRow(image, row, across, out, o);
      }
      o += across.count() * channels;
    }
    return out;
  }

  private static void narrowRow(RgbView image, int row, Weights across, byte[] out, int o) {
    byte[] data = image.data();
    int step = image.columnStep();
    int red = image.red();
    int green = image.green();
    int blue = image.blue();
    int[] weights = across.values;
    for (int x = 0; x < across.first.length; x++) {
      int r = Weights.HALF;
      int g = Weights.HALF;
      int b = Weights.HALF;
      int p = row + across.first[x] * step;
      int k = x * across.stride;
      for (int end = k + across.taps[x]; k < end; k++, p += step) {
        int weight = weights[k];
        r += (data[p + red] & 0xFF) * weight;
        g += (data[p + green] & 0xFF) * weight;
        b += (data[p + blue] & 0xFF) * weight;
      }
      out[o++] = clip(r);
      out[o++] = clip(g);
      out[o++] = clip(b);
    }
  }

  private static void narrowGreyRow(RgbView image, int row, Weights across, byte[] out, int o) {
    byte[] data = image.data();
    int step = image.columnStep();
    int[] weights = across.values;
    for (int x = 0; x < across.first.length; x++) {
      int sum = Weights.HALF;
      int p = row + across.first[x] * step;
      int k = x * across.stride;
      for (int end = k + across.taps[x]; k < end; k++, p += step) {
        sum += (data[p] & 0xFF) * weights[k];
      }
      out[o++] = clip(sum);
    }
  }

  /** The vertical pass: {@code [S, S, channels]}. */
  private static byte[] shorten(byte[] narrowed, Weights down, int size, int channels) {
    int rowLength = size * channels;
    byte[] out = new byte[size * rowLength];
    int[] sums = new int[rowLength];
    int origin = down.firstSource();
    for (int y = 0; y < size; y++) {
      Arrays.fill(sums, Weights.HALF);
      for (int tap = 0; tap < down.taps[y]; tap++) {
        int weight = down.values[y * down.stride + tap];
        int p = (down.first[y] - origin + tap) * rowLength;
        for (int i = 0; i < rowLength; i++) {
          sums[i] += (narrowed[p + i] & 0xFF) * weight;
        }
      }
      int o = y * rowLength;
      for (int i = 0; i < rowLength; i++) {
        out[o + i] = clip(sums[i]);
      }
    }
    return out;
  }

  private static byte clip(int sum) {
    return (byte) Math.max(0, Math.min(255, sum >> FRACTION_BITS));
  }

  private static byte[] tripled(byte[] grey) {
    byte[] out = new byte[grey.length * 3];
    for (int i = 0, o = 0; i < grey.length; i++) {
      out[o++] = grey[i];
      out[o++] = grey[i];
      out[o++] = grey[i];
    }
    return out;
  }

  /**
   * For each of the {@code S} places along one axis of the crop: which source places it is made of,
   * and how much of each. Equal to Pillow's {@code precompute_coeffs} and {@code
   * normalize_coeffs_8bpc}, down to the order of its floating-point operations.
   */
  private static final class Weights {
    /** One half, for a sum that is to be rounded. */
    static final int HALF = 1 << (FRACTION_BITS - 1);

    final int[] first;
    final int[] taps;
    final int[] values;

    /** Place {@code i}'s weights start at {@code values[i * stride]}. */
    final int stride;

    private Weights(int count, int stride) {
      this.first = new int[count];
      this.taps = new int[count];
      this.values = new int[Math.multiplyExact(count, stride)];
      this.stride = stride;
    }

    /**
     * @param source extent of this axis before resizing
     * @param target extent of this axis after resizing
     * @param crop where in it the result begins
     * @param size extent of the result
     */
    static Weights of(int source, long target, long crop, int size) {
      double scale = (double) source / target;
      double filterScale = Math.max(scale, 1.0);
      double support = SUPPORT * filterScale;
      double inverse = 1.0 / filterScale;
      Weights weights = new Weights(size, (int) Math.ceil(support) * 2 + 1);
      double[] exact = new double[weights.stride];
      for (int i = 0; i < size; i++) {
        double center = (crop + i + 0.5) * scale;
        int from = Math.max(0, (int) (center - support + 0.5));
        int count = Math.min(source, (int) (center + support + 0.5)) - from;
        double sum = 0;
        for (int tap = 0; tap < count; tap++) {
          exact[tap] = keys((tap + from - center + 0.5) * inverse);
          sum += exact[tap];
        }
        for (int tap = 0; tap < count; tap++) {
          double weight = sum == 0 ? exact[tap] : exact[tap] / sum;
          weights.values[i * weights.stride + tap] = fixed(weight);
        }
        weights.first[i] = from;
        weights.taps[i] = count;
      }
      return weights;
    }

    private static int fixed(double weight) {
      double scaled = weight * (1 << FRACTION_BITS);
      return (int) (weight < 0 ? scaled - 0.5 : scaled + 0.5);
    }

    /** Keys' cubic convolution kernel (IEEE ASSP 29, 1981) with a = -1/2. */
    private static double keys(double distance) {
      double a = -0.5;
      double x = Math.abs(distance);
      if (x < 1.0) {
        return ((a + 2.0) * x - (a + 3.0)) * x * x + 1;
      }
      if (x < 2.0) {
        return (((x - 5) * x + 8) * x - 4) * a;
      }
      return 0.0;
    }

    int count() {
      return first.length;
    }

    int firstSource() {
      return first[0];
    }

    int endSource() {
      int last = first.length - 1;
      return first[last] + taps[last];
    }
  }
}
