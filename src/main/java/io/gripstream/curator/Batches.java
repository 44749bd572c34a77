package io.gripstream.curator;

import io.gripstream.curator.SamplePool.Place;
import io.gripstream.event.BatchSample;
import io.gripstream.event.Paradigm;
import io.gripstream.event.PromptVersion;
import io.gripstream.event.RefinementBatch;
import io.gripstream.event.Sample;
import io.gripstream.event.Strategy;
import io.gripstream.event.TaskDefinition;
import io.gripstream.kafka.KafkaClients;
import io.gripstream.refine.Paradigms;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * Writes a round's whole training set: the pool as it is, in order of image id, with the human
 * labels that are of the task's classes, in chunks that the brokers take.
 */
final class Batches {
  /** Samples in a chunk at most. */
  static final int CHUNK_SAMPLES = 500;

  /** Bytes in a chunk at most, as the pool counts them; one sample, or the prompts, may be more. */
  static final int CHUNK_BYTES = 700_000;

  /** What base and predecessor may take up: a record takes no more, and bears a definition too. */
  private static final int PROMPT_BYTES = KafkaClients.MAX_RECORD_BYTES - 2 * CHUNK_BYTES;

  private final SamplePool pool;
  private final Labels labels;
  private final Encoding<Sample> samples;
  private final Encoding<PromptVersion> prompts;

  Batches(
      SamplePool pool, Labels labels, Encoding<Sample> samples, Encoding<PromptVersion> prompts) {
    this.pool = pool;
    this.labels = labels;
    this.samples = samples;
    this.prompts = prompts;
  }

  /**
   * What a batch holds.
   *
   * @param pool how many samples
   * @param labelled how many of them have a human label
   * @param labels how many human labels are known: those that are more than {@code labelled} are of
   *     images whose samples are not in the pool, because the labeler thinned them out, because
   *     they left before the label came, or because the image has not come yet
   * @param paradigm what follows for the round
   */
  record Content(int pool, int labelled, int labels, Paradigm paradigm) {
    /** By name, for the diary. */
    Map<String, Double> metrics() {
      return Map.of(
          "pool", (double) pool, "labelled", (double) labelled, "labels", (double) labels);
    }

    @Override
    public String toString() {
      return "%d samples, %d of them labelled: %s".formatted(pool, labelled, paradigm);
    }
  }

  /**
   * @param base the prompt that is live
   * @param predecessor the prompt that the base was promoted in place of; left out where the two
   *     are too large for one record
   * @param out takes the chunks, in order
   */
  Content write(
      String task,
      TaskDefinition definition,
      PromptVersion base,
      Optional<PromptVersion> predecessor,
      Decision.Request request,
      Instant closedAt,
      Consumer<RefinementBatch> out) {
    List<Place> places = pool.places(task);
    int baseBytes = prompts.encode(base).length;
    int before = predecessor.map(prompt -> prompts.encode(prompt).length).orElse(0);
    boolean fits = (long) baseBytes + before <= PROMPT_BYTES;
    List<List<Place>> chunks = chunks(places, fits ? (long) baseBytes + before : baseBytes);
    List<String> joined = new ArrayList<>();
    for (int chunk = 0; chunk < chunks.size(); chunk++) {
      List<BatchSample> content = new ArrayList<>();
      for (Place place : chunks.get(chunk)) {
        Sample sample = samples.decode(pool.at(task, place.arrival()));
        String label = labels.find(task, definition, place.id()).orElse(null);
        if (label != null) {
          joined.add(label);
        }
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
              first && fits ? predecessor.orElse(null) : null,
              first && request.calibration() ? Strategy.BALANCE : null,
              first ? request.step() : 0,
              content));
    }
    return new Content(
        places.size(),
        joined.size(),
        labels.count(task, definition),
        Paradigms.of(definition, joined));
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
