package io.gripstream.gateway.rest;

import io.gripstream.event.BatchSample;
import io.gripstream.event.Modality;
import io.gripstream.event.RefinementBatch;
import io.gripstream.event.Strategy;
import io.gripstream.event.TaskDefinition;
import io.gripstream.gateway.Gateway;
import io.gripstream.gateway.board.DiaryEntry;
import io.gripstream.gateway.board.ImageView;
import io.gripstream.gateway.board.RoundView;
import io.gripstream.gateway.board.TaskBoard;
import io.gripstream.kafka.Position;
import io.gripstream.kafka.Topics;
import io.gripstream.kafka.UnreadableRecordException;
import io.smallrye.common.annotation.Blocking;
import jakarta.annotation.security.RolesAllowed;
import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import jakarta.ws.rs.DefaultValue;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.QueryParam;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response.Status;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;

/** A task's diary: rounds, verdicts and commands, and the images that a round trained on. */
@Path("/api/tasks/{task}/rounds")
@Produces(MediaType.APPLICATION_JSON)
@Tag(name = "Rounds")
@Blocking
@RolesAllowed("viewer")
public final class RoundResource {
  private final Gateway gateway;
  private final Tasks tasks;
  private final Topics topics;

  RoundResource(Gateway gateway, Tasks tasks, Topics topics) {
    this.gateway = gateway;
    this.tasks = tasks;
    this.topics = topics;
  }

  /** The rounds as far as they have come, and everything that happened, both newest first. */
  public record DiaryView(List<RoundView> rounds, List<DiaryEntry> diary) {}

  /**
   * A sample of a round's batch.
   *
   * @param label a person's label; null where there is none
   * @param guess what the zero-shot prompt says; null where it cannot be asked, and in parts of a
   *     batch
   */
  public record SampleView(String imageId, ImageView image, String label, String guess) {}

  /**
   * A round and what it trained on.
   *
   * @param round null when nothing but its batch is known
   * @param modality what it tunes; null when its batch is not to be had
   * @param strategy what it follows, which is not the task's in a calibration round; null when its
   *     batch is not to be had
   * @param calibration whether it is a calibration round; null when its batch is not to be had
   * @param total how many samples the batch has
   * @param samples some of them: in order of image id, or class by class when spread
   */
  public record RoundDetail(
      RoundView round,
      Modality modality,
      Strategy strategy,
      Boolean calibration,
      int total,
      int offset,
      List<SampleView> samples) {}

  @GET
  @Operation(
      operationId = "listRounds",
      summary = "The task's diary",
      description =
          "Rounds and entries, newest first. After a round come older ones, and their entries.")
  public DiaryView list(
      @PathParam("task") String task,
      @QueryParam("after") @Min(0) Integer after,
      @QueryParam("limit") @DefaultValue("1000") @Min(1) @Max(1000) int limit) {
    TaskBoard board = tasks.board(task);
    return new DiaryView(
        board.rounds().stream()
            .filter(round -> after == null || round.round() < after)
            .limit(limit)
            .toList(),
        board.diary().stream()
            .filter(entry -> after == null || entry.round() < after)
            .limit(limit)
            .toList());
  }

  @GET
  @Path("{round}")
  @Operation(
      summary = "One round, with samples of its batch",
      description =
          "A part of the batch in order of image id; with spread, samples from all of it that show as many classes as can be.")
  public RoundDetail get(
      @PathParam("task") String task,
      @PathParam("round") int round,
      @QueryParam("offset") @DefaultValue("0") @Min(0) int offset,
      @QueryParam("limit") @DefaultValue("100") @Min(0) @Max(1000) int limit,
      @QueryParam("spread") @DefaultValue("false") boolean spread)
      throws UnreadableRecordException {
    TaskBoard board = tasks.board(task);
    Optional<RoundView> known = board.round(round);
    List<Position> positions = board.batch(round);
    if (known.isEmpty() && positions.isEmpty()) {
      throw ProblemException.of(Status.NOT_FOUND, "nothing is known of round " + round);
    }
    TaskDefinition definition = null;
    Strategy instead = null;
    BatchGuess guess = null;
    int total = 0;
    List<SampleView> samples = new ArrayList<>();
    for (RefinementBatch chunk : BatchChunks.read(gateway, topics, positions)) {
      if (chunk.getChunk() == 0) {
        definition = chunk.getDefinition();
        instead = chunk.getStrategy();
        guess = spread && chunk.getBase() != null ? new BatchGuess(chunk.getBase()) : null;
      }
      for (BatchSample sample : chunk.getSamples()) {
        if (spread || (total >= offset && samples.size() < limit)) {
          samples.add(
              new SampleView(
                  sample.getImageId(),
                  ImageView.of(sample.getImage()),
                  sample.getLabel(),
                  guess == null ? null : guess.of(sample)));
        }
        total++;
      }
    }
    Strategy own = definition == null ? null : definition.getStrategy();
    return new RoundDetail(
        known.orElse(null),
        definition == null ? null : definition.getModality(),
        instead == null ? own : instead,
        positions.isEmpty() ? null : instead != null,
        total,
        spread ? 0 : offset,
        spread ? Spread.over(samples, limit) : samples);
  }
}
