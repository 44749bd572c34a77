package io.gripstream.sample;

import java.util.SplittableRandom;

/** Smooth noise: a sum of random plane waves, of about unit variance. */
final class Wave {
  private static final int TERMS = 5;
  private final double[] frequencyX = new double[TERMS];
  private final double[] frequencyY = new double[TERMS];
  private final double[] phase = new double[TERMS];

  /**
   * @param length typical distance over which the noise changes
   */
  Wave(double length, SplittableRandom random) {
    for (int i = 0; i < TERMS; i++) {
      frequencyX[i] = random.nextGaussian() / length;
      frequencyY[i] = random.nextGaussian() / length;
      phase[i] = 2 * Math.PI * random.nextDouble();
    }
  }

  double at(double x, double y) {
    double sum = 0;
    for (int i = 0; i < TERMS; i++) {
      sum += Math.sin(frequencyX[i] * x + frequencyY[i] * y + phase[i]);
    }
    return sum * Math.sqrt(2.0 / TERMS);
  }

  /**
   * The noise on a raster: {@code size * size} values, row-major, at 0, {@code step}, 2 {@code
   * step} and so on. By the addition theorem, with no sine per pixel.
   */
  double[] raster(int size, double step) {
    double[] values = new double[size * size];
    double scale = Math.sqrt(2.0 / TERMS);
    double[] sine = new double[size];
    double[] cosine = new double[size];
    for (int i = 0; i < TERMS; i++) {
      for (int x = 0; x < size; x++) {
        sine[x] = scale * Math.sin(frequencyX[i] * x * step + phase[i]);
        cosine[x] = scale * Math.cos(frequencyX[i] * x * step + phase[i]);
      }
      for (int y = 0; y < size; y++) {
        double sineY = Math.sin(frequencyY[i] * y * step);
        double cosineY = Math.cos(frequencyY[i] * y * step);
        for (int x = 0; x < size; x++) {
          values[y * size + x] += sine[x] * cosineY + cosine[x] * sineY;
        }
      }
    }
    return values;
  }
}
