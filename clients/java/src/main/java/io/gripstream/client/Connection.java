package io.gripstream.client;

import java.net.URI;
import java.util.HashMap;
import java.util.Map;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/**
 * Where a service is.
 *
 * @param kafka properties of Kafka's clients, {@code bootstrap.servers} at least
 * @param registry the root of Confluent's REST API, such as the address of a gateway
 * @param topicPrefix what the service's topics begin with, {@code gripstream.} by default
 */
public record Connection(Map<String, Object> kafka, URI registry, String topicPrefix) {
  public Connection {
    kafka = Map.copyOf(kafka);
  }

  /** Reads committed records from the beginning where a group has no place. */
  Consumer<byte[], byte[]> consumer(Map<String, Object> more) {
    Map<String, Object> properties = new HashMap<>(kafka);
    properties.put(ConsumerConfig.ISOLATION_LEVEL_CONFIG, "read_committed");
    properties.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "earliest");
    properties.put(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, false);
    properties.putAll(more);
    return new KafkaConsumer<>(
        properties, new ByteArrayDeserializer(), new ByteArrayDeserializer());
  }
}
