package io.gripstream.kafka;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.LongStream;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.DisconnectException;
import org.apache.kafka.common.errors.TimeoutException;

/**
 * Finds the records that a consumer has not the memory to unpack: a topic that takes compressed
 * records has no bound on what these unpack to. Topics that Gripstream makes take none.
 */
public final class Unpacking {
  private static final Duration POLL = Duration.ofMillis(500);
  private static final Duration TIMEOUT = Duration.ofSeconds(30);

  private Unpacking() {}

  /** A record that cannot be unpacked: it has no key, no value and no headers here. */
  public static final class Unreadable extends ConsumerRecord<byte[], byte[]> {
    Unreadable(TopicPartition partition, long offset) {
      super(partition.topic(), partition.partition(), offset, null, null);
    }
  }

  /**
   * Records of a partition that a poll failed on.
   *
   * @param before what can be read in front of those that cannot be unpacked
   * @param from the first that cannot be unpacked
   * @param to the next that can be read again
   */
  public record Gap(
      TopicPartition partition, List<ConsumerRecord<byte[], byte[]>> before, long from, long to) {
    /** Those that cannot be unpacked. */
    public List<Unreadable> records() {
      return LongStream.range(from, to)
          .mapToObj(offset -> new Unreadable(partition, offset))
          .toList();
    }

    @Override
    public String toString() {
      return "%s@%d to %d".formatted(partition, from, to - 1);
    }
  }

  /**
   * Reads each partition alone, one record at a time.
   *
   * @param positions where each partition is to be read from
   * @param most how many records a poll takes
   * @return the first partition's gap that has one; empty: all that a poll takes can be read
   * @throws DisconnectException when there is not the memory for what lies in front of the gap
   */
  public static Optional<Gap> find(
      KafkaClients clients, Map<TopicPartition, Long> positions, int most) {
    for (Map.Entry<TopicPartition, Long> each : positions.entrySet()) {
      TopicPartition partition = each.getKey();
      Walk ahead = walk(clients, partition, each.getValue(), most, record -> {});
      if (ahead.failed()) {
        long to = ahead.next() + 1;
        // A record behind the large one in its batch cannot be read without it.
        while (walk(clients, partition, to, 1, record -> {}).failed()) {
          to++;
        }
        List<ConsumerRecord<byte[], byte[]>> before = new ArrayList<>();
        if (ahead.read() > 0
            && walk(clients, partition, each.getValue(), ahead.read(), before::add).failed()) {
          throw new DisconnectException("memory is short");
        }
        return Optional.of(new Gap(partition, before, ahead.next(), to));
      }
    }
    return Optional.empty();
  }

  /**
   * How far some records could be read.
   *
   * @param read how many were
   * @param next behind the last of them
   * @param failed whether memory ran out there
   */
  private record Walk(int read, long next, boolean failed) {}

  private static Walk walk(
      KafkaClients clients,
      TopicPartition partition,
      long from,
      int most,
      java.util.function.Consumer<ConsumerRecord<byte[], byte[]>> sink) {
    int read = 0;
    long next = from;
    try (Consumer<byte[], byte[]> consumer =
        clients.reader(
            Map.of(
                ConsumerConfig.MAX_POLL_RECORDS_CONFIG,
                1,
                // One batch is fetched in any case.
                ConsumerConfig.MAX_PARTITION_FETCH_BYTES_CONFIG,
                1,
                ConsumerConfig.FETCH_MAX_BYTES_CONFIG,
                1))) {
      consumer.assign(List.of(partition));
      consumer.seek(partition, from);
      long end = consumer.endOffsets(List.of(partition)).get(partition);
      long deadline = System.nanoTime() + TIMEOUT.toNanos();
      while (read < most && consumer.position(partition) < end) {
        for (ConsumerRecord<byte[], byte[]> record : consumer.poll(POLL)) {
          sink.accept(record);
          read++;
          next = record.offset() + 1;
          deadline = System.nanoTime() + TIMEOUT.toNanos();
        }
        if (System.nanoTime() > deadline) {
          throw new TimeoutException("%s@%d cannot be read".formatted(partition, next));
        }
      }
      return new Walk(read, next, false);
    } catch (OutOfMemoryError e) {
      return new Walk(read, next, true);
    }
  }
}
