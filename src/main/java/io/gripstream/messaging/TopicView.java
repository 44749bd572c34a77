package io.gripstream.messaging;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BiConsumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.errors.RetriableException;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.apache.kafka.common.errors.WakeupException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.Deserializer;
import org.jboss.logging.Logger;

/**
 * The latest value of every key of a compacted topic, kept up to date by a thread of its own from
 * the topic's beginning on, as a read_committed consumer sees it.
 *
 * <p>The view is {@link #ready} when it has reached where the topic ended at the view's start, and
 * stays so. A topic that does not exist yet is waited for. A value that cannot be decoded, or that
 * the listener throws at, is skipped: the key keeps the value it had, the record's place is logged,
 * and {@link #skipped} counts it. The number of partitions must not change while a view lives.
 */
public final class TopicView<V> implements AutoCloseable {
  private static final Logger LOG = Logger.getLogger(TopicView.class);
  private static final Duration POLL = Duration.ofSeconds(1);
  private static final Duration BACKOFF = Duration.ofMillis(500);

  private final KafkaClients clients;
  private final String topic;
  private final Deserializer<V> deserializer;
  private final BiConsumer<String, V> onChange;
  private final Map<String, V> values = new ConcurrentHashMap<>();
  private final CountDownLatch caughtUp = new CountDownLatch(1);
  private final CountDownLatch closed = new CountDownLatch(1);
  private final AtomicLong skipped = new AtomicLong();
  private final Thread thread;
  private final Pulse pulse;

  /**
   * Where each partition goes on; of the view's thread alone. Empty before the first connection.
   */
  private final Map<TopicPartition, Long> positions = new HashMap<>();

  private volatile KafkaConsumer<byte[], byte[]> consumer;

  /**
   * Starts to follow the topic.
   *
   * @param onChange is told every change in the order of each partition, in the view's thread,
   *     after {@link #snapshot} shows it: the key, and the value or null for a tombstone
   */
  public TopicView(
      KafkaClients clients,
      String topic,
      Deserializer<V> deserializer,
      BiConsumer<String, V> onChange) {
    this.clients = clients;
    this.topic = topic;
    this.deserializer = deserializer;
    this.onChange = onChange;
    this.thread = new Thread(this::run, "view-" + topic);
    this.pulse = new Pulse(thread, this::isClosed);
    thread.setDaemon(true);
    thread.start();
  }

  /** What is wrong with the view's thread; empty: nothing. */
  public String notAlive() {
    return pulse.fault();
  }

  public boolean ready() {
    return caughtUp.getCount() == 0;
  }

  /**
   * @throws TimeoutException if the view is not ready in time
   */
  public void awaitReady(Duration timeout) {
    try {
      if (!caughtUp.await(timeout.toMillis(), TimeUnit.MILLISECONDS)) {
        throw new TimeoutException("the view of " + topic + " is not ready after " + timeout);
      }
    } catch (InterruptedException e) {
      throw new InterruptException(e);
    }
  }

  /** The latest values by key, as they are now; it does not change. */
  public Map<String, V> snapshot() {
    return Map.copyOf(values);
  }

  /** How many records were passed over because they, or the listener, failed. */
  public long skipped() {
    return skipped.get();
  }

  /** Stops the thread and waits for it. */
  @Override
  public void close() {
    closed.countDown();
    KafkaConsumer<byte[], byte[]> current = consumer;
    if (current != null) {
      current.wakeup();
    }
    try {
      if (Thread.currentThread() != thread) {
        thread.join(10_000);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private boolean isClosed() {
    return closed.getCount() == 0;
  }

  private void run() {
    while (!isClosed()) {
      try (var current =
          clients.consumer(
              null, null, new ByteArrayDeserializer(), new ByteArrayDeserializer(), Map.of())) {
        consumer = current;
        follow(current);
      } catch (WakeupException e) {
        // close() wakes the consumer up, and nothing else does.
        LOG.debugf("The view of %s is closed", topic);
      } catch (UnknownTopicOrPartitionException e) {
        LOG.debugf("The topic %s does not exist yet", topic);
        pause();
      } catch (RuntimeException e) {
        LOG.warnf(e, "The view of %s goes on after a failure", topic);
        pause();
      } finally {
        consumer = null;
      }
    }
  }

  private void follow(KafkaConsumer<byte[], byte[]> consumer) {
    List<TopicPartition> partitions = new ArrayList<>();
    consumer
        .partitionsFor(topic)
        .forEach(info -> partitions.add(new TopicPartition(topic, info.partition())));
    if (partitions.isEmpty()) {
      throw new UnknownTopicOrPartitionException(topic);
    }
    consumer.assign(partitions);
    if (positions.isEmpty()) {
      consumer.beginningOffsets(partitions).forEach(positions::put);
    }
    positions.forEach(consumer::seek);
    Map<TopicPartition, Long> ends = consumer.endOffsets(partitions);
    while (!isClosed()) {
      pulse.beat();
      // position(), because a topic may end in markers of transactions, which poll never returns.
      if (!ready()
          && ends.entrySet().stream()
              .allMatch(end -> consumer.position(end.getKey()) >= end.getValue())) {
        LOG.debugf("The view of %s is ready with %d keys", topic, values.size());
        caughtUp.countDown();
      }
      for (ConsumerRecord<byte[], byte[]> record : consumer.poll(POLL)) {
        apply(record);
        positions.put(new TopicPartition(topic, record.partition()), record.offset() + 1);
      }
    }
  }

  private void apply(ConsumerRecord<byte[], byte[]> record) {
    while (!isClosed()) {
      try {
        String key = Keys.text(record);
        V value = deserializer.deserialize(topic, record.headers(), record.value());
        if (value == null) {
          values.remove(key);
        } else {
          values.put(key, value);
        }
        onChange.accept(key, value);
        return;
      } catch (RetriableException e) {
        LOG.warnf("%s: waiting before trying again: %s", place(record), e.getMessage());
        pause();
      } catch (RuntimeException e) {
        skipped.incrementAndGet();
        LOG.errorf(e, "%s: skipped", place(record));
        return;
      }
    }
  }

  private static String place(ConsumerRecord<?, ?> record) {
    return "%s-%d at offset %d".formatted(record.topic(), record.partition(), record.offset());
  }

  private void pause() {
    pulse.beat();
    try {
      closed.await(BACKOFF.toMillis(), TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      // Nobody else has this thread to interrupt; it ends.
      closed.countDown();
    }
  }
}
