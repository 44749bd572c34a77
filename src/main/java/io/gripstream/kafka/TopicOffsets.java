package io.gripstream.kafka;

import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.DescribeTopicsOptions;
import org.apache.kafka.clients.admin.ListOffsetsOptions;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.common.IsolationLevel;
import org.apache.kafka.common.TopicPartition;

/** Asks brokers where a topic's partitions begin and end. */
public final class TopicOffsets {
  private final Admin admin;
  private final int timeoutMillis;

  /**
   * @param timeout of each question
   */
  public TopicOffsets(Admin admin, Duration timeout) {
    this.admin = admin;
    this.timeoutMillis = (int) timeout.toMillis();
  }

  /**
   * All that a topic has.
   *
   * @throws ExecutionException with the reason why the brokers do not say
   */
  public List<TopicPartition> partitions(String topic)
      throws ExecutionException, InterruptedException {
    return admin
        .describeTopics(List.of(topic), new DescribeTopicsOptions().timeoutMs(timeoutMillis))
        .allTopicNames()
        .get()
        .get(topic)
        .partitions()
        .stream()
        .map(info -> new TopicPartition(topic, info.partition()))
        .toList();
  }

  /**
   * The offset of the next record of each, for readers of that isolation: what is written in a
   * transaction shows to those of committed records when it has ended.
   *
   * @throws ExecutionException with the reason why the brokers do not say
   */
  public Map<TopicPartition, Long> ends(
      Collection<TopicPartition> partitions, IsolationLevel isolation)
      throws ExecutionException, InterruptedException {
    return offsets(partitions, OffsetSpec.latest(), isolation);
  }

  /**
   * The offset of the first record of each.
   *
   * @throws ExecutionException with the reason why the brokers do not say
   */
  public Map<TopicPartition, Long> beginnings(Collection<TopicPartition> partitions)
      throws ExecutionException, InterruptedException {
    return offsets(partitions, OffsetSpec.earliest(), IsolationLevel.READ_COMMITTED);
  }

  private Map<TopicPartition, Long> offsets(
      Collection<TopicPartition> partitions, OffsetSpec which, IsolationLevel isolation)
      throws ExecutionException, InterruptedException {
    Map<TopicPartition, OffsetSpec> asked =
        partitions.stream().collect(Collectors.toMap(Function.identity(), partition -> which));
    Map<TopicPartition, Long> offsets = new HashMap<>();
    admin
        .listOffsets(asked, new ListOffsetsOptions(isolation).timeoutMs(timeoutMillis))
        .all()
        .get()
        .forEach((partition, found) -> offsets.put(partition, found.offset()));
    return offsets;
  }
}
