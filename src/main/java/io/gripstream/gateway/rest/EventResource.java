package io.gripstream.gateway.rest;

import io.gripstream.gateway.Gateway;
import io.gripstream.gateway.board.Update;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.quarkus.runtime.Startup;
import io.smallrye.mutiny.Multi;
import jakarta.inject.Singleton;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.QueryParam;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response.Status;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;
import org.jboss.resteasy.reactive.RestStreamElementType;

/**
 * What happens on a task, as it happens: server-sent events, a few times a second at most, however
 * fast the stream is.
 */
@Path("/api/events")
@Tag(name = "Events")
@Singleton
@Startup
public final class EventResource {
  private static final Duration TICK = Duration.ofMillis(250);
  private static final int QUIET_TICKS = 4;
  private static final int PREDICTIONS = 24;
  private static final int VIEWERS = 200;

  private final Gateway gateway;
  private final Tasks tasks;
  private final AtomicInteger viewers = new AtomicInteger();

  EventResource(Gateway gateway, Tasks tasks, MeterRegistry meters) {
    this.gateway = gateway;
    this.tasks = tasks;
    Gauge.builder("gripstream.gateway.viewers", viewers, AtomicInteger::get)
        .description("Open event streams")
        .register(meters);
  }

  @GET
  @Produces(MediaType.SERVER_SENT_EVENTS)
  @RestStreamElementType(MediaType.APPLICATION_JSON)
  @Operation(
      summary = "Live updates of one task",
      description =
          "Each event holds the newest predictions since the one before, how many were left out, truths that became known, the running round and the figures.")
  public Multi<Update> events(@QueryParam("task") String task) {
    if (task == null) {
      throw ProblemException.of(Status.BAD_REQUEST, "which task?");
    }
    tasks.board(task);
    if (viewers.incrementAndGet() > VIEWERS) {
      viewers.decrementAndGet();
      throw ProblemException.of(Status.SERVICE_UNAVAILABLE, "too many viewers");
    }
    Cursor cursor = new Cursor(task);
    return Multi.createFrom()
        .ticks()
        .every(TICK)
        // A viewer that reads slowly gets fewer updates, not later ones.
        .onOverflow()
        .drop()
        .map(tick -> cursor.next())
        .filter(Optional::isPresent)
        .map(Optional::get)
        .onTermination()
        .invoke(viewers::decrementAndGet);
  }

  /** Where one viewer is. Used by one thread at a time. */
  private final class Cursor {
    private final String task;
    private long seq;
    private long revision;
    private long structure = -1;
    private int quiet;

    private Cursor(String task) {
      this.task = task;
    }

    /** What to send; nothing when there is nothing new. */
    private Optional<Update> next() {
      return gateway.board().update(task, seq, revision, PREDICTIONS).filter(this::worthwhile);
    }

    private boolean worthwhile(Update update) {
      boolean news =
          update.seq() != seq || update.revision() != revision || update.structure() != structure;
      if (!news && ++quiet < QUIET_TICKS) {
        return false;
      }
      quiet = 0;
      seq = update.seq();
      revision = update.revision();
      structure = update.structure();
      return true;
    }
  }
}
