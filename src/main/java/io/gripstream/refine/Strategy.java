package io.gripstream.refine;

import io.gripstream.event.Training;

/**
 * How pseudolabels are chosen over the rounds (Menghini, Delworth, Bach, NeurIPS 2023, section
 * 3.2).
 */
public sealed interface Strategy permits Grip, Ifpl, Fpl {
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
   * @param classes number of classes
   * @return from 0 to {@code pool}
   */
  int total(int round, int pool, int classes);

  /** The strategy that a task asks for. */
  static Strategy of(io.gripstream.event.Strategy strategy, Training training) {
    return switch (strategy) {
      case GRIP, CPL -> new Grip(training.getRounds());
      case IFPL -> new Ifpl(training.getPerClass());
      case FPL -> new Fpl(training.getPerClass());
    };
  }
}
