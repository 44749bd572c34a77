package io.gripstream.curator;

import io.gripstream.event.PromptVersion;
import io.gripstream.event.RoundEvent;

/** Something the rules want done. */
sealed interface Decision {
  /** Write the prompt to {@code prompts}. */
  record Serve(PromptVersion prompt) implements Decision {}

  /** Write the prompt, which has been given a version, to {@code candidates}. */
  record Publish(PromptVersion prompt) implements Decision {}

  /**
   * Write the pool to {@code batches}, with the live prompt as the base, and say so in {@code
   * rounds}.
   *
   * @param step which round of the task's strategy it is, from 1; 0 for a calibration round
   */
  record Request(int round, int version, int step) implements Decision {
    boolean calibration() {
      return step == 0;
    }
  }

  /** Write to {@code rounds}. */
  record Note(RoundEvent event) implements Decision {}

  /** Empty the pool: its features are of another model than the one that is live. */
  record ForgetPool() implements Decision {}

  /**
   * Empty the pool but for the newest samples, and labelled ones as far as the pool's rule has it.
   */
  record KeepNewest(int samples) implements Decision {}
}
