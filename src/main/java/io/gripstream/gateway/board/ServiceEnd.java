package io.gripstream.gateway.board;

/**
 * How a version's service ended: what went live in its place, and who said so.
 *
 * @param type the diary entry that ended it: {@code PROMOTED}, {@code PINNED}, {@code ROLLED_BACK}
 *     or {@code DRIFTED}
 * @param successor the version that went live in its place
 * @param message the entry's sentence
 * @param at milliseconds since the epoch
 */
public record ServiceEnd(String type, By by, int successor, String message, long at) {
  /** Who ended a version's service. */
  public enum By {
    /** A person, by a command. */
    OPERATOR,
    /** The gate, after a round. */
    GATE,
    /** A change of the stream. */
    STREAM,
    /** A new definition of the task, or a new model: its zero-shot version went live. */
    DEFINITION
  }
}
