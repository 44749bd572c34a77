package io.gripstream.gateway.rest;

import io.gripstream.GripstreamConfig;
import io.gripstream.gateway.Gateway;
import io.gripstream.gateway.board.TaskStats;
import io.smallrye.common.annotation.Blocking;
import jakarta.annotation.security.RolesAllowed;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.MediaType;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;

/** The service in figures. */
@Path("/api")
@Produces(MediaType.APPLICATION_JSON)
@Tag(name = "Summary")
@Blocking
@RolesAllowed("viewer")
public final class SummaryResource {
  private final Gateway gateway;
  private final GripstreamConfig config;

  SummaryResource(Gateway gateway, GripstreamConfig config) {
    this.gateway = gateway;
    this.config = config;
  }

  /**
   * All of it.
   *
   * @param ready whether the board shows everything that was in the topics at the start
   * @param since when this process began to count, in milliseconds since the epoch
   */
  public record Summary(
      Set<GripstreamConfig.Role> roles,
      boolean ready,
      long since,
      long now,
      List<TaskStats> tasks,
      long deadLetters) {}

  @GET
  @Path("summary")
  @Operation(summary = "Every task in figures")
  public Summary summary() {
    long now = gateway.board().now();
    return new Summary(
        new TreeSet<>(config.roles()),
        gateway.ready(),
        gateway.board().startedAt(),
        now,
        gateway.board().defined().stream().map(board -> board.stats(now)).toList(),
        gateway.board().deadLetterCount());
  }
}
