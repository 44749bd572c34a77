package io.gripstream.refine.head;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.gripstream.clip.FloatTensor;
import java.util.Random;
import org.junit.jupiter.api.Test;

class CalibrationTest {
  @Test
  void theTemperatureThatMadeTheLabelsIsFoundAgain() {
    for (double temperature : new double[] {0.5, 1, 3}) {
      Random random = new Random(1);
      FloatTensor logits = logits(random, 5000, 4);
      int[] targets = new int[5000];
      for (int i = 0; i < targets.length; i++) {
        targets[i] = draw(random, logits.row(i), temperature);
      }
      assertThat(Calibration.temperature(logits, targets))
          .isCloseTo(temperature, within(0.06 * temperature));
    }
  }

  @Test
  void noTemperatureNearbyHasALowerLoss() {
    Random random = new Random(2);
    for (int trial = 0; trial < 20; trial++) {
      FloatTensor logits = logits(random, 100, 3);
      int[] targets = new int[100];
      for (int i = 0; i < targets.length; i++) {
        targets[i] = draw(random, logits.row(i), 2);
      }
      double best = Calibration.temperature(logits, targets);
      for (double other : new double[] {0.98 * best, 1.02 * best}) {
        if (other > Calibration.LOWEST && other < Calibration.HIGHEST) {
          assertThat(loss(logits, targets, other)).isGreaterThan(loss(logits, targets, best));
        }
      }
    }
  }

  @Test
  void anotherPromptsCalibrationIsTakenOver() {
    FloatTensor logits = logits(new Random(3), 200, 5);
    float[] halved = logits.values().clone();
    for (int i = 0; i < halved.length; i++) {
      halved[i] /= 2;
    }
    FloatTensor teacher = Scores.softmax(FloatTensor.matrix(200, 5, halved));
    assertThat(Calibration.temperature(logits, teacher)).isCloseTo(2, within(1e-3));
  }

  @Test
  void theTemperatureIsBoundedWherePredictionsAreAlwaysRightOrNeverMeanAnything() {
    FloatTensor logits = FloatTensor.matrix(2, 2, new float[] {1, 0, 0, 1});
    assertThat(Calibration.temperature(logits, new int[] {0, 1}))
        .isCloseTo(Calibration.LOWEST, within(1e-6));
    assertThat(Calibration.temperature(logits, new int[] {1, 0}))
        .isCloseTo(Calibration.HIGHEST, within(1e-4));
  }

  @Test
  void withoutTargetsNothingChanges() {
    FloatTensor logits = FloatTensor.matrix(2, 2, new float[] {1, 0, 0, 1});
    assertThat(Calibration.temperature(logits, new int[] {-1, -1})).isEqualTo(1);
  }

  @Test
  void logitsThatAreNotFiniteAreRefused() {
    FloatTensor logits = FloatTensor.matrix(1, 2, new float[] {Float.NaN, 0});
    assertThatThrownBy(() -> Calibration.temperature(logits, new int[] {0}))
        .isInstanceOf(IllegalArgumentException.class);
  }

  private static double loss(FloatTensor logits, int[] targets, double temperature) {
    float[] scaled = logits.values().clone();
    for (int i = 0; i < scaled.length; i++) {
      scaled[i] /= (float) temperature;
    }
    return Metrics.negativeLogLikelihood(new FloatTensor(logits.shape(), scaled), targets);
  }

  private static FloatTensor logits(Random random, int n, int c) {
    float[] logits = new float[n * c];
    for (int i = 0; i < logits.length; i++) {
      logits[i] = (float) (2 * random.nextGaussian());
    }
    return FloatTensor.matrix(n, c, logits);
  }

  private static int draw(Random random, float[] logits, double temperature) {
    float[] scaled = logits.clone();
    for (int j = 0; j < scaled.length; j++) {
      scaled[j] /= (float) temperature;
    }
    float[] p = Scores.softmax(FloatTensor.matrix(1, scaled.length, scaled)).values();
    double u = random.nextDouble();
    for (int j = 0; j < p.length - 1; j++) {
      u -= p[j];
      if (u < 0) {
        return j;
      }
    }
    return p.length - 1;
  }
}
