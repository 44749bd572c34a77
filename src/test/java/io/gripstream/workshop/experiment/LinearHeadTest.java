package io.gripstream.workshop.experiment;

import static org.assertj.core.api.Assertions.assertThat;

import io.gripstream.clip.FloatTensor;
import io.gripstream.refine.head.Metrics;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;

class LinearHeadTest {
  private static final int CLASSES = 5;
  private static final int LENGTH = 32;

  @Test
  void classesThatAPlaneSeparatesAreLearntEvenInANarrowCone() {
    int[] truth = truth(300);
    LinearHead head = LinearHead.train(features(truth, 1), targets(truth), equal(300), 1);
    int[] others = truth(200);
    assertThat(Metrics.accuracy(head.predictions(features(others, 2)), others)).isGreaterThan(0.97);
  }

  @Test
  void theSameExamplesAndSeedGiveTheSameHead() {
    int[] truth = truth(100);
    FloatTensor features = features(truth, 1);
    FloatTensor noise = features(truth(500), 3);
    int[] once = LinearHead.train(features, targets(truth), equal(100), 7).predictions(noise);
    int[] again = LinearHead.train(features, targets(truth), equal(100), 7).predictions(noise);
    assertThat(again).isEqualTo(once);
  }

  @Test
  void examplesThatCountForNothingTeachNothing() {
    int[] truth = truth(200);
    int[] lies = truth.clone();
    double[] importance = equal(200);
    for (int i = 0; i < 100; i++) {
      lies[i] = (truth[i] + 1) % CLASSES;
      importance[i] = 0;
    }
    LinearHead head = LinearHead.train(features(truth, 1), targets(lies), importance, 1);
    int[] others = truth(200);
    assertThat(Metrics.accuracy(head.predictions(features(others, 2)), others)).isGreaterThan(0.95);
  }

  private static int[] truth(int count) {
    int[] truth = new int[count];
    Arrays.setAll(truth, i -> i % CLASSES);
    return truth;
  }

  /** Far from the origin, as CLIP's features are, and near to each other. */
  private static FloatTensor features(int[] truth, long seed) {
    Random random = new Random(seed);
    float[] values = new float[truth.length * LENGTH];
    for (int i = 0; i < truth.length; i++) {
      for (int k = 0; k < LENGTH; k++) {
        values[i * LENGTH + k] =
            (float) (1 + (k == truth[i] ? 0.1 : 0) + 0.02 * random.nextGaussian());
      }
    }
    return FloatTensor.matrix(truth.length, LENGTH, values);
  }

  private static FloatTensor targets(int[] truth) {
    float[] values = new float[truth.length * CLASSES];
    for (int i = 0; i < truth.length; i++) {
      values[i * CLASSES + truth[i]] = 1;
    }
    return FloatTensor.matrix(truth.length, CLASSES, values);
  }

  private static double[] equal(int count) {
    double[] importance = new double[count];
    Arrays.fill(importance, 1);
    return importance;
  }
}
