package io.gripstream.gateway.rest;

import io.gripstream.kafka.KafkaClients;
import io.gripstream.kafka.registry.AvroSerde;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.awaitility.Awaitility;

/** The records of one key in a topic, as any consumer finds them. */
record Written(List<ConsumerRecord<String, byte[]>> records) {
  static Written read(KafkaClients clients, String topic, String key, int count) {
    List<ConsumerRecord<String, byte[]>> records = new ArrayList<>();
    try (Consumer<String, byte[]> consumer =
        clients.consumer(
            null, null, new StringDeserializer(), new ByteArrayDeserializer(), Map.of())) {
      List<TopicPartition> partitions =
          consumer.partitionsFor(topic).stream()
              .map(info -> new TopicPartition(topic, info.partition()))
              .toList();
      consumer.assign(partitions);
      consumer.seekToBeginning(partitions);
      Awaitility.await()
          .atMost(Duration.ofSeconds(10))
          .until(
              () -> {
                consumer
                    .poll(Duration.ofMillis(200))
                    .forEach(
                        record -> {
                          if (key.equals(record.key())) {
                            records.add(record);
                          }
                        });
                return records.size() >= count;
              });
    }
    return new Written(records);
  }

  List<byte[]> values() {
    return records.stream().map(ConsumerRecord::value).toList();
  }

  <T extends SpecificRecord> List<T> map(AvroSerde<T> serde, String topic) {
    return values().stream().map(value -> serde.deserializer().deserialize(topic, value)).toList();
  }
}
