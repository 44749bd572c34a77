package io.gripstream.gateway.board;

import com.fasterxml.jackson.annotation.JsonIgnore;
import java.util.List;

/**
 * What is new on a task since a viewer last looked.
 *
 * @param seq where the viewer is now
 * @param revision counts what changes besides predictions: truth, versions, rounds, the definition
 * @param predictions the newest, oldest first
 * @param skipped predictions in between that were too many to send
 * @param settled earlier predictions whose truth became known
 * @param structure counts changes of versions, rounds and definition: reload those lists when it
 *     moves
 * @param round the round that is running, or null
 * @param deadLetters how many records could not be processed
 * @param read how far {@code predictions} was read for it: the event's id
 */
public record Update(
    long seq,
    long revision,
    List<PredictionView> predictions,
    long skipped,
    List<PredictionView> settled,
    long structure,
    RoundView round,
    TaskStats stats,
    long deadLetters,
    @JsonIgnore Positions read) {}
