package io.gripstream.kafka;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.StringDeserializer;

/**
 * Reads single records again by their positions, through a few consumers that are kept open.
 * Thread-safe.
 */
public final class RecordReader implements AutoCloseable {
  private static final String FETCH_BYTES = "65536";

  private final KafkaClients clients;
  private final Semaphore permits;
  private final int size;
  private final BlockingQueue<Consumer<String, byte[]>> idle = new LinkedBlockingQueue<>();

  /**
   * @param size how many reads may run at a time
   */
  public RecordReader(KafkaClients clients, int size) {
    this.clients = clients;
    this.size = size;
    this.permits = new Semaphore(size);
  }

  /**
   * Reads one committed record.
   *
   * @param timeout for all of it, waiting for a free consumer included
   * @throws UnreadableRecordException when it is not there, no longer there, or not to be had in
   *     time
   */
  public ConsumerRecord<String, byte[]> read(
      String topic, int partition, long offset, Duration timeout) throws UnreadableRecordException {
    return readAll(topic, List.of(new Position(partition, offset)), timeout).get(0);
  }

  /** Reads several records of one topic, in the order given; see {@link #read}. */
  public List<ConsumerRecord<String, byte[]>> readAll(
      String topic, List<Position> positions, Duration timeout) throws UnreadableRecordException {
    long end = System.nanoTime() + timeout.toNanos();
    try {
      if (!permits.tryAcquire(timeout.toMillis(), TimeUnit.MILLISECONDS)) {
        throw UnreadableRecordException.late(topic);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw UnreadableRecordException.late(topic);
    }
    Consumer<String, byte[]> consumer = null;
    boolean usable = false;
    try {
      consumer = idle.poll();
      if (consumer == null) {
        consumer = open();
      }
      List<ConsumerRecord<String, byte[]>> records = new ArrayList<>();
      for (Position position : positions) {
        records.add(read(consumer, topic, position, end));
      }
      usable = true;
      return records;
    } catch (UnreadableRecordException e) {
      usable = true;
      throw e;
    } catch (KafkaException e) {
      throw new UnreadableRecordException(
          UnreadableRecordException.Why.LATE, "the broker did not answer: " + e.getMessage());
    } finally {
      if (consumer != null && usable) {
        consumer.unsubscribe();
        idle.add(consumer);
      } else if (consumer != null) {
        consumer.close();
      }
      permits.release();
    }
  }

  private Consumer<String, byte[]> open() {
    return clients.consumer(
        null,
        null,
        new StringDeserializer(),
        new ByteArrayDeserializer(),
        // One record is wanted: a fetch brings little more than it. A larger record still comes
        // whole.
        Map.of(
            ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "latest",
            ConsumerConfig.MAX_POLL_RECORDS_CONFIG, "1",
            ConsumerConfig.MAX_PARTITION_FETCH_BYTES_CONFIG, FETCH_BYTES,
            ConsumerConfig.FETCH_MAX_WAIT_MS_CONFIG, "100"));
  }

  private static ConsumerRecord<String, byte[]> read(
      Consumer<String, byte[]> consumer, String topic, Position position, long end)
      throws UnreadableRecordException {
    TopicPartition partition = new TopicPartition(topic, position.partition());
    checkRange(consumer, partition, position.offset(), left(end, topic));
    consumer.assign(List.of(partition));
    consumer.seek(partition, position.offset());
    while (true) {
      for (ConsumerRecord<String, byte[]> record : consumer.poll(left(end, topic))) {
        if (record.offset() == position.offset()) {
          return record;
        }
        // The offset is a transaction's end, belongs to an aborted one, or was compacted away.
        throw UnreadableRecordException.missing(topic, position.partition(), position.offset());
      }
      if (consumer.position(partition) > position.offset()) {
        throw UnreadableRecordException.missing(topic, position.partition(), position.offset());
      }
    }
  }

  private static void checkRange(
      Consumer<String, byte[]> consumer, TopicPartition partition, long offset, Duration left)
      throws UnreadableRecordException {
    List<PartitionInfo> infos = consumer.partitionsFor(partition.topic(), left);
    if (infos == null || infos.stream().noneMatch(i -> i.partition() == partition.partition())) {
      throw UnreadableRecordException.missing(partition.topic(), partition.partition(), offset);
    }
    List<TopicPartition> one = List.of(partition);
    if (offset >= consumer.endOffsets(one, left).get(partition)) {
      throw UnreadableRecordException.missing(partition.topic(), partition.partition(), offset);
    }
    if (offset < consumer.beginningOffsets(one, left).get(partition)) {
      throw UnreadableRecordException.gone(partition.topic(), partition.partition(), offset);
    }
  }

  private static Duration left(long end, String topic) throws UnreadableRecordException {
    long left = end - System.nanoTime();
    if (left <= 0) {
      throw UnreadableRecordException.late(topic);
    }
    return Duration.ofNanos(left);
  }

  /** Waits for the reads that run, then closes the consumers. */
  @Override
  public void close() {
    permits.acquireUninterruptibly(size);
    idle.forEach(Consumer::close);
    idle.clear();
  }
}
