package io.gripstream.gateway.rest;

import io.gripstream.event.BatchSample;
import io.gripstream.gateway.board.ImageView;
import io.gripstream.gateway.rest.PseudolabelChooser.Choice;
import io.gripstream.kafka.UnreadableRecordException;
import io.gripstream.refine.select.Pseudolabel;
import io.gripstream.refine.train.RoundBatch;
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
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;

/** The pseudolabels that a round trained on, class by class. */
@Path("/api/tasks/{task}/rounds/{round}/pseudolabels")
@Produces(MediaType.APPLICATION_JSON)
@Tag(name = "Rounds")
@Blocking
@RolesAllowed("viewer")
public final class PseudolabelResource {
  private final Tasks tasks;
  private final PseudolabelChooser chooser;

  PseudolabelResource(Tasks tasks, PseudolabelChooser chooser) {
    this.tasks = tasks;
    this.chooser = chooser;
  }

  /**
   * A round's pseudolabels.
   *
   * @param total how many there are
   * @param classes in the order of the definition, those without a pseudolabel too
   */
  public record Pseudolabels(int total, List<ClassPseudolabels> classes) {}

  /**
   * The pseudolabels of one class.
   *
   * @param samples some of them, the surest first
   */
  public record ClassPseudolabels(String label, int total, List<PseudolabelView> samples) {}

  /**
   * One pseudolabel.
   *
   * @param confidence the probability that the class had when it was chosen
   */
  public record PseudolabelView(String imageId, ImageView image, float confidence) {}

  @GET
  @Operation(
      operationId = "listPseudolabels",
      summary = "The pseudolabels that a round trained on, class by class",
      description =
          "They are chosen again from the round's batch. A round in closed form has none, and those of rounds that read images again cannot be told without the model: 404.")
  public Pseudolabels get(
      @PathParam("task") String task,
      @PathParam("round") int round,
      @QueryParam("perClass") @DefaultValue("12") @Min(0) @Max(100) int perClass)
      throws UnreadableRecordException, InterruptedException {
    Choice choice = chooser.choose(tasks.board(task), round);
    return view(choice.batch(), choice.pseudolabels(), perClass);
  }

  private static Pseudolabels view(RoundBatch batch, List<Pseudolabel> chosen, int perClass) {
    List<String> names = batch.definition().getClasses();
    List<List<Pseudolabel>> byClass = new ArrayList<>();
    names.forEach(name -> byClass.add(new ArrayList<>()));
    chosen.stream()
        .sorted(Comparator.comparingDouble(each -> -each.confidence()))
        .forEach(each -> byClass.get(each.label()).add(each));
    List<ClassPseudolabels> classes = new ArrayList<>();
    for (int j = 0; j < names.size(); j++) {
      List<PseudolabelView> some =
          byClass.get(j).stream()
              .limit(perClass)
              .map(each -> view(batch.samples().get(each.sample()), each))
              .toList();
      classes.add(new ClassPseudolabels(names.get(j), byClass.get(j).size(), some));
    }
    return new Pseudolabels(chosen.size(), classes);
  }

  private static PseudolabelView view(BatchSample sample, Pseudolabel pseudolabel) {
    return new PseudolabelView(
        sample.getImageId(), ImageView.of(sample.getImage()), pseudolabel.confidence());
  }
}
