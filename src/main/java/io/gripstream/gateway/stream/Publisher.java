package io.gripstream.gateway.stream;

import io.gripstream.kafka.KafkaClients;
import io.gripstream.kafka.Position;
import io.gripstream.kafka.trace.Traces;
import io.opentelemetry.api.trace.Span;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.ReentrantLock;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.StringSerializer;

/**
 * Writes records and waits until the brokers have them. Thread-safe.
 *
 * <p>What was not sent in time is not sent later: whoever was told so may have sent it again, or
 * something else by another process. A record is in doubt only if it was on its way.
 */
public final class Publisher implements AutoCloseable {
  private static final Duration TIMEOUT = Duration.ofSeconds(30);
  private static final Duration CLOSE_TIMEOUT = Duration.ofSeconds(5);

  private final KafkaClients clients;
  private final String transactionalId;
  private final Duration timeout;
  private final Producer<String, byte[]> producer;

  /** Held by whoever writes a transaction; in the order in which they came. */
  private final ReentrantLock turn = new ReentrantLock(true);

  private Producer<String, byte[]> transactional;

  /**
   * @param transactionalId unique among the running processes, and the same after a restart
   */
  public Publisher(KafkaClients clients, String transactionalId) {
    this(clients, transactionalId, TIMEOUT);
  }

  /**
   * The same.
   *
   * @param timeout how long to wait for the brokers, and for a turn
   */
  Publisher(KafkaClients clients, String transactionalId, Duration timeout) {
    this.clients = clients;
    this.transactionalId = transactionalId;
    this.timeout = timeout;
    this.producer = producer(null);
  }

  private Producer<String, byte[]> producer(String id) {
    return clients.producer(id, new StringSerializer(), new ByteArraySerializer(), timeout);
  }

  /**
   * Writes a record.
   *
   * @param value null: a tombstone
   * @throws RecordTooLargeException when the brokers do not take a record of this size
   * @throws KafkaException when it is not known to be written
   */
  public Position publish(String topic, String key, byte[] value) {
    return publish(topic, key, value, List.of());
  }

  /** The same with headers; where it is traced, they bear the span of the sending. */
  public Position publish(String topic, String key, byte[] value, List<Header> headers) {
    RecordHeaders given = new RecordHeaders(headers);
    Span span = clients.traces().send(topic, given);
    try {
      Position written =
          await(
              topic,
              producer.send(
                  new ProducerRecord<>(topic, null, key, value, Traces.headers(span, given))));
      Traces.written(span, written.partition(), written.offset());
      return written;
    } catch (RuntimeException e) {
      Traces.fail(span, e);
      throw e;
    } finally {
      span.end();
    }
  }

  /**
   * Writes records that have one key in one transaction: {@code read_committed} consumers see all
   * of them or none.
   *
   * @param values at least one
   * @return where the last one was written
   * @throws RecordTooLargeException when the brokers do not take one of them: none is written
   * @throws KafkaException when they are not known to be written
   */
  public Position publishAll(String topic, String key, List<byte[]> values) {
    try {
      // While the brokers are away, each would wait for all that came before.
      if (!turn.tryLock(timeout.toMillis(), TimeUnit.MILLISECONDS)) {
        throw tooLong(topic, null);
      }
    } catch (InterruptedException e) {
      throw new InterruptException(e);
    }
    try {
      return transaction(topic, key, values);
    } finally {
      turn.unlock();
    }
  }

  private Position transaction(String topic, String key, List<byte[]> values) {
    try {
      if (transactional == null) {
        transactional = producer(transactionalId);
        transactional.initTransactions();
      }
      transactional.beginTransaction();
      Position last = null;
      for (Future<RecordMetadata> sent :
          values.stream()
              .map(value -> transactional.send(new ProducerRecord<>(topic, key, value)))
              .toList()) {
        last = await(topic, sent);
      }
      transactional.commitTransaction();
      return last;
    } catch (KafkaException e) {
      // The next producer of this id ends what this one has begun.
      if (transactional != null) {
        transactional.close(Duration.ZERO);
        transactional = null;
      }
      // A send behind the one that failed names it as its cause.
      throw e.getCause() instanceof RecordTooLargeException tooLarge ? tooLarge : e;
    }
  }

  private Position await(String topic, Future<RecordMetadata> sent) {
    try {
      // The producer gives a record up in half that time; then it is not sent any more.
      RecordMetadata written = sent.get(2 * timeout.toMillis(), TimeUnit.MILLISECONDS);
      return new Position(written.partition(), written.offset());
    } catch (ExecutionException e) {
      if (e.getCause() instanceof KafkaException cause) {
        throw cause;
      }
      throw new KafkaException("Writing to " + topic + " failed", e.getCause());
    } catch (TimeoutException e) {
      throw tooLong(topic, e);
    } catch (InterruptedException e) {
      throw new InterruptException(e);
    }
  }

  private static KafkaException tooLong(String topic, Exception cause) {
    return new org.apache.kafka.common.errors.TimeoutException(
        "Writing to " + topic + " took too long", cause);
  }

  @Override
  public void close() {
    producer.close(CLOSE_TIMEOUT);
    turn.lock();
    try {
      if (transactional != null) {
        transactional.close(CLOSE_TIMEOUT);
      }
    } finally {
      turn.unlock();
    }
  }
}
