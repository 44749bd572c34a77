package io.gripstream.gateway.stream;

import io.gripstream.messaging.KafkaClients;
import java.time.Duration;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.StringSerializer;

/** Writes single records and waits until the brokers have them. Thread-safe. */
public final class Publisher implements AutoCloseable {
  private static final Duration TIMEOUT = Duration.ofSeconds(20);

  private final Producer<String, byte[]> producer;

  public Publisher(KafkaClients clients) {
    this.producer = clients.producer(null, new StringSerializer(), new ByteArraySerializer());
  }

  /** Where a record was written. */
  public record Position(String topic, int partition, long offset) {}

  /**
   * Writes a record.
   *
   * @param value null: a tombstone
   * @throws RecordTooLargeException when the brokers do not take a record of this size
   * @throws KafkaException when it is not known to be written
   */
  public Position publish(String topic, String key, byte[] value) {
    try {
      RecordMetadata written =
          producer
              .send(new ProducerRecord<>(topic, key, value))
              .get(TIMEOUT.toMillis(), TimeUnit.MILLISECONDS);
      return new Position(topic, written.partition(), written.offset());
    } catch (ExecutionException e) {
      if (e.getCause() instanceof KafkaException cause) {
        throw cause;
      }
      throw new KafkaException("Writing to " + topic + " failed", e.getCause());
    } catch (TimeoutException e) {
      throw new org.apache.kafka.common.errors.TimeoutException(
          "Writing to " + topic + " took too long", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new org.apache.kafka.common.errors.InterruptException(e);
    }
  }

  @Override
  public void close() {
    producer.close(Duration.ofSeconds(5));
  }
}
