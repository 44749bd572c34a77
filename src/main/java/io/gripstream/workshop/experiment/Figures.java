package io.gripstream.workshop.experiment;

import com.fasterxml.jackson.annotation.JsonIgnore;
import io.gripstream.refine.head.Metrics;
import java.util.Arrays;
import java.util.List;

/**
 * How right predictions of the test images are; every class is a candidate for every image.
 *
 * @param accuracy over all test images
 * @param seen the same over images of classes that people labelled; null but for TRZSL
 * @param unseen the same over images of the other classes; null but for TRZSL
 * @param harmonicMean of the last two; null but for TRZSL
 * @param perClass {@code [C]}
 */
public record Figures(
    double accuracy, Double seen, Double unseen, Double harmonicMean, List<Double> perClass) {

  /**
   * @param predictions {@code [N]}
   * @param truth {@code [N]}
   * @param unseenClasses {@code [C]}; all false: the paradigm makes no difference
   */
  static Figures of(int[] predictions, int[] truth, boolean[] unseenClasses) {
    double[] perClass = Metrics.perClassAccuracy(predictions, truth, unseenClasses.length);
    double all = Metrics.accuracy(predictions, truth);
    List<Double> classes = Arrays.stream(perClass).boxed().toList();
    boolean split = false;
    for (boolean each : unseenClasses) {
      split |= each;
    }
    if (!split) {
      return new Figures(all, null, null, null, classes);
    }
    double seen = Metrics.accuracy(predictions, only(truth, unseenClasses, false));
    double unseen = Metrics.accuracy(predictions, only(truth, unseenClasses, true));
    double mean = seen + unseen > 0 ? 2 * seen * unseen / (seen + unseen) : 0;
    return new Figures(all, seen, unseen, mean, classes);
  }

  private static int[] only(int[] truth, boolean[] unseenClasses, boolean unseen) {
    return Arrays.stream(truth)
        .map(label -> unseenClasses[label] == unseen ? label : Metrics.UNKNOWN)
        .toArray();
  }

  /** The figure that the paper's tables give: the harmonic mean for TRZSL, otherwise accuracy. */
  @JsonIgnore
  public double headline() {
    return harmonicMean == null ? accuracy : harmonicMean;
  }

  /** {@code [C]}. */
  double[] classAccuracies() {
    return perClass.stream().mapToDouble(Double::doubleValue).toArray();
  }
}
