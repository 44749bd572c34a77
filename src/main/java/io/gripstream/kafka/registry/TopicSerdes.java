package io.gripstream.kafka.registry;

import io.gripstream.event.Command;
import io.gripstream.event.ImageEvent;
import io.gripstream.event.LabelEvent;
import io.gripstream.event.Prediction;
import io.gripstream.event.PromptVersion;
import io.gripstream.event.RefinementBatch;
import io.gripstream.event.RoundEvent;
import io.gripstream.event.Sample;
import io.gripstream.event.TaskDefinition;
import java.util.Optional;
import org.apache.kafka.common.serialization.Serializer;

/** How the values of each topic are encoded. Keys are UTF-8 strings. */
public final class TopicSerdes {
  private final AvroSerde<ImageEvent> images;
  private final AvroSerde<LabelEvent> labels;
  private final AvroSerde<TaskDefinition> tasks;
  private final AvroSerde<Prediction> predictions;
  private final AvroSerde<Sample> samples;
  private final AvroSerde<RefinementBatch> batches;
  private final AvroSerde<PromptVersion> prompts;
  private final AvroSerde<RoundEvent> rounds;
  private final AvroSerde<Command> commands;

  private final Serializer<PromptVersion> livePrompts;

  /** Of a process that signs nothing. */
  public TopicSerdes(SchemaRegistry registry) {
    this(registry, Optional.empty());
  }

  /**
   * @param registry stays the caller's to close
   * @param signer signs live prompts; empty: they are not signed
   */
  public TopicSerdes(SchemaRegistry registry, Optional<PromptSignature.Signer> signer) {
    images = new AvroSerde<>(registry, ImageEvent.class);
    labels = new AvroSerde<>(registry, LabelEvent.class);
    tasks = new AvroSerde<>(registry, TaskDefinition.class);
    predictions = new AvroSerde<>(registry, Prediction.class);
    samples = new AvroSerde<>(registry, Sample.class);
    batches = new AvroSerde<>(registry, RefinementBatch.class);
    prompts = new AvroSerde<>(registry, PromptVersion.class);
    livePrompts =
        signer.map(signing -> signing.signing(prompts.serializer())).orElseGet(prompts::serializer);
    rounds = new AvroSerde<>(registry, RoundEvent.class);
    commands = new AvroSerde<>(registry, Command.class);
  }

  public AvroSerde<ImageEvent> images() {
    return images;
  }

  public AvroSerde<LabelEvent> labels() {
    return labels;
  }

  public AvroSerde<TaskDefinition> tasks() {
    return tasks;
  }

  public AvroSerde<Prediction> predictions() {
    return predictions;
  }

  public AvroSerde<Sample> samples() {
    return samples;
  }

  public AvroSerde<RefinementBatch> batches() {
    return batches;
  }

  public AvroSerde<PromptVersion> candidates() {
    return prompts;
  }

  public AvroSerde<PromptVersion> prompts() {
    return prompts;
  }

  /** For the curator, which makes prompts live: it signs them. Must be given the headers. */
  public Serializer<PromptVersion> livePrompts() {
    return livePrompts;
  }

  public AvroSerde<RoundEvent> rounds() {
    return rounds;
  }

  public AvroSerde<Command> commands() {
    return commands;
  }
}
