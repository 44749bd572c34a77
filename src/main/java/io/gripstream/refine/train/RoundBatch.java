package io.gripstream.refine.train;

import io.gripstream.event.BatchSample;
import io.gripstream.event.PromptVersion;
import io.gripstream.event.RefinementBatch;
import io.gripstream.event.Strategy;
import io.gripstream.event.TaskDefinition;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * A round's whole training set: everything that decides which prompt comes out of it.
 *
 * @param round from 1
 * @param step which round of the definition's strategy it is, from 1: the strategies' shares of the
 *     pool grow with it
 * @param version the version that the candidate shall have
 * @param closedAt when the batch was closed, which is also the candidate's time
 * @param base the prompt that was live then
 * @param predecessor the prompt that was live before the base, if the base is to be judged against
 *     it
 * @param strategy what the round follows: the definition's, or that of a calibration round
 * @param samples in order of image id
 */
public record RoundBatch(
    String task,
    int round,
    int step,
    int version,
    Instant closedAt,
    TaskDefinition definition,
    PromptVersion base,
    Optional<PromptVersion> predecessor,
    Strategy strategy,
    List<BatchSample> samples) {

  public RoundBatch {
    samples = List.copyOf(samples);
  }

  /** A round after rounds of its own strategy only. */
  public RoundBatch(
      String task,
      int round,
      int version,
      Instant closedAt,
      TaskDefinition definition,
      PromptVersion base,
      Optional<PromptVersion> predecessor,
      Strategy strategy,
      List<BatchSample> samples) {
    this(task, round, round, version, closedAt, definition, base, predecessor, strategy, samples);
  }

  /** A round of the definition's strategy, whose base has no predecessor to be judged against. */
  public RoundBatch(
      String task,
      int round,
      int version,
      Instant closedAt,
      TaskDefinition definition,
      PromptVersion base,
      List<BatchSample> samples) {
    this(
        task,
        round,
        version,
        closedAt,
        definition,
        base,
        Optional.empty(),
        definition.getStrategy(),
        samples);
  }

  /**
   * Puts the chunks of one round together again.
   *
   * @param chunks all of them, in order
   * @throws IllegalArgumentException when they are not exactly the chunks of one round
   */
  public static RoundBatch assemble(List<RefinementBatch> chunks) {
    RefinementBatch first = chunks.get(0);
    if (chunks.size() != first.getChunks()
        || first.getDefinition() == null
        || first.getBase() == null) {
      throw new IllegalArgumentException(
          "round %d of %s: %d of %d chunks"
              .formatted(first.getRound(), first.getTask(), chunks.size(), first.getChunks()));
    }
    List<BatchSample> samples = new ArrayList<>();
    for (int i = 0; i < chunks.size(); i++) {
      RefinementBatch chunk = chunks.get(i);
      if (chunk.getChunk() != i
          || chunk.getRound() != first.getRound()
          || !chunk.getTask().equals(first.getTask())) {
        throw new IllegalArgumentException(
            "chunk %d of round %d of %s where chunk %d of round %d of %s was due"
                .formatted(
                    chunk.getChunk(),
                    chunk.getRound(),
                    chunk.getTask(),
                    i,
                    first.getRound(),
                    first.getTask()));
      }
      samples.addAll(chunk.getSamples());
    }
    return new RoundBatch(
        first.getTask(),
        first.getRound(),
        first.getStep() == 0 ? first.getRound() : first.getStep(),
        first.getVersion(),
        first.getClosedAt(),
        first.getDefinition(),
        first.getBase(),
        Optional.ofNullable(first.getPredecessor()),
        first.getStrategy() == null ? first.getDefinition().getStrategy() : first.getStrategy(),
        samples);
  }
}
