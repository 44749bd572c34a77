package io.gripstream.refiner;

import io.gripstream.event.BatchSample;
import io.gripstream.event.ImageReference;
import io.gripstream.event.Modality;
import io.gripstream.event.PromptVersion;
import io.gripstream.event.RefinementBatch;
import io.gripstream.event.TaskDefinition;
import io.gripstream.event.Tensor;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.List;

/** What tests send. A round's candidate has the version after the round's number. */
final class Batches {
  static final String MODEL = "test@1";

  private Batches() {}

  static TaskDefinition task(String... classes) {
    return TaskDefinition.newBuilder().setClasses(List.of(classes)).build();
  }

  static PromptVersion prompt(String task, int version, TaskDefinition definition) {
    Tensor features = new Tensor(List.of(2, 1), ByteBuffer.allocate(8));
    return PromptVersion.newBuilder()
        .setTask(task)
        .setVersion(version)
        .setDigest(definition.getClasses() + "@" + version)
        .setModelId(MODEL)
        .setModality(Modality.TEXT)
        .setClasses(definition.getClasses())
        .setTemplate(definition.getTemplate())
        .setClassFeatures(features)
        .setZeroShotFeatures(features)
        .setLogitScale(1)
        .setRound(0)
        .setCreatedAt(Instant.EPOCH)
        .build();
  }

  static RefinementBatch chunk(String task, int round, int chunk, int chunks) {
    return chunk(task, round, chunk, chunks, null);
  }

  static RefinementBatch chunk(String task, int round, int chunk, int chunks, String label) {
    TaskDefinition definition = task("a", "b");
    BatchSample sample =
        new BatchSample(
            "image-" + chunk,
            new ImageReference("images", 0, (long) chunk, null, "0".repeat(64)),
            ByteBuffer.allocate(2),
            label);
    return RefinementBatch.newBuilder()
        .setTask(task)
        .setRound(round)
        .setVersion(round + 1)
        .setChunk(chunk)
        .setChunks(chunks)
        .setClosedAt(Instant.EPOCH)
        .setDefinition(chunk == 0 ? definition : null)
        .setBase(chunk == 0 ? prompt(task, round, definition) : null)
        .setSamples(List.of(sample))
        .build();
  }
}
