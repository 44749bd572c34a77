package io.gripstream.wiring;

import io.gripstream.GripstreamConfig;
import io.gripstream.kafka.KafkaClients;
import io.gripstream.kafka.SharedBroker;
import io.gripstream.kafka.Topics;
import io.gripstream.kafka.embedded.EmbeddedRegistry;
import io.gripstream.kafka.registry.SchemaRegistry;
import io.gripstream.kafka.registry.TopicSerdes;
import io.smallrye.config.SmallRyeConfigBuilder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.Serde;

/** Topics of a test's own on the real broker, and what the world outside does with them. */
public final class TestStream implements AutoCloseable {
  private final Topics topics;
  private final KafkaClients clients;
  private final SchemaRegistry registry;
  private final TopicSerdes serdes;
  private final Producer<byte[], byte[]> producer;

  /** Topics that no other test uses. */
  public TestStream(int partitions) {
    this(SharedBroker.freshTopics(partitions));
  }

  private TestStream(Topics topics) {
    this(topics, SharedBroker.clients(), new EmbeddedRegistry(SharedBroker.clients(), topics));
  }

  /**
   * The topics of a running application.
   *
   * @param registry closed with the stream
   */
  public TestStream(Topics topics, KafkaClients clients, SchemaRegistry registry) {
    this.topics = topics;
    this.clients = clients;
    this.registry = registry;
    this.serdes = new TopicSerdes(registry);
    this.producer = clients.producer(null, new ByteArraySerializer(), new ByteArraySerializer());
  }

  public Topics topics() {
    return topics;
  }

  public KafkaClients clients() {
    return clients;
  }

  public TopicSerdes serdes() {
    return serdes;
  }

  /**
   * The configuration of a process on these topics; {@code settings} without their common prefix.
   */
  public GripstreamConfig config(Map<String, String> settings) {
    SmallRyeConfigBuilder builder =
        new SmallRyeConfigBuilder()
            .addDiscoveredConverters()
            .withMapping(GripstreamConfig.class)
            .withDefaultValue("gripstream.kafka.topic-prefix", topics.prefix());
    settings.forEach((key, value) -> builder.withDefaultValue("gripstream." + key, value));
    return builder.build().getConfigMapping(GripstreamConfig.class);
  }

  /** Sends a record, and returns when the broker has it. */
  public <T> RecordMetadata send(String topic, String key, T value, Serde<T> serde) {
    return sendRaw(
        topic, key.getBytes(StandardCharsets.UTF_8), serde.serializer().serialize(topic, value));
  }

  public RecordMetadata sendRaw(String topic, byte[] key, byte[] value) {
    return send(new ProducerRecord<>(topic, key, value));
  }

  public RecordMetadata send(ProducerRecord<byte[], byte[]> record) {
    try {
      return producer.send(record).get();
    } catch (InterruptedException | ExecutionException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Reads a topic from its beginning, as a subscriber sees it. */
  public <T> Tail<T> tail(String topic, Serde<T> serde) {
    return new Tail<>(topic, serde);
  }

  @Override
  public void close() {
    producer.close();
    registry.close();
  }

  /** What a read_committed subscriber has seen of a topic. */
  public final class Tail<T> implements AutoCloseable {
    private final Consumer<byte[], byte[]> consumer;
    private final Serde<T> serde;
    private final List<ConsumerRecord<byte[], byte[]>> records = new ArrayList<>();
    private final List<T> values = new ArrayList<>();

    private Tail(String topic, Serde<T> serde) {
      this.serde = serde;
      this.consumer =
          clients.consumer(
              null, null, new ByteArrayDeserializer(), new ByteArrayDeserializer(), Map.of());
      consumer.assign(
          consumer.partitionsFor(topic).stream()
              .map(info -> new TopicPartition(topic, info.partition()))
              .toList());
      consumer.seekToBeginning(consumer.assignment());
    }

    /** All records so far. */
    public synchronized List<ConsumerRecord<byte[], byte[]>> records() {
      consumer
          .poll(java.time.Duration.ofMillis(100))
          .forEach(
              record -> {
                records.add(record);
                values.add(serde.deserializer().deserialize(record.topic(), record.value()));
              });
      return List.copyOf(records);
    }

    /** Their values. */
    public synchronized List<T> values() {
      records();
      return new ArrayList<>(values);
    }

    @Override
    public void close() {
      consumer.close();
    }
  }
}
