package io.gripstream.gateway.rest;

import io.gripstream.event.ImageEvent;
import io.gripstream.gateway.Gateway;
import io.gripstream.gateway.board.DeadLetter;
import io.gripstream.gateway.board.PredictionView;
import io.gripstream.gateway.stream.ImageType;
import io.gripstream.kafka.Topics;
import io.gripstream.kafka.UnreadableRecordException;
import io.smallrye.common.annotation.Blocking;
import jakarta.annotation.security.RolesAllowed;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.MediaType;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;

/** What became of one image event. */
@Path("/api/images/{partition}/{offset}/trace")
@Produces(MediaType.APPLICATION_JSON)
@Tag(name = "Images")
@Blocking
@RolesAllowed("viewer")
public final class TraceResource {
  private static final Duration TIMEOUT = Duration.ofSeconds(5);
  private static final int HEAD = 32;

  private final Gateway gateway;
  private final Topics topics;

  TraceResource(Gateway gateway, Topics topics) {
    this.gateway = gateway;
    this.topics = topics;
  }

  /**
   * An image event as it came in.
   *
   * @param at when it came, in milliseconds since the epoch
   * @param bytes of the image; 0 where the event names a place instead
   * @param mediaType by the image's first bytes; null where they are of no image, and for a place
   * @param tasks that it is meant for; empty: all
   */
  public record EventView(
      String imageId,
      long at,
      int bytes,
      String mediaType,
      String uri,
      List<String> tasks,
      Map<String, String> attributes) {}

  /** What the image is to one task. */
  public record TaskPrediction(String task, PredictionView prediction) {}

  /**
   * The way of one image event.
   *
   * @param predictions the tasks' latest, by the task's name, as far as this process remembers
   * @param deadLetters why it could not be processed, as far as this process remembers
   */
  public record Trace(
      EventView event, List<TaskPrediction> predictions, List<DeadLetter> deadLetters) {}

  @GET
  @Operation(
      operationId = "traceImage",
      summary = "What became of an image: its event, and each task's prediction of it")
  public Trace get(@PathParam("partition") int partition, @PathParam("offset") long offset)
      throws UnreadableRecordException {
    ConsumerRecord<String, byte[]> record =
        gateway.reader().read(topics.images(), partition, offset, TIMEOUT);
    if (record.value() == null) {
      throw UnreadableRecordException.missing(topics.images(), partition, offset);
    }
    String origin = "%s-%d@%d".formatted(topics.images(), partition, offset);
    return new Trace(
        view(record),
        gateway.board().defined().stream()
            .flatMap(
                board ->
                    board.predictions(p -> isAt(p, partition, offset), 1).stream()
                        .map(prediction -> new TaskPrediction(board.task(), prediction)))
            .toList(),
        gateway.board().deadLetters().stream()
            .filter(letter -> letter.origin().equals(origin))
            .toList());
  }

  private EventView view(ConsumerRecord<String, byte[]> record) {
    ImageEvent event =
        gateway.serdes().images().deserializer().deserialize(topics.images(), record.value());
    ByteBuffer content = event.getContent();
    return new EventView(
        record.key(),
        record.timestamp(),
        content == null ? 0 : content.remaining(),
        content == null ? null : mediaType(content),
        event.getUri(),
        event.getTasks(),
        event.getAttributes());
  }

  private static String mediaType(ByteBuffer content) {
    byte[] head = new byte[Math.min(HEAD, content.remaining())];
    content.duplicate().get(head);
    return ImageType.of(head).map(ImageType::mediaType).orElse(null);
  }

  private static boolean isAt(PredictionView prediction, int partition, long offset) {
    return prediction.image().partition() == partition && prediction.image().offset() == offset;
  }
}
