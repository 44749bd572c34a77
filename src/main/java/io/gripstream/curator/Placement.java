package io.gripstream.curator;

import io.gripstream.kafka.KafkaClients;
import io.gripstream.kafka.Topics;
import java.nio.charset.StandardCharsets;
import java.util.Set;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.utils.Utils;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.processor.api.RecordMetadata;
import org.apache.kafka.streams.state.KeyValueStore;

/**
 * Keys each record by its task, and keeps how far each input partition was read.
 *
 * <p>A task's state is on the partition that Java's producers choose for its name. Producers of
 * other languages choose otherwise (librdkafka hashes by CRC32), and candidates are keyed by task
 * and version: such a record is misplaced.
 */
final class Placement implements Processor<byte[], byte[], String, Arrival> {
  private final Set<String> versioned;
  private final Positions positions;
  private ProcessorContext<String, Arrival> context;
  private KeyValueStore<String, String> read;

  /** The key under which a partition's position is kept. */
  @FunctionalInterface
  interface Positions {
    String key(TopicPartition partition);
  }

  Placement(Topics topics, Positions positions) {
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
    RecordMetadata metadata = context.recordMetadata().orElseThrow();
    Arrival arrival =
        new Arrival(
            metadata.topic(),
            metadata.partition(),
            metadata.offset(),
            record.key(),
            record.value());
    TopicPartition partition = new TopicPartition(arrival.topic(), arrival.partition());
    read.put(positions.key(partition), Long.toString(arrival.offset() + 1));
    context.forward(record.withKey(task(arrival)).withValue(arrival));
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
