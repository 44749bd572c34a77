package io.gripstream.kafka.embedded;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.gripstream.Jvm;
import io.gripstream.cli.LastWords;
import io.gripstream.kafka.KafkaClients;
import io.gripstream.kafka.SharedBroker;
import io.gripstream.kafka.TopicAdmin;
import io.gripstream.kafka.Topics;
import io.gripstream.kafka.follow.TopicView;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.apache.avro.SchemaBuilder;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class EmbeddedBrokerTest {
  private static final String STARTED = "listening on ";

  @TempDir Path directory;

  @Test
  void keepsTopicsClusterIdAndSchemaIdsOverARestart() throws Exception {
    String clusterId;
    int first;
    int second;
    var one = SchemaBuilder.record("One").fields().requiredInt("n").endRecord();
    var two = SchemaBuilder.record("Two").fields().requiredInt("n").endRecord();
    Topics topics = new Topics("kept.");
    try (EmbeddedBroker broker = EmbeddedBroker.start(directory, 0)) {
      KafkaClients clients = new KafkaClients(broker.bootstrapServers(), Map.of());
      try (var admin = clients.admin();
          var registry = new EmbeddedRegistry(clients, topics)) {
        TopicAdmin.create(admin, topics, 2, (short) -1);
        clusterId = admin.describeCluster().clusterId().get();
        first = registry.register("a-value", one);
        second = registry.register("b-value", two);
      }
    }
    try (EmbeddedBroker broker = EmbeddedBroker.start(directory, 0)) {
      KafkaClients clients = new KafkaClients(broker.bootstrapServers(), Map.of());
      try (var admin = clients.admin();
          var registry = new EmbeddedRegistry(clients, topics)) {
        assertThat(admin.describeCluster().clusterId().get()).isEqualTo(clusterId);
        assertThat(admin.listTopics().names().get()).containsAll(topics.all());
        assertThat(registry.register("b-value", two)).isEqualTo(second);
        assertThat(registry.register("a-value", one)).isEqualTo(first);
        assertThat(registry.byId(first)).isEqualTo(one);
        assertThat(registry.subjects()).containsExactly("a-value", "b-value");
      }
    }
  }

  @Test
  void everyPartitionOfANewTopicTakesRecordsAtOnce() throws Exception {
    int partitions = 40;
    try (EmbeddedBroker broker = EmbeddedBroker.start(directory, 0)) {
      KafkaClients clients = new KafkaClients(broker.bootstrapServers(), Map.of());
      KafkaClients impatient =
          new KafkaClients(
              broker.bootstrapServers(), Map.of(AdminClientConfig.RETRIES_CONFIG, "0"));
      Topics topics = new Topics("new.");
      Map<TopicPartition, OffsetSpec> ends = new HashMap<>();
      for (String topic : topics.all()) {
        for (int partition = 0; partition < partitions; partition++) {
          ends.put(new TopicPartition(topic, partition), OffsetSpec.latest());
        }
      }
      try (var admin = clients.admin();
          var asksOnce = impatient.admin()) {
        TopicAdmin.create(admin, topics, partitions, (short) -1);
        assertThat(asksOnce.listOffsets(ends).all().get()).hasSameSizeAs(ends);
      }
    }
  }

  @Test
  void startsWhereTheLetterIHasADot() throws Exception {
    Locale before = Locale.getDefault();
    Locale.setDefault(new Locale("tr", "TR"));
    try (EmbeddedBroker broker = EmbeddedBroker.start(directory, 0);
        var admin = new KafkaClients(broker.bootstrapServers(), Map.of()).admin()) {
      assertThat(admin.describeCluster().nodes().get()).hasSize(1);
    } finally {
      Locale.setDefault(before);
    }
  }

  @Test
  void keepsWhatItHasAcknowledgedWhenItsProcessIsKilled() throws Exception {
    Topics topics = new Topics("killed.");
    Process process =
        new ProcessBuilder(
                Jvm.command(
                    "256m",
                    "-cp",
                    System.getProperty("java.class.path"),
                    EmbeddedBrokerTest.class.getName(),
                    directory.toString()))
            .redirectError(ProcessBuilder.Redirect.DISCARD)
            .start();
    try (var lines = process.inputReader()) {
      String address =
          lines
              .lines()
              .filter(line -> line.startsWith(STARTED))
              .map(line -> line.substring(STARTED.length()))
              .findFirst()
              .orElseThrow();
      KafkaClients clients = new KafkaClients(address, Map.of());
      try (var admin = clients.admin();
          var producer = clients.producer(null, new StringSerializer(), new StringSerializer())) {
        TopicAdmin.create(admin, topics, 1, (short) -1);
        producer.send(new ProducerRecord<>(topics.prompts(), "a", "kept")).get();
      }
    } finally {
      process.destroyForcibly().waitFor();
    }
    try (EmbeddedBroker broker = EmbeddedBroker.start(directory, 0);
        var view =
            new TopicView<>(
                new KafkaClients(broker.bootstrapServers(), Map.of()),
                topics.prompts(),
                new StringDeserializer(),
                (key, value) -> {})) {
      view.awaitReady(Duration.ofSeconds(60));
      assertThat(view.snapshot()).isEqualTo(Map.of("a", "kept"));
    }
  }

  /**
   * A file that may not grow fails as one on a full disk does: when it is written to. The start
   * comes to it by itself.
   */
  @Test
  void saysWhyItEndsTheProcessWhenItCannotWrite() throws Exception {
    EmbeddedBroker.start(directory, 0).close();
    List<String> command =
        new ArrayList<>(List.of("sh", "-c", "ulimit -f 0; exec \"$@\" 2>&1 | cat", "sh"));
    command.addAll(
        Jvm.command(
            "256m",
            "-XX:-UsePerfData",
            "-cp",
            System.getProperty("java.class.path"),
            EmbeddedBrokerTest.class.getName(),
            directory.toString()));
    Process process = new ProcessBuilder(command).start();
    try (var lines = process.inputReader()) {
      assertThat(lines.lines())
          .filteredOn(line -> line.startsWith("gripstream: "))
          .singleElement()
          .asString()
          .contains("the embedded broker cannot go on and ends the process: ")
          .contains("exception: ", "MiB are free for " + directory);
    } finally {
      process.destroyForcibly().waitFor();
    }
  }

  /** The process that is killed, or ends. */
  public static void main(String[] arguments) throws Exception {
    LastWords.keep(Path.of(arguments[0]));
    EmbeddedBroker broker = EmbeddedBroker.start(Path.of(arguments[0]), 0);
    System.out.println(STARTED + broker.bootstrapServers());
    Thread.currentThread().join();
  }

  @Test
  void refusesADirectoryThatIsInUse() {
    try (EmbeddedBroker broker = EmbeddedBroker.start(directory, 0)) {
      assertThat(broker.bootstrapServers()).startsWith("localhost:");
      assertThatThrownBy(() -> EmbeddedBroker.start(directory, 0))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("another embedded broker")
          .hasMessageContaining(directory.toString());
    }
  }

  @Test
  void refusesAPortThatIsInUse() throws Exception {
    try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getByName("localhost"))) {
      assertThatThrownBy(() -> EmbeddedBroker.start(directory, taken.getLocalPort()))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("port " + taken.getLocalPort());
    }
    assertThat(Files.exists(directory.resolve("log"))).isFalse();
  }

  @Test
  void givesEachTopicWhatItNeeds() throws Exception {
    Topics topics = SharedBroker.freshTopics(3);
    try (var admin = SharedBroker.clients().admin()) {
      var described = admin.describeTopics(topics.all()).allTopicNames().get();
      assertThat(described.values()).allMatch(topic -> topic.partitions().size() == 3);
      var resources =
          topics.all().stream()
              .map(name -> new ConfigResource(ConfigResource.Type.TOPIC, name))
              .toList();
      var configs = admin.describeConfigs(resources).all().get();
      for (var resource : resources) {
        boolean compacted =
            List.of(
                    topics.tasks(),
                    topics.prompts(),
                    topics.candidates(),
                    topics.zeroShots(),
                    topics.positions())
                .contains(resource.name());
        assertThat(configs.get(resource).get("cleanup.policy").value())
            .as(resource.name())
            .isEqualTo(compacted ? "compact" : "delete");
        assertThat(Integer.parseInt(configs.get(resource).get("max.message.bytes").value()))
            .as(resource.name())
            .isGreaterThanOrEqualTo(KafkaClients.MAX_RECORD_BYTES);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"gzip", "lz4", "zstd", "snappy"})
  void takesNoRecordThatUnpacksToMoreThanTheLimit(String compression) throws Exception {
    Topics topics = SharedBroker.freshTopics(1);
    try (var admin = SharedBroker.clients().admin()) {
      TopicAdmin.createSchemas(admin, topics, (short) -1);
    }
    Map<String, Object> config =
        Map.of(
            "bootstrap.servers",
            SharedBroker.address(),
            "compression.type",
            compression,
            "max.request.size",
            Integer.MAX_VALUE,
            "buffer.memory",
            256L << 20);
    List<String> all = new ArrayList<>(topics.all());
    all.add(topics.schemas());
    try (var producer =
        new KafkaProducer<>(config, new ByteArraySerializer(), new ByteArraySerializer())) {
      byte[] key = {1};
      for (String topic : all) {
        assertThat(producer.send(new ProducerRecord<>(topic, key, new byte[1 << 20])))
            .as("%s takes what is small", topic)
            .succeedsWithin(Duration.ofSeconds(30));
        assertThat(producer.send(new ProducerRecord<>(topic, key, new byte[20 << 20])))
            .as("%s takes nothing that is large", topic)
            .failsWithin(Duration.ofSeconds(30))
            .withThrowableThat()
            .havingRootCause()
            .isInstanceOf(RecordTooLargeException.class);
      }
    }
  }
}
