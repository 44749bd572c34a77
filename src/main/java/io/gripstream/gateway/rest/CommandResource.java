package io.gripstream.gateway.rest;

import io.gripstream.event.Command;
import io.gripstream.event.CommandType;
import io.gripstream.gateway.Gateway;
import io.gripstream.gateway.board.TaskBoard;
import io.gripstream.gateway.board.VersionFacts;
import io.gripstream.kafka.Topics;
import io.smallrye.common.annotation.Blocking;
import jakarta.annotation.security.RolesAllowed;
import jakarta.validation.Valid;
import jakarta.validation.constraints.Min;
import jakarta.validation.constraints.NotNull;
import jakarta.validation.constraints.Pattern;
import jakarta.validation.constraints.Size;
import jakarta.ws.rs.Consumes;
import jakarta.ws.rs.HeaderParam;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import jakarta.ws.rs.core.Response.Status;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.media.Content;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.eclipse.microprofile.openapi.annotations.responses.APIResponse;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;

/** An operator's wishes. The curator answers them in the diary. */
@Path("/api/tasks/{task}/commands")
@Produces(MediaType.APPLICATION_JSON)
@Consumes(MediaType.APPLICATION_JSON)
@Tag(name = "Commands")
@Blocking
@RolesAllowed("viewer")
public final class CommandResource {
  private final Gateway gateway;
  private final Tasks tasks;
  private final Topics topics;

  CommandResource(Gateway gateway, Tasks tasks, Topics topics) {
    this.gateway = gateway;
    this.tasks = tasks;
    this.topics = topics;
  }

  /**
   * A wish.
   *
   * @param version for {@code PIN} and {@code ROLL_BACK}; left out: the live one, or its parent
   * @param reason why, for the diary
   * @param expectedLive refuse the command while another version than this is live
   */
  public record CommandRequest(
      @NotNull CommandType type,
      @Min(0) Integer version,
      @Size(max = 500) String reason,
      @Min(0) Integer expectedLive) {}

  @POST
  @RolesAllowed("operator")
  @Operation(
      summary = "Pins, unpins, rolls back, starts a round, pauses or resumes",
      description =
          "Whoever does not know whether a command was written, after a 503 above all, sends it"
              + " again: with the same Idempotency-Key it is executed once, as long as it is among"
              + " the task's last 100 commands.")
  @APIResponse(
      responseCode = "202",
      description = "Written; what comes of it is in the rounds",
      content = @Content(schema = @Schema(implementation = Accepted.class)))
  public Response post(
      @PathParam("task") String task,
      @Pattern(regexp = "[\\x21-\\x7e]{1,200}") @HeaderParam("Idempotency-Key") String key,
      @NotNull @Valid CommandRequest request) {
    check(tasks.board(task), request, key != null);
    Command command =
        new Command(
            request.type(),
            request.version(),
            request.reason() == null ? "" : request.reason(),
            key,
            request.expectedLive());
    return Response.accepted(
            Accepted.at(
                topics.commands(),
                gateway
                    .publisher()
                    .publish(
                        topics.commands(),
                        task,
                        gateway
                            .serdes()
                            .commands()
                            .serializer()
                            .serialize(topics.commands(), command))))
        .build();
  }

  /**
   * Refuses early what the curator would refuse anyway; the curator has the last word.
   *
   * @param again whether it may be a command that was executed before: what is live now says
   *     nothing of it
   */
  private static void check(TaskBoard board, CommandRequest request, boolean again) {
    boolean names = request.type() == CommandType.PIN || request.type() == CommandType.ROLL_BACK;
    if (request.version() != null && !names) {
      throw ProblemException.of(Status.BAD_REQUEST, request.type() + " does not go with a version");
    }
    if (again) {
      return;
    }
    VersionFacts live = board.live().orElse(null);
    Integer expected = request.expectedLive();
    if (expected != null && (live == null || live.version() != expected)) {
      throw ProblemException.of(
          Status.CONFLICT,
          "version %d was expected to be live, and %s is"
              .formatted(expected, live == null ? "none" : "version " + live.version()));
    }
    if (request.version() != null && board.version(request.version()).isEmpty()) {
      throw ProblemException.of(
          Status.NOT_FOUND, board.task() + " has no version " + request.version());
    }
    if (names && live == null) {
      throw ProblemException.of(Status.CONFLICT, board.task() + " has no live version yet");
    }
    if (request.type() == CommandType.ROLL_BACK) {
      if (request.version() == null && live.parent() == null) {
        throw ProblemException.of(
            Status.CONFLICT, "version " + live.version() + " is the first: nothing to go back to");
      }
      if (request.version() != null && request.version() == live.version()) {
        throw ProblemException.of(
            Status.CONFLICT, "version " + live.version() + " is live already");
      }
    }
  }
}
