package io.gripstream.gateway.rest;

import io.gripstream.event.BatchSample;
import io.gripstream.event.PromptVersion;
import io.gripstream.event.RefinementBatch;
import io.gripstream.gateway.Gateway;
import io.gripstream.gateway.board.ImageView;
import io.gripstream.gateway.board.TaskBoard;
import io.gripstream.gateway.board.VersionFacts;
import io.gripstream.gateway.board.VersionView;
import io.gripstream.kafka.Coordinates;
import io.gripstream.kafka.Topics;
import io.gripstream.kafka.UnreadableRecordException;
import io.gripstream.refine.Pseudolabelling;
import io.gripstream.refine.select.Pseudolabel;
import io.gripstream.refine.train.RoundBatch;
import io.gripstream.task.TaskRules;
import io.smallrye.common.annotation.Blocking;
import jakarta.annotation.security.RolesAllowed;
import jakarta.inject.Singleton;
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
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;

/**
 * The pseudolabels that a round trained on. No topic has them: they are chosen again from the
 * round's batch, by the round's own code. Choosing takes a second or so; one request at a time
 * does.
 */
@Path("/api/tasks/{task}/rounds/{round}/pseudolabels")
@Produces(MediaType.APPLICATION_JSON)
@Tag(name = "Rounds")
@Singleton
@Blocking
@RolesAllowed("viewer")
public final class PseudolabelResource {
  private static final Duration TIMEOUT = Duration.ofSeconds(15);

  /** Samples times classes: a round of the default pool has 2000 of at most 1000. */
  private static final long MOST_SCORES = 4_000_000;

  private final Gateway gateway;
  private final Tasks tasks;
  private final Topics topics;
  private final Semaphore turn = new Semaphore(1);

  PseudolabelResource(Gateway gateway, Tasks tasks, Topics topics) {
    this.gateway = gateway;
    this.tasks = tasks;
    this.topics = topics;
  }

  /**
   * A round's pseudolabels.
   *
   * @param total how many there are
   * @param classes in the order of the definition, those without a pseudolabel too
   */
  public record Pseudolabels(int total, List<ClassPseudolabels> classes) {}

  /**
   * The pseudolabels of one class.
   *
   * @param samples some of them, the surest first
   */
  public record ClassPseudolabels(String label, int total, List<PseudolabelView> samples) {}

  /**
   * One pseudolabel.
   *
   * @param confidence the probability that the class had when it was chosen
   */
  public record PseudolabelView(String imageId, ImageView image, float confidence) {}

  @GET
  @Operation(
      operationId = "listPseudolabels",
      summary = "The pseudolabels that a round trained on, class by class",
      description =
          "They are chosen again from the round's batch. A round in closed form has none, and those of rounds that read images again cannot be told without the model: 404.")
  public Pseudolabels get(
      @PathParam("task") String task,
      @PathParam("round") int round,
      @QueryParam("perClass") @DefaultValue("12") @Min(0) @Max(100) int perClass)
      throws UnreadableRecordException, InterruptedException {
    TaskBoard board = tasks.board(task);
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
    return view(
        batch,
        chosen.orElseThrow(
            () ->
                ProblemException.of(
                    Status.NOT_FOUND,
                    "round %d chose no pseudolabels that its batch tells".formatted(round))),
        perClass);
  }

  private RoundBatch read(TaskBoard board, int round) throws UnreadableRecordException {
    List<Coordinates> places = board.batch(round);
    if (places.isEmpty()) {
      throw ProblemException.of(
          Status.NOT_FOUND, "the batch of round %d is not to be had".formatted(round));
    }
    List<RefinementBatch> chunks = BatchChunks.read(gateway, topics, places);
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

  private static Pseudolabels view(RoundBatch batch, List<Pseudolabel> chosen, int perClass) {
    List<String> names = batch.definition().getClasses();
    List<List<Pseudolabel>> byClass = new ArrayList<>();
    names.forEach(name -> byClass.add(new ArrayList<>()));
    chosen.stream()
        .sorted(Comparator.comparingDouble(each -> -each.confidence()))
        .forEach(each -> byClass.get(each.label()).add(each));
    List<ClassPseudolabels> classes = new ArrayList<>();
    for (int j = 0; j < names.size(); j++) {
      List<PseudolabelView> some =
          byClass.get(j).stream()
              .limit(perClass)
              .map(each -> view(batch.samples().get(each.sample()), each))
              .toList();
      classes.add(new ClassPseudolabels(names.get(j), byClass.get(j).size(), some));
    }
    return new Pseudolabels(chosen.size(), classes);
  }

  private static PseudolabelView view(BatchSample sample, Pseudolabel pseudolabel) {
    return new PseudolabelView(
        sample.getImageId(), ImageView.of(sample.getImage()), pseudolabel.confidence());
  }

  private static ProblemException unfit(int round, String why) {
    return ProblemException.of(
        Status.CONFLICT, "the batch of round %d cannot be used: %s".formatted(round, why));
  }
}
