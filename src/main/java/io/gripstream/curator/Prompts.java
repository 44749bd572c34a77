package io.gripstream.curator;

import io.gripstream.event.PromptVersion;
import io.gripstream.event.TaskDefinition;
import io.gripstream.event.Tensor;
import io.gripstream.prompt.Prompt;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** What the curator must know of a prompt to make it live. */
final class Prompts {
  /** Characters in a digest, or in a model's id, at most. */
  private static final int LONGEST_NAME = 1000;

  /** Tensors of a prompt at most: a multimodal one has the parameters of its fusion besides. */
  private static final int MOST_TENSORS = 100;

  /** Extents of a tensor at most. */
  private static final int MOST_EXTENTS = 8;

  private Prompts() {}

  /** Whether no round made it. */
  static boolean zeroShot(PromptVersion prompt) {
    return Prompt.zeroShot(prompt);
  }

  /** Whether the prompt has the task's classes, in their order, and its template. */
  static boolean fits(PromptVersion prompt, TaskDefinition definition) {
    return prompt.getClasses().equals(definition.getClasses())
        && prompt.getTemplate().equals(definition.getTemplate());
  }

  /** What is wrong with the prompt as such; empty if nothing is. */
  static Optional<String> fault(PromptVersion prompt) {
    int classes = prompt.getClasses().size();
    if (prompt.getVersion() < 0 || prompt.getVersion() == Integer.MAX_VALUE) {
      return Optional.of("its version is %d".formatted(prompt.getVersion()));
    }
    if (!named(prompt.getDigest()) || !named(prompt.getModelId())) {
      return Optional.of("its digest or its model's id is empty or too long");
    }
    if (!(prompt.getLogitScale() > 0) || Float.isInfinite(prompt.getLogitScale())) {
      return Optional.of("its logit scale is %s".formatted(prompt.getLogitScale()));
    }
    List<Integer> shape = prompt.getClassFeatures().getShape();
    if (shape.size() != 2 || shape.get(0) != classes || shape.get(1) < 1) {
      return Optional.of("%d classes have class features %s".formatted(classes, shape));
    }
    if (!prompt.getZeroShotFeatures().getShape().equals(shape)) {
      return Optional.of(
          "zero-shot features %s where class features are %s"
              .formatted(prompt.getZeroShotFeatures().getShape(), shape));
    }
    int biases = prompt.getBias().size();
    if (biases != 0 && biases != classes) {
      return Optional.of("%d classes have a bias of %d numbers".formatted(classes, biases));
    }
    if (!prompt.getBias().stream().allMatch(Float::isFinite)) {
      return Optional.of("its bias holds a number that is not finite");
    }
    return fault("classFeatures", prompt.getClassFeatures())
        .or(() -> fault("zeroShotFeatures", prompt.getZeroShotFeatures()))
        .or(() -> firstFault(prompt.getTensors()));
  }

  private static boolean named(String name) {
    return !name.isBlank() && name.length() <= LONGEST_NAME;
  }

  private static Optional<String> firstFault(Map<String, Tensor> tensors) {
    if (tensors.size() > MOST_TENSORS || !tensors.keySet().stream().allMatch(Prompts::named)) {
      return Optional.of(
          "it has %d tensors, or one without a usable name".formatted(tensors.size()));
    }
    return tensors.entrySet().stream()
        .map(entry -> fault(entry.getKey(), entry.getValue()))
        .flatMap(Optional::stream)
        .findFirst();
  }

  private static Optional<String> fault(String name, Tensor tensor) {
    ByteBuffer data = tensor.getData().duplicate().order(ByteOrder.LITTLE_ENDIAN);
    long bytes = Float.BYTES;
    for (int extent : tensor.getShape()) {
      if (extent < 1 || tensor.getShape().size() > MOST_EXTENTS) {
        return Optional.of("%s has the shape %s".formatted(name, tensor.getShape()));
      }
      // No further than one step above what is there, so that no product comes round.
      bytes = bytes > data.remaining() ? bytes : bytes * extent;
    }
    if (data.remaining() != bytes) {
      return Optional.of(
          "%s of shape %s has %d bytes".formatted(name, tensor.getShape(), data.remaining()));
    }
    while (data.hasRemaining()) {
      if (!Float.isFinite(data.getFloat())) {
        return Optional.of("%s holds a number that is not finite".formatted(name));
      }
    }
    return Optional.empty();
  }
}
