package io.gripstream.gateway.rest;

import io.gripstream.GripstreamConfig;
import io.gripstream.gateway.Gateway;
import io.gripstream.gateway.board.TaskGlance;
import io.smallrye.common.annotation.Blocking;
import jakarta.annotation.security.RolesAllowed;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.MediaType;
import java.util.List;
import java.util.OptionalLong;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;

/** All tasks at a glance. */
@Path("/api/overview")
@Produces(MediaType.APPLICATION_JSON)
@Tag(name = "Summary")
@Blocking
@RolesAllowed("viewer")
public final class OverviewResource {
  private final Gateway gateway;
  private final GripstreamConfig config;

  OverviewResource(Gateway gateway, GripstreamConfig config) {
    this.gateway = gateway;
    this.config = config;
  }

  /**
   * All tasks at a glance.
   *
   * @param ready whether everything that was in the topics at the start has been read
   * @param now milliseconds since the epoch
   * @param waiting images that no labeler has taken yet; null when the brokers do not say
   * @param deadLetters records that could not be processed, as far as this process has seen
   * @param largestImage how many bytes an image may have
   * @param tasks by name
   */
  public record Overview(
      boolean ready,
      long now,
      Long waiting,
      long deadLetters,
      int largestImage,
      List<TaskGlance> tasks) {}

  @GET
  @Operation(
      operationId = "getOverview",
      summary = "All tasks at a glance",
      description =
          "How fast each is labelled, what is live, what was decided last, and what is wrong.")
  public Overview get() {
    long now = gateway.board().now();
    OptionalLong waiting = gateway.backlog().waiting();
    return new Overview(
        gateway.ready(),
        now,
        waiting.isPresent() ? waiting.getAsLong() : null,
        gateway.board().deadLetterCount(),
        config.images().maxBytes(),
        gateway.board().defined().stream().map(board -> board.glance(now)).toList());
  }
}
