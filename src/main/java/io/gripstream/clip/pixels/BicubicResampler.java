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
    byte[] square = blended(image, across, down, channels);
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
   * Both passes: {@code [S, S, channels]}. Rows are narrowed and at once added to the rows of the
   * result that they are part of. They are kept as {@code int}: sums over those become vector
   * instructions, and sums over {@code byte} do not.
   */
  private static byte[] blended(RgbView image, Weights across, Weights down, int channels) {
    int rowLength = across.count() * channels;
    int[] sums = new int[down.count() * rowLength];
    Arrays.fill(sums, Weights.HALF);
    int[][] rows = new int[2][rowLength];
    PackedRows packed = new PackedRows(across.endSource() - across.firstSource());
    int end = down.endSource();
    for (int y = down.firstSource(); y < end; y += 2) {
      int one = image.origin() + y * image.rowStep();
      int other = y + 1 < end ? one + image.rowStep() : one;
      if (channels == 1) {
        narrowGreyRow(image, one + image.red(), across, rows[0]);
        narrowGreyRow(image, other + image.red(), across, rows[1]);
      } else {
        packed.fill(image, one, other, across.firstSource());
        packed.narrow(across, rows[0], rows[1]);
      }
      addRow(rows[0], y, down, sums);
      if (y + 1 < end) {
        addRow(rows[1], y + 1, down, sums);
      }
    }
    byte[] out = new byte[sums.length];
    for (int i = 0; i < out.length; i++) {
      out[i] = (byte) clip(sums[i]);
    }
    return out;
  }

  private static void addRow(int[] row, int y, Weights down, int[] sums) {
    // Windows begin and end in order.
    int from = 0;
    for (int half = down.count(); half > 0; half /= 2) {
      while (from + half <= down.count() && down.end(from + half - 1) <= y) {
        from += half;
      }
    }
    for (int i = from; i < down.count() && down.first[i] <= y; i++) {
      add(row, down.values[i * down.stride + y - down.first[i]], sums, i * row.length);
    }
  }

  private static void add(int[] row, int weight, int[] sums, int to) {
    for (int i = 0; i < row.length; i++) {
      sums[to + i] += row[i] * weight;
    }
  }

  /** Two rows of colors, two samples in a {@code long}, so that one product serves both. */
  private static final class PackedRows {
    private static final long HALVES = (long) Weights.HALF << 32 | Weights.HALF;

    /** Red and green of the one row. */
    private final long[] first;

    /** Blue of the one row, red of the other. */
    private final long[] second;

    /** Green and blue of the other row. */
    private final long[] third;

    PackedRows(int columns) {
      this.first = new long[columns];
      this.second = new long[columns];
      this.third = new long[columns];
    }

    void fill(RgbView image, int one, int other, int left) {
      byte[] data = image.data();
      int red = image.red();
      int green = image.green();
      int blue = image.blue();
      int p = one + left * image.columnStep();
      int q = other + left * image.columnStep();
      for (int x = 0; x < first.length; x++, p += image.columnStep(), q += image.columnStep()) {
        first[x] = data[p + red] & 0xFF | (data[p + green] & 0xFFL) << 32;
        second[x] = data[p + blue] & 0xFF | (data[q + red] & 0xFFL) << 32;
        third[x] = data[q + green] & 0xFF | (data[q + blue] & 0xFFL) << 32;
      }
    }

    void narrow(Weights across, int[] one, int[] other) {
      for (int x = 0, o = 0; x < across.count(); x++, o += 3) {
        long a = HALVES;
        long b = HALVES;
        long c = HALVES;
        int p = across.first[x] - across.firstSource();
        int k = x * across.stride;
        for (int tap = 0; tap < across.taps[x]; tap++) {
          long weight = across.values[k + tap];
          a += first[p + tap] * weight;
          b += second[p + tap] * weight;
          c += third[p + tap] * weight;
        }
        one[o] = clip(low(a));
        one[o + 1] = clip(high(a));
        one[o + 2] = clip(low(b));
        other[o] = clip(high(b));
        other[o + 1] = clip(low(c));
        other[o + 2] = clip(high(c));
      }
    }

    private static int low(long pair) {
      return (int) pair;
    }

    /** A negative lower sum has borrowed from the upper one. */
    private static int high(long pair) {
      return (int) (pair - (int) pair >> 32);
    }
  }

  private static void narrowGreyRow(RgbView image, int row, Weights across, int[] out) {
    byte[] data = image.data();
    int step = image.columnStep();
    int[] weights = across.values;
    int o = 0;
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

  private static int clip(int sum) {
    return Math.max(0, Math.min(255, sum >> FRACTION_BITS));
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
      return end(first.length - 1);
    }

    int end(int i) {
      return first[i] + taps[i];
    }
  }
}
