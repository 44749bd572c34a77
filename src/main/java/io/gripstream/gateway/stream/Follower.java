package io.gripstream.gateway.stream;

import io.gripstream.messaging.KafkaClients;
import io.gripstream.messaging.Pulse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.RetriableException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.jboss.logging.Logger;

/**
 * Reads a whole topic, or its end, as it grows: committed records only, no group, no commits, one
 * thread. A record that the handler throws on is logged with its place and passed over; a broker
 * that is away is waited for.
 */
public final class Follower implements AutoCloseable {
  private static final Logger LOG = Logger.getLogger(Follower.class);
  private static final Duration POLL = Duration.ofMillis(200);
  private static final int FETCH_BYTES = 1 << 20;
  private static final long RETRY_MILLIS = 1000;
  private static final long NEW_PARTITIONS_MILLIS = 30_000;

  private final KafkaClients clients;
  private final String topic;
  private final long tail;
  private final Handler handler;
  private final Thread thread;
  private final Pulse pulse;
  private final CountDownLatch closed = new CountDownLatch(1);
  private final CountDownLatch ready = new CountDownLatch(1);

  /** The next offset to read; guarded by itself. */
  private final Map<TopicPartition, Long> positions = new HashMap<>();

  /** Takes one record; the value is null for a tombstone. */
  @FunctionalInterface
  public interface Handler {
    void on(ConsumerRecord<String, byte[]> record);
  }

  /**
   * @param tail how many of the latest offsets of each partition to begin with; {@link
   *     Long#MAX_VALUE}: all
   */
  public Follower(KafkaClients clients, String topic, long tail, Handler handler) {
    this.clients = clients;
    this.topic = topic;
    this.tail = tail;
    this.handler = handler;
    this.thread = new Thread(this::run, "follow " + topic);
    this.pulse = new Pulse(thread, this::isClosed);
    thread.setDaemon(true);
    thread.start();
  }

  /** Whether everything that was there at the start has been read. */
  public boolean ready() {
    return ready.getCount() == 0;
  }

  /** What is wrong with the thread; empty: nothing. */
  public String notAlive() {
    return pulse.fault();
  }

  /** Waits until {@link #ready}, or until the time is up, and says which. */
  public boolean awaitReady(Duration timeout) throws InterruptedException {
    return ready.await(timeout.toMillis(), TimeUnit.MILLISECONDS);
  }

  /**
   * Waits until a record has been handled, so that who wrote it may read it.
   *
   * @return whether it was, before the time was up
   */
  public boolean await(int partition, long offset, Duration timeout) throws InterruptedException {
    TopicPartition place = new TopicPartition(topic, partition);
    long end = System.nanoTime() + timeout.toNanos();
    synchronized (positions) {
      while (positions.getOrDefault(place, 0L) <= offset) {
        long left = TimeUnit.NANOSECONDS.toMillis(end - System.nanoTime());
        if (left <= 0) {
          return false;
        }
        positions.wait(left);
      }
      return true;
    }
  }

  private void run() {
    while (!isClosed()) {
      try (Consumer<String, byte[]> consumer =
          clients.consumer(
              null,
              null,
              new StringDeserializer(),
              new ByteArrayDeserializer(),
              // What retention removed while the broker was away is gone: go on with what is there.
              Map.of(
                  ConsumerConfig.AUTO_OFFSET_RESET_CONFIG,
                  "earliest",
                  ConsumerConfig.MAX_PARTITION_FETCH_BYTES_CONFIG,
                  FETCH_BYTES))) {
        follow(consumer);
      } catch (RuntimeException e) {
        LOG.warnf(e, "Following %s failed; trying again", topic);
        pause();
      }
    }
  }

  private void follow(Consumer<String, byte[]> consumer) {
    Map<TopicPartition, Long> ends = new HashMap<>();
    long looked = 0;
    while (!isClosed()) {
      pulse.beat();
      if (consumer.assignment().isEmpty()
          || System.currentTimeMillis() - looked > NEW_PARTITIONS_MILLIS) {
        looked = System.currentTimeMillis();
        if (!assign(consumer, ends)) {
          pause();
          continue;
        }
      }
      ConsumerRecords<String, byte[]> records = consumer.poll(POLL);
      for (ConsumerRecord<String, byte[]> record : records) {
        handle(record);
        synchronized (positions) {
          positions.put(new TopicPartition(topic, record.partition()), record.offset() + 1);
        }
      }
      note(consumer, ends);
    }
  }

  /**
   * Takes on partitions that are new; the topic may have been made, or have grown, after this
   * began.
   */
  private boolean assign(Consumer<String, byte[]> consumer, Map<TopicPartition, Long> ends) {
    List<TopicPartition> partitions = new ArrayList<>();
    List<PartitionInfo> infos = consumer.partitionsFor(topic);
    if (infos == null || infos.isEmpty()) {
      return false;
    }
    infos.forEach(info -> partitions.add(new TopicPartition(topic, info.partition())));
    if (consumer.assignment().size() == partitions.size()) {
      return true;
    }
    List<TopicPartition> added = new ArrayList<>(partitions);
    added.removeAll(consumer.assignment());
    consumer.assign(partitions);
    Map<TopicPartition, Long> beginnings = consumer.beginningOffsets(added);
    Map<TopicPartition, Long> endsNow = consumer.endOffsets(added);
    for (TopicPartition partition : added) {
      long end = endsNow.get(partition);
      long begin = beginnings.get(partition);
      Long known;
      synchronized (positions) {
        known = positions.get(partition);
      }
      consumer.seek(partition, known != null ? known : Math.max(begin, end - Math.min(tail, end)));
      ends.put(partition, end);
    }
    return true;
  }

  private void handle(ConsumerRecord<String, byte[]> record) {
    try {
      handler.on(record);
    } catch (RetriableException e) {
      // It says nothing of the record, such as a registry that is away: read it again later.
      throw e;
    } catch (RuntimeException e) {
      LOG.warnf(e, "Passed over %s-%d@%d", record.topic(), record.partition(), record.offset());
    }
  }

  private void note(Consumer<String, byte[]> consumer, Map<TopicPartition, Long> ends) {
    boolean caughtUp = true;
    synchronized (positions) {
      for (TopicPartition partition : consumer.assignment()) {
        long position = consumer.position(partition);
        positions.put(partition, position);
        caughtUp &= position >= ends.getOrDefault(partition, 0L);
      }
      positions.notifyAll();
    }
    if (caughtUp) {
      ready.countDown();
    }
  }

  private boolean isClosed() {
    return closed.getCount() == 0;
  }

  private void pause() {
    pulse.beat();
    try {
      closed.await(RETRY_MILLIS, TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      closed.countDown();
    }
  }

  /** Returns once the thread has ended and its consumer is closed. */
  @Override
  public void close() {
    closed.countDown();
    try {
      thread.join(Duration.ofSeconds(10).toMillis());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
