package io.gripstream.gateway.stream;

import io.gripstream.kafka.Fault;
import io.gripstream.kafka.KafkaClients;
import io.gripstream.kafka.Topics;
import io.gripstream.labeler.Labeler;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ListOffsetsOptions;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.IsolationLevel;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.InterruptException;
import org.jboss.logging.Logger;

/**
 * Counts the images that wait for the labelers: what their group has not committed yet. It asks the
 * brokers every {@link #FRESH} at most, however many ask it. Thread-safe.
 */
public final class Backlog implements AutoCloseable {
  private static final Logger LOG = Logger.getLogger(Backlog.class);
  private static final Duration FRESH = Duration.ofSeconds(2);

  private static final long TIMEOUT_MILLIS = 3000;

  private final KafkaClients clients;
  private final String topic;
  private final String group;
  private Admin admin;
  private Long waiting;
  private long askedAt;
  private boolean asked;

  public Backlog(KafkaClients clients, Topics topics) {
    this.clients = clients;
    this.topic = topics.images();
    this.group = Labeler.group(topics);
  }

  /** How many images wait for every task; empty when the brokers do not say. */
  public synchronized OptionalLong waiting() {
    if (!asked || System.nanoTime() - askedAt > FRESH.toNanos()) {
      waiting = ask();
      asked = true;
      askedAt = System.nanoTime();
    }
    return waiting == null ? OptionalLong.empty() : OptionalLong.of(waiting);
  }

  private Long ask() {
    try {
      if (admin == null) {
        admin = clients.admin();
      }
      Map<TopicPartition, OffsetSpec> latest = new HashMap<>();
      Map<TopicPartition, OffsetSpec> earliest = new HashMap<>();
      admin
          .describeTopics(List.of(topic))
          .allTopicNames()
          .get(TIMEOUT_MILLIS, TimeUnit.MILLISECONDS)
          .get(topic)
          .partitions()
          .forEach(
              info -> {
                TopicPartition partition = new TopicPartition(topic, info.partition());
                latest.put(partition, OffsetSpec.latest());
                earliest.put(partition, OffsetSpec.earliest());
              });
      Map<TopicPartition, OffsetAndMetadata> committed =
          admin
              .listConsumerGroupOffsets(group)
              .partitionsToOffsetAndMetadata()
              .get(TIMEOUT_MILLIS, TimeUnit.MILLISECONDS);
      Map<TopicPartition, Long> ends = offsets(latest);
      Map<TopicPartition, Long> beginnings = offsets(earliest);
      long sum = 0;
      for (TopicPartition partition : latest.keySet()) {
        OffsetAndMetadata position = committed.get(partition);
        long read = beginnings.get(partition);
        sum += ends.get(partition) - (position == null ? read : Math.max(read, position.offset()));
      }
      return Math.max(0, sum);
    } catch (ExecutionException | TimeoutException | KafkaException e) {
      LOG.warnf("How many images wait is not known: %s", Fault.line(e));
      return null;
    } catch (InterruptedException e) {
      throw new InterruptException(e);
    }
  }

  private Map<TopicPartition, Long> offsets(Map<TopicPartition, OffsetSpec> which)
      throws ExecutionException, TimeoutException, InterruptedException {
    Map<TopicPartition, Long> offsets = new HashMap<>();
    admin
        .listOffsets(which, new ListOffsetsOptions(IsolationLevel.READ_COMMITTED))
        .all()
        .get(TIMEOUT_MILLIS, TimeUnit.MILLISECONDS)
        .forEach((partition, found) -> offsets.put(partition, found.offset()));
    return offsets;
  }

  @Override
  public synchronized void close() {
    if (admin != null) {
      admin.close(Duration.ZERO);
    }
  }
}
