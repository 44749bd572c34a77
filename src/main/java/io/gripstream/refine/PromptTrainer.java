package io.gripstream.refine;

import io.gripstream.clip.FloatTensor;
import io.gripstream.clip.PromptObjective;
import io.gripstream.event.Modality;
import io.gripstream.event.Training;
import io.gripstream.prompt.Prompt;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.function.DoubleConsumer;

/**
 * Tunes a prompt of any modality by SGD with momentum. Three things keep a user from having to tune
 * it: the prompt with the least validation loss is what is returned, the start included; a period
 * that explodes is undone and goes on with half the learning rate; and periods that no longer help
 * end the round. Without validation examples the last period's prompt is returned, and only an
 * explosion, of the loss on what trains, is undone.
 *
 * <p>A period is a pass over the examples or, where the number of steps is bounded, at most a tenth
 * of them.
 */
final class PromptTrainer {
  private static final double EXPLODED = 2;

  /** In nats: where the start has hardly any loss, twice as much is still none. */
  private static final double SLACK = 0.5;

  private static final int LARGEST_HALVING = 10;
  private static final int LEAST_PERIODS = 10;
  private static final float PAPERS_RATE = 0.1f;
  private static final float PAPERS_MULTIMODAL_RATE = 0.01f;

  /**
   * Rows whose loss is computed at a time: the image tower keeps its activations of all of them.
   */
  private static final int LOSS_ROWS = 256;

  private final PromptObjective objective;
  private final Training training;

  PromptTrainer(PromptObjective objective, Training training) {
    this.objective = objective;
    this.training = training;
  }

  /**
   * @param startLoss validation loss of the prompt that training began with; without validation
   *     examples, on some of the training ones
   * @param bestLoss the same of the prompt that is returned, or of its period
   * @param periods how many were run
   * @param best which of them the prompt comes from; 0: none was better than the start
   * @param steps gradient steps in them
   */
  record Trained(
      Prompt prompt, double startLoss, double bestLoss, int periods, int best, int steps) {}

  /**
   * @param progress hears the share of the work that is done
   */
  Trained train(Prompt start, Examples examples, long seed, DoubleConsumer progress) {
    Plan plan = Plan.of(training, examples.training().length);
    double peak = peakRate(start.modality());
    Rows rows = new Rows(examples.training(), training.getBatchSize(), new Random(seed));
    Descent descent = new Descent(start.parameters(), training);
    Prompt best = start;
    boolean validated = examples.validation().length > 0;
    double startLoss =
        loss(
            start,
            validated
                ? examples.validation()
                : Arrays.stream(examples.training()).distinct().limit(LOSS_ROWS).toArray());
    double bestLoss = startLoss;
    int bestPeriod = 0;
    int period = 0;
    int steps = 0;
    int halvings = 0;
    while (period < plan.periods()
        && (!validated || period - bestPeriod <= plan.patience())
        && halvings <= LARGEST_HALVING) {
      double rate = peak * plan.rate(period) * Math.scalb(1.0, -halvings);
      double trainingLoss = 0;
      for (int i = 0; i < plan.stepsPerPeriod(); i++, steps++) {
        PromptObjective.Evaluation found = objective.evaluate(descent.parameters(), rows.next());
        trainingLoss += found.loss() / plan.stepsPerPeriod();
        descent.step(found.gradient(), rate);
      }
      period++;
      Prompt now = start.with(descent.copy());
      double loss = validated ? loss(now, examples.validation()) : trainingLoss;
      boolean sound = loss < EXPLODED * startLoss + SLACK;
      if (validated ? loss < bestLoss : sound) {
        best = now;
        bestLoss = loss;
        bestPeriod = period;
      } else if (!sound) {
        descent = new Descent(best.parameters(), training);
        halvings++;
      }
      progress.accept((double) period / plan.periods());
    }
    return new Trained(best, startLoss, bestLoss, period, bestPeriod, steps);
  }

  private double peakRate(Modality modality) {
    if (training.getLearningRate() > 0) {
      return training.getLearningRate();
    }
    return modality == Modality.MULTIMODAL ? PAPERS_MULTIMODAL_RATE : PAPERS_RATE;
  }

  private double loss(Prompt prompt, int[] rows) {
    double sum = 0;
    for (int from = 0; from < rows.length; from += LOSS_ROWS) {
      int[] some = Arrays.copyOfRange(rows, from, Math.min(rows.length, from + LOSS_ROWS));
      sum += some.length * objective.loss(prompt.parameters(), some);
    }
    return sum / rows.length;
  }

  /**
   * How training is laid out in time.
   *
   * @param warmUp periods in which the learning rate rises
   */
  record Plan(int periods, int stepsPerPeriod, int warmUp) {
    /**
     * @param visits examples of a pass
     */
    static Plan of(Training training, int visits) {
      int pass = Math.max(1, (visits + training.getBatchSize() - 1) / training.getBatchSize());
      long steps = (long) pass * training.getEpochs();
      if (training.getSteps() == 0 || steps <= training.getSteps()) {
        return new Plan(
            training.getEpochs(), pass, Math.min(training.getWarmUpEpochs(), training.getEpochs()));
      }
      int perPeriod = Math.max(1, Math.min(pass, training.getSteps() / LEAST_PERIODS));
      int periods = training.getSteps() / perPeriod;
      double warmUp = (double) training.getWarmUpEpochs() / training.getEpochs();
      return new Plan(periods, perPeriod, (int) Math.round(Math.min(1, warmUp) * periods));
    }

    /** The share of the peak rate: linear warm-up that begins above zero, then a cosine to zero. */
    double rate(int period) {
      if (period < warmUp) {
        return (period + 1.0) / (warmUp + 1.0);
      }
      return 0.5 * (1 + Math.cos(Math.PI * (period - warmUp) / (periods - warmUp)));
    }

    /** A fifth of the periods, at least five, without a better one end the round. */
    int patience() {
      return Math.max(5, periods / 5);
    }
  }

  /** Rows in passes, each shuffled anew; the last batch of a pass may be smaller. */
  private static final class Rows {
    private final int[] order;
    private final int batchSize;
    private final Random random;
    private int at;

    Rows(int[] rows, int batchSize, Random random) {
      this.order = rows.clone();
      this.batchSize = batchSize;
      this.random = random;
      this.at = order.length;
    }

    int[] next() {
      if (at >= order.length) {
        shuffle();
        at = 0;
      }
      int[] rows = Arrays.copyOfRange(order, at, Math.min(order.length, at + batchSize));
      at += rows.length;
      return rows;
    }

    /** Fisher-Yates. */
    private void shuffle() {
      for (int i = order.length - 1; i > 0; i--) {
        int j = random.nextInt(i + 1);
        int swapped = order[i];
        order[i] = order[j];
        order[j] = swapped;
      }
    }
  }

  /** SGD with momentum and weight decay, as torch.optim.SGD does it, over several tensors. */
  private static final class Descent {
    private final List<FloatTensor> parameters;
    private final List<float[]> velocities = new ArrayList<>();
    private final Training training;

    Descent(List<FloatTensor> start, Training training) {
      this.parameters = cloned(start);
      this.training = training;
      start.forEach(tensor -> velocities.add(new float[tensor.values().length]));
    }

    List<FloatTensor> parameters() {
      return parameters;
    }

    List<FloatTensor> copy() {
      return cloned(parameters);
    }

    void step(List<FloatTensor> gradient, double rate) {
      for (int t = 0; t < gradient.size(); t++) {
        float[] values = parameters.get(t).values();
        float[] velocity = velocities.get(t);
        float[] slope = gradient.get(t).values();
        for (int i = 0; i < values.length; i++) {
          double descent = slope[i] + training.getWeightDecay() * values[i];
          velocity[i] = (float) (training.getMomentum() * velocity[i] + descent);
          values[i] -= (float) (rate * velocity[i]);
        }
      }
    }

    private static List<FloatTensor> cloned(List<FloatTensor> tensors) {
      return tensors.stream()
          .map(tensor -> new FloatTensor(tensor.shape(), tensor.values().clone()))
          .toList();
    }
  }
}
