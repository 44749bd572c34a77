package io.gripstream.kafka;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class KafkaClientsTest {
  private static final int MEBIBYTE = 1 << 20;
  private static final int RECORDS = 20;
  private static final long LONG = Duration.ofSeconds(40).toNanos();

  /**
   * An answer that is not there in time is asked for again, all of it: one that is too large for
   * the wire never comes.
   */
  @Test
  void aBacklogComesThroughASlowWire(@TempDir Path directory) throws Exception {
    try (CutBroker broker = new CutBroker(directory)) {
      Topics topics = new Topics("slow.");
      try (Admin admin = broker.clients().admin()) {
        TopicAdmin.create(admin, topics, 1, (short) 1);
      }
      try (KafkaProducer<byte[], byte[]> producer =
          broker.clients().producer(null, new ByteArraySerializer(), new ByteArraySerializer())) {
        for (int i = 0; i < RECORDS; i++) {
          producer.send(new ProducerRecord<>(topics.images(), new byte[MEBIBYTE]));
        }
      }
      // 15 MiB pass in this time, and one partition alone has more.
      KafkaClients clients = broker.clients(Map.of("request.timeout.ms", "5000"));
      broker.slow(3 * MEBIBYTE);
      try (KafkaConsumer<byte[], byte[]> consumer = clients.reader(Map.of())) {
        TopicPartition partition = new TopicPartition(topics.images(), 0);
        consumer.assign(List.of(partition));
        consumer.seekToBeginning(List.of(partition));
        int read = 0;
        for (long end = System.nanoTime() + LONG; read < RECORDS && System.nanoTime() < end; ) {
          read += consumer.poll(Duration.ofSeconds(1)).count();
        }
        assertThat(read).isEqualTo(RECORDS);
      }
    }
  }
}
