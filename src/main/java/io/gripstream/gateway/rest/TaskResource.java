package io.gripstream.gateway.rest;

import io.gripstream.event.TaskDefinition;
import io.gripstream.gateway.Gateway;
import io.gripstream.gateway.board.TaskBoard;
import io.gripstream.gateway.board.TaskStats;
import io.gripstream.kafka.Topics;
import io.gripstream.task.TaskRules;
import io.smallrye.common.annotation.Blocking;
import jakarta.annotation.security.RolesAllowed;
import jakarta.validation.Valid;
import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import jakarta.validation.constraints.NotNull;
import jakarta.validation.constraints.Pattern;
import jakarta.ws.rs.Consumes;
import jakarta.ws.rs.DELETE;
import jakarta.ws.rs.DefaultValue;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.HeaderParam;
import jakarta.ws.rs.PUT;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.QueryParam;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import jakarta.ws.rs.core.Response.Status;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.media.Content;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.eclipse.microprofile.openapi.annotations.responses.APIResponse;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;

/** What to label: one definition per task. */
@Path("/api/tasks")
@Produces(MediaType.APPLICATION_JSON)
@Tag(name = "Tasks")
@Blocking
@RolesAllowed("viewer")
public final class TaskResource {
  private final Gateway gateway;
  private final Tasks tasks;
  private final Topics topics;

  TaskResource(Gateway gateway, Tasks tasks, Topics topics) {
    this.gateway = gateway;
    this.tasks = tasks;
    this.topics = topics;
  }

  /** A task, its definition and its figures. */
  public record TaskView(String name, TaskSpec definition, TaskStats stats) {}

  @GET
  @Operation(
      operationId = "listTasks",
      summary = "All tasks, by name",
      description = "After a name come those that are greater, by Unicode code units.")
  public List<TaskView> list(
      @QueryParam("after") String after,
      @QueryParam("limit") @DefaultValue("2000") @Min(1) @Max(2000) int limit) {
    return gateway.board().defined().stream()
        .filter(board -> after == null || board.task().compareTo(after) > 0)
        .limit(limit)
        .map(this::view)
        .toList();
  }

  @GET
  @Path("{task}")
  @Operation(summary = "One task")
  public TaskView get(@PathParam("task") String task) {
    return view(tasks.board(task));
  }

  @GET
  @Path("{task}/summary")
  @Operation(summary = "One task in figures")
  public TaskStats summary(@PathParam("task") String task) {
    return tasks.board(task).stats(gateway.board().now());
  }

  @PUT
  @RolesAllowed("operator")
  @Path("{task}")
  @Consumes(MediaType.APPLICATION_JSON)
  @Operation(
      summary = "Defines a task, anew or again",
      description =
          "What is left out is as the schema has it by default, whatever it was before. With"
              + " If-None-Match: * a task that is defined already is left alone (412), with If-Match: *"
              + " one that is not; of several such requests at a time, to whichever gateways, one"
              + " defines it. A task has no entity tag: If-Match with one is never met.")
  @APIResponse(
      responseCode = "200",
      description = "Changed",
      content = @Content(schema = @Schema(implementation = TaskView.class)))
  @APIResponse(
      responseCode = "201",
      description = "Defined",
      content = @Content(schema = @Schema(implementation = TaskView.class)))
  public Response put(
      @PathParam("task") String task,
      @Pattern(regexp = "\\*") @HeaderParam("If-None-Match") String onlyNew,
      @HeaderParam("If-Match") String onlyKnown,
      @NotNull @Valid TaskSpec spec) {
    TaskDefinition definition = spec.toDefinition();
    List<String> faults = TaskRules.faults(task, definition);
    if (!faults.isEmpty()) {
      throw ProblemException.invalid(faults);
    }
    AtomicBoolean known = new AtomicBoolean();
    gateway
        .tasks()
        .write(
            task,
            gateway.serdes().tasks().serializer().serialize(topics.tasks(), definition),
            () -> {
              known.set(gateway.board().find(task).isPresent());
              if (onlyNew != null && known.get()) {
                throw ProblemException.of(
                    Status.PRECONDITION_FAILED, "there is a task named " + task + " already");
              }
              requireMatch(onlyKnown, task);
            });
    return Response.status(known.get() ? Status.OK : Status.CREATED)
        .entity(
            gateway
                .board()
                .find(task)
                .map(this::view)
                .orElse(new TaskView(task, TaskSpec.of(definition), null)))
        .build();
  }

  @DELETE
  @RolesAllowed("operator")
  @Path("{task}")
  @Operation(
      summary = "Ends a task",
      description = "Its images are no longer labelled. What was written stays in the topics.")
  public void delete(@PathParam("task") String task, @HeaderParam("If-Match") String onlyKnown) {
    gateway
        .tasks()
        .write(
            task,
            null,
            () -> {
              requireMatch(onlyKnown, task);
              tasks.board(task);
            });
  }

  /** RFC 9110, section 13.1.1. */
  private void requireMatch(String tags, String task) {
    if (tags == null) {
      return;
    }
    if (!tags.strip().equals("*")) {
      throw ProblemException.of(
          Status.PRECONDITION_FAILED, "a task has no entity tag: If-Match takes * only");
    }
    if (gateway.board().find(task).isEmpty()) {
      throw ProblemException.of(
          Status.PRECONDITION_FAILED, "there is no task named " + task + " that could be changed");
    }
  }

  private TaskView view(TaskBoard board) {
    return new TaskView(
        board.task(),
        board.definition().map(TaskSpec::of).orElse(null),
        board.stats(gateway.board().now()));
  }
}
