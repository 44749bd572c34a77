package io.gripstream.kafka.embedded;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.gripstream.event.Command;
import io.gripstream.event.ImageEvent;
import io.gripstream.event.LabelEvent;
import io.gripstream.event.Prediction;
import io.gripstream.event.PromptVersion;
import io.gripstream.event.RefinementBatch;
import io.gripstream.event.RoundEvent;
import io.gripstream.event.Sample;
import io.gripstream.event.TaskDefinition;
import io.gripstream.kafka.Fault;
import io.gripstream.kafka.KafkaClients;
import io.gripstream.kafka.SoleWriter;
import io.gripstream.kafka.TopicAdmin;
import io.gripstream.kafka.Topics;
import io.gripstream.kafka.follow.Follower;
import io.gripstream.kafka.registry.IncompatibleSchemaException;
import io.gripstream.kafka.registry.PublishedSchema;
import io.gripstream.kafka.registry.RegistryRefusedException;
import io.gripstream.kafka.registry.RegistryUnavailableException;
import io.gripstream.kafka.registry.SchemaRegistry;
import io.gripstream.kafka.registry.UnknownSchemaException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.apache.avro.Schema;
import org.apache.avro.SchemaCompatibility;
import org.apache.avro.SchemaCompatibility.SchemaCompatibilityType;
import org.apache.avro.SchemaCompatibility.SchemaPairCompatibility;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.AuthorizationException;
import org.apache.kafka.common.errors.InterruptException;
import org.jboss.logging.Logger;

/**
 * A schema registry without a server: a compacted topic ({@link Topics#schemas}), laid out as
 * Confluent's registry lays it out, and a copy of it in the memory of every process that uses it.
 *
 * <p><b>Guarantee.</b> An id means the same schema for ever and in every process, however many
 * register at once: a {@link SoleWriter} decides on ids. {@link #register} returns when every
 * process can read the schema.
 *
 * <p>A new schema of a subject must be able to read what was written with the subject's latest
 * (BACKWARD).
 *
 * <p><b>The topic is this registry's own.</b> Its first record is a marker. A topic that begins
 * with anything else was made by somebody else, and is refused. The ids of schemas that cannot be
 * read are taken all the same; a record whose id cannot be told ends the giving out of ids.
 *
 * <p>Builds before this one kept schemas in {@code _schemas}, which is the default topic of other
 * registries. Whoever writes the marker copies the schemas of Gripstream's own topics from there,
 * with their ids, and only reads that topic.
 */
public final class EmbeddedRegistry implements SchemaRegistry {
  /** A schema as a subject's version. Versions count from 1. */
  public record Registered(String subject, int version, int id, Schema schema) {}

  private static final Logger LOG = Logger.getLogger(EmbeddedRegistry.class);
  private static final String FORMER_TOPIC = "_schemas";
  private static final String MARKER = "GRIPSTREAM";
  private static final Duration TIMEOUT = Duration.ofSeconds(30);
  private static final Duration WRITE_TIMEOUT = Duration.ofSeconds(60);
  private static final ObjectMapper JSON = new ObjectMapper();

  private final KafkaClients clients;
  private final Topics topics;
  private final String topic;
  private final Admin admin;
  private final Follower follower;

  // What the follower's thread alone changes, and any reads.
  private final Map<Integer, Schema> schemas = new ConcurrentHashMap<>();
  private final NavigableMap<String, NavigableMap<Integer, Registered>> subjects =
      new ConcurrentSkipListMap<>();
  private final Map<String, Integer> idsByText = new ConcurrentHashMap<>();

  /** Whether the topic begins with the marker. */
  private volatile boolean marked;

  /** The place of the record that the topic begins with instead; negative: there is none. */
  private volatile long foreign = -1;

  /** The highest id that was ever given, whether or not its schema can be read. */
  private volatile int highestId;

  /** The first record whose id cannot be told, in words; empty: there is none. */
  private volatile String riddle = "";

  private final SoleWriter writer;

  /**
   * Creates the topic if it is missing, marks it, and reads it.
   *
   * @param replicationFactor of the topic; -1: the brokers' default
   * @throws RegistryUnavailableException if the brokers do not answer
   * @throws RegistryRefusedException if the topic is somebody else's, or may not be used
   */
  public EmbeddedRegistry(KafkaClients clients, Topics topics, short replicationFactor) {
    this.clients = clients;
    this.topics = topics;
    this.topic = topics.schemas();
    this.admin = clients.admin();
    try {
      TopicAdmin.createSchemas(admin, topics, replicationFactor);
    } catch (KafkaException e) {
      admin.close();
      throw unavailable(e);
    }
    this.follower = new Follower(clients, topic, Follower.ALL, this::apply);
    this.writer = new SoleWriter(clients, topic, WRITE_TIMEOUT, this::catchUp);
    try {
      catchUp();
      if (!marked) {
        written(() -> marked, this::mark);
      }
    } catch (RuntimeException e) {
      close();
      throw e;
    }
  }

  /** With the brokers' default replication. */
  public EmbeddedRegistry(KafkaClients clients, Topics topics) {
    this(clients, topics, (short) -1);
  }

  @Override
  public synchronized int register(String subject, Schema schema) {
    Optional<Integer> known = find(subject, schema);
    if (known.isPresent()) {
      return known.get();
    }
    catchUp();
    written(() -> find(subject, schema).isPresent(), producer -> write(producer, subject, schema));
    return find(subject, schema).orElseThrow();
  }

  /**
   * Makes the schema of every topic of Gripstream's known, so that producers and consumers of
   * others find it before the first record.
   */
  public void registerContract() {
    contract(topics)
        .forEach((topic, schema) -> register(topic + "-value", PublishedSchema.of(schema)));
  }

  /** The schema of each topic's values; dead letters have whatever could not be processed. */
  private static Map<String, Schema> contract(Topics topics) {
    return Map.ofEntries(
        Map.entry(topics.images(), ImageEvent.getClassSchema()),
        Map.entry(topics.labels(), LabelEvent.getClassSchema()),
        Map.entry(topics.tasks(), TaskDefinition.getClassSchema()),
        Map.entry(topics.predictions(), Prediction.getClassSchema()),
        Map.entry(topics.samples(), Sample.getClassSchema()),
        Map.entry(topics.batches(), RefinementBatch.getClassSchema()),
        Map.entry(topics.candidates(), PromptVersion.getClassSchema()),
        Map.entry(topics.zeroShots(), PromptVersion.getClassSchema()),
        Map.entry(topics.prompts(), PromptVersion.getClassSchema()),
        Map.entry(topics.rounds(), RoundEvent.getClassSchema()),
        Map.entry(topics.commands(), Command.getClassSchema()));
  }

  private void written(BooleanSupplier done, Consumer<KafkaProducer<byte[], byte[]>> write) {
    try {
      writer.write(done, write);
    } catch (InterruptException e) {
      throw e;
    } catch (KafkaException e) {
      throw unavailable(e);
    }
  }

  @Override
  public Schema byId(int id) {
    Schema known = schemas.get(id);
    if (known != null) {
      return known;
    }
    catchUp();
    Schema found = schemas.get(id);
    if (found == null) {
      throw new UnknownSchemaException(id);
    }
    return found;
  }

  /** All subjects, in alphabetical order. */
  public List<String> subjects() {
    catchUp();
    return List.copyOf(subjects.keySet());
  }

  /** The versions of a subject, ascending; none if there is no such subject. */
  public List<Integer> versions(String subject) {
    catchUp();
    return List.copyOf(subjects.getOrDefault(subject, new TreeMap<>()).keySet());
  }

  public Optional<Registered> latest(String subject) {
    catchUp();
    return Optional.ofNullable(subjects.get(subject))
        .map(NavigableMap::lastEntry)
        .map(Map.Entry::getValue);
  }

  public Optional<Registered> version(String subject, int version) {
    catchUp();
    return Optional.ofNullable(subjects.get(subject)).map(versions -> versions.get(version));
  }

  /** Where a schema is used. */
  public List<Registered> uses(int id) {
    return subjects.values().stream()
        .flatMap(versions -> versions.values().stream())
        .filter(registered -> registered.id() == id)
        .toList();
  }

  @Override
  public String notReady() {
    return follower.notReady();
  }

  @Override
  public String notAlive() {
    return follower.notAlive();
  }

  @Override
  public synchronized void close() {
    writer.close();
    follower.close();
    admin.close();
  }

  private Optional<Integer> find(String subject, Schema schema) {
    return subjects.getOrDefault(subject, new TreeMap<>()).values().stream()
        .filter(registered -> registered.schema().toString().equals(schema.toString()))
        .map(Registered::id)
        .findFirst();
  }

  private void write(KafkaProducer<byte[], byte[]> producer, String subject, Schema schema) {
    String doubt = follower.skipped() > 0 ? topic + " holds what cannot be read" : riddle;
    if (!doubt.isEmpty()) {
      throw new RegistryRefusedException(
          "no id can be given without the danger of giving it twice: " + doubt);
    }
    NavigableMap<Integer, Registered> versions = subjects.getOrDefault(subject, new TreeMap<>());
    if (!versions.isEmpty()) {
      requireReadable(subject, schema, versions.lastEntry().getValue().schema());
    }
    int version = versions.isEmpty() ? 1 : versions.lastKey() + 1;
    int id = idsByText.getOrDefault(schema.toString(), highestId + 1);
    commit(producer, List.of(record(new Registered(subject, version, id, schema))));
    LOG.infof("Registered version %d of %s with the id %d", version, subject, id);
  }

  private ProducerRecord<byte[], byte[]> record(Registered registered) {
    ObjectNode key = JSON.createObjectNode();
    key.put("keytype", "SCHEMA").put("subject", registered.subject());
    key.put("version", registered.version()).put("magic", 1);
    ObjectNode value = JSON.createObjectNode();
    value.put("subject", registered.subject()).put("version", registered.version());
    value.put("id", registered.id()).put("schema", registered.schema().toString());
    value.put("deleted", false);
    return new ProducerRecord<>(topic, 0, bytes(key), bytes(value));
  }

  /** Makes an empty topic this registry's, with what a former build has kept elsewhere. */
  private void mark(KafkaProducer<byte[], byte[]> producer) {
    Former former = former();
    ObjectNode key = JSON.createObjectNode().put("keytype", MARKER).put("magic", 0);
    ObjectNode value = JSON.createObjectNode().put("highestId", former.highestId());
    List<ProducerRecord<byte[], byte[]>> records = new ArrayList<>();
    records.add(new ProducerRecord<>(topic, 0, bytes(key), bytes(value)));
    former.ours().forEach(registered -> records.add(record(registered)));
    commit(producer, records);
    if (!former.ours().isEmpty()) {
      LOG.infof(
          "Copied %d schemas from %s to %s; %s is not read again",
          former.ours().size(), FORMER_TOPIC, topic, FORMER_TOPIC);
    }
  }

  /**
   * What builds before this one have registered.
   *
   * @param highestId of all schemas there, whoever they belong to
   */
  private record Former(Collection<Registered> ours, int highestId) {}

  private Former former() {
    Map<String, Registered> ours = new LinkedHashMap<>();
    AtomicInteger highest = new AtomicInteger();
    Set<String> subjects =
        topics.all().stream().map(name -> name + "-value").collect(Collectors.toSet());
    try {
      if (!admin.listTopics().names().get().contains(FORMER_TOPIC)) {
        return new Former(List.of(), 0);
      }
    } catch (ExecutionException e) {
      throw unavailable(new KafkaException(e.getCause()));
    } catch (InterruptedException e) {
      throw new InterruptException(e);
    }
    try (Follower reader =
        new Follower(
            clients,
            FORMER_TOPIC,
            Follower.ALL,
            record -> {
              try {
                JsonNode value = json(record.value());
                highest.accumulateAndGet(value.path("id").asInt(), Math::max);
                if (subjects.contains(value.path("subject").asText())) {
                  Registered each =
                      new Registered(
                          value.path("subject").asText(),
                          value.path("version").asInt(),
                          value.path("id").asInt(),
                          new Schema.Parser().parse(value.path("schema").asText()));
                  ours.put(each.subject() + "/" + each.version(), each);
                }
              } catch (IOException | RuntimeException e) {
                LOG.debugf(e, "%s at offset %d is not ours", FORMER_TOPIC, record.offset());
              }
            })) {
      reader.require(reader::awaitReady, TIMEOUT);
    } catch (AuthorizationException e) {
      LOG.infof("%s may not be read; nothing is taken over from it", FORMER_TOPIC);
      return new Former(List.of(), 0);
    }
    return new Former(ours.values(), highest.get());
  }

  private void commit(
      KafkaProducer<byte[], byte[]> producer, List<ProducerRecord<byte[], byte[]>> records) {
    producer.beginTransaction();
    CompletableFuture<Long> last = new CompletableFuture<>();
    for (ProducerRecord<byte[], byte[]> record : records) {
      boolean isLast = record == records.get(records.size() - 1);
      producer.send(
          record,
          (place, failure) -> {
            if (isLast) {
              last.complete(place.offset());
            }
          });
    }
    // Fails if sending has failed, and returns when all is sent.
    producer.commitTransaction();
    follower.require(timeout -> follower.await(0, last.join(), timeout), TIMEOUT);
  }

  /** Whether a schema can read what was written with another: what {@link #register} asks for. */
  public static boolean reads(Schema reader, Schema writer) {
    return compare(reader, writer).getType() == SchemaCompatibilityType.COMPATIBLE;
  }

  private static SchemaPairCompatibility compare(Schema reader, Schema writer) {
    return SchemaCompatibility.checkReaderWriterCompatibility(reader, writer);
  }

  private static void requireReadable(String subject, Schema reader, Schema latest) {
    if (!reads(reader, latest)) {
      throw new IncompatibleSchemaException(
          "records of %s could not be read with the new schema: %s"
              .formatted(subject, compare(reader, latest).getResult().getIncompatibilities()));
    }
  }

  private void catchUp() {
    try {
      follower.catchUp(admin, TIMEOUT);
    } catch (InterruptException e) {
      throw e;
    } catch (KafkaException e) {
      throw unavailable(e);
    }
    if (foreign >= 0) {
      throw new RegistryRefusedException(
          "the topic %s was not made by Gripstream (offset %d is somebody else's); choose another"
                  .formatted(topic, foreign)
              + " gripstream.kafka.topic-prefix, or a registry with gripstream.registry.url");
    }
  }

  private void apply(ConsumerRecord<byte[], byte[]> record) {
    try {
      JsonNode key = json(record.key());
      String kind = key.path("keytype").asText();
      if (kind.equals(MARKER)) {
        marked = true;
        highestId = Math.max(highestId, json(record.value()).path("highestId").asInt());
      } else if (!marked) {
        foreign = foreign < 0 ? record.offset() : foreign;
      } else if (kind.equals("SCHEMA")) {
        registered(key, record);
      } else if (kind.isEmpty()) {
        throw new IOException("its key is none of a registry");
      }
    } catch (IOException e) {
      if (!marked) {
        foreign = foreign < 0 ? record.offset() : foreign;
        return;
      }
      String place = "%s at offset %d".formatted(topic, record.offset());
      LOG.errorf("%s is no registered schema: %s", place, e.getMessage());
      riddle = riddle.isEmpty() ? place + " is no registered schema" : riddle;
    }
  }

  private void registered(JsonNode key, ConsumerRecord<byte[], byte[]> record) throws IOException {
    String subject = key.path("subject").asText();
    int version = key.path("version").asInt();
    if (record.value() != null) {
      JsonNode value = json(record.value());
      if (!value.path("id").isInt()) {
        throw new IOException("it has no id");
      }
      int id = value.path("id").intValue();
      highestId = Math.max(highestId, id);
      Schema schema;
      try {
        schema = new Schema.Parser().parse(value.path("schema").asText());
      } catch (RuntimeException e) {
        LOG.warnf(
            "The schema %d of %s cannot be read, and its id is kept for it: %s",
            id, subject, e.getMessage());
        return;
      }
      schemas.put(id, schema);
      idsByText.put(schema.toString(), id);
      if (!value.path("deleted").asBoolean()) {
        subjects
            .computeIfAbsent(subject, name -> new ConcurrentSkipListMap<>())
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
  }

  /** An empty object where there is nothing. */
  private static JsonNode json(byte[] bytes) throws IOException {
    JsonNode node = bytes == null ? null : JSON.readTree(bytes);
    return node == null ? JSON.createObjectNode() : node;
  }

  private static byte[] bytes(ObjectNode json) {
    return json.toString().getBytes(StandardCharsets.UTF_8);
  }

  private RuntimeException unavailable(KafkaException e) {
    if (e instanceof RegistryUnavailableException || e instanceof RegistryRefusedException) {
      return e;
    }
    return Fault.of(e) == Fault.FATAL
        ? new RegistryRefusedException(
            "the topic %s cannot be used: %s".formatted(topic, Fault.line(e)), e)
        : new RegistryUnavailableException("the topic " + topic + " cannot be used", e);
  }
}
