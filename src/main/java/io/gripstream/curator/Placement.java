package io.gripstream.curator;

import io.gripstream.kafka.KafkaClients;
import io.gripstream.kafka.Topics;
import io.gripstream.kafka.loop.RemovedRecords;
import io.micrometer.core.instrument.Counter;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.utils.Utils;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.processor.api.RecordMetadata;
import org.apache.kafka.streams.state.KeyValueStore;
import org.jboss.logging.Logger;

/**
 * Keys each record by its task, and passes over what was read before.
 *
 * <p>A task's state is on the partition that Java's producers choose for its name. Producers of
 * other languages choose otherwise (librdkafka hashes by CRC32), and candidates are keyed by task
 * and version: such a record is misplaced.
 */
final class Placement implements Processor<byte[], byte[], String, Arrival> {
  private static final Logger LOG = Logger.getLogger(Placement.class);

  private final Set<String> versioned;
  private final Positions positions;
  private final Counter removed;
  private ProcessorContext<String, Arrival> context;
  private KeyValueStore<String, String> read;

  /** Up to which offset partitions are known to be read a second time. */
  private final Map<TopicPartition, String> passedOver = new HashMap<>();

  /** What the group's positions are kept under. */
  @FunctionalInterface
  interface Positions {
    String key(TopicPartition partition);

    /** Whether a topic is another one now than the one that {@link #key} named. */
    default boolean renewed(String topic) {
      return false;
    }

    /** The first offset that a partition has now. */
    default long beginning(TopicPartition partition) {
      return 0;
    }
  }

  /**
   * @param removed counts what retention removed before it was read
   */
  Placement(Topics topics, Positions positions, Counter removed) {
    this.removed = removed;
    this.versioned = Set.of(topics.candidates(), topics.zeroShots());
    this.positions = positions;
  }

  @Override
  public void init(ProcessorContext<String, Arrival> context) {
    this.context = context;
    this.read = context.getStateStore(CuratorTopology.POSITIONS);
  }

  @Override
  public void process(Record<byte[], byte[]> record) {
    RecordMetadata came = context.recordMetadata().orElseThrow();
    TopicPartition partition = new TopicPartition(came.topic(), came.partition());
    if (readBefore(partition, came.offset())) {
      return;
    }
    String position = positions.key(partition);
    noteRemoved(partition, read.get(position), came.offset());
    Arrival arrival =
        new Arrival(
            came.topic(),
            came.partition(),
            came.offset(),
            record.key(),
            record.value(),
            position,
            record.timestamp());
    // Its own time may lie too far back or ahead for the topics of what follows from it.
    context.forward(
        record
            .withKey(task(arrival))
            .withValue(arrival)
            .withTimestamp(context.currentSystemTimeMs()));
  }

  /**
   * Whether a record has done its work: brokers were seen to lose the offsets of a group that is at
   * work, and its consumers then begin at the start. The positions are state, and as sure as what
   * the record did.
   */
  private boolean readBefore(TopicPartition partition, long offset) {
    String next = read.get(positions.key(partition));
    if (next == null || offset >= Long.parseLong(next)) {
      return false;
    }
    if (!next.equals(passedOver.get(partition))) {
      if (positions.renewed(partition.topic())) {
        return false;
      }
      LOG.warnf(
          "%s is read again from offset %d; what comes before %s has been read, and is passed over",
          partition, offset, next);
      passedOver.put(partition, next);
    }
    return true;
  }

  private void noteRemoved(TopicPartition partition, String next, long offset) {
    if (next != null) {
      removed.increment(
          RemovedRecords.between(
              Rejections.ROLE,
              partition,
              Long.parseLong(next),
              offset,
              () -> positions.beginning(partition)));
    }
  }

  /** Empty where the key names none. */
  private String task(Arrival arrival) {
    String key = arrival.key() == null ? "" : new String(arrival.key(), StandardCharsets.UTF_8);
    if (!versioned.contains(arrival.topic())) {
      return key;
    }
    // The task may hold slashes, what follows it holds none.
    return key.substring(0, Math.max(0, key.lastIndexOf('/')));
  }

  /**
   * Whether a record must go to another partition. One that names no task, or is larger than any
   * record may be, goes nowhere but to the dead letters.
   *
   * @param partitions of each input topic
   */
  static boolean misplaced(String task, Arrival arrival, int partitions) {
    byte[] key = task.getBytes(StandardCharsets.UTF_8);
    return !task.isBlank()
        && arrival.size() + key.length <= KafkaClients.MAX_RECORD_BYTES
        && Utils.toPositive(Utils.murmur2(key)) % partitions != arrival.partition();
  }
}
