package io.gripstream.curator;

import io.gripstream.event.GateLimits;
import io.gripstream.event.PromptVersion;
import io.gripstream.event.RefinementBatch;
import io.gripstream.event.RoundEvent;
import io.gripstream.event.Sample;
import io.gripstream.event.TaskDefinition;
import io.gripstream.kafka.DeadLetters;
import io.gripstream.kafka.Topics;
import io.gripstream.kafka.registry.TopicSerdes;
import io.gripstream.refine.judge.Gate;
import io.micrometer.core.instrument.MeterRegistry;
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
  private final Topics topics = new Topics("local.");
  private final MeterRegistry meters = new SimpleMeterRegistry();
  private final LocalContext context =
      new LocalContext(new Rejections(new DeadLetters(topics), meters), this::forward);
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
    this.processor =
        new CurateProcessor(
            topics,
            new TopicSerdes(new LocalRegistry()),
            new Candidates(judge::judge),
            meters,
            RoundSpans.OFF);
    processor.init(context);
  }

  /**
   * @param at the time on the curator's clock, which what follows from it bears
   */
  public void define(TaskDefinition definition, Instant at) {
    process(topics.tasks(), definition, at);
  }

  /** A prompt that was made; a zero-shot one is given its version. */
  public void candidate(PromptVersion candidate, Instant at) {
    String topic = Prompts.zeroShot(candidate) ? topics.zeroShots() : topics.candidates();
    process(topic, candidate, at);
  }

  /** An image's sample. */
  public void sample(Sample sample, Instant at) {
    process(topics.samples(), sample, at);
  }

  /** What the refiner says of a round. */
  public void refiner(RoundEvent event, Instant at) {
    process(topics.rounds(), event, at);
  }

  private void process(String topic, SpecificRecord value, Instant at) {
    context.clock(at.toEpochMilli());
    processor.curate(topic, new Record<>(task, value, at.toEpochMilli()));
  }

  private void forward(String child, SpecificRecord value) {
    if (value instanceof RefinementBatch chunk) {
      output.batch(chunk);
    } else if (value instanceof PromptVersion live && child.equals(CuratorTopology.PROMPTS)) {
      output.prompt(live);
    } else if (value instanceof RoundEvent event) {
      output.round(event);
    }
  }
}
