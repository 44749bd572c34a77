package io.gripstream.refiner;

import io.gripstream.event.Paradigm;
import io.gripstream.event.RoundEvent;
import io.gripstream.event.RoundEventType;
import io.gripstream.kafka.Keys;
import io.gripstream.refine.Refinement;
import io.gripstream.refine.train.RoundBatch;
import java.time.Clock;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CancellationException;
import java.util.function.BooleanSupplier;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.serialization.Serializer;
import org.jboss.logging.Logger;

/**
 * The refiner's entries in the diaries of tasks. What is written here directly, that a round
 * started and how far it is, is for people who watch: it is not part of the round's transaction, it
 * may be told twice, and a round goes on without it.
 */
final class Diary {
  private static final Logger LOG = Logger.getLogger(Diary.class);

  /** The least time between two entries on a round's progress. */
  static final Duration PACE = Duration.ofSeconds(1);

  private final Producer<byte[], byte[]> producer;
  private final String topic;
  private final Serializer<RoundEvent> serializer;
  private final Clock clock;

  /**
   * @param producer without transactions
   */
  Diary(
      Producer<byte[], byte[]> producer,
      String topic,
      Serializer<RoundEvent> serializer,
      Clock clock) {
    this.producer = producer;
    this.topic = topic;
    this.serializer = serializer;
    this.clock = clock;
  }

  /**
   * An entry, to be sent.
   *
   * @param paradigm null where it is not about training
   */
  ProducerRecord<byte[], byte[]> entry(
      String task,
      int round,
      RoundEventType type,
      Integer version,
      Paradigm paradigm,
      double progress,
      String message,
      Map<String, Double> metrics) {
    RoundEvent event =
        new RoundEvent(
            task,
            round,
            type,
            version,
            paradigm,
            progress,
            message,
            Map.copyOf(metrics),
            clock.instant());
    return new ProducerRecord<>(topic, Keys.bytes(task), serializer.serialize(topic, event));
  }

  /** That a round cannot be done, and why. */
  ProducerRecord<byte[], byte[]> failed(String task, int round, Integer version, String reason) {
    return entry(task, round, RoundEventType.FAILED, version, null, 0, reason, Map.of());
  }

  /** Sends an entry that may be lost. */
  void note(
      String task,
      int round,
      RoundEventType type,
      Integer version,
      Paradigm paradigm,
      double progress,
      Map<String, Double> metrics) {
    try {
      producer.send(
          entry(task, round, type, version, paradigm, progress, "", metrics),
          (metadata, failure) -> {
            if (failure != null) {
              LOG.warnf("an entry of a diary was lost: %s", failure.getMessage());
            }
          });
    } catch (KafkaException e) {
      LOG.warnf("an entry of a diary was lost: %s", e.getMessage());
    }
  }

  /** Sends what was noted before what follows. */
  void flush() {
    producer.flush();
  }

  /**
   * Notes a round's progress, about once a second.
   *
   * @param paradigm of the round
   * @param abandoned whether nobody waits for the round any more; then the next report ends it with
   *     a {@link CancellationException}
   */
  Refinement.Progress progress(RoundBatch batch, Paradigm paradigm, BooleanSupplier abandoned) {
    return new Refinement.Progress() {
      private long last = System.nanoTime() - PACE.toNanos();

      @Override
      public void at(double done, Map<String, Double> metrics) {
        if (abandoned.getAsBoolean()) {
          throw new CancellationException("nobody waits for this round any more");
        }
        long now = System.nanoTime();
        if (now - last >= PACE.toNanos()) {
          last = now;
          note(
              batch.task(),
              batch.round(),
              RoundEventType.PROGRESS,
              batch.version(),
              paradigm,
              done,
              metrics);
        }
      }
    };
  }
}
