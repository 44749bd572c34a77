package io.gripstream.gateway.stream;

import io.gripstream.kafka.Fault;
import io.gripstream.kafka.KafkaClients;
import io.gripstream.kafka.Keys;
import io.gripstream.kafka.Position;
import io.gripstream.kafka.SoleWriter;
import io.gripstream.kafka.Topics;
import io.gripstream.kafka.follow.Follower;
import java.time.Duration;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.InterruptException;

/**
 * Writes definitions of tasks, on conditions: what the board shows when one is checked is what the
 * topic holds when the definition is written, however many gateways are asked at once. Producers
 * that are no gateways may write in between. Thread-safe.
 */
public final class TaskWriter implements AutoCloseable {
  private static final Duration TIMEOUT = Duration.ofSeconds(30);

  private final String topic;
  private final Feeds feeds;
  private final Admin admin;
  private final SoleWriter writer;

  /**
   * @param feeds stay the caller's to close
   */
  public TaskWriter(KafkaClients clients, Topics topics, Feeds feeds) {
    this.topic = topics.tasks();
    this.feeds = feeds;
    this.admin = clients.admin();
    // No instance id has a slash in it.
    this.writer =
        new SoleWriter(
            clients,
            topics.prefix() + "gateway-/tasks",
            TIMEOUT,
            () -> feeds.tasks().catchUp(admin, TIMEOUT));
  }

  /**
   * Writes a definition, and waits until the board shows it.
   *
   * @param value null: a tombstone
   * @param condition is called when the board shows all that was written before, maybe several
   *     times; what it throws keeps the definition from being written
   * @throws KafkaException when it is not known to be written, or not shown within half a minute
   */
  public void write(String task, byte[] value, Runnable condition) {
    AtomicReference<Position> written = new AtomicReference<>();
    AtomicBoolean committed = new AtomicBoolean();
    writer.write(
        () ->
            committed.get() || written.get() != null && written.get().equals(feeds.definedAt(task)),
        producer -> {
          condition.run();
          producer.beginTransaction();
          Future<RecordMetadata> sent =
              producer.send(new ProducerRecord<>(topic, Keys.bytes(task), value));
          producer.flush();
          written.set(position(sent));
          producer.commitTransaction();
          committed.set(true);
          // Readers see it a moment after that, and the next decision of this writer must know it.
          Position at = written.get();
          Follower tasks = feeds.tasks();
          tasks.require(left -> tasks.await(at.partition(), at.offset(), left), TIMEOUT);
        });
  }

  private static Position position(Future<RecordMetadata> sent) {
    try {
      RecordMetadata at = sent.get();
      return new Position(at.partition(), at.offset());
    } catch (ExecutionException e) {
      throw Fault.asKafka(e.getCause());
    } catch (InterruptedException e) {
      throw new InterruptException(e);
    }
  }

  @Override
  public void close() {
    writer.close();
    admin.close(Duration.ZERO);
  }
}
