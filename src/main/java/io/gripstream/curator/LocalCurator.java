package io.gripstream.curator;

import io.gripstream.event.GateLimits;
import io.gripstream.event.PromptVersion;
import io.gripstream.event.RefinementBatch;
import io.gripstream.event.RoundEvent;
import io.gripstream.event.Sample;
import io.gripstream.event.TaskDefinition;
import io.gripstream.messaging.DeadLetters;
import io.gripstream.messaging.TopicSerdes;
import io.gripstream.messaging.Topics;
import io.gripstream.refine.Gate;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Instant;
import java.util.Map;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.streams.processor.api.Record;

/**
 * The curator of one task in the caller's thread, without a broker: the same processor and the same
 * rules as in the service, over stores in memory. It is for replaying a stream. Nothing outlives
 * it, and nothing happens between two calls. Not thread-safe.
 */
public final class LocalCurator {
  private final String task;
  private final Output output;
  private final CurateProcessor processor;

  /** Says whether a candidate goes live; {@link Gate#judge} in the service. */
  @FunctionalInterface
  public interface Judge {
    Gate.Verdict judge(GateLimits limits, Map<String, Double> evidence);
  }

  /** Takes what the curator writes. Must not call the curator. */
  public interface Output {
    /** A chunk of a batch that is closed. */
    void batch(RefinementBatch chunk);

    /** A prompt is live from now on. */
    void prompt(PromptVersion live);

    /** An entry of the diary. */
    void round(RoundEvent event);
  }

  public LocalCurator(String task, Judge judge, Output output) {
    this.task = task;
    this.output = output;
    Topics topics = new Topics("local.");
    SimpleMeterRegistry meters = new SimpleMeterRegistry();
    this.processor =
        new CurateProcessor(
            topics, new TopicSerdes(new LocalRegistry()), new Candidates(judge::judge), meters);
    processor.init(
        new LocalContext(new Rejections(new DeadLetters(topics), meters), this::forward));
  }

  /**
   * @param at the time that what follows from it bears
   */
  public void define(TaskDefinition definition, Instant at) {
    process(definition, at);
  }

  /** A prompt that was made. */
  public void candidate(PromptVersion candidate, Instant at) {
    process(candidate, at);
  }

  /** An image's sample. */
  public void sample(Sample sample, Instant at) {
    process(sample, at);
  }

  /** What the refiner says of a round. */
  public void refiner(RoundEvent event, Instant at) {
    process(event, at);
  }

  private void process(SpecificRecord value, Instant at) {
    processor.process(new Record<>(task, value, at.toEpochMilli()));
  }

  private void forward(SpecificRecord value) {
    if (value instanceof RefinementBatch chunk) {
      output.batch(chunk);
    } else if (value instanceof PromptVersion live) {
      output.prompt(live);
    } else if (value instanceof RoundEvent event) {
      output.round(event);
    }
  }
}
