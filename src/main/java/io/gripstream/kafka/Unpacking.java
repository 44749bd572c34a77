package io.gripstream.kafka;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/**
 * Finds the records that a consumer has not the memory to unpack: a topic that takes compressed
 * records has no bound on what these unpack to. Topics that Gripstream makes take none.
 */
public final class Unpacking {
  private static final Duration POLL = Duration.ofMillis(500);
  private static final Duration TIMEOUT = Duration.ofSeconds(30);

  private Unpacking() {}

  /** Records that cannot be unpacked: from an offset up to one that can be read again. */
  public record Gap(TopicPartition partition, long from, long to) {
    @Override
    public String toString() {
      return "%s@%d to %d".formatted(partition, from, to - 1);
    }
  }

  /**
   * Tries each partition alone, with the least memory.
   *
   * @param positions where each partition is to be read from
   * @return the first partition's gap that has one; empty: all can be read
   */
  public static Optional<Gap> find(KafkaClients clients, Map<TopicPartition, Long> positions) {
    for (Map.Entry<TopicPartition, Long> each : positions.entrySet()) {
      long to = each.getValue();
      // A record behind the large one in its batch cannot be read without it.
      while (!isReadable(clients, each.getKey(), to)) {
        to++;
      }
      if (to > each.getValue()) {
        return Optional.of(new Gap(each.getKey(), each.getValue(), to));
      }
    }
    return Optional.empty();
  }

  private static boolean isReadable(KafkaClients clients, TopicPartition partition, long offset) {
    try (Consumer<byte[], byte[]> consumer =
        clients.consumer(
            null,
            null,
            new ByteArrayDeserializer(),
            new ByteArrayDeserializer(),
            Map.of(
                ConsumerConfig.MAX_POLL_RECORDS_CONFIG,
                1,
                // One batch is fetched in any case.
                ConsumerConfig.MAX_PARTITION_FETCH_BYTES_CONFIG,
                1,
                ConsumerConfig.FETCH_MAX_BYTES_CONFIG,
                1))) {
      consumer.assign(List.of(partition));
      consumer.seek(partition, offset);
      long end = consumer.endOffsets(List.of(partition)).get(partition);
      long deadline = System.nanoTime() + TIMEOUT.toNanos();
      while (consumer.position(partition) < end && consumer.poll(POLL).isEmpty()) {
        if (System.nanoTime() > deadline) {
          throw new TimeoutException("%s@%d cannot be read".formatted(partition, offset));
        }
      }
      return true;
    } catch (OutOfMemoryError e) {
      return false;
    }
  }
}
