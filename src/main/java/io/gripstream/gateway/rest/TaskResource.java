package io.gripstream.gateway.rest;

import io.gripstream.event.TaskDefinition;
import io.gripstream.gateway.Gateway;
import io.gripstream.gateway.board.TaskBoard;
import io.gripstream.gateway.board.TaskStats;
import io.gripstream.kafka.Position;
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
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
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
  private static final Duration READ_OWN_WRITE = Duration.ofSeconds(5);

  private final Gateway gateway;
  private final Tasks tasks;
  private final Topics topics;

  /** Names that requests for new tasks are defining at this moment. */
  private final Set<String> claimed = ConcurrentHashMap.newKeySet();

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
              + " If-None-Match: * a task that is defined already is left alone (412), and of several"
              + " such requests to one gateway at a time one defines it.")
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
      @NotNull @Valid TaskSpec spec)
      throws InterruptedException {
    TaskDefinition definition = spec.toDefinition();
    List<String> faults = TaskRules.faults(task, definition);
    if (!faults.isEmpty()) {
      throw ProblemException.invalid(faults);
    }
    if (onlyNew == null) {
      return define(task, definition, gateway.board().find(task).isPresent());
    }
    boolean claims = claimed.add(task);
    try {
      if (!claims || gateway.board().find(task).isPresent()) {
        throw ProblemException.of(
            Status.PRECONDITION_FAILED, "there is a task named " + task + " already");
      }
      return define(task, definition, false);
    } finally {
      if (claims) {
        claimed.remove(task);
      }
    }
  }

  private Response define(String task, TaskDefinition definition, boolean known)
      throws InterruptedException {
    write(task, gateway.serdes().tasks().serializer().serialize(topics.tasks(), definition));
    return Response.status(known ? Status.OK : Status.CREATED)
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
  public void delete(@PathParam("task") String task) throws InterruptedException {
    tasks.board(task);
    write(task, null);
  }

  private void write(String task, byte[] value) throws InterruptedException {
    Position written = gateway.publisher().publish(topics.tasks(), task, value);
    gateway.feeds().tasks().await(written.partition(), written.offset(), READ_OWN_WRITE);
  }

  private TaskView view(TaskBoard board) {
    return new TaskView(
        board.task(),
        board.definition().map(TaskSpec::of).orElse(null),
        board.stats(gateway.board().now()));
  }
}
