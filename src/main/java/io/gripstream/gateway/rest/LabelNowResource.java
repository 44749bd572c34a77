package io.gripstream.gateway.rest;

import io.gripstream.GripstreamConfig;
import io.gripstream.event.ImageEvent;
import io.gripstream.event.ScoredLabel;
import io.gripstream.gateway.board.Score;
import io.gripstream.labeler.LabelNow;
import io.gripstream.labeler.LabelNow.Full;
import io.gripstream.labeler.LabelNow.Labelled;
import io.gripstream.labeler.LabelNow.Outcome;
import io.gripstream.labeler.LabelNow.Rejected;
import io.gripstream.labeler.LabelNow.Unready;
import io.gripstream.labeler.LabelerRole;
import io.smallrye.common.annotation.Blocking;
import io.smallrye.mutiny.Uni;
import jakarta.annotation.security.RolesAllowed;
import jakarta.validation.Valid;
import jakarta.validation.constraints.NotBlank;
import jakarta.validation.constraints.NotNull;
import jakarta.validation.constraints.Pattern;
import jakarta.validation.constraints.Size;
import jakarta.ws.rs.Consumes;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response.Status;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.util.List;
import java.util.Map;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;
import org.jboss.resteasy.reactive.RestForm;
import org.jboss.resteasy.reactive.multipart.FileUpload;

/**
 * One image, labelled while one waits, by the labeler of this process. It is written to no topic:
 * no subscriber sees it, and nothing learns from it.
 */
@Path("/api/tasks/{task}/label")
@Produces(MediaType.APPLICATION_JSON)
@Tag(name = "Images")
@Blocking
@RolesAllowed("viewer")
public final class LabelNowResource {
  private final Tasks tasks;
  private final LabelerRole labeler;
  private final int largestImage;

  LabelNowResource(Tasks tasks, LabelerRole labeler, GripstreamConfig config) {
    this.tasks = tasks;
    this.labeler = labeler;
    this.largestImage = config.images().maxBytes();
  }

  /**
   * An image by its place.
   *
   * @param sha256 of the encoded image, in lower-case hexadecimal; left out: any will do
   */
  public record Place(
      @NotBlank @Size(max = 4096) String uri, @Pattern(regexp = "[0-9a-f]{64}") String sha256) {}

  /**
   * What the live prompt says of the image.
   *
   * @param labels the task's topK, best first
   * @param abstained whether the image is none of the classes, its best label not being sure enough
   *     for the task
   * @param zeroShot what version 0 says
   * @param version of the prompt that labelled
   */
  public record Answer(
      String task,
      List<Score> labels,
      boolean abstained,
      Score zeroShot,
      int version,
      String digest,
      String modelId,
      String sha256) {}

  @POST
  @RolesAllowed("labeller")
  @Consumes({"image/*", MediaType.APPLICATION_OCTET_STREAM})
  @Operation(
      summary = "Labels one image now",
      description =
          "The body is the encoded image: JPEG, PNG, GIF, BMP, WebP or TIFF. The labeler of this process"
              + " answers, without Kafka in between: nothing is written, and nothing learns from"
              + " the image. 501 where this process has no labeler role.")
  public Uni<Answer> bytes(@PathParam("task") String task, byte[] body) {
    return label(task, inline(body));
  }

  @POST
  @RolesAllowed("labeller")
  @Consumes(MediaType.MULTIPART_FORM_DATA)
  @Operation(
      summary = "Labels one image of a form now",
      description = "As with bytes; the form has one file, of any name.")
  public Uni<Answer> form(
      @PathParam("task") String task, @RestForm(FileUpload.ALL) List<FileUpload> files)
      throws IOException {
    if (files == null || files.size() != 1) {
      throw ProblemException.of(Status.BAD_REQUEST, "the form must have one file");
    }
    if (files.get(0).size() > largestImage) {
      throw ImageResource.tooLarge(largestImage);
    }
    return label(task, inline(Files.readAllBytes(files.get(0).uploadedFile())));
  }

  @POST
  @RolesAllowed("labeller")
  @Consumes(MediaType.APPLICATION_JSON)
  @Operation(
      summary = "Labels one image by its place now",
      description = "The labeler reads it from there, if its settings allow that place.")
  public Uni<Answer> reference(@PathParam("task") String task, @NotNull @Valid Place place) {
    return label(
        task,
        new ImageEvent(
            null, ImageResource.absolute(place.uri()), place.sha256(), List.of(), Map.of()));
  }

  private ImageEvent inline(byte[] body) {
    ImageResource.check(body, largestImage);
    return new ImageEvent(ByteBuffer.wrap(body), null, null, List.of(), Map.of());
  }

  private Uni<Answer> label(String task, ImageEvent event) {
    tasks.board(task);
    if (!labeler.enabled()) {
      throw ProblemException.of(
          Status.NOT_IMPLEMENTED, "this process has no labeler role; ask one that has");
    }
    LabelNow now =
        labeler
            .now()
            .orElseThrow(
                () ->
                    ProblemException.of(
                        Status.SERVICE_UNAVAILABLE, "the labeler has not started yet"));
    return Uni.createFrom()
        .completionStage(() -> now.label(task, event))
        .map(outcome -> answer(task, outcome));
  }

  private static Answer answer(String task, Outcome outcome) {
    if (outcome instanceof Labelled said) {
      return new Answer(
          task,
          said.labels().stream().map(LabelNowResource::score).toList(),
          said.abstained(),
          score(said.zeroShot()),
          said.version(),
          said.digest(),
          said.modelId(),
          said.sha256());
    }
    if (outcome instanceof Rejected rejected) {
      throw ProblemException.of(422, "Unprocessable Content", rejected.reason());
    }
    if (outcome instanceof Unready unready) {
      throw ProblemException.of(Status.SERVICE_UNAVAILABLE, unready.reason());
    }
    if (outcome instanceof Full) {
      throw ProblemException.of(
          Status.TOO_MANY_REQUESTS, "as many images wait for their labels as may");
    }
    throw new IllegalStateException("no answer to " + outcome);
  }

  private static Score score(ScoredLabel scored) {
    return new Score(scored.getLabel(), scored.getConfidence());
  }
}
