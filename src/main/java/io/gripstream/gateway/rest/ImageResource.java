package io.gripstream.gateway.rest;

import io.gripstream.GripstreamConfig;
import io.gripstream.clip.Digests;
import io.gripstream.event.ImageEvent;
import io.gripstream.gateway.Gateway;
import io.gripstream.gateway.stream.ImageStore.Stored;
import io.gripstream.gateway.stream.ImageType;
import io.gripstream.kafka.Topics;
import io.gripstream.kafka.UnreadableRecordException;
import io.gripstream.kafka.trace.TraceContext;
import io.smallrye.common.annotation.Blocking;
import jakarta.annotation.security.RolesAllowed;
import jakarta.validation.Valid;
import jakarta.validation.constraints.NotBlank;
import jakarta.validation.constraints.NotNull;
import jakarta.validation.constraints.Pattern;
import jakarta.validation.constraints.Size;
import jakarta.ws.rs.Consumes;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.HeaderParam;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.QueryParam;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import jakarta.ws.rs.core.Response.Status;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Map;
import org.apache.kafka.common.header.Header;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.enums.SchemaType;
import org.eclipse.microprofile.openapi.annotations.media.Content;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.eclipse.microprofile.openapi.annotations.responses.APIResponse;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;

/** Images, on their way into the {@code images} topic and out of it again. */
@Path("/api/images")
@Tag(name = "Images")
@Blocking
@RolesAllowed("viewer")
public final class ImageResource {
  private static final int TASKS = 100;

  private final Gateway gateway;
  private final Tasks tasks;
  private final Topics topics;
  private final GripstreamConfig config;

  ImageResource(Gateway gateway, Tasks tasks, Topics topics, GripstreamConfig config) {
    this.gateway = gateway;
    this.tasks = tasks;
    this.topics = topics;
    this.config = config;
  }

  /**
   * An image by its place.
   *
   * @param id chosen by the sender; left out: the SHA-256
   */
  public record ImageRequest(
      @Size(max = Names.LONGEST_ID) String id,
      @NotBlank @Size(max = 4096) String uri,
      @NotNull @Pattern(regexp = "[0-9a-f]{64}") String sha256,
      @Size(max = TASKS) List<@NotNull String> tasks,
      @Size(max = 32) Map<@Size(max = 200) String, @NotNull @Size(max = 2000) String> attributes) {}

  /** Where the image event was written, and the id that it goes by. */
  public record AcceptedImage(String id, String topic, int partition, long offset) {}

  @POST
  @RolesAllowed("labeller")
  @Consumes({"image/*", MediaType.APPLICATION_OCTET_STREAM})
  @Produces(MediaType.APPLICATION_JSON)
  @Operation(
      summary = "Sends an image to be labelled",
      description =
          "The body is the encoded image: JPEG, PNG, GIF, BMP, WebP or TIFF. Without an id it goes by its SHA-256; without a task it is meant for all of them. A W3C trace context becomes headers of its record, and of its predictions.")
  @APIResponse(
      responseCode = "202",
      description = "Written",
      content = @Content(schema = @Schema(implementation = AcceptedImage.class)))
  public Response postBytes(
      @QueryParam("id") String id,
      @QueryParam("task") List<String> forTasks,
      @HeaderParam(TraceContext.PARENT) List<String> traceParents,
      @HeaderParam(TraceContext.STATE) List<String> traceStates,
      byte[] body) {
    check(body, config.images().maxBytes());
    String sha256 = Digests.sha256(body);
    return publish(
        id == null ? sha256 : id,
        new ImageEvent(ByteBuffer.wrap(body), null, sha256, known(forTasks), Map.of()),
        TraceContext.headers(traceParents, traceStates));
  }

  @POST
  @RolesAllowed("labeller")
  @Consumes(MediaType.APPLICATION_JSON)
  @Produces(MediaType.APPLICATION_JSON)
  @Operation(
      summary = "Names an image to be labelled",
      description = "The labeler reads it from there, if its settings allow that place.")
  @APIResponse(
      responseCode = "202",
      description = "Written",
      content = @Content(schema = @Schema(implementation = AcceptedImage.class)))
  public Response postReference(
      @HeaderParam(TraceContext.PARENT) List<String> traceParents,
      @HeaderParam(TraceContext.STATE) List<String> traceStates,
      @NotNull @Valid ImageRequest request) {
    return publish(
        request.id() == null ? request.sha256() : request.id(),
        new ImageEvent(
            null,
            absolute(request.uri()),
            request.sha256(),
            known(request.tasks()),
            request.attributes() == null ? Map.of() : request.attributes()),
        TraceContext.headers(traceParents, traceStates));
  }

  @GET
  @Path("{partition}/{offset}")
  @Operation(
      summary = "The image as it came in",
      description = "410 when retention has removed it, 404 when the event carried none.")
  @APIResponse(
      responseCode = "200",
      description = "The encoded image",
      content =
          @Content(
              mediaType = "image/*",
              schema = @Schema(type = SchemaType.STRING, format = "binary")))
  public Response get(@PathParam("partition") int partition, @PathParam("offset") long offset)
      throws UnreadableRecordException {
    if (partition < 0 || offset < 0) {
      throw ProblemException.of(Status.NOT_FOUND, "partition and offset count from 0");
    }
    Stored stored = gateway.images().read(partition, offset);
    if (stored.content() == null) {
      throw ProblemException.of(
          Status.NOT_FOUND, "the event does not carry the image; it names " + stored.uri());
    }
    ImageType type =
        ImageType.of(stored.content())
            .orElseThrow(
                () ->
                    ProblemException.of(
                        Status.UNSUPPORTED_MEDIA_TYPE,
                        "the record holds no image that may be shown"));
    return Response.ok(stored.content(), type.mediaType())
        // A record never changes; the page shows the same thumbnail many times.
        .header("Cache-Control", "private, max-age=3600, immutable")
        .header("Content-Disposition", "inline")
        .build();
  }

  /** Throws a 4xx where the bytes are none of the images that are taken. */
  static void check(byte[] body, int maxBytes) {
    if (body == null || body.length == 0) {
      throw ProblemException.of(Status.BAD_REQUEST, "the body must be an encoded image");
    }
    if (body.length > maxBytes) {
      throw tooLarge(maxBytes);
    }
    if (ImageType.of(body).isEmpty()) {
      throw ProblemException.of(
          Status.UNSUPPORTED_MEDIA_TYPE, "the body is none of JPEG, PNG, GIF, BMP, WebP and TIFF");
    }
  }

  static ProblemException tooLarge(int maxBytes) {
    return ProblemException.of(
        Status.REQUEST_ENTITY_TOO_LARGE, "an image may have at most " + maxBytes + " bytes");
  }

  /** Returns the URI, or throws a 400; whether its place is allowed is the labeler's to say. */
  static String absolute(String uri) {
    try {
      if (!new URI(uri).isAbsolute()) {
        throw ProblemException.invalid(List.of("uri must be absolute"));
      }
      return uri;
    } catch (URISyntaxException e) {
      throw ProblemException.invalid(List.of("uri " + e.getReason()));
    }
  }

  private Response publish(String id, ImageEvent event, List<Header> headers) {
    String key = Names.imageId(id);
    Accepted accepted =
        Accepted.at(
            topics.images(),
            gateway
                .publisher()
                .publish(
                    topics.images(),
                    key,
                    gateway.serdes().images().serializer().serialize(topics.images(), event),
                    headers));
    return Response.accepted(
            new AcceptedImage(key, accepted.topic(), accepted.partition(), accepted.offset()))
        .build();
  }

  private List<String> known(List<String> names) {
    if (names == null) {
      return List.of();
    }
    if (names.size() > TASKS) {
      throw ProblemException.of(Status.BAD_REQUEST, "at most " + TASKS + " tasks");
    }
    names.forEach(tasks::board);
    return names.stream().distinct().toList();
  }
}
