package io.gripstream.messaging;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.avro.Schema;
import org.apache.avro.SchemaCompatibility;
import org.apache.avro.SchemaCompatibility.SchemaCompatibilityType;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.errors.InvalidProducerEpochException;
import org.apache.kafka.common.errors.ProducerFencedException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.jboss.logging.Logger;

/**
 * A schema registry without a server: the compacted topic {@code _schemas}, laid out as Confluent's
 * registry lays it out, and a copy of it in the memory of every process that uses it.
 *
 * <p><b>Guarantee.</b> An id means the same schema for ever and in every process, however many
 * register at once. All writers share one transactional id. A new writer fences the one before,
 * then reads to the end of the topic, and only then decides on an id; a writer that was fenced
 * meanwhile cannot commit, and starts over. {@link #register} returns when every process can read
 * the schema.
 *
 * <p>A new schema of a subject must be able to read what was written with the subject's latest
 * (BACKWARD). Never point this at a topic that a running Confluent registry writes: it takes no
 * part in the fencing. Use its REST API instead.
 */
public final class EmbeddedRegistry implements SchemaRegistry {
  /** A schema as a subject's version. Versions count from 1. */
  public record Registered(String subject, int version, int id, Schema schema) {}

  private static final Logger LOG = Logger.getLogger(EmbeddedRegistry.class);
  private static final String TOPIC = "_schemas";
  private static final String TRANSACTIONAL_ID = "gripstream-schemas";
  private static final TopicPartition PARTITION = new TopicPartition(TOPIC, 0);
  private static final int ATTEMPTS = 10;
  private static final Duration PATIENCE = Duration.ofSeconds(30);
  private static final ObjectMapper JSON = new ObjectMapper();

  private final KafkaClients clients;
  private final Map<Integer, Schema> schemas = new ConcurrentHashMap<>();

  // All below is used under this object's lock only.
  private final Map<String, NavigableMap<Integer, Registered>> subjects = new TreeMap<>();
  private final Map<String, Integer> idsByText = new HashMap<>();
  private final KafkaConsumer<byte[], byte[]> consumer;
  private KafkaProducer<byte[], byte[]> writer;

  /**
   * Creates the topic if it is missing, and reads it.
   *
   * @param clientProperties as {@link KafkaClients#common} gives them
   * @throws RegistryUnavailableException if the brokers do not answer
   */
  public EmbeddedRegistry(Map<String, Object> clientProperties) {
    clients = KafkaClients.of(clientProperties);
    try (Admin admin = clients.admin()) {
      short brokersDefault = -1;
      TopicAdmin.create(
          admin, List.of(new NewTopic(TOPIC, 1, brokersDefault).configs(TopicAdmin.compacted())));
    } catch (KafkaException e) {
      throw unavailable(e);
    }
    consumer =
        clients.consumer(
            null,
            null,
            new ByteArrayDeserializer(),
            new ByteArrayDeserializer(),
            // Somebody waits for the answer.
            Map.of(ConsumerConfig.FETCH_MAX_WAIT_MS_CONFIG, 10));
    try {
      consumer.assign(List.of(PARTITION));
      consumer.seekToBeginning(List.of(PARTITION));
      catchUp();
    } catch (RuntimeException e) {
      consumer.close();
      throw e;
    }
  }

  @Override
  public synchronized int register(String subject, Schema schema) {
    Optional<Integer> known = find(subject, schema);
    if (known.isPresent()) {
      return known.get();
    }
    try {
      catchUp();
      for (int attempt = 0; attempt < ATTEMPTS && find(subject, schema).isEmpty(); attempt++) {
        try {
          write(subject, schema);
        } catch (ProducerFencedException | InvalidProducerEpochException e) {
          LOG.debug("Another process has registered a schema meanwhile; starting over", e);
          closeWriter();
        }
      }
      return find(subject, schema)
          .orElseThrow(
              () -> new RegistryUnavailableException("other processes keep registering schemas"));
    } catch (InterruptException e) {
      closeWriter();
      throw e;
    } catch (KafkaException e) {
      closeWriter();
      throw unavailable(e);
    }
  }

  @Override
  public Schema byId(int id) {
    Schema known = schemas.get(id);
    if (known != null) {
      return known;
    }
    synchronized (this) {
      catchUp();
    }
    Schema found = schemas.get(id);
    if (found == null) {
      throw new UnknownSchemaException(id);
    }
    return found;
  }

  /** All subjects, in alphabetical order. */
  public synchronized List<String> subjects() {
    catchUp();
    return List.copyOf(subjects.keySet());
  }

  /** The versions of a subject, ascending; none if there is no such subject. */
  public synchronized List<Integer> versions(String subject) {
    catchUp();
    return List.copyOf(subjects.getOrDefault(subject, new TreeMap<>()).keySet());
  }

  public synchronized Optional<Registered> latest(String subject) {
    catchUp();
    return Optional.ofNullable(subjects.get(subject))
        .map(versions -> versions.lastEntry().getValue());
  }

  public synchronized Optional<Registered> version(String subject, int version) {
    catchUp();
    return Optional.ofNullable(subjects.get(subject)).map(versions -> versions.get(version));
  }

  @Override
  public synchronized void close() {
    closeWriter();
    consumer.close();
  }

  private Optional<Integer> find(String subject, Schema schema) {
    return subjects.getOrDefault(subject, new TreeMap<>()).values().stream()
        .filter(registered -> registered.schema().toString().equals(schema.toString()))
        .map(Registered::id)
        .findFirst();
  }

  private void write(String subject, Schema schema) {
    if (writer == null) {
      writer =
          clients.producer(TRANSACTIONAL_ID, new ByteArraySerializer(), new ByteArraySerializer());
      writer.initTransactions();
      // Nobody can have written since, without fencing this writer.
      catchUp();
      if (find(subject, schema).isPresent()) {
        return;
      }
    }
    NavigableMap<Integer, Registered> versions = subjects.getOrDefault(subject, new TreeMap<>());
    if (!versions.isEmpty()) {
      requireReadable(subject, schema, versions.lastEntry().getValue().schema());
    }
    int version = versions.isEmpty() ? 1 : versions.lastKey() + 1;
    int id =
        idsByText.getOrDefault(
            schema.toString(), schemas.keySet().stream().reduce(0, Math::max) + 1);
    ObjectNode key = JSON.createObjectNode();
    key.put("keytype", "SCHEMA").put("subject", subject).put("version", version).put("magic", 1);
    ObjectNode value = JSON.createObjectNode();
    value.put("subject", subject).put("version", version).put("id", id);
    value.put("schema", schema.toString()).put("deleted", false);
    writer.beginTransaction();
    CompletableFuture<Long> offset = new CompletableFuture<>();
    writer.send(
        new ProducerRecord<>(TOPIC, 0, bytes(key), bytes(value)),
        (place, failure) -> offset.complete(place.offset()));
    // Fails if sending has failed, and returns when all is sent.
    writer.commitTransaction();
    readTo(offset.join() + 1);
    LOG.infof("Registered version %d of %s with the id %d", version, subject, id);
  }

  private static void requireReadable(String subject, Schema reader, Schema latest) {
    var compatibility = SchemaCompatibility.checkReaderWriterCompatibility(reader, latest);
    if (compatibility.getType() != SchemaCompatibilityType.COMPATIBLE) {
      throw new IncompatibleSchemaException(
          "records of %s could not be read with the new schema: %s"
              .formatted(subject, compatibility.getResult().getIncompatibilities()));
    }
  }

  private void catchUp() {
    try {
      readTo(consumer.endOffsets(List.of(PARTITION), PATIENCE).get(PARTITION));
    } catch (InterruptException e) {
      throw e;
    } catch (KafkaException e) {
      throw unavailable(e);
    }
  }

  /**
   * Until the position is there: what is written shows to readers when its transaction has ended.
   */
  private void readTo(long end) {
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    while (consumer.position(PARTITION, PATIENCE) < end) {
      consumer.poll(Duration.ofMillis(200)).forEach(this::apply);
      if (System.nanoTime() > deadline) {
        throw new RegistryUnavailableException("the topic " + TOPIC + " cannot be read to its end");
      }
    }
  }

  private void apply(ConsumerRecord<byte[], byte[]> record) {
    try {
      JsonNode key = JSON.readTree(record.key());
      if (!"SCHEMA".equals(key.path("keytype").asText())) {
        return;
      }
      String subject = key.path("subject").asText();
      int version = key.path("version").asInt();
      JsonNode value = record.value() == null ? null : JSON.readTree(record.value());
      if (value != null) {
        int id = value.path("id").asInt();
        Schema schema = new Schema.Parser().parse(value.path("schema").asText());
        schemas.put(id, schema);
        idsByText.put(schema.toString(), id);
        if (!value.path("deleted").asBoolean()) {
          subjects
              .computeIfAbsent(subject, name -> new TreeMap<>())
              .put(version, new Registered(subject, version, id, schema));
          return;
        }
      }
      subjects.computeIfPresent(
          subject,
          (name, versions) -> {
            versions.remove(version);
            return versions.isEmpty() ? null : versions;
          });
    } catch (IOException | RuntimeException e) {
      LOG.errorf(e, "%s at offset %d is no registered schema; skipped", TOPIC, record.offset());
    }
  }

  private void closeWriter() {
    if (writer != null) {
      writer.close(Duration.ZERO);
      writer = null;
    }
  }

  private static byte[] bytes(ObjectNode json) {
    return json.toString().getBytes(StandardCharsets.UTF_8);
  }

  private static RegistryUnavailableException unavailable(KafkaException e) {
    return e instanceof RegistryUnavailableException known
        ? known
        : new RegistryUnavailableException("the topic " + TOPIC + " cannot be used", e);
  }
}
