package io.gripstream.kafka.loop;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.gripstream.kafka.Backoff;
import io.gripstream.kafka.Fault;
import io.gripstream.kafka.KafkaClients;
import io.gripstream.kafka.Keys;
import io.gripstream.kafka.TopicOffsets;
import io.gripstream.kafka.follow.TopicView;
import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.IsolationLevel;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.jboss.logging.Logger;

/**
 * Keeps how far a consumer group has come in a compacted topic, since brokers forget the offsets of
 * a group that was empty for a week ({@code offsets.retention.minutes}), and were seen to come back
 * from a kill without those of any group until their next start. A group without offsets would do
 * everything again.
 *
 * <p>A position is written in the transaction that commits the same offset. A group that lacks an
 * offset for which there is a position is given it before it starts, and a consumer that finds none
 * when it is assigned the partition goes on from there. A group that never committed has no
 * positions, and begins at the start; so does a topic that was deleted and made anew, since a
 * position names the topic's id.
 *
 * <pre>
 *   key    group / topic id / partition
 *   value  the offset of the next record, as text; behind a space, the offset's metadata, if any
 * </pre>
 *
 * <p>Begin with {@link #restore}. For one thread at a time.
 */
public final class GroupPositions {
  private static final Logger LOG = Logger.getLogger(GroupPositions.class);
  private static final Duration TIMEOUT = Duration.ofSeconds(60);

  private final KafkaClients clients;
  private final String group;
  private final String topic;
  private volatile Map<String, Uuid> ids = Map.of();

  /**
   * @param topic where the positions are kept; compacted
   */
  public GroupPositions(KafkaClients clients, String group, String topic) {
    this.clients = clients;
    this.group = group;
    this.topic = topic;
  }

  /**
   * Gives the group the offsets that it lacks and once had.
   *
   * @param topics those that the group reads; all must exist
   * @throws KafkaException when the brokers do not answer or refuse, or when the group has members
   *     and lacks offsets: a later call finds that another member gave them
   */
  public void restore(Collection<String> topics) {
    asking(
        admin -> {
          Map<String, Uuid> found = new HashMap<>();
          Set<TopicPartition> missing = new TreeSet<>(GroupPositions::inOrder);
          admin
              .describeTopics(topics)
              .allTopicNames()
              .get()
              .forEach(
                  (name, description) -> {
                    found.put(name, description.topicId());
                    description
                        .partitions()
                        .forEach(info -> missing.add(new TopicPartition(name, info.partition())));
                  });
          ids = Map.copyOf(found);
          admin
              .listConsumerGroupOffsets(group)
              .partitionsToOffsetAndMetadata()
              .get()
              .forEach(
                  (partition, offset) -> {
                    if (offset != null) {
                      missing.remove(partition);
                    }
                  });
          if (missing.isEmpty() || !admin.listTopics().names().get().contains(topic)) {
            return null;
          }
          Map<TopicPartition, OffsetAndMetadata> lost = kept(admin, missing);
          return lost.isEmpty() ? null : admin.alterConsumerGroupOffsets(group, lost).all().get();
        });
  }

  /**
   * How far the group had come, of those of some partitions that it lacks offsets for and has read
   * before. Brokers forget the offsets of a topic that is deleted, too; made anew meanwhile, it has
   * no positions.
   *
   * @param missing partitions without offsets; {@link #restore} must know their topics
   * @throws KafkaException when the brokers do not answer, or a transaction is open for too long
   *     that may have moved one of these positions
   */
  Map<TopicPartition, OffsetAndMetadata> of(Collection<TopicPartition> missing) {
    missing.stream().map(TopicPartition::topic).distinct().forEach(this::renewed);
    return asking(admin -> kept(admin, missing));
  }

  private Map<TopicPartition, OffsetAndMetadata> kept(
      Admin admin, Collection<TopicPartition> missing)
      throws ExecutionException, InterruptedException {
    // Whoever was killed leaves a transaction open for as long as its timeout. Only one that may
    // have moved a position is worth waiting for.
    if (read(clients.uncommitted(), missing).isEmpty()) {
      return Map.of();
    }
    awaitTransactions(admin);
    Map<TopicPartition, OffsetAndMetadata> lost = read(clients, missing);
    if (!lost.isEmpty()) {
      LOG.warnf(
          "The group %s has no offsets for %s any more, but has read them before: it goes on from"
              + " the positions in %s",
          group, lost.keySet(), topic);
    }
    return lost;
  }

  private Map<TopicPartition, OffsetAndMetadata> read(
      KafkaClients clients, Collection<TopicPartition> partitions) {
    Map<TopicPartition, OffsetAndMetadata> found = new TreeMap<>(GroupPositions::inOrder);
    try (TopicView<String> view =
        new TopicView<>(clients, topic, new StringDeserializer(), (key, position) -> {})) {
      view.awaitReady(TIMEOUT);
      Map<String, String> kept = view.snapshot();
      for (TopicPartition partition : partitions) {
        String position = kept.get(key(partition));
        if (position != null) {
          found.put(partition, parse(position));
        }
      }
    }
    return found;
  }

  /** Until nothing that is in the topic now belongs to a transaction that is open. */
  private void awaitTransactions(Admin admin) throws ExecutionException, InterruptedException {
    TopicOffsets offsets = new TopicOffsets(admin, TIMEOUT);
    List<TopicPartition> partitions = offsets.partitions(topic);
    var written = offsets.ends(partitions, IsolationLevel.READ_UNCOMMITTED);
    long deadline = System.nanoTime() + TIMEOUT.toNanos();
    Backoff backoff = new Backoff(new CountDownLatch(1));
    while (offsets.ends(partitions, IsolationLevel.READ_COMMITTED).entrySet().stream()
        .anyMatch(end -> end.getValue() < written.get(end.getKey()))) {
      if (System.nanoTime() > deadline) {
        throw new TimeoutException("a transaction on %s does not end".formatted(topic));
      }
      backoff.pause();
    }
  }

  @FunctionalInterface
  private interface Question<T> {
    T ask(Admin admin) throws ExecutionException, InterruptedException;
  }

  private <T> T asking(Question<T> question) {
    try (Admin admin = clients.admin()) {
      return question.ask(admin);
    } catch (ExecutionException e) {
      throw Fault.asKafka(e.getCause());
    } catch (InterruptedException e) {
      throw new InterruptException(e);
    }
  }

  private static int inOrder(TopicPartition one, TopicPartition other) {
    return one.toString().compareTo(other.toString());
  }

  /** The key of a partition's position. */
  public String key(TopicPartition partition) {
    return group + "/" + ids.get(partition.topic()) + "/" + partition.partition();
  }

  /**
   * Whether a topic was deleted and made anew; the keys are those of the new one from now on.
   *
   * @param read a topic that {@link #restore} knows
   * @throws KafkaException when the brokers do not answer
   */
  public boolean renewed(String read) {
    Uuid before = ids.get(read);
    Uuid now =
        asking(
            admin -> admin.describeTopics(List.of(read)).allTopicNames().get().get(read).topicId());
    Map<String, Uuid> known = new HashMap<>(ids);
    known.put(read, now);
    ids = Map.copyOf(known);
    return !now.equals(before);
  }

  /**
   * Where a partition begins now.
   *
   * @throws KafkaException when the brokers do not answer
   */
  public long beginning(TopicPartition partition) {
    return asking(
        admin -> new TopicOffsets(admin, TIMEOUT).beginnings(List.of(partition)).get(partition));
  }

  /** What is to be written in the transaction that commits this offset. */
  public ProducerRecord<byte[], byte[]> record(TopicPartition partition, OffsetAndMetadata next) {
    String position = (next.offset() + " " + next.metadata()).strip();
    return new ProducerRecord<>(topic, Keys.bytes(key(partition)), position.getBytes(UTF_8));
  }

  private static OffsetAndMetadata parse(String position) {
    String[] parts = position.split(" ", 2);
    return new OffsetAndMetadata(Long.parseLong(parts[0]), parts.length < 2 ? "" : parts[1]);
  }
}
