package io.gripstream.refine.train;

import io.gripstream.event.Modality;
import io.gripstream.event.Training;

/**
 * How a round's training is laid out: evaluation intervals of some steps each. An interval is an
 * epoch, a pass over the examples, with two exceptions: where the number of steps is bounded and a
 * pass is long, an interval is at most a tenth of the steps; and where each step takes all
 * examples, the steps are spread evenly over the epochs.
 *
 * @param batchSize examples of a step at most
 * @param intervals after each of which the prompt is judged and the learning rate changes
 * @param stepsPerInterval gradient steps
 * @param warmUp intervals in which the learning rate rises
 */
record TrainingPlan(int batchSize, int intervals, int stepsPerInterval, int warmUp) {
  /**
   * A step over all examples takes no more than this, so that its logits fit into memory: 64 MiB of
   * them for a thousand classes.
   */
  static final int WHOLE = 16_384;

  private static final int IMAGES_AT_A_TIME = 32;
  private static final int LEAST_INTERVALS = 10;

  /**
   * @param visits examples of a pass
   */
  static TrainingPlan of(Training training, Modality modality, int visits) {
    boolean whole = training.getBatchSize() == 0 && modality == Modality.TEXT;
    int batchSize =
        whole ? WHOLE : training.getBatchSize() == 0 ? IMAGES_AT_A_TIME : training.getBatchSize();
    int pass = Math.max(1, (visits + batchSize - 1) / batchSize);
    int epochs = training.getEpochs();
    int steps = training.getSteps();
    double warmUp = Math.min(1, (double) training.getWarmUpEpochs() / epochs);
    if (whole && pass == 1 && steps > 0) {
      int intervals = Math.min(epochs, steps);
      return of(batchSize, intervals, steps / intervals, warmUp);
    }
    if (steps == 0 || (long) pass * epochs <= steps) {
      return of(batchSize, epochs, pass, warmUp);
    }
    int perInterval = Math.max(1, Math.min(pass, steps / LEAST_INTERVALS));
    return of(batchSize, steps / perInterval, perInterval, warmUp);
  }

  private static TrainingPlan of(
      int batchSize, int intervals, int stepsPerInterval, double warmUpShare) {
    return new TrainingPlan(
        batchSize, intervals, stepsPerInterval, (int) Math.round(warmUpShare * intervals));
  }

  /**
   * The share of the peak rate: linear warm-up that begins above zero, then a cosine to zero.
   *
   * @param interval from 0
   */
  double rate(int interval) {
    if (interval < warmUp) {
      return (interval + 1.0) / (warmUp + 1.0);
    }
    return 0.5 * (1 + Math.cos(Math.PI * (interval - warmUp) / (intervals - warmUp)));
  }

  /** A fifth of the intervals, at least five, without a better one end the round. */
  int patience() {
    return Math.max(5, intervals / 5);
  }

  /**
   * Whether an interval is among the last ones, whose states are averaged.
   *
   * @param interval from 0
   * @param tail the share of the intervals
   */
  boolean inTail(int interval, double tail) {
    return interval >= Math.round((1 - tail) * intervals);
  }
}
