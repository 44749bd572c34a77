package io.gripstream.refine.head;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.gripstream.clip.FloatTensor;
import io.gripstream.refine.RobinHood;
import org.junit.jupiter.api.Test;

class MetricsTest {
  private static final double EXACT = 1e-6;

  @Test
  void accuracyCountsOnlyImagesWhoseClassIsKnown() {
    int[] predictions = {0, 1, 1, 2, 0};
    int[] targets = {0, 1, 0, -1, -1};
    assertThat(Metrics.accuracy(predictions, targets)).isCloseTo(2 / 3.0, within(EXACT));
    assertThat(Metrics.accuracy(predictions, new int[] {-1, -1, -1, -1, -1})).isNaN();
  }

  @Test
  void macroAccuracyIsTheMeanOverClassesThatHaveImages() {
    int[] predictions = {0, 0, 0, 0, 1, 0};
    int[] targets = {0, 0, 0, 0, 1, 1};
    assertThat(Metrics.perClassAccuracy(predictions, targets, 3))
        .containsExactly(1, 0.5, Double.NaN);
    assertThat(Metrics.macroAccuracy(predictions, targets, 3)).isCloseTo(0.75, within(EXACT));
  }

  @Test
  void negativeLogLikelihoodIsInNats() {
    FloatTensor logits = FloatTensor.matrix(2, 2, new float[] {0, 0, (float) Math.log(3), 0});
    assertThat(Metrics.negativeLogLikelihood(logits, new int[] {1, 0}))
        .isCloseTo((Math.log(2) + Math.log(4 / 3.0)) / 2, within(EXACT));
  }

  @Test
  void largeLogitsDoNotOverflow() {
    FloatTensor logits = FloatTensor.matrix(1, 2, new float[] {20_000, 0});
    assertThat(Metrics.negativeLogLikelihood(logits, new int[] {1}))
        .isCloseTo(20_000, within(EXACT));
    assertThat(Scores.softmax(logits).values()).containsExactly(1, 0);
  }

  @Test
  void calibrationErrorIsTheWeightedGapPerBin() {
    // Two images in the bin (0.5, 0.6], one right; two in (0.8, 0.9], both right.
    FloatTensor probabilities =
        FloatTensor.matrix(
            4, 2, new float[] {0.59f, 0.41f, 0.58f, 0.42f, 0.9f, 0.1f, 0.15f, 0.85f});
    int[] targets = {0, 1, 0, 1};
    double expected = (Math.abs(0.59 + 0.58 - 1) + Math.abs(0.9 + 0.85 - 2)) / 4;
    assertThat(Metrics.expectedCalibrationError(probabilities, targets, 10))
        .isCloseTo(expected, within(EXACT));
  }

  @Test
  void effectiveClassesCountEquallyFrequentOnes() {
    assertThat(Metrics.effectiveClasses(new double[] {0.25, 0.25, 0.25, 0.25}))
        .isCloseTo(4, within(EXACT));
    assertThat(Metrics.effectiveClasses(new double[] {0, 1, 0})).isCloseTo(1, within(EXACT));
  }

  @Test
  void robinHoodComparesThePoorHalfWithTheRich() {
    double[] zeroShot = {0.9, 0.2, 0.8, 0.4, 0.6};
    double[] refined = {0.8, 0.5, 0.9, 0.6, 0.6};
    RobinHood figures = RobinHood.of(zeroShot, refined);
    assertThat(figures.poorChange()).isCloseTo(0.25, within(EXACT));
    assertThat(figures.richChange()).isCloseTo(0, within(EXACT));
    assertThat(figures.richLosing()).isCloseTo(0.5, within(EXACT));
    assertThat(figures.deviation()).isCloseTo(Math.sqrt(0.0216), within(EXACT));
    assertThat(figures.worst()).isCloseTo(0.5, within(EXACT));
  }

  @Test
  void robinHoodLeavesClassesWithoutImagesOut() {
    RobinHood figures =
        RobinHood.of(new double[] {0.5, Double.NaN, 0.7}, new double[] {0.6, Double.NaN, 0.6});
    assertThat(figures.poorChange()).isCloseTo(0.1, within(EXACT));
    assertThat(figures.richLosing()).isEqualTo(1);
    assertThatThrownBy(() -> RobinHood.of(new double[] {0.5}, new double[] {0.5}))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
