package io.gripstream.cli;

import io.gripstream.event.Prediction;
import io.gripstream.event.PromptVersion;
import io.gripstream.event.RoundEvent;
import io.gripstream.event.TaskDefinition;
import io.gripstream.kafka.KafkaClients;
import io.gripstream.kafka.Topics;
import io.gripstream.kafka.registry.TopicSerdes;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.function.BooleanSupplier;
import org.apache.kafka.clients.consumer.ConsumerRecord;

/**
 * Follows what the service makes of one task, as any subscriber could, and keeps a {@link Tally} of
 * it. Open it before the first image is sent.
 */
final class Measurement implements AutoCloseable {
  private static final Duration LOOK = Duration.ofMillis(100);

  private final String task;
  private final Topics topics;
  private final TopicSerdes serdes;
  private final Tally tally;
  private final Subscription outcomes;
  private final Subscription prompts;
  private volatile PromptVersion live;

  Measurement(KafkaClients clients, Topics topics, TopicSerdes serdes, String task, Tally tally) {
    this.task = task;
    this.topics = topics;
    this.serdes = serdes;
    this.tally = tally;
    this.outcomes =
        new Subscription(
            clients,
            List.of(topics.predictions(), topics.rounds(), topics.deadLetters()),
            false,
            this::outcome);
    this.prompts = new Subscription(clients, List.of(topics.prompts()), true, this::prompt);
  }

  private void outcome(ConsumerRecord<byte[], byte[]> record) {
    if (record.topic().equals(topics.deadLetters())) {
      if (record.key() != null) {
        tally.deadLettered(new String(record.key(), StandardCharsets.UTF_8));
      }
    } else if (record.topic().equals(topics.rounds())) {
      RoundEvent event = serdes.rounds().deserializer().deserialize(record.topic(), record.value());
      tally.happened(event);
    } else {
      Prediction prediction =
          serdes.predictions().deserializer().deserialize(record.topic(), record.value());
      tally.predicted(prediction, Instant.now());
    }
  }

  private void prompt(ConsumerRecord<byte[], byte[]> record) {
    if (record.value() == null || !task.equals(new String(record.key(), StandardCharsets.UTF_8))) {
      return;
    }
    live = serdes.prompts().deserializer().deserialize(record.topic(), record.value());
    tally.live(live.getVersion());
  }

  /**
   * Waits for a prompt to be live that labels with these classes.
   *
   * @throws CommandFailure when there is none in time
   */
  void awaitPrompt(TaskDefinition definition, Duration timeout) {
    boolean there =
        await(
            () ->
                live != null
                    && live.getClasses().equals(definition.getClasses())
                    && live.getTemplate().equals(definition.getTemplate()),
            timeout);
    if (!there) {
      throw new CommandFailure(
          "no prompt went live for task %s within %d s: is there a refiner and a curator?"
              .formatted(task, timeout.toSeconds()));
    }
  }

  /**
   * Waits for an outcome of every image that was sent.
   *
   * @param timeout how long to wait without anything happening
   * @return whether there is one
   */
  boolean awaitOutcomes(Duration timeout) {
    long open = tally.open();
    while (open > 0) {
      long before = open;
      if (!await(() -> tally.open() < before, timeout)) {
        return false;
      }
      open = tally.open();
    }
    return true;
  }

  /** Waits for a round in progress to end, but not for ever. */
  void awaitQuiet(Duration timeout) {
    await(() -> !tally.refining(), timeout);
  }

  private boolean await(BooleanSupplier condition, Duration timeout) {
    long deadline = System.nanoTime() + timeout.toNanos();
    while (true) {
      check();
      if (condition.getAsBoolean()) {
        return true;
      }
      if (System.nanoTime() - deadline > 0 || Thread.currentThread().isInterrupted()) {
        return false;
      }
      java.util.concurrent.locks.LockSupport.parkNanos(LOOK.toNanos());
    }
  }

  /**
   * @throws RuntimeException what ended a subscription, if anything did
   */
  void check() {
    outcomes.check();
    prompts.check();
  }

  @Override
  public void close() {
    outcomes.close();
    prompts.close();
  }
}
