package io.gripstream.gateway.rest;

import io.gripstream.event.TaskDefinition;
import io.gripstream.gateway.board.ScoreView;
import io.gripstream.gateway.board.TaskBoard;
import io.smallrye.common.annotation.Blocking;
import jakarta.annotation.security.RolesAllowed;
import jakarta.validation.Valid;
import jakarta.validation.constraints.NotEmpty;
import jakarta.validation.constraints.NotNull;
import jakarta.validation.constraints.Size;
import jakarta.ws.rs.Consumes;
import jakarta.ws.rs.DELETE;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.MediaType;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;

/**
 * The truth, for the page's and reports' figures alone. It stays in this process's memory, is
 * written to no topic and therefore cannot train: a demonstration or an experiment that knows the
 * truth tells it here, and the service still has to find out by itself. Labels that shall train go
 * to {@link LabelResource}.
 */
@Path("/api/scoreboard/{task}")
@Produces(MediaType.APPLICATION_JSON)
@Tag(name = "Scoreboard")
@Blocking
@RolesAllowed("viewer")
public final class ScoreboardResource {
  private final Tasks tasks;

  ScoreboardResource(Tasks tasks) {
    this.tasks = tasks;
  }

  /**
   * What an image shows.
   *
   * @param label one of the task's classes; null takes it back
   */
  public record Truth(@NotNull String imageId, String label) {}

  /** How many were noted. */
  public record Noted(int noted) {}

  @GET
  @Operation(summary = "Accuracy where the truth is known")
  public ScoreView get(@PathParam("task") String task) {
    return tasks.board(task).score();
  }

  @POST
  @RolesAllowed("operator")
  @Consumes(MediaType.APPLICATION_JSON)
  @Operation(
      summary = "Tells the truth of images",
      description =
          "For figures only: it stays in this process's memory and reaches neither a topic nor the training. At most 20000 images are remembered.")
  public Noted post(
      @PathParam("task") String task,
      @NotEmpty @Size(max = 10_000) List<@NotNull @Valid Truth> truths) {
    TaskBoard board = tasks.board(task);
    TaskDefinition definition = tasks.definition(task);
    Set<String> classes = new HashSet<>(definition.getClasses());
    List<String> errors = new ArrayList<>();
    for (int i = 0; i < truths.size(); i++) {
      Names.imageId(truths.get(i).imageId());
      if (truths.get(i).label() != null && !classes.contains(truths.get(i).label())) {
        errors.add("[" + i + "].label is none of the task's classes");
      }
    }
    if (!errors.isEmpty()) {
      throw ProblemException.invalid(errors);
    }
    truths.forEach(truth -> board.truth(truth.imageId(), truth.label()));
    return new Noted(truths.size());
  }

  @DELETE
  @RolesAllowed("operator")
  @Operation(summary = "Forgets the truth and begins to count anew")
  public void delete(@PathParam("task") String task) {
    tasks.board(task).clearTruth();
  }
}
