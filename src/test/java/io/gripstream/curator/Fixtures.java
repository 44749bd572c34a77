package io.gripstream.curator;

import io.gripstream.clip.FloatTensor;
import io.gripstream.event.Command;
import io.gripstream.event.CommandType;
import io.gripstream.event.GateLimits;
import io.gripstream.event.ImageReference;
import io.gripstream.event.LabelEvent;
import io.gripstream.event.Modality;
import io.gripstream.event.PoolLimits;
import io.gripstream.event.PromptIdentity;
import io.gripstream.event.PromptVersion;
import io.gripstream.event.RoundEvent;
import io.gripstream.event.RoundEventType;
import io.gripstream.event.Sample;
import io.gripstream.event.TaskDefinition;
import io.gripstream.event.Tensor;
import io.gripstream.event.Trigger;
import io.gripstream.prompt.PromptDigest;
import io.gripstream.prompt.Tensors;
import io.gripstream.refine.judge.Gate;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.time.Instant;
import java.util.Collections;
import java.util.List;
import java.util.Map;

/**
 * Values that the curator's tests begin with: a task of two classes, and features of two numbers.
 */
final class Fixtures {
  static final String TASK = "animals";
  static final String MODEL = "pico@1";
  static final List<String> CLASSES = List.of("cat", "dog");

  /** Promotes what says that it is better, so that a test decides. */
  static final Candidates.Judge GATE =
      (limits, evidence) ->
          evidence.getOrDefault("better", 0.0) > 0
              ? new Gate.Verdict(Gate.Action.PROMOTE, "it is better")
              : new Gate.Verdict(Gate.Action.HOLD, "it is not better");

  private Fixtures() {}

  /** A round is due after four samples, and can be held with two. */
  static TaskDefinition.Builder definition() {
    return TaskDefinition.newBuilder()
        .setClasses(CLASSES)
        .setTrigger(new Trigger(4, 0, false))
        .setPool(new PoolLimits(100, 1_000_000L))
        .setGate(new GateLimits(0.2f, 0f, 2));
  }

  static PromptVersion zeroShot(int version) {
    return sealed(prompt(version));
  }

  static PromptVersion trained(int version, int round, PromptVersion parent, double better) {
    return sealed(
        prompt(version)
            .setParent(new PromptIdentity(parent.getVersion(), parent.getDigest()))
            .setTensors(Map.of("context", tensor(1, 3)))
            .setRound(round)
            .setEvidence(Map.of("better", better)));
  }

  /** The prompt under the digest of what it holds. */
  static PromptVersion sealed(PromptVersion.Builder prompt) {
    return prompt.setDigest(PromptDigest.of(prompt.setDigest("").build())).build();
  }

  /** To be {@link #sealed}. Other versions have other numbers. */
  static PromptVersion.Builder prompt(int version) {
    return PromptVersion.newBuilder()
        .setTask(TASK)
        .setVersion(version)
        .setDigest("")
        .setParent(null)
        .setModelId(MODEL)
        .setModality(Modality.TEXT)
        .setClasses(CLASSES)
        .setTemplate("a photo of a {}")
        .setTensors(Map.of())
        .setClassFeatures(features(version, 2, 2))
        .setZeroShotFeatures(features(version, 2, 2))
        .setLogitScale(100f)
        .setRound(0)
        .setEvidence(Map.of())
        .setCreatedAt(Instant.EPOCH);
  }

  /** Rows of unit length, as classes' features are. */
  static Tensor features(int version, int rows, int columns) {
    FloatTensor features = FloatTensor.matrix(rows, columns, new float[rows * columns]);
    for (int row = 0; row < rows; row++) {
      features.values()[row * columns] = (float) Math.cos(row + 0.01 * version);
      features.values()[row * columns + 1] = (float) Math.sin(row + 0.01 * version);
    }
    return Tensors.encode(features);
  }

  static Tensor tensor(int rows, int columns) {
    ByteBuffer data =
        ByteBuffer.allocate(rows * columns * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    while (data.hasRemaining()) {
      data.putFloat(0.5f);
    }
    return new Tensor(List.of(rows, columns), data.flip());
  }

  static Sample sample(String imageId) {
    return sample(imageId, MODEL, 2, 0);
  }

  /**
   * @param dimension numbers in the feature
   * @param mark told apart by the offset that the image was read from
   */
  static Sample sample(String imageId, String modelId, int dimension, long mark) {
    return new Sample(
        imageId,
        new ImageReference("images", 0, mark, null, "00"),
        ByteBuffer.wrap(new byte[dimension * Short.BYTES]),
        Collections.nCopies(2, 0.5f),
        0,
        "digest-0",
        modelId);
  }

  static LabelEvent label(String imageId, String label) {
    return new LabelEvent(imageId, label, "ann");
  }

  static Command command(CommandType type, Integer version) {
    return new Command(type, version, "because", null, null);
  }

  static Command command(CommandType type, String key, Integer expectedLive) {
    return new Command(type, null, "because", key, expectedLive);
  }

  static RoundEvent refiner(RoundEventType type, int round) {
    return new RoundEvent(TASK, round, type, null, null, 0.0, "", Map.of(), Instant.EPOCH);
  }
}
