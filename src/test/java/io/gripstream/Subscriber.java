package io.gripstream;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntFunction;
import org.apache.avro.Schema;
import org.apache.avro.generic.GenericDatumReader;
import org.apache.avro.generic.GenericRecord;
import org.apache.avro.io.DecoderFactory;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/**
 * A subscriber as anybody could write one who knows Kafka, Avro and where the schemas are: it uses
 * no class of Gripstream, its follower of topics least of all, because it verifies what that one
 * reads too. Reads one topic from its beginning. For one thread.
 */
public final class Subscriber implements AutoCloseable {
  private static final Duration POLL = Duration.ofMillis(50);
  private static final Duration TIMEOUT = Duration.ofSeconds(30);
  private static final int HEADER_BYTES = 5;
  private static final ObjectMapper JSON = new ObjectMapper();

  private final KafkaConsumer<byte[], byte[]> consumer;
  private final IntFunction<Schema> registry;
  private final Map<Integer, Schema> schemas = new HashMap<>();
  private final List<Message> messages = new ArrayList<>();

  /**
   * A record and, unless it is a tombstone or the topic's values are not Avro, what it says.
   *
   * @param value null where there is none
   */
  public record Message(ConsumerRecord<byte[], byte[]> record, GenericRecord value) {}

  /**
   * @param registry finds a schema by its id; null: the values are not Avro
   */
  public Subscriber(String brokers, IntFunction<Schema> registry, String topic) {
    this.registry = registry;
    this.consumer =
        new KafkaConsumer<>(
            Map.of(
                ConsumerConfig.BOOTSTRAP_SERVERS_CONFIG,
                brokers,
                ConsumerConfig.ISOLATION_LEVEL_CONFIG,
                "read_committed"),
            new ByteArrayDeserializer(),
            new ByteArrayDeserializer());
    consumer.assign(
        consumer.partitionsFor(topic).stream()
            .map(partition -> new TopicPartition(topic, partition.partition()))
            .toList());
    consumer.seekToBeginning(consumer.assignment());
  }

  /** Everything that was committed before the call, in the order of each partition. */
  public List<Message> messages() {
    Map<TopicPartition, Long> ends = consumer.endOffsets(consumer.assignment());
    long deadline = System.nanoTime() + TIMEOUT.toNanos();
    while (ends.entrySet().stream().anyMatch(e -> consumer.position(e.getKey()) < e.getValue())) {
      if (System.nanoTime() > deadline) {
        throw new IllegalStateException("the end of the topic is not reached: " + ends);
      }
      consumer.poll(POLL).forEach(record -> messages.add(new Message(record, decode(record))));
    }
    return List.copyOf(messages);
  }

  private GenericRecord decode(ConsumerRecord<byte[], byte[]> record) {
    if (registry == null || record.value() == null) {
      return null;
    }
    ByteBuffer bytes = ByteBuffer.wrap(record.value());
    if (bytes.get() != 0) {
      throw new IllegalArgumentException("not in Confluent's wire format: " + record);
    }
    Schema schema = schemas.computeIfAbsent(bytes.getInt(), registry::apply);
    try {
      return new GenericDatumReader<GenericRecord>(schema)
          .read(
              null,
              DecoderFactory.get()
                  .binaryDecoder(
                      record.value(), HEADER_BYTES, record.value().length - HEADER_BYTES, null));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * @param registry serves {@code /schemas/ids/{id}}
   */
  public static IntFunction<Schema> registry(URI registry) {
    HttpClient http = HttpClient.newHttpClient();
    return id -> schema(http, registry, id);
  }

  private static Schema schema(HttpClient http, URI registry, int id) {
    try {
      HttpResponse<String> answer =
          http.send(
              HttpRequest.newBuilder(registry.resolve("/schemas/ids/" + id)).build(),
              BodyHandlers.ofString());
      if (answer.statusCode() != 200) {
        throw new IllegalStateException("schema " + id + ": " + answer.body());
      }
      return new Schema.Parser().parse(JSON.readTree(answer.body()).path("schema").asText());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  @Override
  public void close() {
    consumer.close();
  }
}
