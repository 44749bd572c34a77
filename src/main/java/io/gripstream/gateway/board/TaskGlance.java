package io.gripstream.gateway.board;

import com.fasterxml.jackson.annotation.JsonUnwrapped;

/**
 * A task as an overview of all tasks shows it.
 *
 * @param running the round that runs; null when none does
 * @param verdict what was decided last; null before the first
 * @param failures how many rounds have failed since one last came to an end
 * @param failure why the latest of them did; null when there is none
 */
public record TaskGlance(
    @JsonUnwrapped TaskStats stats,
    RoundView running,
    Verdict verdict,
    int failures,
    String failure) {
  /**
   * What was decided of a task's prompts.
   *
   * @param type {@code PROMOTED}, {@code HELD}, {@code ROLLED_BACK} or {@code DRIFTED}
   * @param at milliseconds since the epoch
   */
  public record Verdict(String type, int round, Integer version, String message, long at) {}
}
