package io.gripstream.curator;

import io.gripstream.event.PromptVersion;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;

/** The prompts of one task that can be made live: the last ones that were promoted or held. */
interface Versions {
  /** So many of a task are kept, and those that must not go. */
  int KEPT = 50;

  /**
   * @param servedAt when it was last made live, in epoch milliseconds; {@link #NEVER} if it was not
   */
  record Known(PromptVersion prompt, long servedAt) {
    static final long NEVER = -1;

    boolean served() {
      return servedAt != NEVER;
    }
  }

  Optional<Known> find(int version);

  /** In order of version. */
  List<Known> all();

  /**
   * Keeps a prompt in place of any other of its version, and lets the oldest go if there are too
   * many.
   */
  void keep(Known known, Predicate<PromptVersion> mustStay);

  /** Lets all go but these. */
  void retain(Predicate<PromptVersion> stay);
}
