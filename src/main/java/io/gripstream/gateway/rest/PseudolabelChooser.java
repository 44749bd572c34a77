package io.gripstream.gateway.rest;

import io.gripstream.event.PromptVersion;
import io.gripstream.event.RefinementBatch;
import io.gripstream.gateway.Gateway;
import io.gripstream.gateway.board.TaskBoard;
import io.gripstream.gateway.board.VersionFacts;
import io.gripstream.gateway.board.VersionView;
import io.gripstream.kafka.Position;
import io.gripstream.kafka.Topics;
import io.gripstream.kafka.UnreadableRecordException;
import io.gripstream.refine.Pseudolabelling;
import io.gripstream.refine.select.Pseudolabel;
import io.gripstream.refine.train.RoundBatch;
import io.gripstream.task.TaskRules;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.ws.rs.core.Response.Status;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

/**
 * Finds the pseudolabels that a round trained on. No topic has them: they are chosen again from the
 * round's batch, by the round's own code. Choosing takes a second or so; one request at a time
 * does.
 */
@ApplicationScoped
final class PseudolabelChooser {
  private static final Duration TIMEOUT = Duration.ofSeconds(15);

  /** Samples times classes: a round of the default pool has 2000 of at most 1000. */
  private static final long MOST_SCORES = 4_000_000;

  private final Gateway gateway;
  private final Topics topics;
  private final Semaphore turn = new Semaphore(1);

  PseudolabelChooser(Gateway gateway, Topics topics) {
    this.gateway = gateway;
    this.topics = topics;
  }

  /** What was chosen, and what from. */
  record Choice(RoundBatch batch, List<Pseudolabel> pseudolabels) {}

  /** Chooses again, or throws a problem that says why that cannot be done. */
  Choice choose(TaskBoard board, int round) throws UnreadableRecordException, InterruptedException {
    RoundBatch batch = read(board, round);
    float logitScale = logitScale(board, batch.base());
    if (!turn.tryAcquire(TIMEOUT.toSeconds(), TimeUnit.SECONDS)) {
      throw ProblemException.of(
          Status.SERVICE_UNAVAILABLE, "the pseudolabels of other rounds are asked for; try later");
    }
    Optional<List<Pseudolabel>> chosen;
    try {
      chosen = Pseudolabelling.again(batch, logitScale);
    } catch (IllegalArgumentException e) {
      throw unfit(round, e.getMessage());
    } finally {
      turn.release();
    }
    return new Choice(
        batch,
        chosen.orElseThrow(
            () ->
                ProblemException.of(
                    Status.NOT_FOUND,
                    "round %d chose no pseudolabels that its batch tells".formatted(round))));
  }

  private RoundBatch read(TaskBoard board, int round) throws UnreadableRecordException {
    List<Position> positions = board.batch(round);
    if (positions.isEmpty()) {
      throw ProblemException.of(
          Status.NOT_FOUND, "the batch of round %d is not to be had".formatted(round));
    }
    List<RefinementBatch> chunks = BatchChunks.read(gateway, topics, positions);
    RoundBatch batch;
    try {
      batch = RoundBatch.assemble(chunks);
      TaskRules.require(board.task(), batch.definition());
    } catch (IllegalArgumentException e) {
      throw unfit(round, e.getMessage());
    }
    if ((long) batch.samples().size() * batch.definition().getClasses().size() > MOST_SCORES) {
      throw unfit(round, "it is too large to be looked at here");
    }
    return batch;
  }

  /** The model's own: what its zero-shot prompts have. */
  private static float logitScale(TaskBoard board, PromptVersion base) {
    return board.versions().stream()
        .map(VersionView::facts)
        .filter(facts -> facts.round() == 0 && facts.modelId().equals(base.getModelId()))
        .map(VersionFacts::logitScale)
        .findFirst()
        .orElseThrow(
            () ->
                ProblemException.of(
                    Status.NOT_FOUND,
                    "no zero-shot version of " + base.getModelId() + " is known"));
  }

  private static ProblemException unfit(int round, String why) {
    return ProblemException.of(
        Status.CONFLICT, "the batch of round %d cannot be used: %s".formatted(round, why));
  }
}
