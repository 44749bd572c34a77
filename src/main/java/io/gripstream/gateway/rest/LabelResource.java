package io.gripstream.gateway.rest;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.ObjectReader;
import io.gripstream.event.TaskDefinition;
import io.gripstream.gateway.board.LabelsView;
import io.gripstream.gateway.board.LabelsView.ImageLabel;
import io.gripstream.gateway.board.PredictionView;
import io.smallrye.common.annotation.Blocking;
import jakarta.annotation.security.RolesAllowed;
import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import jakarta.validation.constraints.NotNull;
import jakarta.ws.rs.Consumes;
import jakarta.ws.rs.DefaultValue;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.QueryParam;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import jakarta.ws.rs.core.Response.Status;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.media.Content;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.eclipse.microprofile.openapi.annotations.parameters.RequestBody;
import org.eclipse.microprofile.openapi.annotations.responses.APIResponse;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;

/** Human labels: on their way into the {@code labels} topic, and what came of them. */
@Path("/api/tasks/{task}/labels")
@Produces(MediaType.APPLICATION_JSON)
@Consumes(MediaType.APPLICATION_JSON)
@Tag(name = "Labels")
@Blocking
@RolesAllowed("viewer")
public final class LabelResource {
  private static final int LABELS = 1000;

  private final Tasks tasks;
  private final Labels labels;
  private final ObjectReader reader;

  LabelResource(Tasks tasks, Labels labels, ObjectMapper mapper) {
    this.reader =
        mapper
            .readerForListOf(LabelRequest.class)
            .with(DeserializationFeature.ACCEPT_SINGLE_VALUE_AS_ARRAY);
    this.tasks = tasks;
    this.labels = labels;
  }

  /**
   * What someone says of an image.
   *
   * @param label one of the task's classes; null takes an earlier label back
   */
  public record LabelRequest(String imageId, String label, String annotator) {}

  /** How many labels were written. */
  public record Written(int labels) {}

  @GET
  @Operation(
      summary = "How many labels each class has",
      description = "As far as this process has seen: the latest 20000 images that were labelled.")
  public LabelsView counts(@PathParam("task") String task) {
    return tasks.board(task).labels().orElseThrow(() -> ProblemException.noTask(task));
  }

  @GET
  @Path("image")
  @Operation(summary = "What a person said of one image")
  public ImageLabel ofImage(
      @PathParam("task") String task, @NotNull @QueryParam("imageId") String imageId) {
    return tasks
        .board(task)
        .label(Names.imageId(imageId))
        .orElseThrow(() -> ProblemException.noTask(task));
  }

  @GET
  @Path("suggestions")
  @Operation(
      summary = "Images worth labelling next",
      description =
          "Recent images without a label, those first that seem to be of the classes with the"
              + " fewest labels that train.")
  public List<PredictionView> suggestions(
      @PathParam("task") String task,
      @QueryParam("limit") @DefaultValue("20") @Min(1) @Max(100) int limit) {
    return tasks.board(task).toLabel(limit);
  }

  @POST
  @RolesAllowed("labeller")
  @Operation(
      summary = "Labels images",
      description =
          "One label or an array of them, of which all are written or none. Which labels train and"
              + " which only judge is decided by a hash of task and image id.")
  @APIResponse(
      responseCode = "202",
      description = "Written",
      content = @Content(schema = @Schema(implementation = Written.class)))
  public Response post(
      @PathParam("task") String task,
      @NotNull
          @RequestBody(
              content =
                  @Content(schema = @Schema(oneOf = {LabelRequest.class, LabelRequest[].class})))
          JsonNode body)
      throws IOException, InterruptedException {
    TaskDefinition definition = tasks.definition(task);
    List<LabelRequest> requests = reader.readValue(body);
    check(definition, requests);
    labels.write(task, requests);
    return Response.accepted(new Written(requests.size())).build();
  }

  /** A request with one wrong label writes nothing. */
  private static void check(TaskDefinition definition, List<LabelRequest> labels) {
    if (labels == null || labels.isEmpty() || labels.size() > LABELS) {
      throw ProblemException.of(Status.BAD_REQUEST, "1 to " + LABELS + " labels at a time");
    }
    Set<String> classes = new HashSet<>(definition.getClasses());
    List<String> errors = new ArrayList<>();
    for (int i = 0; i < labels.size(); i++) {
      LabelRequest request = labels.get(i);
      if (request == null) {
        errors.add("[" + i + "] must not be null");
        continue;
      }
      String where = "[" + i + "].";
      Labels.fault(request, classes).ifPresent(fault -> errors.add(where + fault));
    }
    if (!errors.isEmpty()) {
      throw ProblemException.invalid(errors);
    }
  }
}
