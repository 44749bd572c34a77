package io.gripstream.gateway.rest;

import io.gripstream.gateway.board.PredictionView;
import io.smallrye.common.annotation.Blocking;
import jakarta.annotation.security.RolesAllowed;
import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import jakarta.ws.rs.DefaultValue;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.QueryParam;
import jakarta.ws.rs.core.MediaType;
import java.util.List;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;

/** The latest predictions. Whoever needs all of them subscribes to the topic. */
@Path("/api/tasks/{task}/predictions")
@Produces(MediaType.APPLICATION_JSON)
@Tag(name = "Predictions")
@Blocking
@RolesAllowed("viewer")
public final class PredictionResource {
  private final Tasks tasks;

  PredictionResource(Tasks tasks) {
    this.tasks = tasks;
  }

  @GET
  @Operation(
      operationId = "listPredictions",
      summary = "The latest predictions, newest first",
      description =
          "After a prediction's seq come older ones: whoever gives the last one's seq as after, to"
              + " the same process, gets the next part. The last 1000 of a task are remembered.")
  public List<PredictionView> list(
      @PathParam("task") String task,
      @QueryParam("label") String label,
      @QueryParam("changed") Boolean changed,
      @QueryParam("version") Integer version,
      @QueryParam("imageId") String imageId,
      @QueryParam("after") @Min(1) Long after,
      @QueryParam("limit") @DefaultValue("50") @Min(1) @Max(1000) int limit) {
    return tasks
        .board(task)
        .predictions(
            prediction ->
                (after == null || prediction.seq() < after)
                    && (label == null || label.equals(prediction.label()))
                    && (changed == null || changed == prediction.changed())
                    && (version == null || version == prediction.version())
                    && (imageId == null || imageId.equals(prediction.imageId())),
            limit);
  }
}
