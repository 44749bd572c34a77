package io.gripstream.gateway.rest;

import io.gripstream.gateway.Connections;
import io.gripstream.gateway.Gateway;
import io.gripstream.gateway.board.Positions;
import io.gripstream.gateway.board.Update;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.quarkus.runtime.Startup;
import io.quarkus.vertx.http.runtime.CurrentVertxRequest;
import io.smallrye.mutiny.Multi;
import io.vertx.core.http.HttpServerRequest;
import jakarta.annotation.security.RolesAllowed;
import jakarta.inject.Singleton;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.HeaderParam;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.QueryParam;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response.Status;
import jakarta.ws.rs.sse.OutboundSseEvent;
import jakarta.ws.rs.sse.Sse;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.media.Content;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.eclipse.microprofile.openapi.annotations.responses.APIResponse;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;

/**
 * What happens on a task, as it happens: server-sent events, a few times a second at most, however
 * fast the stream is.
 */
@Path("/api/events")
@Tag(name = "Events")
@Singleton
@Startup
@RolesAllowed("viewer")
public final class EventResource {
  private static final Duration TICK = Duration.ofMillis(250);

  /** What the system buffers for a viewer is full for so long. */
  private static final Duration UNREAD = Duration.ofSeconds(30);

  private static final int QUIET_TICKS = 4;
  private static final int PREDICTIONS = 24;
  private static final int VIEWERS = 200;

  private final Gateway gateway;
  private final Tasks tasks;
  private final CurrentVertxRequest routing;
  private final AtomicInteger viewers = new AtomicInteger();

  EventResource(Gateway gateway, Tasks tasks, CurrentVertxRequest routing, MeterRegistry meters) {
    this.gateway = gateway;
    this.tasks = tasks;
    this.routing = routing;
    Gauge.builder("gripstream.gateway.viewers", viewers, AtomicInteger::get)
        .description("Open event streams")
        .register(meters);
  }

  @GET
  @Produces(MediaType.SERVER_SENT_EVENTS)
  @Operation(
      summary = "Live updates of one task",
      description =
          "Each event holds the newest predictions since the one before, how many were left out,"
              + " truths that became known, the running round and the figures. Its id is how far"
              + " the predictions topic was read; whoever sends it as Last-Event-ID, to this"
              + " process or another, first gets all predictions since then, as far back as the"
              + " last 1000 of the task.")
  @APIResponse(
      responseCode = "200",
      content =
          @Content(
              mediaType = MediaType.SERVER_SENT_EVENTS,
              schema = @Schema(implementation = Update.class)))
  public Multi<OutboundSseEvent> events(
      @QueryParam("task") String task,
      @HeaderParam("Last-Event-ID") String lastEventId,
      @Context Sse sse) {
    if (task == null) {
      throw ProblemException.of(Status.BAD_REQUEST, "which task?");
    }
    tasks.board(task);
    Positions read =
        lastEventId == null || lastEventId.isEmpty()
            ? null
            : Positions.parse(lastEventId)
                .orElseThrow(
                    () ->
                        ProblemException.of(
                            Status.BAD_REQUEST, "the Last-Event-ID is none of an event here"));
    if (viewers.incrementAndGet() > VIEWERS) {
      viewers.decrementAndGet();
      throw ProblemException.of(Status.SERVICE_UNAVAILABLE, "too many viewers");
    }
    Cursor cursor = new Cursor(task, read);
    HttpServerRequest request = routing.getCurrent().request();
    return ticks(TICK, UNREAD, () -> Connections.end(request))
        .map(tick -> cursor.next())
        .filter(Optional::isPresent)
        .map(Optional::get)
        .map(update -> event(sse, update))
        .onTermination()
        .invoke(viewers::decrementAndGet);
  }

  /**
   * Ticks for a viewer. One that reads slowly gets fewer updates, not later ones.
   *
   * @param unread hears, once, that the viewer has taken nothing for as long as {@code timeout}
   */
  static Multi<Long> ticks(Duration tick, Duration timeout, Runnable unread) {
    long most = timeout.dividedBy(tick);
    AtomicLong dropped = new AtomicLong();
    return Multi.createFrom()
        .ticks()
        .every(tick)
        .onOverflow()
        .invoke(
            any -> {
              if (dropped.incrementAndGet() == most) {
                unread.run();
              }
            })
        .drop()
        .invoke(() -> dropped.set(0));
  }

  private static OutboundSseEvent event(Sse sse, Update update) {
    String id = update.read().toString();
    OutboundSseEvent.Builder event =
        sse.newEventBuilder().mediaType(MediaType.APPLICATION_JSON_TYPE).data(Update.class, update);
    return (id.isEmpty() ? event : event.id(id)).build();
  }

  /** Where one viewer is. Used by one thread at a time. */
  private final class Cursor {
    private final String task;
    private long seq;
    private long revision;
    private long structure = -1;
    private int quiet;
    private Positions resumed;

    /**
     * @param resumed how far a viewer had come that was away; null: it is new
     */
    private Cursor(String task, Positions resumed) {
      this.task = task;
      this.resumed = resumed;
    }

    /** What to send; nothing when there is nothing new. */
    private Optional<Update> next() {
      Optional<Update> update =
          resumed == null
              ? gateway.board().update(task, seq, revision, PREDICTIONS)
              : gateway.board().resume(task, resumed, PREDICTIONS);
      resumed = null;
      return update.filter(this::worthwhile);
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
