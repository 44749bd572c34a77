package io.gripstream.kafka;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.Test;

/** An image larger than the default fits through all that makes records of it, where it may be. */
class LargeRecordsTest {
  private static final int LARGEST = 32 << 20;

  private final KafkaClients clients =
      new KafkaClients(SharedBroker.address(), Map.of(), LARGEST, true);

  @Test
  void anImageOfTheConfiguredSizeIsWrittenReadAndKeptAsADeadLetter() throws Exception {
    Topics topics = new Topics("large-" + UUID.randomUUID() + ".");
    try (Admin admin = clients.admin()) {
      TopicAdmin.create(admin, topics, 1, (short) -1, clients.recordBytes());
    }
    try (KafkaProducer<byte[], byte[]> producer =
        clients.producer(null, new ByteArraySerializer(), new ByteArraySerializer())) {
      producer.send(new ProducerRecord<>(topics.images(), new byte[LARGEST + 1000])).get();
      ConsumerRecord<byte[], byte[]> read = read(topics.images());
      assertThat(read.value()).hasSize(LARGEST + 1000);
      producer.send(new DeadLetters(topics, clients.recordBytes()).letter(read, "t", "c")).get();
    }
    assertThat(read(topics.deadLetters()).value()).hasSize(LARGEST + 1000);
  }

  private ConsumerRecord<byte[], byte[]> read(String topic) {
    TopicPartition partition = new TopicPartition(topic, 0);
    try (KafkaConsumer<byte[], byte[]> consumer =
        clients.consumer(
            null, null, new ByteArrayDeserializer(), new ByteArrayDeserializer(), Map.of())) {
      consumer.assign(List.of(partition));
      consumer.seekToBeginning(List.of(partition));
      while (true) {
        for (var record : consumer.poll(Duration.ofSeconds(1))) {
          return record;
        }
      }
    }
  }
}
