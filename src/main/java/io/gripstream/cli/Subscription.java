package io.gripstream.cli;

import io.gripstream.kafka.KafkaClients;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.WakeupException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/**
 * Reads whole topics without a group, committed records only, and hands each one over on a thread
 * of its own. What the receiver throws ends the subscription and comes out of {@link #check}.
 */
final class Subscription implements AutoCloseable {
  private static final Duration POLL = Duration.ofMillis(200);

  /** Long enough for a broker that is just starting; the default of a minute looks like a hang. */
  private static final Map<String, Object> TIMEOUT =
      Map.of(ConsumerConfig.DEFAULT_API_TIMEOUT_MS_CONFIG, 15_000);

  private final KafkaConsumer<byte[], byte[]> consumer;
  private final Consumer<ConsumerRecord<byte[], byte[]>> receiver;
  private final CountDownLatch ended = new CountDownLatch(1);
  private volatile boolean closed;
  private volatile RuntimeException failure;

  /**
   * Takes its place in the topics before it returns: whatever is written after that is seen.
   *
   * @param fromBeginning whether what the topics hold already is wanted too
   * @throws CommandFailure when the brokers do not answer or have no such topic
   */
  Subscription(
      KafkaClients clients,
      List<String> topics,
      boolean fromBeginning,
      Consumer<ConsumerRecord<byte[], byte[]>> receiver) {
    this.receiver = receiver;
    this.consumer =
        clients.consumer(
            null, null, new ByteArrayDeserializer(), new ByteArrayDeserializer(), TIMEOUT);
    try {
      List<TopicPartition> partitions = topics.stream().flatMap(this::partitions).toList();
      consumer.assign(partitions);
      if (fromBeginning) {
        consumer.seekToBeginning(partitions);
      } else {
        consumer.seekToEnd(partitions);
      }
      partitions.forEach(consumer::position);
    } catch (RuntimeException e) {
      consumer.close();
      throw e instanceof CommandFailure
          ? e
          : new CommandFailure("no answer from the brokers at " + clients.bootstrapServers(), e);
    }
    Thread thread = new Thread(this::run, "subscription-" + String.join("-", topics));
    thread.setDaemon(true);
    thread.start();
  }

  private java.util.stream.Stream<TopicPartition> partitions(String topic) {
    var infos = consumer.partitionsFor(topic);
    if (infos == null || infos.isEmpty()) {
      throw new CommandFailure("there is no topic " + topic + ": is the service running?");
    }
    return infos.stream().map(info -> new TopicPartition(topic, info.partition()));
  }

  private void run() {
    try {
      while (!closed) {
        consumer.poll(POLL).forEach(receiver);
      }
    } catch (WakeupException e) {
      if (!closed) {
        failure = e;
      }
    } catch (RuntimeException e) {
      failure = e;
    } finally {
      consumer.close();
      ended.countDown();
    }
  }

  /**
   * @throws RuntimeException what ended the subscription, if anything did
   */
  void check() {
    if (failure != null) {
      throw failure;
    }
  }

  /** Waits until this is over, closed or failed. */
  void awaitOr(CountDownLatch over) throws InterruptedException {
    while (!over.await(POLL.toMillis(), TimeUnit.MILLISECONDS) && ended.getCount() > 0) {
      check();
    }
    check();
  }

  @Override
  public void close() {
    closed = true;
    consumer.wakeup();
    try {
      ended.await(10, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
