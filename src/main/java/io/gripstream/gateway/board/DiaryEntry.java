package io.gripstream.gateway.board;

import io.gripstream.event.RoundEvent;
import java.util.Map;
import java.util.TreeMap;

/**
 * An entry of a task's diary as the API shows it.
 *
 * @param paradigm which human labels the round trains on; null where it is not about training
 * @param at milliseconds since the epoch
 */
public record DiaryEntry(
    int round,
    String type,
    Integer version,
    String paradigm,
    double progress,
    String message,
    Map<String, Double> metrics,
    long at) {
  static DiaryEntry of(RoundEvent event) {
    return new DiaryEntry(
        event.getRound(),
        event.getType().name(),
        event.getVersion(),
        event.getParadigm() == null ? null : event.getParadigm().name(),
        event.getProgress(),
        event.getMessage(),
        new TreeMap<>(event.getMetrics()),
        event.getAt().toEpochMilli());
  }
}
