package io.gripstream.workshop.pico.world;

import java.util.concurrent.ConcurrentHashMap;

/**
 * Integer image filters on single planes, row-major, with values that may leave 0..255 until they
 * are exposed.
 */
final class Filters {
  private static final ConcurrentHashMap<Integer, Taps> TAPS = new ConcurrentHashMap<>();

  private Filters() {}

  /** Four source positions and weights of 1/256 for each target position. */
  private record Taps(int[] positions, int[] weights) {}

  /**
   * Enlarges in place by Keys' cubic convolution (a = -0.5), as photo software does.
   *
   * @param plane holds {@code n * n} values on entry and {@code size * size} on return
   * @param scratch room for {@code size * size} values
   */
  static void enlarge(int[] plane, int n, int[] scratch, int size) {
    Taps taps = TAPS.computeIfAbsent(n, from -> taps(from, size));
    int[] at = taps.positions;
    int[] weight = taps.weights;
    for (int y = 0; y < n; y++) {
      int row = y * n;
      for (int x = 0, k = 0; x < size; x++, k += 4) {
        scratch[y * size + x] =
            plane[row + at[k]] * weight[k]
                + plane[row + at[k + 1]] * weight[k + 1]
                + plane[row + at[k + 2]] * weight[k + 2]
                + plane[row + at[k + 3]] * weight[k + 3];
      }
    }
    for (int y = 0, k = 0; y < size; y++, k += 4) {
      int a = at[k] * size;
      int b = at[k + 1] * size;
      int c = at[k + 2] * size;
      int d = at[k + 3] * size;
      for (int x = 0; x < size; x++) {
        int sum =
            scratch[a + x] * weight[k]
                + scratch[b + x] * weight[k + 1]
                + scratch[c + x] * weight[k + 2]
                + scratch[d + x] * weight[k + 3];
        plane[y * size + x] = Math.max(0, Math.min(255, sum + (1 << 15) >> 16));
      }
    }
  }

  private static Taps taps(int n, int size) {
    int[] positions = new int[size * 4];
    int[] weights = new int[size * 4];
    for (int i = 0; i < size; i++) {
      double source = (i + .5) * n / size - .5;
      int first = (int) Math.floor(source) - 1;
      int rest = 256;
      for (int k = 0; k < 4; k++) {
        positions[i * 4 + k] = Math.max(0, Math.min(n - 1, first + k));
        weights[i * 4 + k] = (int) Math.round(256 * keys(source - (first + k)));
        rest -= weights[i * 4 + k];
      }
      weights[i * 4 + 1] += rest;
    }
    return new Taps(positions, weights);
  }

  private static double keys(double distance) {
    double x = Math.abs(distance);
    if (x < 1) {
      return (1.5 * x - 2.5) * x * x + 1;
    }
    return x < 2 ? ((-.5 * x + 2.5) * x - 4) * x + 2 : 0;
  }

  /**
   * One pass of a three-tap binomial-like kernel in both directions, in place.
   *
   * @param side weight of each neighbour, in 1/256; variance of the pass is {@code 2 * side / 256}
   *     square pixels
   */
  static void soften(int[] plane, int[] scratch, int side) {
    int size = World.SIZE;
    int centre = 256 - 2 * side;
    for (int y = 0; y < size; y++) {
      int row = y * size;
      int left = plane[row];
      for (int x = 0; x < size; x++) {
        int here = plane[row + x];
        int right = plane[row + Math.min(x + 1, size - 1)];
        scratch[row + x] = here * centre + (left + right) * side;
        left = here;
      }
    }
    for (int y = 0; y < size; y++) {
      int row = y * size;
      int above = Math.max(y - 1, 0) * size;
      int below = Math.min(y + 1, size - 1) * size;
      for (int x = 0; x < size; x++) {
        plane[row + x] =
            scratch[row + x] * centre + (scratch[above + x] + scratch[below + x]) * side + (1 << 15)
                >> 16;
      }
    }
  }
}
