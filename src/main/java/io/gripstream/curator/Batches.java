package io.gripstream.curator;

import io.gripstream.curator.Memory.Place;
import io.gripstream.event.BatchSample;
import io.gripstream.event.LabelEvent;
import io.gripstream.event.PromptVersion;
import io.gripstream.event.RefinementBatch;
import io.gripstream.event.Sample;
import io.gripstream.event.TaskDefinition;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/**
 * Writes a round's whole training set: the pool as it is, in order of image id, with the human
 * labels that are of the task's classes, in chunks that the brokers take.
 */
final class Batches {
  /** Samples in a chunk at most. */
  static final int CHUNK_SAMPLES = 500;

  /**
   * Bytes in a chunk at most, as the pool counts them; one sample, or the base prompt, may be more.
   */
  static final int CHUNK_BYTES = 700_000;

  private final Memory pool;
  private final Memory labels;
  private final Encoding<Sample> samples;
  private final Encoding<LabelEvent> labelEvents;
  private final Encoding<PromptVersion> prompts;

  Batches(
      Memory pool,
      Memory labels,
      Encoding<Sample> samples,
      Encoding<LabelEvent> labelEvents,
      Encoding<PromptVersion> prompts) {
    this.pool = pool;
    this.labels = labels;
    this.samples = samples;
    this.labelEvents = labelEvents;
    this.prompts = prompts;
  }

  /**
   * @param base the prompt that is live
   * @param out takes the chunks, in order
   * @return what the batch holds, by name: {@code pool} and {@code labelled}
   */
  Map<String, Double> write(
      String task,
      TaskDefinition definition,
      PromptVersion base,
      Decision.Request request,
      Instant closedAt,
      Consumer<RefinementBatch> out) {
    List<Place> places = pool.places(task);
    List<List<Place>> chunks = chunks(places, prompts.encode(base).length);
    int labelled = 0;
    for (int chunk = 0; chunk < chunks.size(); chunk++) {
      List<BatchSample> content = new ArrayList<>();
      for (Place place : chunks.get(chunk)) {
        Sample sample = samples.decode(pool.at(task, place.arrival()));
        String label = label(task, definition, place.id());
        labelled += label == null ? 0 : 1;
        content.add(
            new BatchSample(sample.getImageId(), sample.getImage(), sample.getFeature(), label));
      }
      boolean first = chunk == 0;
      out.accept(
          new RefinementBatch(
              task,
              request.round(),
              request.version(),
              chunk,
              chunks.size(),
              closedAt,
              first ? definition : null,
              first ? base : null,
              content));
    }
    return Map.of("pool", (double) places.size(), "labelled", (double) labelled);
  }

  /** Null when there is none, or when it is of a class that the task no longer has. */
  private String label(String task, TaskDefinition definition, String imageId) {
    return labels
        .find(task, imageId)
        .map(labelEvents::decode)
        .map(LabelEvent::getLabel)
        .filter(definition.getClasses()::contains)
        .orElse(null);
  }

  /**
   * @param head bytes that the first chunk bears besides its samples
   */
  private static List<List<Place>> chunks(List<Place> places, long head) {
    List<List<Place>> chunks = new ArrayList<>();
    List<Place> chunk = new ArrayList<>();
    long bytes = head;
    for (Place place : places) {
      if (chunk.size() == CHUNK_SAMPLES || (bytes > 0 && bytes + place.size() > CHUNK_BYTES)) {
        chunks.add(chunk);
        chunk = new ArrayList<>();
        bytes = 0;
      }
      chunk.add(place);
      bytes += place.size();
    }
    chunks.add(chunk);
    return chunks;
  }
}
