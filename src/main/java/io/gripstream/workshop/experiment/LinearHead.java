package io.gripstream.workshop.experiment;

import io.gripstream.clip.FloatTensor;
import io.gripstream.refine.head.Scores;
import java.util.Arrays;
import java.util.Random;

/**
 * Multinomial logistic regression on image features: what prompts are compared with (Menghini et
 * al., NeurIPS 2023, section 5.2, "linear probing"). It is trained by mini-batch gradient descent
 * with momentum, a cosine and a light L2 penalty. The same examples and seed give the same head.
 *
 * <p>Features are centred and scaled by one number first, which changes nothing that a linear head
 * can say: CLIP's features lie in a narrow cone, and descent would otherwise creep.
 */
final class LinearHead {
  private static final int EPOCHS = 40;
  private static final int LEAST_STEPS = 1000;
  private static final int BATCH = 64;
  private static final double RATE = 0.5;
  private static final float MOMENTUM = 0.9f;
  private static final float PENALTY = 1e-4f;

  private final float[] mean;
  private final float scale;
  private final int classes;

  /** {@code [D + 1, C]}, the last row being the bias. */
  private final float[] weights;

  private LinearHead(float[] mean, float scale, int classes) {
    this.mean = mean;
    this.scale = scale;
    this.classes = classes;
    this.weights = new float[(mean.length + 1) * classes];
  }

  /**
   * @param features {@code [N, D]}, {@code N} at least 1
   * @param targets {@code [N, C]}, rows that sum to 1
   * @param importance {@code [N]}, how much each example counts; only their ratios matter
   */
  static LinearHead train(
      FloatTensor features, FloatTensor targets, double[] importance, long seed) {
    int n = features.rows();
    float[] mean = new float[features.columns()];
    for (int i = 0; i < features.values().length; i++) {
      mean[i % mean.length] += features.values()[i] / n;
    }
    double square = 0;
    for (int i = 0; i < features.values().length; i++) {
      double distance = features.values()[i] - mean[i % mean.length];
      square += distance * distance / n;
    }
    float scale = square > 0 ? (float) (1 / Math.sqrt(square)) : 1;
    LinearHead head = new LinearHead(mean, scale, targets.columns());
    head.descend(features, targets, importance, seed);
    return head;
  }

  private void descend(FloatTensor features, FloatTensor targets, double[] importance, long seed) {
    int n = features.rows();
    double average = Arrays.stream(importance).average().orElseThrow();
    int stepsAnEpoch = (n + BATCH - 1) / BATCH;
    int epochs = Math.max(EPOCHS, (LEAST_STEPS + stepsAnEpoch - 1) / stepsAnEpoch);
    float[] x = new float[mean.length + 1];
    float[] gradient = new float[weights.length];
    float[] velocity = new float[weights.length];
    Random random = new Random(seed);
    int[] order = new int[n];
    Arrays.setAll(order, i -> i);
    for (int epoch = 0; epoch < epochs; epoch++) {
      shuffle(order, random);
      float rate = (float) (RATE * 0.5 * (1 + Math.cos(Math.PI * epoch / epochs)));
      for (int from = 0; from < n; from += BATCH) {
        int to = Math.min(n, from + BATCH);
        for (int k = 0; k < gradient.length; k++) {
          gradient[k] = PENALTY * weights[k];
        }
        for (int i = from; i < to; i++) {
          load(features, order[i], x);
          float[] error = probabilities(x);
          float share = (float) (importance[order[i]] / average / (to - from));
          for (int j = 0; j < classes; j++) {
            error[j] = share * (error[j] - targets.values()[order[i] * classes + j]);
          }
          for (int k = 0; k < x.length; k++) {
            for (int j = 0; j < classes; j++) {
              gradient[k * classes + j] += x[k] * error[j];
            }
          }
        }
        for (int k = 0; k < weights.length; k++) {
          velocity[k] = MOMENTUM * velocity[k] + gradient[k];
          weights[k] -= rate * velocity[k];
        }
      }
    }
  }

  /**
   * @param features {@code [N, D]}
   * @return {@code [N]}, the most probable class of each
   */
  int[] predictions(FloatTensor features) {
    int n = features.rows();
    float[] x = new float[mean.length + 1];
    float[] logits = new float[n * classes];
    for (int i = 0; i < n; i++) {
      load(features, i, x);
      System.arraycopy(logits(x), 0, logits, i * classes, classes);
    }
    return Scores.argmax(FloatTensor.matrix(n, classes, logits));
  }

  private void load(FloatTensor features, int row, float[] x) {
    for (int k = 0; k < mean.length; k++) {
      x[k] = (features.values()[row * mean.length + k] - mean[k]) * scale;
    }
    x[mean.length] = 1;
  }

  private float[] logits(float[] x) {
    float[] logits = new float[classes];
    for (int k = 0; k < x.length; k++) {
      for (int j = 0; j < classes; j++) {
        logits[j] += x[k] * weights[k * classes + j];
      }
    }
    return logits;
  }

  private float[] probabilities(float[] x) {
    return Scores.softmax(FloatTensor.matrix(1, classes, logits(x))).values();
  }

  /** Fisher-Yates. */
  private static void shuffle(int[] order, Random random) {
    for (int i = order.length - 1; i > 0; i--) {
      int j = random.nextInt(i + 1);
      int swapped = order[i];
      order[i] = order[j];
      order[j] = swapped;
    }
  }
}
