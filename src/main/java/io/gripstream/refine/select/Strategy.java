package io.gripstream.refine.select;

import io.gripstream.clip.FloatTensor;
import io.gripstream.event.Training;
import java.util.List;

/**
 * How pseudolabels are chosen over the rounds (Menghini, Delworth, Bach, NeurIPS 2023, section
 * 3.2).
 */
public sealed interface Strategy permits Grip, Ifpl, Fpl, Cpl {
  /** Whose predictions become pseudolabels. */
  enum Teacher {
    /** The zero-shot prompt, in every round. */
    ZERO_SHOT,
    /** The prompt that was live when the batch was closed. */
    LIVE
  }

  /** Whose predictions become pseudolabels. */
  Teacher teacher();

  /**
   * How many pseudolabels a round asks for, over all classes.
   *
   * @param round from 1
   * @param pool images that may train
   * @param classes number of classes that may be given
   * @return from 0 to {@code pool}
   */
  int total(int round, int pool, int classes);

  /**
   * Chooses pseudolabels; the parameters are those of {@link Selector#select}.
   *
   * @return one for an image at most
   */
  default List<Pseudolabel> select(
      FloatTensor probabilities, float[] shares, int total, List<String> keys) {
    return Selector.select(probabilities, shares, total, keys);
  }

  /**
   * The strategy that a task asks for, or the one by which AUTO chooses pseudolabels.
   *
   * @throws IllegalArgumentException for strategies that choose no pseudolabels
   */
  static Strategy of(io.gripstream.event.Strategy strategy, Training training) {
    return switch (strategy) {
      case GRIP, AUTO -> new Grip(training.getRounds());
      case IFPL -> new Ifpl(training.getPerClass());
      case FPL -> new Fpl(training.getPerClass());
      case CPL ->
          new Cpl(
              training.getRounds(), training.getCandidateMass(), training.getCandidateQuantile());
      case BALANCE, MIXTURE, DISTILL ->
          throw new IllegalArgumentException(strategy + " chooses no pseudolabels");
    };
  }
}
