package io.gripstream.client;

import io.gripstream.event.PromptVersion;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.BiConsumer;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.WakeupException;

/**
 * The live prompt of every task, as the topic {@code prompts} has it. One thread follows the topic
 * and swaps a task's prompt as a whole: whoever holds a {@link LivePrompt} goes on with it, and the
 * next call of {@link #live} returns the new one. Brokers or a registry that are away are waited
 * for, and the prompts stay. Thread-safe.
 */
public final class PromptBoard implements AutoCloseable {
  private static final Duration POLL = Duration.ofMillis(200);
  private static final long PAUSE_MILLIS = 1000;

  private final Connection connection;
  private final Decoder<PromptVersion> decoder;
  private final BiConsumer<String, Exception> onTrouble;
  private final Map<String, LivePrompt> live = new ConcurrentHashMap<>();
  private final Map<TopicPartition, Long> ends = new HashMap<>();

  /** The next offset to read: after brokers were away no earlier prompt comes again. */
  private final Map<TopicPartition, Long> positions = new HashMap<>();

  private final CountDownLatch ready = new CountDownLatch(1);
  private final CountDownLatch closed = new CountDownLatch(1);
  private final Thread thread;
  private volatile Consumer<byte[], byte[]> consumer;

  /**
   * Begins to follow.
   *
   * @param onTrouble is told of a prompt that cannot be served, with its task, and of brokers or a
   *     registry that do not answer, with an empty name; called by the board's thread
   */
  public PromptBoard(Connection connection, BiConsumer<String, Exception> onTrouble) {
    this.connection = connection;
    this.decoder = new Decoder<>(connection.registry(), PromptVersion.class);
    this.onTrouble = onTrouble;
    this.thread = new Thread(this::run, "gripstream-prompts");
    thread.setDaemon(true);
    thread.start();
  }

  /** Waits until everything that was in the topic at the start is here, and says whether it is. */
  public boolean awaitReady(Duration timeout) throws InterruptedException {
    return ready.await(timeout.toMillis(), TimeUnit.MILLISECONDS);
  }

  /**
   * The prompt that is live for a task; empty where there is none. Until the board is ready it may
   * be an earlier one.
   */
  public Optional<LivePrompt> live(String task) {
    return Optional.ofNullable(live.get(task));
  }

  private void run() {
    while (closed.getCount() > 0) {
      try (Consumer<byte[], byte[]> current = connection.consumer(Map.of())) {
        consumer = current;
        follow(current);
      } catch (WakeupException e) {
        // close() wakes the consumer up, and nothing else does.
        return;
      } catch (KafkaException | IOException e) {
        onTrouble.accept("", e);
        pause();
      }
    }
  }

  private void follow(Consumer<byte[], byte[]> current) throws IOException {
    while (closed.getCount() > 0) {
      assign(current);
      for (ConsumerRecord<byte[], byte[]> record : current.poll(POLL)) {
        apply(record);
        positions.put(new TopicPartition(record.topic(), record.partition()), record.offset() + 1);
      }
      if (!ends.isEmpty()
          && ends.entrySet().stream()
              .allMatch(end -> current.position(end.getKey()) >= end.getValue())) {
        ready.countDown();
      }
    }
  }

  /** Takes on partitions that are new; the topic may be made, or grow, later than this began. */
  private void assign(Consumer<byte[], byte[]> current) {
    String topic = connection.topicPrefix() + "prompts";
    List<TopicPartition> partitions =
        current.partitionsFor(topic).stream()
            .map(info -> new TopicPartition(topic, info.partition()))
            .toList();
    List<TopicPartition> added = new ArrayList<>(partitions);
    added.removeAll(current.assignment());
    if (!added.isEmpty()) {
      current.endOffsets(added).forEach(ends::putIfAbsent);
      current.assign(partitions);
      for (TopicPartition partition : added) {
        current.seek(partition, positions.getOrDefault(partition, 0L));
      }
    }
  }

  private void apply(ConsumerRecord<byte[], byte[]> record) throws IOException {
    String task = record.key() == null ? "" : new String(record.key(), StandardCharsets.UTF_8);
    if (record.value() == null) {
      live.remove(task);
      return;
    }
    try {
      PromptVersion version = decoder.decode(record.value());
      if (!version.getTask().equals(task)) {
        throw new IllegalArgumentException("it is a prompt of task " + version.getTask());
      }
      live.put(task, new LivePrompt(version));
    } catch (UnreadableRecordException | IllegalArgumentException e) {
      onTrouble.accept(task, e);
    }
  }

  private void pause() {
    try {
      closed.await(PAUSE_MILLIS, TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      // Nobody else has this thread to interrupt; it ends.
      closed.countDown();
    }
  }

  /** Returns once the thread has ended, or after ten seconds. */
  @Override
  public void close() {
    closed.countDown();
    Consumer<byte[], byte[]> current = consumer;
    if (current != null) {
      current.wakeup();
    }
    try {
      thread.join(TimeUnit.SECONDS.toMillis(10));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
