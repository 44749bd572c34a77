package io.gripstream.workshop.experiment.drift;

/** Means over windows of images that came one behind another. */
public final class Windows {
  private Windows() {}

  /**
   * The share of right labels among the last images.
   *
   * @return {@code [N]}; not a number where fewer than {@code window} images have come
   */
  public static double[] trailing(boolean[] right, int window) {
    double[] means = new double[right.length];
    int count = 0;
    for (int i = 0; i < right.length; i++) {
      count += right[i] ? 1 : 0;
      count -= i >= window && right[i - window] ? 1 : 0;
      means[i] = i + 1 >= window ? (double) count / window : Double.NaN;
    }
    return means;
  }

  /** The share of right labels from one image to before another; not a number over none. */
  public static double mean(boolean[] right, int from, int to) {
    int count = 0;
    for (int i = from; i < to; i++) {
      count += right[i] ? 1 : 0;
    }
    return (double) count / (to - from);
  }

  /**
   * Where a contender is worst against another.
   *
   * @param end the image behind the window
   * @param change of the share of right labels
   */
  public record Worst(int end, double change) {}

  /**
   * @return null where the stream is shorter than a window
   */
  public static Worst worst(boolean[] right, boolean[] other, int window) {
    double[] mine = trailing(right, window);
    double[] theirs = trailing(other, window);
    Worst worst = null;
    for (int i = window - 1; i < mine.length; i++) {
      double change = mine[i] - theirs[i];
      if (worst == null || change < worst.change()) {
        worst = new Worst(i + 1, change);
      }
    }
    return worst;
  }
}
