package io.gripstream.kafka.loop;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;

/** What was handled and is not committed yet: the next transaction. */
final class Pending {
  private static final Duration LONGEST = Duration.ofMillis(100);

  private final List<ProducerRecord<byte[], byte[]>> outputs = new ArrayList<>();
  private final Map<TopicPartition, OffsetAndMetadata> offsets = new HashMap<>();
  private ConsumerRecord<byte[], byte[]> first;
  private int records;
  private int batches;
  private long since;
  private boolean maybePoison;
  private boolean letter;

  void add(
      List<ConsumerRecord<byte[], byte[]>> unit,
      List<ProducerRecord<byte[], byte[]>> made,
      boolean maybePoison) {
    if (records == 0) {
      first = unit.get(0);
      since = System.nanoTime();
    }
    offsets.putAll(ends(unit));
    outputs.addAll(made);
    records += unit.size();
    batches++;
    this.maybePoison = maybePoison;
  }

  /** Instead of what the handler makes of the record. */
  void addLetter(ConsumerRecord<byte[], byte[]> record, ProducerRecord<byte[], byte[]> deadLetter) {
    add(List.of(record), List.of(deadLetter), true);
    letter = true;
  }

  /** Sends others instead of the outputs. */
  void replace(List<ProducerRecord<byte[], byte[]>> others) {
    outputs.clear();
    outputs.addAll(others);
  }

  /** By partition, the offset behind the last of the records. */
  static Map<TopicPartition, OffsetAndMetadata> ends(List<ConsumerRecord<byte[], byte[]>> records) {
    Map<TopicPartition, OffsetAndMetadata> ends = new HashMap<>();
    for (ConsumerRecord<byte[], byte[]> record : records) {
      ends.put(
          TransactionalLoop.partition(record),
          new OffsetAndMetadata(record.offset() + 1, record.leaderEpoch(), ""));
    }
    return ends;
  }

  void clear() {
    outputs.clear();
    offsets.clear();
    first = null;
    records = 0;
    batches = 0;
    maybePoison = false;
    letter = false;
  }

  boolean isEmpty() {
    return records == 0;
  }

  /** Whether the first of it has waited long enough. */
  boolean isOld() {
    return records > 0 && System.nanoTime() - since > LONGEST.toNanos();
  }

  List<ProducerRecord<byte[], byte[]>> outputs() {
    return outputs;
  }

  Map<TopicPartition, OffsetAndMetadata> offsets() {
    return offsets;
  }

  ConsumerRecord<byte[], byte[]> first() {
    return first;
  }

  int records() {
    return records;
  }

  int batches() {
    return batches;
  }

  /**
   * Whether it is made of records that may be poison, which are committed apart from all others.
   */
  boolean isMaybePoison() {
    return maybePoison;
  }

  boolean isLetter() {
    return letter;
  }
}
