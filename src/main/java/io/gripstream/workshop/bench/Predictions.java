package io.gripstream.workshop.bench;

import io.gripstream.kafka.KafkaClients;
import java.time.Duration;
import java.util.Map;
import java.util.function.BooleanSupplier;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.WakeupException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/** Watches a topic of predictions, as they become visible to read_committed consumers. */
final class Predictions implements AutoCloseable {
  private static final Duration TIMEOUT = Duration.ofMinutes(2);

  /** Hears of each prediction, in one thread. */
  interface Listener {
    /**
     * @param nanoTime when it became visible
     */
    void seen(ConsumerRecord<byte[], byte[]> prediction, long nanoTime);
  }

  private final KafkaConsumer<byte[], byte[]> consumer;
  private final Listener listener;
  private final Thread thread;
  private volatile boolean closed;
  private long count;
  private long lastSeen = System.nanoTime();
  private RuntimeException failure;

  Predictions(KafkaClients clients, String topic, Listener listener) {
    this.listener = listener;
    this.consumer =
        clients.consumer(
            null, null, new ByteArrayDeserializer(), new ByteArrayDeserializer(), Map.of());
    consumer.assign(
        consumer.partitionsFor(topic).stream()
            .map(info -> new TopicPartition(topic, info.partition()))
            .toList());
    consumer.seekToBeginning(consumer.assignment());
    this.thread = new Thread(this::run, "bench-predictions");
    thread.start();
  }

  private void run() {
    try {
      while (!closed) {
        ConsumerRecords<byte[], byte[]> records = consumer.poll(Duration.ofSeconds(1));
        long now = System.nanoTime();
        records.forEach(record -> listener.seen(record, now));
        saw(records.count(), now);
      }
    } catch (WakeupException e) {
      // close() wakes it up.
    } catch (RuntimeException e) {
      synchronized (this) {
        failure = e;
        notifyAll();
      }
    } finally {
      consumer.close();
    }
  }

  private synchronized void saw(int more, long now) {
    if (more > 0) {
      count += more;
      lastSeen = now;
      notifyAll();
    }
  }

  /** How many were seen, and when the last. */
  record Count(long predictions, long nanoTime) {}

  /**
   * Waits until so many were seen.
   *
   * @throws IllegalStateException when none comes any more
   */
  Count await(long least) throws InterruptedException {
    return await(() -> count >= least, least + " predictions");
  }

  /** Waits until a wish holds that the listener makes true. */
  synchronized Count await(BooleanSupplier wish, String what) throws InterruptedException {
    lastSeen = Math.max(lastSeen, System.nanoTime());
    while (!wish.getAsBoolean()) {
      if (failure != null) {
        throw failure;
      }
      if (System.nanoTime() - lastSeen > TIMEOUT.toNanos()) {
        throw new IllegalStateException(
            "%s expected, %d came, and then none for %s".formatted(what, count, TIMEOUT));
      }
      wait(1000);
    }
    return new Count(count, lastSeen);
  }

  @Override
  public void close() {
    closed = true;
    consumer.wakeup();
    try {
      thread.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
