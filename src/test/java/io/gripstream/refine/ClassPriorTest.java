package io.gripstream.refine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.gripstream.clip.FloatTensor;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;

class ClassPriorTest {
  @Test
  void aSkewedPriorIsFoundFromCalibratedPredictions() {
    // p(x | y) is known here, so the predictions under a uniform prior are exact.
    Random random = new Random(1);
    double[] truth = {0.7, 0.2, 0.1};
    int n = 4000;
    float[] logits = new float[n * 3];
    for (int i = 0; i < n; i++) {
      double u = random.nextDouble();
      int label = u < truth[0] ? 0 : u < truth[0] + truth[1] ? 1 : 2;
      for (int j = 0; j < 3; j++) {
        double x = (j == label ? 1.5 : 0) + random.nextGaussian();
        logits[3 * i + j] = (float) (1.5 * x);
      }
    }
    float[] prior = ClassPrior.estimate(Scores.softmax(FloatTensor.matrix(n, 3, logits)));
    for (int j = 0; j < 3; j++) {
      assertThat((double) prior[j]).isCloseTo(truth[j], within(0.03));
    }
  }

  @Test
  void certainPredictionsAreCountedWithOneImageMorePerClass() {
    FloatTensor certain = FloatTensor.matrix(3, 2, new float[] {1, 0, 1, 0, 1, 0});
    assertThat(ClassPrior.estimate(certain))
        .containsExactly(new float[] {0.8f, 0.2f}, within(1e-5f));
  }

  @Test
  void predictionsThatSayNothingLeaveThePriorUniform() {
    float[] values = new float[40];
    Arrays.fill(values, 0.25f);
    assertThat(ClassPrior.estimate(FloatTensor.matrix(10, 4, values)))
        .containsExactly(new float[] {0.25f, 0.25f, 0.25f, 0.25f}, within(1e-6f));
    assertThat(ClassPrior.estimate(FloatTensor.matrix(0, 2, new float[0])))
        .containsExactly(0.5f, 0.5f);
  }

  @Test
  void itIsAlwaysADistributionWithoutZeros() {
    Random random = new Random(2);
    for (int trial = 0; trial < 30; trial++) {
      float[] logits = new float[50 * 6];
      for (int i = 0; i < logits.length; i++) {
        logits[i] = (float) (20 * random.nextGaussian());
      }
      float[] prior = ClassPrior.estimate(Scores.softmax(FloatTensor.matrix(50, 6, logits)));
      double sum = 0;
      for (float share : prior) {
        assertThat(share).isPositive();
        sum += share;
      }
      assertThat(sum).isCloseTo(1, within(1e-5));
    }
  }

  @Test
  void whatIsNoProbabilityIsRefused() {
    for (float value : new float[] {Float.NaN, -0.1f, 7}) {
      assertThatThrownBy(
              () -> ClassPrior.estimate(FloatTensor.matrix(1, 2, new float[] {value, 0})))
          .isInstanceOf(IllegalArgumentException.class);
    }
  }
}
