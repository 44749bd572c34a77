package io.gripstream.refine.train;

import io.gripstream.clip.FloatTensor;
import io.gripstream.clip.Objective;
import io.gripstream.event.Modality;
import io.gripstream.event.Training;
import io.gripstream.prompt.Prompt;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.function.Consumer;
import java.util.function.DoubleConsumer;
import java.util.function.ToDoubleFunction;

/**
 * Tunes a prompt of any modality by SGD with momentum, at any learning rate, and never returns one
 * whose loss is above the start's.
 *
 * <p>The loss that decides is that of the validation examples. Without any it is the training
 * objective itself: exact where each step of a text prompt takes all examples, and otherwise the
 * mean loss of the interval's steps, the returned prompt and the start being compared on the same
 * sample.
 *
 * <ul>
 *   <li>The gradient is clipped, and each vector is kept within reach of the model's words.
 *   <li>An interval that explodes is undone: training goes on from the best prompt so far, at half
 *       the rate and without momentum. A loss or a gradient that is no number is an explosion at
 *       once. Where the objective is exact, so is an interval that ends above the start.
 *   <li>The best prompt is returned, or the mean of the last ones where that is better still.
 *   <li>Intervals whose validation loss no longer falls end the round; one that is undone does not
 *       count.
 * </ul>
 */
public final class PromptTrainer {
  private static final double EXPLODED = 2;

  /** In nats: where the start has hardly any loss, twice as much is still none. */
  private static final double SLACK = 0.5;

  /** From the largest rate that a task may name, 1000, to below the paper's. */
  private static final int LARGEST_HALVING = 20;

  private static final float PAPERS_RATE = 0.1f;
  private static final float PAPERS_MULTIMODAL_RATE = 0.01f;

  /** Examples on which two prompts are compared where the objective is too costly to be exact. */
  private static final int SAMPLE = 128;

  /**
   * Images whose loss is computed at a time: the image tower keeps its activations of all of them.
   */
  private static final int IMAGES_AT_A_TIME = 256;

  private final Objective objective;
  private final Training training;
  private final Consumer<List<FloatTensor>> bound;

  /**
   * @param bound changes parameters in place to the nearest that are allowed
   */
  public PromptTrainer(Objective objective, Training training, Consumer<List<FloatTensor>> bound) {
    this.objective = objective;
    this.training = training;
    this.bound = bound;
  }

  /**
   * @param startLoss validation loss of the prompt that training began with; without validation
   *     examples, the loss of the training ones, or of a sample of them
   * @param bestLoss the same of the prompt that is returned
   * @param intervals how many were run
   * @param best which of them the prompt comes from; 0: none was better than the start
   * @param steps gradient steps in them
   */
  public record Trained(
      Prompt prompt, double startLoss, double bestLoss, int intervals, int best, int steps) {}

  /** Parameters, the loss that decides, and after which interval they were there. */
  private record State(List<FloatTensor> parameters, double loss, int interval) {}

  /**
   * @param given is not changed
   * @param progress hears the share of the work that is done
   */
  public Trained train(Prompt given, Examples examples, long seed, DoubleConsumer progress) {
    Modality modality = given.modality();
    TrainingPlan plan = TrainingPlan.of(training, modality, examples.training().length);
    Visits visits = new Visits(examples.training(), plan.batchSize(), new Random(seed));
    boolean validated = examples.validation().length > 0;
    boolean exact = !validated && modality == Modality.TEXT && visits.inOneBatch();
    boolean sampled = !validated && !exact;
    int[] judging =
        validated ? examples.validation() : exact ? examples.training() : visits.sample();
    List<FloatTensor> from = Descent.cloned(given.parameters());
    bound.accept(from);
    // Where all examples are one batch, the loss that decides is that of the next step's
    // evaluation.
    Objective.Evaluation ahead = exact ? objective.evaluate(from, visits.next()) : null;
    State start = new State(from, exact ? ahead.loss() : loss(modality, from, judging), 0);
    double most = EXPLODED * start.loss() + SLACK;
    double peak = peakRate(modality);

    State best = sampled ? new State(from, Double.POSITIVE_INFINITY, 0) : start;
    Descent descent = new Descent(from, training);
    StateAverage average = new StateAverage();
    int interval = 0;
    int steps = 0;
    int halvings = 0;
    int progressed = 0;
    while (interval < plan.intervals()
        && (!validated || interval - progressed <= plan.patience())
        && halvings <= LARGEST_HALVING) {
      double rate = peak * plan.rate(interval) * Math.scalb(1.0, -halvings);
      double mean = 0;
      boolean sound = true;
      for (int i = 0; sound && i < plan.stepsPerInterval(); i++, steps++) {
        Objective.Evaluation found =
            ahead != null ? ahead : objective.evaluate(descent.parameters(), visits.next());
        ahead = null;
        double norm = Descent.norm(found.gradient());
        sound = isSound(found.loss(), exact ? most : Double.MAX_VALUE) && Double.isFinite(norm);
        if (sound) {
          mean += found.loss() / plan.stepsPerInterval();
          descent.step(found.gradient(), norm, rate);
          bound.accept(descent.parameters());
          if (plan.inTail(interval, training.getTail())) {
            average.add(descent.parameters());
          }
        }
      }
      interval++;
      if (sound && exact && interval < plan.intervals()) {
        ahead = objective.evaluate(descent.parameters(), visits.next());
      }
      double reached =
          !sound
              ? Double.NaN
              : sampled
                  ? mean
                  : ahead != null ? ahead.loss() : loss(modality, descent.parameters(), judging);
      State now = new State(descent.copy(), reached, interval);
      if (now.loss() < best.loss() && isSound(now.loss(), most)) {
        best = now;
        progressed = interval;
      } else if (!isSound(now.loss(), exact ? start.loss() : most)) {
        progressed = interval;
        ahead = null;
        descent = new Descent(best.parameters(), training);
        average = new StateAverage();
        halvings++;
      }
      progress.accept((double) interval / plan.intervals());
    }
    State found = better(best, average, interval, state -> loss(modality, state, judging), sampled);
    State kept = isSound(found.loss(), start.loss()) ? found : start;
    return new Trained(
        given.with(kept.parameters()), start.loss(), kept.loss(), interval, kept.interval(), steps);
  }

  /**
   * The best state or the mean of the last ones. Where the loss is of a sample, the mean is taken
   * as it is: it is compared with the start alone.
   */
  private State better(
      State best,
      StateAverage average,
      int interval,
      ToDoubleFunction<List<FloatTensor>> loss,
      boolean sampled) {
    if (average.isEmpty()) {
      return sampled
          ? new State(best.parameters(), loss.applyAsDouble(best.parameters()), best.interval())
          : best;
    }
    List<FloatTensor> mean = average.mean();
    bound.accept(mean);
    State averaged = new State(mean, loss.applyAsDouble(mean), interval);
    return sampled || averaged.loss() < best.loss() && Double.isFinite(averaged.loss())
        ? averaged
        : best;
  }

  private static boolean isSound(double loss, double most) {
    return Double.isFinite(loss) && loss <= most;
  }

  private double peakRate(Modality modality) {
    if (training.getLearningRate() > 0) {
      return training.getLearningRate();
    }
    return modality == Modality.MULTIMODAL ? PAPERS_MULTIMODAL_RATE : PAPERS_RATE;
  }

  private double loss(Modality modality, List<FloatTensor> parameters, int[] rows) {
    int atOnce = modality == Modality.TEXT ? TrainingPlan.WHOLE : IMAGES_AT_A_TIME;
    double sum = 0;
    for (int from = 0; from < rows.length; from += atOnce) {
      int[] some = Arrays.copyOfRange(rows, from, Math.min(rows.length, from + atOnce));
      sum += some.length * objective.loss(parameters, some);
    }
    return sum / rows.length;
  }

  /** Rows in passes, each shuffled anew; the last batch of a pass may be smaller. */
  private static final class Visits {
    private final int[] order;
    private final int batchSize;
    private final Random random;
    private int at;

    Visits(int[] rows, int batchSize, Random random) {
      this.order = rows.clone();
      this.batchSize = batchSize;
      this.random = random;
      this.at = order.length;
    }

    boolean inOneBatch() {
      return order.length <= batchSize;
    }

    /**
     * Some of the visits, half as many as there are rows at most, as the start and the end are
     * judged by them: a row that is visited more often is there more often.
     */
    int[] sample() {
      shuffle();
      int rows = (int) Arrays.stream(order).distinct().count();
      return Arrays.copyOf(order, Math.max(1, Math.min(rows / 2, SAMPLE)));
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
}
