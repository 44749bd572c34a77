package io.gripstream.gateway.stream;

import io.gripstream.kafka.Fault;
import io.gripstream.kafka.KafkaClients;
import io.gripstream.kafka.TopicOffsets;
import io.gripstream.kafka.Topics;
import io.gripstream.labeler.Labeler;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.kafka.clients.admin.Admin;
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
  private static final Duration TIMEOUT = Duration.ofSeconds(3);

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
      TopicOffsets offsets = new TopicOffsets(admin, TIMEOUT);
      List<TopicPartition> partitions = offsets.partitions(topic);
      Map<TopicPartition, OffsetAndMetadata> committed =
          admin
              .listConsumerGroupOffsets(group)
              .partitionsToOffsetAndMetadata()
              .get(TIMEOUT.toMillis(), TimeUnit.MILLISECONDS);
      Map<TopicPartition, Long> ends = offsets.ends(partitions, IsolationLevel.READ_COMMITTED);
      Map<TopicPartition, Long> beginnings = offsets.beginnings(partitions);
      long sum = 0;
      for (TopicPartition partition : partitions) {
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

  @Override
  public synchronized void close() {
    if (admin != null) {
      admin.close(Duration.ZERO);
    }
  }
}
