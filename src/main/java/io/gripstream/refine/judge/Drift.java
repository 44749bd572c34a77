package io.gripstream.refine.judge;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Tests whether the newest images of a stream still come from where a reference came from.
 *
 * <p>For windows of the newest {@code n} images, the statistic is the distance {@code T} of their
 * mean sketch from the reference's ({@link DriftReference}). If nothing has changed, {@code T} is
 * close to a weighted sum of chi-squares, with the mean {@code tr(S) f} and the variance {@code 2
 * tr(S^2) f^2}, where {@code f = 1/n + 1/N}. A chi-square with as many degrees of freedom as the
 * third moment asks for stands in for it (Hall 1983, Buckley and Eagleson 1988: {@code tr(S^2)^3 /
 * tr(S^3)^2}), and Wilson and Hilferty's cube root (PNAS 1931) makes of that a score which is
 * standard normal, whatever the data's dimension and clusters. An alarm is a score over the
 * window's bar.
 *
 * <p>The bars were chosen on {@value DriftReference#LEAST} independent images and more. Where
 * images come in pages, as many say less: how far pages lie apart in some direction is known from
 * few of them, and the first page of a kind that none was of looks like a change. Where a reference
 * is worth fewer independent images, its own variance thus has as many degrees of freedom as it is
 * worth, less what the bars hold already ({@code 1 / freedom = 1 / worth - 1 / least}), and the
 * score is that of Fisher's F instead, by Paulson's form of the same cube root (Ann. Math. Stat.
 * 1942). It has a limit, so that the fewest pages allow no alarm at all.
 *
 * <p>One odd page is no change either. Where images come in pages ({@link DriftReference#page}), a
 * window of less than two asks for {@value #ONE_PAGE} times the bar, and in a longer one both
 * halves must lie off by {@value #EACH_HALF} on their own.
 *
 * <p>Images come in blocks of {@value #BLOCK}, and a window is a number of blocks: it is tested
 * once a block, and a changed image waits for three others at most.
 *
 * <p>Measured, with references of 128 and 300 independent images by turns, before a reference's
 * worth counted:
 *
 * <ul>
 *   <li>No alarm in 370 streams of 20,000 images each that stayed as they were: 120 of real
 *       photographs and digits (three data sets, two models of 128 dimensions), 250 of unit vectors
 *       of 64, 256 and 768 dimensions, in 1 to 50 clusters of equal or Zipf shares, with normal and
 *       with Student's tails. The true rate is thus below 0.8 % a stream, at 95 % confidence. In
 *       500 synthetic streams before these, which the bars were chosen on, the shortest window's
 *       score reached 9.4 and the others' 6.9.
 *   <li>A change of data set, 18 pairs of four sets under two models, 40 times each: found after 4
 *       to 9 images in the median for 16 pairs, after 16 and 27 for the two hardest; the slowest
 *       single one took 35.
 * </ul>
 *
 * <p>A change of what is shown is what it sees best; classes that merely become rarer move the mean
 * little, and are seen late or not at all.
 */
public final class Drift {
  /** Images in a block. */
  public static final int BLOCK = 4;

  /** So many of the newest blocks are in the longest window. */
  public static final int BLOCKS = 32;

  private static final List<Window> WINDOWS =
      List.of(
          new Window(8, 10),
          new Window(16, 7),
          new Window(32, 7),
          new Window(64, 7),
          new Window(128, 7));

  /** What a window that may be one page must score, in bars. */
  private static final double ONE_PAGE = 1.5;

  /** What each half of a window of several pages must score. */
  private static final double EACH_HALF = 5;

  private Drift() {}

  private record Window(int images, double bar) {}

  /**
   * A change that was found.
   *
   * @param window it shows in so many of the newest images
   * @param reference how many images they were compared with
   * @param times how many times as far from those their mean lies as chance explains
   * @param score as a standard normal deviate, if nothing had changed
   */
  public record Alarm(int window, int reference, double times, double score) {}

  /**
   * Tests the newest blocks.
   *
   * @param blocks sums of {@link #BLOCK} sketches each, {@code [K]}, the newest first; only the
   *     first {@link #BLOCKS} count
   * @return the alarm of the shortest window that gives one
   */
  public static Optional<Alarm> test(DriftReference reference, List<float[]> blocks) {
    boolean inPages = reference.page() > WINDOWS.get(0).images();
    double[] sum = new double[reference.mean().length];
    double[] half = sum;
    int images = 0;
    int next = 0;
    for (float[] block : blocks) {
      for (int i = 0; i < sum.length; i++) {
        sum[i] += block[i];
      }
      images += BLOCK;
      if (next < WINDOWS.size() && images == WINDOWS.get(next).images()) {
        boolean onePage = inPages && images < 2 * reference.page();
        double distance = reference.distance(divided(sum, images));
        double noise = reference.dispersion()[next] * noise(reference, images);
        double score = score(reference, distance, noise);
        if (score > (onePage ? ONE_PAGE : 1) * WINDOWS.get(next).bar()
            && (!inPages || onePage || bothHalves(reference, half, sum, next - 1))) {
          double expected = reference.trace() * noise;
          return Optional.of(
              new Alarm(images, reference.samples(), Math.sqrt(distance / expected), score));
        }
        half = sum.clone();
        next++;
      }
    }
    return Optional.empty();
  }

  /**
   * @param newer the sum of the newer half's sketches
   * @param whole that of both
   * @param window the half's
   */
  private static boolean bothHalves(
      DriftReference reference, double[] newer, double[] whole, int window) {
    double[] older = whole.clone();
    for (int i = 0; i < older.length; i++) {
      older[i] -= newer[i];
    }
    int images = WINDOWS.get(window).images();
    double noise = reference.dispersion()[window] * noise(reference, images);
    return Stream.of(newer, older)
        .mapToDouble(sum -> reference.distance(divided(sum, images)))
        .allMatch(distance -> score(reference, distance, noise) > EACH_HALF);
  }

  private static double[] divided(double[] sum, int images) {
    return Arrays.stream(sum).map(each -> each / images).toArray();
  }

  static double noise(DriftReference reference, int images) {
    return 1.0 / images + 1.0 / reference.samples();
  }

  /** The windows' lengths, in images. */
  public static int[] windows() {
    return WINDOWS.stream().mapToInt(Window::images).toArray();
  }

  /**
   * What {@code distance} is as a standard normal deviate.
   *
   * @param noise {@code f}
   */
  static double score(DriftReference reference, double distance, double noise) {
    double deviate =
        (distance - reference.trace() * noise) / (Math.sqrt(2 * reference.square()) * noise);
    double freedom = Math.pow(reference.square(), 3) / Math.pow(reference.cube(), 2);
    double chiSquare = Math.max(0, freedom + deviate * Math.sqrt(2 * freedom));
    double spread = 2 / (9 * freedom);
    double excess = Math.max(0, 1 / reference.worth() - 1.0 / DriftReference.LEAST);
    double unsure = 2 * excess / 9;
    double root = Math.cbrt(chiSquare / freedom);
    return (root * (1 - unsure) - (1 - spread)) / Math.sqrt(spread + unsure * root * root);
  }
}
