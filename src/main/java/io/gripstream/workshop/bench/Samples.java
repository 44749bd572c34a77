package io.gripstream.workshop.bench;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** What was measured of several sides, in turns, so that a busy moment of the machine hits all. */
final class Samples {
  private Samples() {}

  /** Measures once. */
  @FunctionalInterface
  interface Measurement {
    double measure() throws Exception;
  }

  /**
   * Measures each side once to warm up, and then {@code runs} times, in turns.
   *
   * @return a median for each side
   */
  static double[] medians(int runs, List<Measurement> sides) throws Exception {
    List<double[]> values = new ArrayList<>();
    for (Measurement side : sides) {
      side.measure();
      values.add(new double[runs]);
    }
    for (int run = 0; run < runs; run++) {
      for (int side = 0; side < sides.size(); side++) {
        values.get(side)[run] = sides.get(side).measure();
      }
    }
    return values.stream().mapToDouble(Samples::median).toArray();
  }

  static double median(double[] values) {
    return quantile(values, 0.5);
  }

  /** Interpolates between the two nearest ranks. */
  static double quantile(double[] values, double share) {
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    double place = share * (sorted.length - 1);
    int below = (int) place;
    int above = Math.min(below + 1, sorted.length - 1);
    return sorted[below] + (place - below) * (sorted[above] - sorted[below]);
  }

  /** How often {@code work} runs in a second, measured over at least {@code seconds}. */
  static double rate(double seconds, Runnable work) {
    long start = System.nanoTime();
    int done = 0;
    double elapsed;
    do {
      work.run();
      done++;
      elapsed = (System.nanoTime() - start) / 1e9;
    } while (elapsed < seconds);
    return done / elapsed;
  }
}
