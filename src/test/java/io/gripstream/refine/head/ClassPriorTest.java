package io.gripstream.refine.head;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.gripstream.clip.FloatTensor;
import java.util.Arrays;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class ClassPriorTest {
  private static final int SIZE = 8;
  private static final int CLASSES = 4;

  /** Class {@code j} lies around the {@code j}-th axis. */
  private static FloatTensor images(int[] truth, Random random) {
    float[] values = new float[truth.length * SIZE];
    for (int i = 0; i < truth.length; i++) {
      double square = 0;
      for (int k = 0; k < SIZE; k++) {
        double value = (k == truth[i] ? 1 : 0) + 0.3 * random.nextGaussian();
        values[i * SIZE + k] = (float) value;
        square += value * value;
      }
      for (int k = 0; k < SIZE; k++) {
        values[i * SIZE + k] /= (float) Math.sqrt(square);
      }
    }
    return FloatTensor.matrix(truth.length, SIZE, values);
  }

  private static int[] truth(double[] shares, int n, Random random) {
    return IntStream.range(0, n)
        .map(
            i -> {
              double u = random.nextDouble();
              int label = 0;
              while (label < shares.length - 1 && u >= shares[label]) {
                u -= shares[label++];
              }
              return label;
            })
        .toArray();
  }

  /** A prompt that leans towards class 0 by so much. */
  private static FloatTensor teacher(FloatTensor images, double lean) {
    float[] prompts = new float[CLASSES * SIZE];
    for (int j = 0; j < CLASSES; j++) {
      prompts[j * SIZE + j] = 1;
      prompts[j * SIZE] += j == 0 ? 0 : (float) lean;
    }
    FloatTensor logits =
        new Classifier(FloatTensor.matrix(CLASSES, SIZE, prompts), 8).logits(images);
    for (int i = 0; i < images.rows(); i++) {
      logits.values()[i * CLASSES] += (float) (8 * lean);
    }
    return Scores.softmax(logits);
  }

  private static int[] unknown(int n) {
    int[] labels = new int[n];
    Arrays.fill(labels, Metrics.UNKNOWN);
    return labels;
  }

  private static int[] all(int n) {
    return IntStream.range(0, n).toArray();
  }

  @Test
  void aClassThatThePromptMistakesForAnotherKeepsItsShareWhereEmOverPredictionsStarvesIt() {
    Random random = new Random(1);
    int[] truth = truth(new double[] {0.25, 0.25, 0.25, 0.25}, 800, random);
    FloatTensor images = images(truth, random);
    FloatTensor leaning = teacher(images, 0.7);
    double[] prior = ClassPrior.estimate(images, leaning, unknown(800), all(800));
    float[] starved = PredictionPrior.estimate(leaning);
    double least = Arrays.stream(prior).min().orElseThrow();
    assertThat(least).isGreaterThan(0.15);
    assertThat(least)
        .isGreaterThan(
            2 * IntStream.range(0, CLASSES).mapToDouble(j -> starved[j]).min().orElseThrow());
  }

  @Test
  void aSkewedPoolIsSeenToBeSkewed() {
    Random random = new Random(2);
    int[] truth = truth(new double[] {0.55, 0.25, 0.15, 0.05}, 800, random);
    FloatTensor images = images(truth, random);
    double[] prior = ClassPrior.estimate(images, teacher(images, 0), unknown(800), all(800));
    assertThat(prior[0]).isGreaterThan(prior[1]).isGreaterThan(0.3);
    assertThat(prior[1]).isGreaterThan(Math.max(prior[2], prior[3]));
    double[] uniform = {0.25, 0.25, 0.25, 0.25};
    assertThat(distance(prior)).isLessThan(0.75 * distance(uniform));
  }

  /** From the shares that {@link #aSkewedPoolIsSeenToBeSkewed} draws, L1. */
  private static double distance(double[] shares) {
    double[] truth = {0.55, 0.25, 0.15, 0.05};
    return IntStream.range(0, CLASSES).mapToDouble(j -> Math.abs(shares[j] - truth[j])).sum();
  }

  @Test
  void itIsAlwaysADistributionWithoutZeros() {
    Random random = new Random(3);
    for (int n : new int[] {1, 2, 30}) {
      int[] truth = new int[n];
      FloatTensor images = images(truth, random);
      double[] prior = ClassPrior.estimate(images, teacher(images, 0.3), unknown(n), all(n));
      assertThat(Arrays.stream(prior).sum()).isCloseTo(1, within(1e-9));
      assertThat(Arrays.stream(prior).min().orElseThrow()).isPositive();
    }
  }

  @Test
  void onlyTheImagesAskedAboutCount() {
    Random random = new Random(4);
    int[] truth = truth(new double[] {0.5, 0.5, 0, 0}, 200, random);
    FloatTensor images = images(truth, random);
    int[] ofClassOne = IntStream.range(0, 200).filter(i -> truth[i] == 1).toArray();
    double[] prior = ClassPrior.estimate(images, teacher(images, 0), truth, ofClassOne);
    assertThat(prior[1])
        .isCloseTo((ofClassOne.length + 1.0) / (ofClassOne.length + CLASSES), within(1e-6));
    assertThat(ClassPrior.estimate(images, teacher(images, 0), truth, new int[0]))
        .containsExactly(0.25, 0.25, 0.25, 0.25);
  }
}
