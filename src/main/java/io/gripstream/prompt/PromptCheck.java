package io.gripstream.prompt;

import io.gripstream.event.PromptVersion;
import io.gripstream.event.Strategy;
import io.gripstream.event.TaskDefinition;
import io.gripstream.event.Tensor;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Says what keeps a prompt from being served. Every method answers in words, or with nothing when
 * it finds no fault. {@link KnownVersions} says whether the version exists.
 */
public final class PromptCheck {
  /** Characters in a digest, or in a model's id, at most. */
  private static final int LONGEST_NAME = 1000;

  /** Tensors of a prompt at most: a multimodal one has the parameters of its fusion besides. */
  private static final int MOST_TENSORS = 100;

  /** Extents of a tensor at most. */
  private static final int MOST_EXTENTS = 8;

  /** How far from 1 a unit vector's length may be: features computed in bf16 were half of it. */
  private static final double UNIT_TOLERANCE = 0.01;

  /** Mixtures of images that hardly differ come to 1e6. Beyond this, binary32 has no fractions. */
  private static final double LARGEST_LOGIT = 1e7;

  private PromptCheck() {}

  /** What is wrong with the prompt's form: shapes, or a number that is not finite. */
  private static Optional<String> malformed(PromptVersion prompt) {
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
    return malformed("classFeatures", prompt.getClassFeatures())
        .or(() -> malformed("zeroShotFeatures", prompt.getZeroShotFeatures()))
        .or(() -> malformed(prompt.getTensors()));
  }

  /**
   * What is wrong with the prompt as such: its form, a class vector of a length that it cannot
   * have, logits that no features give, or a digest that is another prompt's.
   */
  public static Optional<String> fault(PromptVersion prompt) {
    return malformed(prompt)
        .or(() -> lengths(prompt))
        .or(
            () -> {
              String digest = PromptDigest.of(prompt);
              return prompt.getDigest().equals(digest)
                  ? Optional.empty()
                  : Optional.of(
                      "its digest is %s, and its numbers have %s"
                          .formatted(prompt.getDigest(), digest));
            });
  }

  /**
   * Whether the prompt is another model's.
   *
   * @param featureSize {@code D} of the model
   */
  public static Optional<String> misfit(PromptVersion prompt, String modelId, int featureSize) {
    if (!prompt.getModelId().equals(modelId)) {
      return Optional.of("it is for %s where %s is due".formatted(prompt.getModelId(), modelId));
    }
    int size = prompt.getClassFeatures().getShape().get(1);
    return size == featureSize
        ? Optional.empty()
        : Optional.of(
            "its class features have %d numbers, and the model's %d".formatted(size, featureSize));
  }

  /** Whether the prompt is another task's, or for classes that the task does not have now. */
  public static Optional<String> misfit(
      PromptVersion prompt, String task, TaskDefinition definition) {
    if (!prompt.getTask().equals(task)) {
      return Optional.of("it is a prompt of task '%s'".formatted(prompt.getTask()));
    }
    return prompt.getClasses().equals(definition.getClasses())
        ? Optional.empty()
        : Optional.of("its classes are not the task's");
  }

  /** A mixture's class vectors have lengths of their own; all others are of unit length. */
  private static Optional<String> lengths(PromptVersion prompt) {
    boolean free = prompt.getMadeBy() == Strategy.MIXTURE;
    double longest = 0;
    for (double norm : Vectors.norms(Tensors.decode(prompt.getClassFeatures()))) {
      if (norm == 0 || !free && !unit(norm)) {
        return Optional.of("a class vector has the length %s".formatted(norm));
      }
      longest = Math.max(longest, norm);
    }
    for (double norm : Vectors.norms(Tensors.decode(prompt.getZeroShotFeatures()))) {
      if (!unit(norm)) {
        return Optional.of("a zero-shot class vector has the length %s".formatted(norm));
      }
    }
    double bias = prompt.getBias().stream().mapToDouble(Math::abs).max().orElse(0);
    double logit = prompt.getLogitScale() * longest + bias;
    return logit <= LARGEST_LOGIT
        ? Optional.empty()
        : Optional.of("its logits may be as large as %s".formatted(logit));
  }

  private static boolean unit(double norm) {
    return Math.abs(norm - 1) <= UNIT_TOLERANCE;
  }

  private static boolean named(String name) {
    return !name.isBlank() && name.length() <= LONGEST_NAME;
  }

  private static Optional<String> malformed(Map<String, Tensor> tensors) {
    if (tensors.size() > MOST_TENSORS || !tensors.keySet().stream().allMatch(PromptCheck::named)) {
      return Optional.of(
          "it has %d tensors, or one without a usable name".formatted(tensors.size()));
    }
    return tensors.entrySet().stream()
        .map(entry -> malformed(entry.getKey(), entry.getValue()))
        .flatMap(Optional::stream)
        .findFirst();
  }

  private static Optional<String> malformed(String name, Tensor tensor) {
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
