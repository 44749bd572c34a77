package io.gripstream.refine;

import java.util.Arrays;
import java.util.Comparator;
import java.util.stream.IntStream;

/**
 * The Robin Hood effect as numbers: whether refinement gives to classes that zero-shot CLIP is poor
 * at, and what it takes from those it is good at (Menghini et al., NeurIPS 2023, section 5).
 * Classes are ordered by zero-shot accuracy; the lower half is poor, the upper half rich, and the
 * middle one of an odd number is neither.
 *
 * @param poorChange mean change of accuracy of the poor classes
 * @param richChange mean change of accuracy of the rich classes
 * @param richLosing the share of rich classes that lost
 * @param deviation standard deviation of the per-class accuracies after refinement, over all
 *     classes
 * @param worst the lowest per-class accuracy after refinement
 */
public record RobinHood(
    double poorChange, double richChange, double richLosing, double deviation, double worst) {

  /**
   * Compares two prompts class by class. Classes without images, whose accuracy is not a number,
   * are left out.
   *
   * @param zeroShot {@code [C]}, accuracy per class before
   * @param refined {@code [C]}, accuracy per class after
   * @throws IllegalArgumentException when fewer than two classes have images
   */
  public static RobinHood of(double[] zeroShot, double[] refined) {
    if (zeroShot.length != refined.length) {
      throw new IllegalArgumentException(zeroShot.length + " and " + refined.length + " classes");
    }
    int[] order =
        IntStream.range(0, zeroShot.length)
            .filter(j -> !Double.isNaN(zeroShot[j]) && !Double.isNaN(refined[j]))
            .boxed()
            .sorted(Comparator.comparingDouble(j -> zeroShot[j]))
            .mapToInt(Integer::intValue)
            .toArray();
    if (order.length < 2) {
      throw new IllegalArgumentException("images of " + order.length + " classes");
    }
    int half = order.length / 2;
    double[] changes = Arrays.stream(order).mapToDouble(j -> refined[j] - zeroShot[j]).toArray();
    double[] poor = Arrays.copyOf(changes, half);
    double[] rich = Arrays.copyOfRange(changes, changes.length - half, changes.length);
    double[] after = Arrays.stream(order).mapToDouble(j -> refined[j]).toArray();
    double mean = mean(after);
    double variance = mean(Arrays.stream(after).map(a -> (a - mean) * (a - mean)).toArray());
    return new RobinHood(
        mean(poor),
        mean(rich),
        mean(Arrays.stream(rich).map(change -> change < 0 ? 1 : 0).toArray()),
        Math.sqrt(variance),
        Arrays.stream(after).min().getAsDouble());
  }

  private static double mean(double[] values) {
    return Arrays.stream(values).average().getAsDouble();
  }
}
