package io.gripstream.kafka.loop;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.gripstream.kafka.KafkaClients;
import io.gripstream.kafka.SharedBroker;
import io.gripstream.kafka.Topics;
import io.gripstream.kafka.loop.TransactionalLoop.Settings;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.ConsumerGroupMetadata;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.Test;

class TransactionalWriterTest {
  private static final int TIMES = 10;
  private static final Duration TIMEOUT = Duration.ofSeconds(30);

  private final KafkaClients clients = SharedBroker.clients();
  private final Topics topics = SharedBroker.freshTopics(2);
  private final String group = "test-" + UUID.randomUUID();

  /** Whether a broker confirmed the offsets before the abort is chance: hence the times. */
  @Test
  void theOffsetsOfATransactionThatWasThrownAwayAreInNoOther() throws Exception {
    Settings settings =
        Settings.longWork("tester", group, "a", List.of(topics.images()), topics.positions());
    try (Admin admin = clients.admin();
        TransactionalWriter writer =
            new TransactionalWriter(
                clients, settings, new GroupPositions(clients, group, settings.positions()))) {
      writer.begin();
      for (int i = 1; i <= TIMES; i++) {
        int offset = i;
        // A compacted topic takes no record without a key.
        ProducerRecord<byte[], byte[]> refused =
            new ProducerRecord<>(topics.prompts(), null, "keyless".getBytes(UTF_8));
        assertThatThrownBy(() -> write(writer, List.of(refused), 0, offset))
            .isInstanceOf(TransactionalWriter.AbortedException.class);
        write(writer, List.of(), 1, offset);
        // Brokers tell of the end of a transaction before they show its offsets.
        await()
            .atMost(TIMEOUT)
            .untilAsserted(
                () ->
                    assertThat(
                            admin
                                .listConsumerGroupOffsets(group)
                                .partitionsToOffsetAndMetadata()
                                .get())
                        .isEqualTo(Map.of(partition(1), new OffsetAndMetadata(offset))));
      }
    }
  }

  private void write(
      TransactionalWriter writer,
      List<ProducerRecord<byte[], byte[]>> outputs,
      int partition,
      long offset)
      throws TransactionalWriter.AbortedException {
    writer.write(
        outputs,
        Map.of(partition(partition), new OffsetAndMetadata(offset)),
        new ConsumerGroupMetadata(group));
  }

  private TopicPartition partition(int partition) {
    return new TopicPartition(topics.images(), partition);
  }
}
