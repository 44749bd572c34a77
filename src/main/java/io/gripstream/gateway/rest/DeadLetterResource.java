package io.gripstream.gateway.rest;

import io.gripstream.gateway.Gateway;
import io.gripstream.gateway.board.DeadLetter;
import io.gripstream.gateway.stream.LetterImage;
import io.gripstream.kafka.Topics;
import io.gripstream.kafka.UnreadableRecordException;
import io.smallrye.common.annotation.Blocking;
import jakarta.annotation.security.RolesAllowed;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import jakarta.ws.rs.core.Response.Status;
import java.time.Duration;
import java.util.List;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.enums.SchemaType;
import org.eclipse.microprofile.openapi.annotations.media.Content;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.eclipse.microprofile.openapi.annotations.responses.APIResponse;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;

/** What could not be processed, with the reason and, where there is one, the image. */
@Path("/api/dead-letters")
@Tag(name = "Dead letters")
@Blocking
@RolesAllowed("viewer")
public final class DeadLetterResource {
  private static final Duration TIMEOUT = Duration.ofSeconds(5);

  private final Gateway gateway;
  private final Topics topics;

  DeadLetterResource(Gateway gateway, Topics topics) {
    this.gateway = gateway;
    this.topics = topics;
  }

  /**
   * What could not be processed.
   *
   * @param count as far as this process has seen
   * @param latest newest first
   */
  public record DeadLetters(long count, List<DeadLetter> latest) {}

  @GET
  @Produces(MediaType.APPLICATION_JSON)
  @Operation(operationId = "listDeadLetters", summary = "What could not be processed, and why")
  public DeadLetters list() {
    return new DeadLetters(gateway.board().deadLetterCount(), gateway.board().deadLetters());
  }

  @GET
  @Path("{partition}/{offset}/image")
  @Operation(
      operationId = "getDeadLetterImage",
      summary = "The image in a dead letter, as it came in",
      description =
          "Only where the bytes begin like a JPEG, PNG, GIF, BMP, WebP or TIFF; they may be broken all the same.")
  @APIResponse(
      responseCode = "200",
      description = "The bytes",
      content =
          @Content(
              mediaType = "image/*",
              schema = @Schema(type = SchemaType.STRING, format = "binary")))
  public Response image(@PathParam("partition") int partition, @PathParam("offset") long offset)
      throws UnreadableRecordException {
    byte[] value = gateway.reader().read(topics.deadLetters(), partition, offset, TIMEOUT).value();
    LetterImage image =
        LetterImage.in(value, gateway.serdes().images(), topics.images())
            .orElseThrow(
                () ->
                    ProblemException.of(
                        Status.UNSUPPORTED_MEDIA_TYPE,
                        "the letter holds no image that may be shown"));
    return Response.ok(image.content(), image.type().mediaType())
        .header("Cache-Control", "private, max-age=3600, immutable")
        .header("Content-Disposition", "inline")
        .build();
  }
}
