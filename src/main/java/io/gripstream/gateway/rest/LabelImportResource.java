package io.gripstream.gateway.rest;

import io.gripstream.gateway.rest.LabelResource.LabelRequest;
import io.smallrye.common.annotation.Blocking;
import jakarta.annotation.security.RolesAllowed;
import jakarta.ws.rs.Consumes;
import jakarta.ws.rs.HeaderParam;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.HttpHeaders;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response.Status;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;

/** Labels from other tools' files, on their way into the {@code labels} topic. */
@Path("/api/tasks/{task}/labels/import")
@Produces(MediaType.APPLICATION_JSON)
@Tag(name = "Labels")
@Blocking
@RolesAllowed("viewer")
public final class LabelImportResource {
  /** As many as a gateway remembers of a task. */
  private static final int LABELS = 20_000;

  private static final int REFUSED = 1000;

  private final Tasks tasks;
  private final Labels labels;

  LabelImportResource(Tasks tasks, Labels labels) {
    this.tasks = tasks;
    this.labels = labels;
  }

  /**
   * A line that was not taken.
   *
   * @param number of the line, or of Label Studio's task in its array, from 1
   */
  public record Refused(long number, String reason) {}

  /**
   * What became of a file.
   *
   * @param taken labels that were written
   * @param unlabelled lines or tasks without a label
   * @param refused all lines or tasks that were not taken
   */
  public record Imported(int taken, int unlabelled, List<Refused> refused) {}

  /** Only media types that no form and no script of another origin may send unasked. */
  @POST
  @RolesAllowed("labeller")
  @Consumes({LabelFormat.CSV_TYPE, LabelFormat.JSON_LINES_TYPE, MediaType.APPLICATION_JSON})
  @Operation(
      operationId = "importLabels",
      summary = "Labels from a file",
      description =
          "The Content-Type says which: text/csv with a header that has imageId and label,"
              + " application/x-ndjson with an object a line, or application/json as Label Studio"
              + " exports it. A line that is wrong is refused by its number, and the others are"
              + " taken. What is taken is written in one transaction. With more than 20000 labels"
              + " or 1000 refused lines nothing is written (413, 400).")
  public Imported importFile(
      @PathParam("task") String task,
      @HeaderParam(HttpHeaders.CONTENT_TYPE) MediaType type,
      InputStream body)
      throws IOException, InterruptedException {
    Intake intake = new Intake(new HashSet<>(tasks.definition(task).getClasses()));
    LabelReading.read(LabelFormat.of(type), body, intake);
    // A body may take its time, and the task may be gone by its end.
    tasks.definition(task);
    if (!intake.taken.isEmpty()) {
      labels.write(task, intake.taken);
    }
    return new Imported(intake.taken.size(), intake.unlabelled, intake.refused);
  }

  /** What was read so far, bounded. */
  private static final class Intake implements LabelReading.Sink {
    private final Set<String> classes;
    private final List<LabelRequest> taken = new ArrayList<>();
    private final List<Refused> refused = new ArrayList<>();
    private int unlabelled;

    private Intake(Set<String> classes) {
      this.classes = classes;
    }

    @Override
    public void label(long number, LabelRequest label) {
      Optional<String> fault = Labels.fault(label, classes);
      if (fault.isPresent()) {
        refused(number, fault.get());
        return;
      }
      taken.add(label);
      if (taken.size() > LABELS) {
        throw ProblemException.of(
            Status.REQUEST_ENTITY_TOO_LARGE,
            "at most %d labels at a time; nothing was written".formatted(LABELS));
      }
    }

    @Override
    public void unlabelled(long number) {
      unlabelled++;
    }

    @Override
    public void refused(long number, String reason) {
      refused.add(new Refused(number, reason));
      if (refused.size() > REFUSED) {
        throw ProblemException.of(
            Status.BAD_REQUEST,
            "more than %d lines are wrong, the first of them line %d: %s; nothing was written"
                .formatted(REFUSED, refused.get(0).number(), refused.get(0).reason()));
      }
    }
  }
}
