package io.gripstream.refine.head;

import io.gripstream.clip.FloatTensor;
import java.util.Arrays;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;

/**
 * Finds the bias of each class with which a prompt's predictions over a pool fit the pool.
 *
 * <p>Zero-shot CLIP says some classes too often and others never. A bias that makes the mean
 * prediction uniform mends most of that where all classes are about equally frequent, and does harm
 * where they are not: it cuts clusters in pieces to have enough of classes that are not there. So
 * the images decide how far the pull goes: that share of it is taken whose labels fit the {@link
 * NeighborGraph} best, and then single classes are moved as long as that fit gains clearly.
 */
public final class ClassBalance {
  /** Shares of the uniform pull that are tried; 0 leaves the predictions as they are. */
  private static final double[] STRENGTHS = {
    0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1, 1.1
  };

  /** Steps of a single class's bias, in nats. */
  private static final double[] STEPS = {3, 1.5, 0.75};

  private static final int MOVES = 2;

  /**
   * The fit must gain this much for a single class to be moved: less is found in any pool by trying
   * every class (uniform pools lost up to 7 points at 0.01, none more than 1 at 0.03).
   */
  private static final double CLEARLY = 0.03;

  private static final int ITERATIONS = 200;
  private static final double CLOSE = 1e-4;
  private static final double TINY = 1e-12;

  private ClassBalance() {}

  /**
   * The bias with which the mean of the predictions is what it should be, by iterative scaling.
   *
   * @param logits {@code [N, C]}
   * @param shares {@code [C]}, positive, summing to 1
   * @return {@code [C]}, summing to 0, in nats
   */
  public static float[] towards(FloatTensor logits, double[] shares) {
    int n = logits.rows();
    int c = logits.columns();
    double[] odds = odds(logits);
    double[] factors = new double[c];
    Arrays.fill(factors, 1);
    double[] bias = new double[c];
    for (int t = 0; t < ITERATIONS && n > 0; t++) {
      double[] mean = new double[c];
      for (int i = 0; i < n; i++) {
        double sum = 0;
        for (int j = 0; j < c; j++) {
          sum += odds[i * c + j] * factors[j];
        }
        double scale = 1 / (n * Math.max(sum, Double.MIN_NORMAL));
        for (int j = 0; j < c; j++) {
          mean[j] += odds[i * c + j] * factors[j] * scale;
        }
      }
      double largest = 0;
      for (int j = 0; j < c; j++) {
        double step = Math.log(shares[j] + TINY) - Math.log(mean[j] + TINY);
        bias[j] += step;
        factors[j] = Math.exp(bias[j]);
        largest = Math.max(largest, Math.abs(step));
      }
      if (largest < CLOSE) {
        break;
      }
    }
    return centered(bias);
  }

  /** {@code [N * C]}: each class's odds against the row's likeliest. */
  private static double[] odds(FloatTensor logits) {
    int c = logits.columns();
    double[] odds = new double[logits.rows() * c];
    for (int i = 0; i < odds.length; i += c) {
      double max = Double.NEGATIVE_INFINITY;
      for (int j = 0; j < c; j++) {
        max = Math.max(max, logits.values()[i + j]);
      }
      for (int j = 0; j < c; j++) {
        odds[i + j] = Math.exp(logits.values()[i + j] - max);
      }
    }
    return odds;
  }

  /** {@link #towards} equal shares. */
  public static float[] uniform(FloatTensor logits) {
    double[] shares = new double[logits.columns()];
    Arrays.fill(shares, 1.0 / shares.length);
    return towards(logits, shares);
  }

  /**
   * As much of the uniform pull as fits the graph best.
   *
   * @param logits {@code [N, C]}, of the graph's images
   * @return {@code [C]}, in nats
   */
  public static float[] pulled(FloatTensor logits, NeighborGraph graph) {
    return pulled(logits, uniform(logits), graph);
  }

  /**
   * The same where the pull is known.
   *
   * @param pull {@code [C]}, {@link #uniform} of the logits
   */
  public static float[] pulled(FloatTensor logits, float[] pull, NeighborGraph graph) {
    return pulled(logits, pull, structure(graph, logits.columns())).bias();
  }

  private static ToDoubleFunction<int[]> structure(NeighborGraph graph, int classes) {
    return labels -> graph.fit(labels, classes).structure();
  }

  /**
   * As much of a pull as fits best.
   *
   * @param logits {@code [N, C]}
   * @param pull {@code [C]}, {@link #uniform} of them
   * @param fit of labels {@code [N]}: more is better
   */
  public static Pull pulled(FloatTensor logits, float[] pull, ToDoubleFunction<int[]> fit) {
    int c = logits.columns();
    Pull best = new Pull(0, new float[c], Double.NEGATIVE_INFINITY);
    for (double strength : STRENGTHS) {
      float[] bias = new float[c];
      for (int j = 0; j < c; j++) {
        bias[j] = (float) (strength * pull[j]);
      }
      double found = fit.applyAsDouble(labels(logits, bias));
      if (found > best.fit()) {
        best = new Pull(strength, bias, found);
      }
    }
    return best;
  }

  /**
   * A share of the uniform pull.
   *
   * @param strength the share; 0 leaves the predictions as they are
   * @param bias {@code [C]}, in nats
   * @param fit of the labels that it makes
   */
  public record Pull(double strength, float[] bias, double fit) {}

  /**
   * The same bias with single classes moved, one after another, where the fit clearly gains by it.
   *
   * @param logits {@code [N, C]}, of the graph's images
   * @param start {@code [C]}, not changed
   * @return {@code [C]}, in nats
   */
  public static float[] moved(FloatTensor logits, NeighborGraph graph, float[] start) {
    int c = logits.columns();
    float[] bias = start.clone();
    ToDoubleFunction<int[]> fit = structure(graph, c);
    double best = fit.applyAsDouble(labels(logits, bias));
    for (double step : STEPS) {
      for (int move = 0; move < MOVES; move++) {
        Ranking ranking = Ranking.of(logits, bias);
        double found = best + CLEARLY;
        int which = -1;
        double by = 0;
        for (int j = 0; j < c; j++) {
          for (double signed : new double[] {step, -step}) {
            double gained = fit.applyAsDouble(ranking.moved(logits, bias, j, signed));
            if (gained > found) {
              found = gained;
              which = j;
              by = signed;
            }
          }
        }
        if (which < 0) {
          break;
        }
        bias[which] += (float) by;
        best = found;
      }
    }
    return bias;
  }

  /**
   * @param logits {@code [N, C]}, of the graph's images
   * @return {@code [C]}: the structure of the labels once a class is given up, each of its images
   *     going to the next best
   */
  public static double[] without(FloatTensor logits, NeighborGraph graph, float[] bias) {
    Ranking ranking = Ranking.of(logits, bias);
    return IntStream.range(0, bias.length)
        .parallel()
        .mapToDouble(
            j ->
                graph
                    .fit(ranking.moved(logits, bias, j, Double.NEGATIVE_INFINITY), bias.length)
                    .structure())
        .toArray();
  }

  /** {@code [N]}: the most probable classes. */
  public static int[] labels(FloatTensor logits, float[] bias) {
    return Scores.argmax(added(logits, bias));
  }

  /** {@code [N, C]}: the logits with the bias. */
  public static FloatTensor added(FloatTensor logits, float[] bias) {
    int c = logits.columns();
    float[] values = logits.values().clone();
    for (int i = 0; i < values.length; i++) {
      values[i] += bias[i % c];
    }
    return FloatTensor.matrix(logits.rows(), c, values);
  }

  private static float[] centered(double[] bias) {
    double mean = Arrays.stream(bias).average().orElse(0);
    float[] values = new float[bias.length];
    for (int j = 0; j < bias.length; j++) {
      values[j] = (float) (bias[j] - mean);
    }
    return values;
  }

  /**
   * The two best classes of each image: what it is labelled when one class's bias moves follows
   * from them alone.
   *
   * @param best {@code [N]}
   * @param second {@code [N]}
   */
  private record Ranking(int[] best, int[] second) {
    static Ranking of(FloatTensor logits, float[] bias) {
      int n = logits.rows();
      int c = logits.columns();
      int[] best = new int[n];
      int[] second = new int[n];
      for (int i = 0; i < n; i++) {
        int first = -1;
        int other = -1;
        for (int j = 0; j < c; j++) {
          if (first < 0 || at(logits, bias, i, j) > at(logits, bias, i, first)) {
            other = first;
            first = j;
          } else if (other < 0 || at(logits, bias, i, j) > at(logits, bias, i, other)) {
            other = j;
          }
        }
        best[i] = first;
        second[i] = other;
      }
      return new Ranking(best, second);
    }

    public int[] moved(FloatTensor logits, float[] bias, int moving, double by) {
      int[] labels = new int[best.length];
      for (int i = 0; i < labels.length; i++) {
        int rival = best[i] == moving ? second[i] : best[i];
        labels[i] = at(logits, bias, i, moving) + by > at(logits, bias, i, rival) ? moving : rival;
      }
      return labels;
    }

    private static float at(FloatTensor logits, float[] bias, int image, int j) {
      return logits.values()[image * bias.length + j] + bias[j];
    }
  }
}
