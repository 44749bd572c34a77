package io.gripstream.gateway.rest;

import io.gripstream.event.PromptVersion;
import io.gripstream.event.Tensor;
import io.gripstream.gateway.Gateway;
import io.gripstream.gateway.board.TaskBoard;
import io.gripstream.gateway.board.VersionView;
import io.gripstream.kafka.Position;
import io.gripstream.kafka.Topics;
import io.gripstream.kafka.UnreadableRecordException;
import io.gripstream.prompt.Prompt;
import io.gripstream.prompt.PromptCheck;
import io.gripstream.prompt.PromptFile;
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
import jakarta.ws.rs.core.Response;
import jakarta.ws.rs.core.Response.Status;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;

/** Prompt versions: which is live, which there are, what speaks for them, and their numbers. */
@Path("/api/tasks/{task}/prompts")
@Produces(MediaType.APPLICATION_JSON)
@Tag(name = "Prompts")
@Blocking
@RolesAllowed("viewer")
public final class PromptResource {
  private static final Duration TIMEOUT = Duration.ofSeconds(10);

  private final Gateway gateway;
  private final Tasks tasks;
  private final Topics topics;

  PromptResource(Gateway gateway, Tasks tasks, Topics topics) {
    this.gateway = gateway;
    this.tasks = tasks;
    this.topics = topics;
  }

  /** Numbers with a shape, outermost extent first, row-major. */
  public record TensorView(List<Integer> shape, float[] values) {
    static TensorView of(Tensor tensor) {
      FloatBuffer data =
          tensor.getData().duplicate().order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer();
      float[] values = new float[data.remaining()];
      data.get(values);
      return new TensorView(tensor.getShape(), values);
    }
  }

  /**
   * A whole prompt version.
   *
   * @param tensors what was tuned, by name
   * @param classFeatures {@code [C, D]}
   * @param zeroShotFeatures {@code [C, D]}
   * @param bias {@code [C]}, added to the logits, in nats
   */
  public record WholePrompt(
      VersionView version,
      Map<String, TensorView> tensors,
      TensorView classFeatures,
      TensorView zeroShotFeatures,
      float[] bias) {}

  @GET
  @Operation(
      operationId = "listPrompts",
      summary = "All versions, newest first, with evidence and verdict",
      description = "After a version come older ones.")
  public List<VersionView> list(
      @PathParam("task") String task,
      @QueryParam("after") @Min(0) Integer after,
      @QueryParam("limit") @DefaultValue("1000") @Min(1) @Max(1000) int limit) {
    return tasks.board(task).versions().stream()
        .filter(version -> after == null || version.facts().version() < after)
        .limit(limit)
        .toList();
  }

  @GET
  @Path("live")
  @Operation(summary = "The version that labels now, with its numbers")
  public WholePrompt live(@PathParam("task") String task) throws UnreadableRecordException {
    TaskBoard board = tasks.board(task);
    int version =
        board
            .live()
            .orElseThrow(
                () -> ProblemException.of(Status.NOT_FOUND, task + " has no live prompt yet"))
            .version();
    return whole(board, version);
  }

  @GET
  @Path("{version}")
  @Operation(summary = "One version, with its numbers")
  public WholePrompt get(@PathParam("task") String task, @PathParam("version") int version)
      throws UnreadableRecordException {
    return whole(tasks.board(task), version);
  }

  @GET
  @Path("{version}/safetensors")
  @Produces(MediaType.APPLICATION_OCTET_STREAM)
  @Operation(
      operationId = "getPromptSafetensors",
      summary = "One version as a safetensors file",
      description =
          "class_features [C, D], zero_shot_features [C, D], scale [], bias [C], and what was tuned:"
              + " ctx [M, W] or [C, M, W], prefix [V, W], fusion.*; all F32. The metadata have"
              + " task, version, digest, model_id, modality, made_by, template, and classes as a"
              + " JSON array. A prompt that no labeler would serve is refused (422).")
  public Response file(@PathParam("task") String task, @PathParam("version") int version)
      throws UnreadableRecordException, IOException {
    PromptVersion prompt = read(tasks.board(task), version);
    Optional<String> fault = PromptCheck.fault(prompt);
    if (fault.isPresent()) {
      throw ProblemException.of(
          422, "Unprocessable Content", "version %d: %s".formatted(version, fault.get()));
    }
    ByteArrayOutputStream file = new ByteArrayOutputStream();
    PromptFile.write(prompt, file);
    return Response.ok(file.toByteArray(), MediaType.APPLICATION_OCTET_STREAM)
        .header(
            "Content-Disposition",
            "attachment; filename=\"prompt-%d.safetensors\"".formatted(version))
        .build();
  }

  private WholePrompt whole(TaskBoard board, int version) throws UnreadableRecordException {
    VersionView view = board.version(version).orElseThrow(() -> unknown(board.task(), version));
    PromptVersion prompt = read(board, version);
    Map<String, TensorView> tensors = new TreeMap<>();
    prompt.getTensors().forEach((name, tensor) -> tensors.put(name, TensorView.of(tensor)));
    return new WholePrompt(
        view,
        tensors,
        TensorView.of(prompt.getClassFeatures()),
        TensorView.of(prompt.getZeroShotFeatures()),
        Prompt.bias(prompt));
  }

  private PromptVersion read(TaskBoard board, int version) throws UnreadableRecordException {
    Position position = board.position(version).orElseThrow(() -> unknown(board.task(), version));
    byte[] value =
        gateway
            .reader()
            .read(topics.candidates(), position.partition(), position.offset(), TIMEOUT)
            .value();
    return gateway.serdes().candidates().deserializer().deserialize(topics.candidates(), value);
  }

  private static ProblemException unknown(String task, int version) {
    return ProblemException.of(Status.NOT_FOUND, task + " has no version " + version);
  }
}
