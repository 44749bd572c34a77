package io.gripstream.messaging;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.apache.avro.Schema;
import org.apache.avro.SchemaBuilder;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class EmbeddedRegistryTest {
  private final String subject = UUID.randomUUID() + "-value";
  private KafkaClients clients;
  private EmbeddedRegistry registry;

  @BeforeEach
  void open() {
    clients = SharedBroker.clients();
    registry = new EmbeddedRegistry(clients.common());
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
    try (EmbeddedRegistry other = new EmbeddedRegistry(clients.common())) {
      for (int i = 0; i < 10; i++) {
        Schema schema = schema("Shared" + i, "a");
        int id = registry.register(i + subject, schema);
        assertThat(other.byId(id)).isEqualTo(schema);
      }
    }
  }

  @Test
  void registriesThatWriteAtOnceNeverGiveOneIdTwice() throws Exception {
    int processes = 4;
    Map<Integer, String> schemasById = new ConcurrentSkipListMap<>();
    List<EmbeddedRegistry> registries = new ArrayList<>();
    var threads = Executors.newFixedThreadPool(processes);
    try {
      List<Callable<Map<String, Integer>>> work = new ArrayList<>();
      for (int p = 0; p < processes; p++) {
        EmbeddedRegistry each = new EmbeddedRegistry(clients.common());
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
