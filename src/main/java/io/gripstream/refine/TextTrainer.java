package io.gripstream.refine;

import io.gripstream.clip.FloatTensor;
import io.gripstream.clip.PromptObjective;
import io.gripstream.clip.TorchClip;
import io.gripstream.event.Training;
import io.gripstream.prompt.TextPrompt;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.function.DoubleConsumer;

/**
 * Tunes a text prompt by SGD with momentum on cached image features. Three things keep a user from
 * having to tune it: the epoch with the least validation loss is what is returned, the start
 * included; an epoch that explodes is undone and goes on with half the learning rate; and epochs
 * that no longer help end the round.
 */
final class TextTrainer {
  private static final double EXPLODED = 2;
  private static final int LARGEST_HALVING = 10;

  private final TorchClip clip;
  private final List<String> tails;
  private final Training training;

  /**
   * @param tails what follows the context, for each class
   */
  TextTrainer(TorchClip clip, List<String> tails, Training training) {
    this.clip = clip;
    this.tails = tails;
    this.training = training;
  }

  /**
   * Images with what they should be taken for.
   *
   * @param features {@code [N, D]}
   * @param targets {@code [N, C]}
   * @param weights {@code [N]}
   */
  record Examples(FloatTensor features, FloatTensor targets, float[] weights) {
    int size() {
      return weights.length;
    }
  }

  /**
   * @param startLoss validation loss of the prompt that training began with
   * @param bestLoss validation loss of the prompt that is returned
   * @param epochs how many were run
   * @param steps gradient steps in them
   */
  record Trained(
      TextPrompt prompt, double startLoss, double bestLoss, int bestEpoch, int epochs, int steps) {}

  /**
   * @param validation decides which epoch is kept
   * @param scale the logit scale
   * @param progress hears the share of epochs that are done
   */
  Trained train(
      TextPrompt start,
      Examples examples,
      Examples validation,
      float scale,
      long seed,
      DoubleConsumer progress) {
    float[] context = start.context().values().clone();
    float[] velocity = new float[context.length];
    TextPrompt best = start;
    double startLoss = loss(start, validation, scale);
    double bestLoss = startLoss;
    int bestEpoch = 0;
    int epoch = 0;
    int steps = 0;
    int halvings = 0;
    Random random = new Random(seed);
    int[] order = new int[examples.size()];
    for (int i = 0; i < order.length; i++) {
      order[i] = i;
    }
    try (PromptObjective objective =
        clip.textObjective(
            start.length(),
            tails,
            examples.features(),
            new TorchClip.Targets(examples.targets(), examples.weights()),
            scale)) {
      while (epoch < training.getEpochs()
          && epoch - bestEpoch <= patience()
          && halvings <= LARGEST_HALVING) {
        shuffle(order, random);
        double rate = learningRate(epoch) * Math.scalb(1.0, -halvings);
        for (int from = 0; from < order.length; from += training.getBatchSize()) {
          int[] rows =
              Arrays.copyOfRange(
                  order, from, Math.min(order.length, from + training.getBatchSize()));
          PromptObjective.Evaluation found =
              objective.evaluate(List.of(prompt(start, context).context()), rows);
          step(context, velocity, found.gradient().get(0).values(), rate);
          steps++;
        }
        epoch++;
        TextPrompt now = prompt(start, context);
        double loss = loss(now, validation, scale);
        if (loss < bestLoss) {
          best = now;
          bestLoss = loss;
          bestEpoch = epoch;
        } else if (!(loss < EXPLODED * startLoss)) {
          context = best.context().values().clone();
          velocity = new float[context.length];
          halvings++;
        }
        progress.accept((double) epoch / training.getEpochs());
      }
    }
    return new Trained(best, startLoss, bestLoss, bestEpoch, epoch, steps);
  }

  /** The mean weighted cross-entropy of examples under a prompt. */
  private double loss(TextPrompt prompt, Examples examples, float scale) {
    FloatTensor logits =
        new Classifier(clip.encodeClasses(prompt.context(), tails), scale)
            .logits(examples.features());
    int classes = logits.columns();
    double sum = 0;
    for (int i = 0; i < examples.size(); i++) {
      double normalizer = Scores.logSumExp(logits.values(), i * classes, classes, 1);
      for (int j = i * classes; j < (i + 1) * classes; j++) {
        sum +=
            examples.weights()[i]
                * examples.targets().values()[j]
                * (normalizer - logits.values()[j]);
      }
    }
    return sum / examples.size();
  }

  /** Linear warm-up that begins above zero, then a cosine to zero. */
  private double learningRate(int epoch) {
    int warmUp = Math.min(training.getWarmUpEpochs(), training.getEpochs());
    if (epoch < warmUp) {
      return 0.1 * (epoch + 1.0) / (warmUp + 1.0);
    }
    double done = (double) (epoch - warmUp) / (training.getEpochs() - warmUp);
    return 0.1 * 0.5 * (1 + Math.cos(Math.PI * done));
  }

  /** A fifth of the epochs, at least five, without a better one end the round. */
  private int patience() {
    return Math.max(5, training.getEpochs() / 5);
  }

  /** SGD with momentum and weight decay, as torch.optim.SGD does it. */
  private void step(float[] context, float[] velocity, float[] gradient, double rate) {
    for (int i = 0; i < context.length; i++) {
      double descent = gradient[i] + training.getWeightDecay() * context[i];
      velocity[i] = (float) (training.getMomentum() * velocity[i] + descent);
      context[i] -= (float) (rate * velocity[i]);
    }
  }

  private static TextPrompt prompt(TextPrompt like, float[] context) {
    return new TextPrompt(new FloatTensor(like.context().shape(), context.clone()));
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
