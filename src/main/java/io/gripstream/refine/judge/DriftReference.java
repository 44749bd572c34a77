package io.gripstream.refine.judge;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * What a stream showed at some time, against which {@link Drift} tests what it shows later.
 *
 * <p>Distances from the mean are {@code d' (S + t I)^-1 d}, with {@code S} the covariance of the
 * sketches and {@code t} its mean eigenvalue: directions in which images hardly differ count more,
 * but none without bound. On real photographs this found a change of data set in half the images
 * that the plain distance needed.
 *
 * @param samples N, how many samples it was formed from
 * @param mean {@code [K]}
 * @param factor {@code [K * (K + 1) / 2]}, the lower triangle, row by row, of the Cholesky factor
 *     of {@code S + t I}
 * @param trace the expected distance of a sample that comes from there
 * @param square the trace of the square of the covariance in the distance's metric
 * @param cube the trace of its cube
 * @param dispersion {@code [W]}, for each of {@link Drift}'s windows how many times as far from the
 *     mean the stream's own stretches of so many images lie as those of independent images would; 1
 *     at least, and never falling. Images that come together are often alike, a page of one hand or
 *     a scene of one film, and that is no change
 * @param worth so many independent images would say as much about the mean of a long stretch as the
 *     samples do: what dispersion and metric rest on
 */
public record DriftReference(
    int samples,
    float[] mean,
    float[] factor,
    double trace,
    double square,
    double cube,
    float[] dispersion,
    double worth) {
  /** With fewer samples than this there is no reference. */
  public static final int LEAST = 128;

  private static final int FOLDS = 4;

  /** Stretches that are nearly as far apart as the longest ones are no shorter than a page. */
  private static final double A_PAGE = 0.9;

  /** Below this variance, in all, every image is the same one. */
  private static final double NO_SPREAD = 1e-9;

  /**
   * Forms a reference.
   *
   * @param sketches {@code N} times {@code [K]}, finite, in the order in which they came
   * @return empty when they are fewer than {@link #LEAST}, or all alike
   */
  public static Optional<DriftReference> of(List<float[]> sketches) {
    if (sketches.size() < LEAST) {
      return Optional.empty();
    }
    Spread all = Spread.of(sketches);
    if (!(all.trace() > NO_SPREAD)) {
      return Optional.empty();
    }
    double[][] factor = all.factor();
    double[][] whitened = all.whitened(factor);
    double[] moments = moments(whitened);
    // The sketches that formed the covariance look nearer to it than others will: a quarter is
    // measured by the other three quarters instead.
    double fresh = 0;
    for (int fold = 0; fold < FOLDS; fold++) {
      int left = fold;
      Spread others =
          Spread.of(
              IntStream.range(0, sketches.size())
                  .filter(i -> i % FOLDS != left)
                  .mapToObj(sketches::get)
                  .toList());
      double[][] metric = others.factor();
      double ofFold = 0;
      for (int i = fold; i < sketches.size(); i += FOLDS) {
        ofFold += Spread.distance(metric, others.from(sketches.get(i)));
      }
      fresh += ofFold / (1 + 1.0 / others.samples());
    }
    double scale = fresh / sketches.size() / moments[0];
    // Pages that a mean was formed from look nearer to it than the pages to come will, and to what
    // was formed without them they look further: the truth lies between.
    double[] own = dispersion(sketches, all, factor, moments[0]);
    double[] left = dispersionLeftOut(sketches, moments[0] * scale);
    float[] dispersion = new float[own.length];
    for (int w = 0; w < dispersion.length; w++) {
      dispersion[w] = (float) Math.sqrt(own[w] * left[w]);
    }
    int k = all.mean().length;
    float[] mean = new float[k];
    float[] triangle = new float[k * (k + 1) / 2];
    int at = 0;
    for (int i = 0; i < k; i++) {
      mean[i] = (float) all.mean()[i];
      for (int j = 0; j <= i; j++) {
        triangle[at++] = (float) factor[i][j];
      }
    }
    return Optional.of(
        new DriftReference(
            sketches.size(),
            mean,
            triangle,
            moments[0] * scale,
            moments[1] * scale * scale,
            moments[2] * scale * scale * scale,
            dispersion,
            sketches.size() / left[left.length - 1]));
  }

  /** From stretches that do not overlap. */
  private static double[] dispersion(
      List<float[]> sketches, Spread all, double[][] factor, double trace) {
    int n = sketches.size();
    int[] windows = Drift.windows();
    double[] distances = new double[windows.length];
    int[] stretches = new int[windows.length];
    for (int w = 0; w < windows.length; w++) {
      int images = windows[w];
      double independent = trace * (1.0 / images - 1.0 / n);
      for (int from = 0; from + images <= n; from += images) {
        double[] mean = Spread.mean(sketches.subList(from, from + images));
        distances[w] += Spread.distance(factor, all.from(mean)) / independent;
        stretches[w]++;
      }
    }
    return growing(distances, stretches);
  }

  /**
   * From each quarter's stretches as the other three quarters see them.
   *
   * @param trace the expected distance of a sample
   */
  private static double[] dispersionLeftOut(List<float[]> sketches, double trace) {
    int n = sketches.size();
    int[] windows = Drift.windows();
    double[] distances = new double[windows.length];
    int[] stretches = new int[windows.length];
    for (int fold = 0; fold < FOLDS; fold++) {
      List<float[]> quarter = sketches.subList(n * fold / FOLDS, n * (fold + 1) / FOLDS);
      List<float[]> rest = new ArrayList<>(sketches.subList(0, n * fold / FOLDS));
      rest.addAll(sketches.subList(n * (fold + 1) / FOLDS, n));
      Spread others = Spread.of(rest);
      double[][] metric = others.factor();
      for (int w = 0; w < windows.length; w++) {
        int images = windows[w];
        double independent = trace * (1.0 / images + 1.0 / others.samples());
        for (int from = 0; from + images <= quarter.size(); from += Drift.BLOCK) {
          double[] mean = Spread.mean(quarter.subList(from, from + images));
          distances[w] += Spread.distance(metric, others.from(mean)) / independent;
          stretches[w]++;
        }
      }
    }
    return growing(distances, stretches);
  }

  /**
   * The means of ratios, none less than 1 or than one before it. With too few stretches, shorter
   * ones stand in.
   *
   * @param sums {@code [W]}
   * @param stretches {@code [W]}, how many ratios are in each sum
   */
  private static double[] growing(double[] sums, int[] stretches) {
    double[] growing = new double[sums.length];
    double largest = 1;
    for (int w = 0; w < sums.length; w++) {
      if (stretches[w] >= FOLDS) {
        largest = Math.max(largest, sums[w] / stretches[w]);
      }
      growing[w] = largest;
    }
    return growing;
  }

  /**
   * About how many images come together, a page of one hand or a scene: longer stretches lie no
   * further from the mean than chance explains. The length of a window that two of fit into the
   * longest; that of the shortest for independent images.
   */
  int page() {
    int[] windows = Drift.windows();
    int page = 0;
    while (page < windows.length - 2
        && dispersion[page] < A_PAGE * dispersion[windows.length - 1]) {
      page++;
    }
    return windows[page];
  }

  /**
   * The distance of a mean from this one's.
   *
   * @param other {@code [K]}
   */
  double distance(double[] other) {
    double[] solved = new double[mean.length];
    double distance = 0;
    int at = 0;
    for (int i = 0; i < solved.length; i++) {
      double rest = other[i] - mean[i];
      for (int j = 0; j < i; j++) {
        rest -= factor[at++] * solved[j];
      }
      solved[i] = rest / factor[at++];
      distance += solved[i] * solved[i];
    }
    return distance;
  }

  /** The traces of the first three powers of a symmetric matrix. */
  private static double[] moments(double[][] matrix) {
    int k = matrix.length;
    double[] moments = new double[3];
    for (int i = 0; i < k; i++) {
      moments[0] += matrix[i][i];
      for (int j = 0; j < k; j++) {
        double product = 0;
        for (int m = 0; m < k; m++) {
          product += matrix[i][m] * matrix[j][m];
        }
        moments[1] += i == j ? product : 0;
        moments[2] += product * matrix[i][j];
      }
    }
    return moments;
  }

  /**
   * Mean and covariance of sketches.
   *
   * @param covariance {@code [K, K]}
   */
  private record Spread(int samples, double[] mean, double[][] covariance) {
    static double[] mean(List<float[]> sketches) {
      double[] mean = new double[sketches.get(0).length];
      for (float[] sketch : sketches) {
        for (int i = 0; i < mean.length; i++) {
          mean[i] += sketch[i] / sketches.size();
        }
      }
      return mean;
    }

    static Spread of(List<float[]> sketches) {
      double[] mean = mean(sketches);
      int k = mean.length;
      double[][] covariance = new double[k][k];
      Spread spread = new Spread(sketches.size(), mean, covariance);
      for (float[] sketch : sketches) {
        double[] from = spread.from(sketch);
        for (int i = 0; i < k; i++) {
          for (int j = 0; j <= i; j++) {
            covariance[i][j] += from[i] * from[j] / (sketches.size() - 1);
          }
        }
      }
      for (int i = 0; i < k; i++) {
        for (int j = 0; j < i; j++) {
          covariance[j][i] = covariance[i][j];
        }
      }
      return spread;
    }

    double[] from(float[] sketch) {
      double[] from = new double[mean.length];
      for (int i = 0; i < from.length; i++) {
        from[i] = sketch[i] - mean[i];
      }
      return from;
    }

    double[] from(double[] other) {
      double[] from = new double[mean.length];
      for (int i = 0; i < from.length; i++) {
        from[i] = other[i] - mean[i];
      }
      return from;
    }

    double trace() {
      return IntStream.range(0, mean.length).mapToDouble(i -> covariance[i][i]).sum();
    }

    /** The Cholesky factor of the covariance and its mean eigenvalue on the diagonal. */
    double[][] factor() {
      int k = mean.length;
      double ridge = Math.max(trace() / k, NO_SPREAD);
      double[][] factor = new double[k][k];
      for (int i = 0; i < k; i++) {
        for (int j = 0; j <= i; j++) {
          double rest = covariance[i][j] + (i == j ? ridge : 0);
          for (int m = 0; m < j; m++) {
            rest -= factor[i][m] * factor[j][m];
          }
          factor[i][j] = i == j ? Math.sqrt(rest) : rest / factor[j][j];
        }
      }
      return factor;
    }

    /** The covariance after {@code factor^-1}: {@code F^-1 S F'^-1}. */
    double[][] whitened(double[][] factor) {
      double[][] half = new double[mean.length][];
      for (int i = 0; i < half.length; i++) {
        half[i] = solved(factor, covariance[i]);
      }
      double[][] whitened = new double[half.length][];
      for (int i = 0; i < half.length; i++) {
        double[] column = new double[half.length];
        for (int j = 0; j < half.length; j++) {
          column[j] = half[j][i];
        }
        whitened[i] = solved(factor, column);
      }
      return whitened;
    }

    static double distance(double[][] factor, double[] from) {
      double distance = 0;
      for (double each : solved(factor, from)) {
        distance += each * each;
      }
      return distance;
    }

    private static double[] solved(double[][] factor, double[] right) {
      double[] solved = new double[right.length];
      for (int i = 0; i < solved.length; i++) {
        double rest = right[i];
        for (int j = 0; j < i; j++) {
          rest -= factor[i][j] * solved[j];
        }
        solved[i] = rest / factor[i][i];
      }
      return solved;
    }
  }
}
