package io.gripstream.labeler;

import io.gripstream.event.ImageEvent;
import io.gripstream.event.Modality;
import io.gripstream.event.PromptVersion;
import io.gripstream.event.TaskDefinition;
import io.gripstream.event.Tensor;
import io.gripstream.prompt.PromptDigest;
import io.gripstream.prompt.VisualPrompt;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.time.Instant;
import java.util.List;
import java.util.Map;

/** What tests send. */
final class Events {
  static final float[] RED = {1, 0, 0};
  static final float[] GREEN = {0, 1, 0};
  static final float[] BLUE = {0, 0, 1};

  private Events() {}

  static TaskDefinition task(String... classes) {
    return TaskDefinition.newBuilder().setClasses(List.of(classes)).build();
  }

  /**
   * A prompt that knows each class by a colour; the zero-shot one always knows red, green, blue.
   */
  static PromptVersion prompt(String task, int version, List<String> classes, float[]... colours) {
    return sealed(
        PromptVersion.newBuilder()
            .setTask(task)
            .setVersion(version)
            .setDigest("")
            .setModelId(ColourClip.ID)
            .setModality(Modality.TEXT)
            .setClasses(classes)
            .setTemplate("{}")
            .setClassFeatures(tensor(colours))
            .setZeroShotFeatures(tensor(RED, GREEN, BLUE))
            .setLogitScale(20)
            .setRound(version)
            .setCreatedAt(Instant.EPOCH)
            .build());
  }

  /** The same prompt under the digest of what it holds. */
  static PromptVersion sealed(PromptVersion prompt) {
    return PromptVersion.newBuilder(prompt).setDigest(PromptDigest.of(prompt)).build();
  }

  /** The same prompt behind a visual prompt, each vector of one number. */
  static PromptVersion behind(PromptVersion prompt, float... prefix) {
    float[][] vectors = new float[prefix.length][];
    for (int v = 0; v < prefix.length; v++) {
      vectors[v] = new float[] {prefix[v]};
    }
    return sealed(
        PromptVersion.newBuilder(prompt)
            .setModality(Modality.VISUAL)
            .setTensors(Map.of(VisualPrompt.PREFIX, tensor(vectors)))
            .build());
  }

  static Tensor tensor(float[]... rows) {
    ByteBuffer data =
        ByteBuffer.allocate(rows.length * rows[0].length * Float.BYTES)
            .order(ByteOrder.LITTLE_ENDIAN);
    for (float[] row : rows) {
      for (float value : row) {
        data.putFloat(value);
      }
    }
    return new Tensor(List.of(rows.length, rows[0].length), data.flip());
  }

  static ImageEvent image(byte[] content, String... tasks) {
    return ImageEvent.newBuilder()
        .setContent(ByteBuffer.wrap(content))
        .setTasks(List.of(tasks))
        .setAttributes(Map.of("from", "test"))
        .build();
  }

  static ImageEvent at(String uri, String sha256, String... tasks) {
    return ImageEvent.newBuilder().setUri(uri).setSha256(sha256).setTasks(List.of(tasks)).build();
  }
}
