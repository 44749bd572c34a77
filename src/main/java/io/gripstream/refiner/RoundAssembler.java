package io.gripstream.refiner;

import io.gripstream.event.RefinementBatch;
import io.gripstream.refine.train.RoundBatch;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Puts the chunks of rounds together again, as they come one after another on one partition. For
 * one thread.
 *
 * <p>A round whose chunks are not all there is reported once, whatever is missing: its beginning
 * (retention took it) or its end (another round's first chunk comes instead).
 */
final class RoundAssembler {
  private static final int LONGEST_NAME = 200;

  private final List<RefinementBatch> chunks = new ArrayList<>();
  private String lastBroken;

  RoundAssembler() {
    this("");
  }

  /**
   * @param lastBroken of the assembler that had the partition before
   */
  RoundAssembler(String lastBroken) {
    this.lastBroken = lastBroken;
  }

  /** The round that was reported last; empty: none was. */
  String lastBroken() {
    return lastBroken;
  }

  /** Whether no round has begun. */
  boolean isEmpty() {
    return chunks.isEmpty();
  }

  /** What a chunk led to. */
  sealed interface Step {}

  /** The chunk was the round's last. */
  record Complete(RoundBatch batch) implements Step {}

  /**
   * A round cannot be put together.
   *
   * @param again whether the chunk belongs to another round, and must be handed in once more
   */
  record Broken(String task, int round, int version, String reason, boolean again)
      implements Step {}

  /** Takes the next chunk of the partition; empty: more are needed. */
  Optional<Step> add(RefinementBatch chunk) {
    if (!chunks.isEmpty() && !sameRound(chunks.get(0), chunk)) {
      RefinementBatch first = chunks.get(0);
      String reason = "only %d of %d chunks are there".formatted(chunks.size(), first.getChunks());
      chunks.clear();
      Optional<Step> broken = broken(first, reason, true);
      if (broken.isPresent()) {
        return broken;
      }
    }
    if (chunk.getChunk() != chunks.size()) {
      String reason =
          "chunk %d of %d came where chunk %d was due"
              .formatted(chunk.getChunk(), chunk.getChunks(), chunks.size());
      chunks.clear();
      return broken(chunk, reason, false);
    }
    chunks.add(chunk);
    if (chunks.size() < chunk.getChunks()) {
      return Optional.empty();
    }
    try {
      Complete complete = new Complete(RoundBatch.assemble(chunks));
      // A task that is ended and defined anew counts its rounds from the first again.
      lastBroken = "";
      return Optional.of(complete);
    } catch (IllegalArgumentException e) {
      return broken(chunk, e.getMessage(), false);
    } finally {
      chunks.clear();
    }
  }

  private Optional<Step> broken(RefinementBatch chunk, String reason, boolean again) {
    String name = chunk.getRound() + "/" + chunk.getTask();
    // A foreign writer may have named a task as it likes.
    name = name.substring(0, Math.min(name.length(), LONGEST_NAME));
    if (name.equals(lastBroken)) {
      return Optional.empty();
    }
    lastBroken = name;
    return Optional.of(
        new Broken(chunk.getTask(), chunk.getRound(), chunk.getVersion(), reason, again));
  }

  private static boolean sameRound(RefinementBatch one, RefinementBatch other) {
    // A chunk 0 begins anew, even the same round: the curator may have written it twice.
    return other.getChunk() != 0
        && one.getRound() == other.getRound()
        && one.getTask().equals(other.getTask());
  }
}
