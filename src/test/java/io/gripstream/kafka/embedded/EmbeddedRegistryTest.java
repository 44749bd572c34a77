package io.gripstream.kafka.embedded;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.gripstream.kafka.KafkaClients;
import io.gripstream.kafka.SharedBroker;
import io.gripstream.kafka.TopicAdmin;
import io.gripstream.kafka.Topics;
import io.gripstream.kafka.registry.IncompatibleSchemaException;
import io.gripstream.kafka.registry.RegistryRefusedException;
import io.gripstream.kafka.registry.UnknownSchemaException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.apache.avro.Schema;
import org.apache.avro.SchemaBuilder;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.StringSerializer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class EmbeddedRegistryTest {
  private final String subject = UUID.randomUUID() + "-value";
  private final Topics topics = new Topics("registry-" + UUID.randomUUID() + ".");
  private KafkaClients clients;
  private EmbeddedRegistry registry;

  @BeforeEach
  void open() {
    clients = SharedBroker.clients();
    registry = new EmbeddedRegistry(clients, topics);
  }

  @AfterEach
  void close() {
    registry.close();
  }

  @Test
  void aSchemaHasOneIdInEverySubject() {
    Schema schema = schema("Same", "a");
    int id = registry.register(subject, schema);
    assertThat(registry.register(subject, schema)).isEqualTo(id);
    assertThat(registry.register("other-" + subject, schema)).isEqualTo(id);
    assertThat(registry.byId(id)).isEqualTo(schema);
    assertThat(registry.versions(subject)).containsExactly(1);
    assertThat(registry.subjects()).contains(subject, "other-" + subject);
  }

  @Test
  void aFieldWithADefaultMakesTheNextVersion() {
    Schema first = schema("Growing", "a");
    Schema second = withDefault("Growing", "a", "b");
    int firstId = registry.register(subject, first);
    int secondId = registry.register(subject, second);
    assertThat(secondId).isNotEqualTo(firstId);
    assertThat(registry.versions(subject)).containsExactly(1, 2);
    assertThat(registry.latest(subject).orElseThrow().schema()).isEqualTo(second);
    assertThat(registry.version(subject, 1).orElseThrow().id()).isEqualTo(firstId);
    assertThat(registry.version(subject, 3)).isEmpty();
    // A process of the older build is still running.
    assertThat(registry.register(subject, first)).isEqualTo(firstId);
    assertThat(registry.versions(subject)).containsExactly(1, 2);
  }

  @Test
  void aFieldWithoutADefaultIsRefused() {
    registry.register(subject, schema("Broken", "a"));
    assertThatThrownBy(() -> registry.register(subject, schema("Broken", "a", "b")))
        .isInstanceOf(IncompatibleSchemaException.class)
        .hasMessageContaining(subject);
    assertThat(registry.versions(subject)).containsExactly(1);
  }

  @Test
  void anIdThatNobodyGaveIsUnknown() {
    assertThatThrownBy(() -> registry.byId(1_000_000)).isInstanceOf(UnknownSchemaException.class);
    assertThat(registry.latest("no such subject")).isEmpty();
    assertThat(registry.versions("no such subject")).isEmpty();
  }

  @Test
  void whatOneProcessRegistersTheOthersCanReadAtOnce() {
    try (EmbeddedRegistry other = new EmbeddedRegistry(clients, topics)) {
      for (int i = 0; i < 10; i++) {
        Schema schema = schema("Shared" + i, "a");
        int id = registry.register(i + subject, schema);
        assertThat(other.byId(id)).isEqualTo(schema);
      }
    }
  }

  @Test
  void registriesThatWriteAtOnceNeverGiveOneIdTwice() throws Exception {
    int processes = 6;
    Map<Integer, String> schemasById = new ConcurrentSkipListMap<>();
    List<EmbeddedRegistry> registries = new ArrayList<>();
    var threads = Executors.newFixedThreadPool(processes);
    try {
      List<Callable<Map<String, Integer>>> work = new ArrayList<>();
      for (int p = 0; p < processes; p++) {
        EmbeddedRegistry each = new EmbeddedRegistry(clients, topics);
        registries.add(each);
        int start = p;
        work.add(
            () -> {
              Map<String, Integer> ids = new TreeMap<>();
              for (int i = 0; i < 6; i++) {
                // All register the same schemas, each in another order.
                String name = "Raced" + (start + i) % 6;
                Schema schema = schema(name, "a");
                int id = each.register(name + "-" + subject, schema);
                ids.put(name, id);
                String before = schemasById.putIfAbsent(id, name);
                assertThat(before == null || before.equals(name)).as("id %d", id).isTrue();
              }
              return ids;
            });
      }
      HashSet<Map<String, Integer>> outcomes = new HashSet<>();
      for (Future<Map<String, Integer>> outcome : threads.invokeAll(work)) {
        outcomes.add(outcome.get());
      }
      assertThat(outcomes).hasSize(1);
      for (int i = 0; i < 6; i++) {
        assertThat(registry.versions("Raced" + i + "-" + subject)).containsExactly(1);
      }
    } finally {
      threads.shutdownNow();
      registries.forEach(EmbeddedRegistry::close);
    }
  }

  @Test
  void theUsersOwnSchemasAreNeitherTouchedNorGivenAnIdAgain() throws Exception {
    // As Confluent's registry begins, with a schema of the user's and ours of a former build.
    Topics mine = new Topics("upgraded-" + UUID.randomUUID() + ".");
    Schema ours = schema("Ours", "a");
    try (var admin = clients.admin()) {
      admin
          .createTopics(List.of(new NewTopic("_schemas", 1, (short) -1)))
          .all()
          .get(30, TimeUnit.SECONDS);
    }
    write("_schemas", "{\"keytype\":\"NOOP\",\"magic\":0}", null);
    write("_schemas", key("theirs-value", 1), value("theirs-value", 1, 2, schema("Theirs", "a")));
    write("_schemas", key("protobuf-value", 1), "{\"id\":40,\"schema\":\"syntax = 1\"}");
    write(
        "_schemas", key(mine.images() + "-value", 1), value(mine.images() + "-value", 1, 2, ours));
    write("_schemas", "not json", "not json");
    try (EmbeddedRegistry upgraded = new EmbeddedRegistry(clients, mine);
        EmbeddedRegistry other = new EmbeddedRegistry(clients, mine)) {
      // What records of ours bear means what it meant.
      assertThat(upgraded.byId(2)).isEqualTo(ours);
      assertThat(upgraded.subjects()).containsExactly(mine.images() + "-value");
      assertThat(upgraded.register(mine.images() + "-value", ours)).isEqualTo(2);
      assertThat(other.register(subject, schema("New", "a"))).isEqualTo(41);
      assertThat(upgraded.byId(41)).isEqualTo(schema("New", "a"));
    }
    assertThat(count("_schemas")).isEqualTo(5);
    // Once: what is written there later is nobody's concern.
    write(
        "_schemas", key(mine.labels() + "-value", 1), value(mine.labels() + "-value", 1, 77, ours));
    try (EmbeddedRegistry restarted = new EmbeddedRegistry(clients, mine)) {
      assertThat(restarted.subjects()).containsExactlyInAnyOrder(mine.images() + "-value", subject);
    } finally {
      try (var admin = clients.admin()) {
        admin.deleteTopics(List.of("_schemas")).all().get(30, TimeUnit.SECONDS);
      }
    }
  }

  @Test
  void aTopicThatSomebodyElseMadeIsRefusedAndNotTouched() throws Exception {
    Topics taken = new Topics("taken-" + UUID.randomUUID() + ".");
    for (String first :
        List.of("{\"keytype\":\"NOOP\",\"magic\":0}", "anything", key("theirs", 1))) {
      Topics each = new Topics(taken.prefix() + first.length() + ".");
      try (var admin = clients.admin()) {
        TopicAdmin.createSchemas(admin, each, (short) -1);
      }
      write(each.schemas(), first, "{\"id\":1,\"schema\":\"\\\"int\\\"\"}");
      assertThatThrownBy(() -> new EmbeddedRegistry(clients, each))
          .isInstanceOf(RegistryRefusedException.class)
          .hasMessageContaining(each.schemas())
          .hasMessageContaining("not made by Gripstream");
      assertThat(count(each.schemas())).isEqualTo(1);
    }
  }

  @Test
  void idsOfSchemasThatCannotBeReadAreTaken() {
    int first = registry.register(subject, schema("First", "a"));
    write(
        topics.schemas(),
        key("b", 1),
        "{\"id\":%d,\"schema\":\"{}\",\"references\":[{}]}".formatted(first + 1));
    assertThat(registry.register("c-" + subject, schema("Second", "a"))).isEqualTo(first + 2);
    assertThatThrownBy(() -> registry.byId(first + 1)).isInstanceOf(UnknownSchemaException.class);
  }

  @Test
  void whereAnIdCannotBeToldNoneIsGiven() {
    int first = registry.register(subject, schema("First", "a"));
    write(topics.schemas(), "garbage", "garbage");
    assertThatThrownBy(() -> registry.register("d-" + subject, schema("Second", "a")))
        .isInstanceOf(RegistryRefusedException.class)
        .hasMessageContaining(topics.schemas());
    assertThat(registry.byId(first)).isEqualTo(schema("First", "a"));
    assertThat(registry.register(subject, schema("First", "a"))).isEqualTo(first);
  }

  private void write(String topic, String key, String value) {
    try (var producer = clients.producer(null, new StringSerializer(), new StringSerializer())) {
      producer.send(new ProducerRecord<>(topic, key, value)).get();
    } catch (InterruptedException | ExecutionException e) {
      throw new AssertionError(e);
    }
  }

  private long count(String topic) throws Exception {
    TopicPartition partition = new TopicPartition(topic, 0);
    try (var admin = clients.admin()) {
      return admin
          .listOffsets(Map.of(partition, OffsetSpec.latest()))
          .partitionResult(partition)
          .get()
          .offset();
    }
  }

  private static String key(String subject, int version) {
    return "{\"keytype\":\"SCHEMA\",\"subject\":\"%s\",\"version\":%d,\"magic\":1}"
        .formatted(subject, version);
  }

  private static String value(String subject, int version, int id, Schema schema) {
    return new ObjectMapper()
        .createObjectNode()
        .put("subject", subject)
        .put("version", version)
        .put("id", id)
        .put("schema", schema.toString())
        .put("deleted", false)
        .toString();
  }

  private static Schema schema(String name, String... fields) {
    var builder = SchemaBuilder.record(name).namespace("test").fields();
    for (String field : fields) {
      builder = builder.requiredString(field);
    }
    return builder.endRecord();
  }

  private static Schema withDefault(String name, String field, String added) {
    return SchemaBuilder.record(name)
        .namespace("test")
        .fields()
        .requiredString(field)
        .optionalString(added)
        .endRecord();
  }
}
