package io.gripstream.curator;

import io.gripstream.event.PromptVersion;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.Predicate;

/** The prompts of one task that can be made live: the last ones that were promoted or held. */
interface Versions {
  /** So many of a task are kept, and those that must not go. */
  int KEPT = 50;

  /** For so many of the last versions it is known what they were handed out to. */
  int REMEMBERED = 1000;

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

  /**
   * The round that a version was handed out to; 0: a zero-shot prompt. Empty if it was handed out
   * to none, or too long ago.
   */
  OptionalInt handedOutTo(int version);

  /**
   * Notes which round a version is for, and forgets those long before it.
   *
   * @param round 0 for a zero-shot prompt
   */
  void handOut(int version, int round);

  /** In order of version. */
  List<Known> all();

  /**
   * Keeps a prompt in place of any other of its version, and lets the oldest go if there are too
   * many.
   */
  void keep(Known known, Predicate<PromptVersion> mustStay);

  /**
   * Lets all go but these. What was handed out stays known: what a round trains may still come,
   * however many were requested after it, and is to be told from what nobody asked for.
   */
  void retain(Predicate<PromptVersion> stay);
}
