package io.gripstream.gateway.rest;

import io.gripstream.event.BatchSample;
import io.gripstream.gateway.board.ImageView;
import io.gripstream.gateway.board.LabelledImage;
import io.gripstream.gateway.board.PredictionView;
import io.gripstream.gateway.board.TaskBoard;
import io.gripstream.gateway.rest.PseudolabelChooser.Choice;
import io.gripstream.kafka.UnreadableRecordException;
import io.gripstream.refine.select.Pseudolabel;
import io.smallrye.common.annotation.Blocking;
import jakarta.annotation.security.RolesAllowed;
import jakarta.validation.constraints.Min;
import jakarta.ws.rs.DefaultValue;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.QueryParam;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import jakarta.ws.rs.core.Response.Status;
import jakarta.ws.rs.core.StreamingOutput;
import jakarta.ws.rs.core.UriInfo;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;

/** What people, prompts and rounds say of a task's images, as files for other tools. */
@Path("/api/tasks/{task}/labels/export")
@Tag(name = "Labels")
@Blocking
@RolesAllowed("viewer")
public final class LabelExportResource {
  /** How many images an answer should have and has not. */
  static final String LEFT_OUT = "Gripstream-Left-Out";

  private static final int PREDICTIONS = 1000;

  private final Tasks tasks;
  private final PseudolabelChooser chooser;

  LabelExportResource(Tasks tasks, PseudolabelChooser chooser) {
    this.tasks = tasks;
    this.chooser = chooser;
  }

  @GET
  @Produces({LabelFormat.CSV_TYPE, LabelFormat.JSON_LINES_TYPE, MediaType.APPLICATION_JSON})
  @Operation(
      operationId = "exportLabels",
      summary = "Labels as a file",
      description =
          "format is csv, jsonl or label-studio. of says which images: labels (those that people"
              + " labelled, the latest 20000), predictions (those of the latest 1000), or"
              + " pseudolabels (those that a round trained on, which round names). The header"
              + " Gripstream-Left-Out counts what is missing: labels that this process no longer"
              + " remembers, and in Label Studio's format images whose place it does not know.")
  public Response export(
      @PathParam("task") String task,
      @QueryParam("format") @DefaultValue("csv") String format,
      @QueryParam("of") @DefaultValue("labels") String of,
      @QueryParam("round") @Min(1) Integer round,
      @Context UriInfo address)
      throws UnreadableRecordException, InterruptedException {
    TaskBoard board = tasks.board(task);
    LabelFormat as = LabelFormat.named(format);
    URI base = address.getBaseUri();
    List<LabelRow> all =
        switch (of) {
          case "labels" -> board.labelled().stream().map(image -> row(task, image, base)).toList();
          case "predictions" -> predictions(board, base);
          case "pseudolabels" -> pseudolabels(board, round, base);
          default ->
              throw ProblemException.of(
                  Status.BAD_REQUEST, "of must be one of labels, predictions, pseudolabels");
        };
    // Label Studio refuses a whole file for one task without an image.
    List<LabelRow> rows =
        as == LabelFormat.LABEL_STUDIO
            ? all.stream().filter(row -> row.image() != null).toList()
            : all;
    long forgotten = of.equals("labels") ? board.forgottenLabels() : 0;
    StreamingOutput body = out -> LabelWriting.write(as, rows, out);
    return Response.ok(body, as.mediaType())
        .header("Content-Disposition", "attachment; filename=\"" + as.fileName() + "\"")
        .header(LEFT_OUT, forgotten + all.size() - rows.size())
        .build();
  }

  private static List<LabelRow> predictions(TaskBoard board, URI base) {
    List<String> ids =
        board.predictions(any -> true, PREDICTIONS).stream()
            .map(PredictionView::imageId)
            .distinct()
            .toList();
    return board.withLabels(ids).stream().map(image -> row(board.task(), image, base)).toList();
  }

  private List<LabelRow> pseudolabels(TaskBoard board, Integer round, URI base)
      throws UnreadableRecordException, InterruptedException {
    if (round == null) {
      throw ProblemException.of(Status.BAD_REQUEST, "of=pseudolabels needs a round");
    }
    Choice choice = chooser.choose(board, round);
    List<BatchSample> samples = new ArrayList<>();
    choice.pseudolabels().forEach(each -> samples.add(choice.batch().samples().get(each.sample())));
    List<LabelledImage> images =
        board.withLabels(samples.stream().map(BatchSample::getImageId).toList());
    List<LabelRow> rows = new ArrayList<>();
    for (int i = 0; i < images.size(); i++) {
      Pseudolabel pseudolabel = choice.pseudolabels().get(i);
      ImageView place = ImageView.of(samples.get(i).getImage());
      rows.add(
          new LabelRow(
              images.get(i).imageId(),
              images.get(i).label(),
              images.get(i).annotator(),
              choice.batch().definition().getClasses().get(pseudolabel.label()),
              pseudolabel.confidence(),
              "%s/round/%d".formatted(board.task(), round),
              link(place, base),
              place.sha256()));
    }
    return rows;
  }

  private static LabelRow row(String task, LabelledImage image, URI base) {
    PredictionView prediction = image.prediction();
    String predicted = prediction == null ? null : prediction.label();
    return new LabelRow(
        image.imageId(),
        image.label(),
        image.annotator(),
        predicted,
        predicted == null ? null : prediction.labels().get(0).confidence(),
        predicted == null ? null : "%s/%d".formatted(task, prediction.version()),
        prediction == null ? null : link(prediction.image(), base),
        prediction == null ? null : prediction.image().sha256());
  }

  private static String link(ImageView image, URI base) {
    return image.uri() != null
        ? image.uri()
        : base.resolve("/api/images/%d/%d".formatted(image.partition(), image.offset())).toString();
  }
}
