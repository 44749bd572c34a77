package io.gripstream.gateway.board;

import java.util.Map;

/**
 * A round as far as it has come.
 *
 * @param state the last thing that happened to it: {@code REQUESTED}, {@code STARTED}, {@code
 *     PROGRESS}, {@code PROMOTED}, {@code HELD} or {@code FAILED}
 * @param version the candidate's version, once known
 * @param paradigm which human labels it trains on, once known
 * @param strategy what it follows, which is not the task's in a calibration round; null when its
 *     batch is not to be had
 * @param calibration whether it is a calibration round; null when its batch is not to be had
 * @param progress from 0 to 1
 * @param message why, in a sentence for people
 * @param metrics everything measured so far, by name; later figures replace earlier ones
 * @param samples how many samples its batch has; null when the batch is not to be had
 * @param startedAt milliseconds since the epoch of its first event
 * @param updatedAt of its latest event
 */
public record RoundView(
    int round,
    String state,
    Integer version,
    String paradigm,
    String strategy,
    Boolean calibration,
    double progress,
    String message,
    Map<String, Double> metrics,
    Integer samples,
    long startedAt,
    long updatedAt) {

  /** Whether the round is over. */
  public boolean ended() {
    return switch (state) {
      case "PROMOTED", "HELD", "FAILED" -> true;
      default -> false;
    };
  }

  /** The same, with what is known of its batch. */
  RoundView withBatch(String follows, Boolean calibrates, Integer count) {
    return new RoundView(
        round,
        state,
        version,
        paradigm,
        follows,
        calibrates,
        progress,
        message,
        metrics,
        count,
        startedAt,
        updatedAt);
  }
}
