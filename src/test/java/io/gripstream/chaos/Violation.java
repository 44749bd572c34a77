package io.gripstream.chaos;

/**
 * An invariant that does not hold, and where.
 *
 * @param what for people: names the record at fault
 */
record Violation(Kind kind, String what) {
  enum Kind {
    /** An acknowledged image has neither a prediction of each of its tasks nor a dead letter. */
    LOST(true),
    /** An image has two predictions of one task, two dead letters, or both. */
    TWICE(false),
    /** A prediction or a letter is of an image that nobody sent. */
    INVENTED(false),
    /** A good image is a dead letter. */
    BLAMED(false),
    /** A prediction names a prompt that is neither a candidate nor live. */
    UNKNOWN_VERSION(false),
    /** One version of a task is two prompts. */
    TWO_DIGESTS(false),
    /** A prediction's label is not what the prompt that it names says of the image. */
    WRONG_LABEL(false),
    /** A prompt went live that is no candidate, or without an entry in the diary. */
    UNEXPLAINED(false),
    /** A round was requested or started, and has not ended. */
    OPEN_ROUND(true),
    /** A round has ended more than once, or was requested more than once. */
    ROUND_TWICE(false),
    /** An acknowledged label is not in its topic. */
    LABEL_LOST(false),
    /** An acknowledged command is not in its topic. */
    COMMAND_LOST(false),
    /** A command has no answer in the diary. */
    UNANSWERED(true),
    /** A command that was written once has several answers. */
    ANSWERED_TWICE(false);

    private final boolean mayHeal;

    Kind(boolean mayHeal) {
      this.mayHeal = mayHeal;
    }

    /** Whether it is only a violation if nothing more comes. */
    boolean mayHeal() {
      return mayHeal;
    }
  }
}
