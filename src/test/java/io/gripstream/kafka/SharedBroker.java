package io.gripstream.kafka;

import static org.awaitility.Awaitility.await;

import io.gripstream.kafka.embedded.EmbeddedBroker;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ExecutionException;
import java.util.stream.Stream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.RemoveMembersFromConsumerGroupOptions;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.config.TopicConfig;

/** One broker for all tests of a JVM, started by the first that asks for it. */
public final class SharedBroker {
  private static EmbeddedBroker broker;

  private SharedBroker() {}

  /** Where clients find it. */
  public static synchronized String address() {
    if (broker == null) {
      try {
        Path directory = Files.createTempDirectory("gripstream-broker");
        broker = start(directory);
        Runtime.getRuntime().addShutdownHook(new Thread(() -> stop(directory)));
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
    return broker.bootstrapServers();
  }

  /** A Quarkus test's thread offers the test's classes, where the broker must find its own. */
  private static EmbeddedBroker start(Path directory) {
    Thread thread = Thread.currentThread();
    ClassLoader before = thread.getContextClassLoader();
    thread.setContextClassLoader(SharedBroker.class.getClassLoader());
    try {
      return EmbeddedBroker.start(directory, 0);
    } finally {
      thread.setContextClassLoader(before);
    }
  }

  /**
   * Clients of the shared broker. A consumer that is closed waits for the answer to its last fetch.
   */
  public static KafkaClients clients() {
    return clients(Map.of());
  }

  /** The same, with further properties or others. */
  public static KafkaClients clients(Map<String, String> further) {
    return new KafkaClients(address(), properties(further));
  }

  /** What its clients are given, with further properties or others. */
  public static Map<String, String> properties(Map<String, String> further) {
    Map<String, String> properties = new HashMap<>();
    properties.put(ConsumerConfig.FETCH_MAX_WAIT_MS_CONFIG, "100");
    properties.putAll(further);
    return properties;
  }

  /** Topics that no other test uses, each with so many partitions. */
  public static Topics freshTopics(int partitions) {
    Topics topics = new Topics("test-" + UUID.randomUUID() + ".");
    try (var admin = clients().admin()) {
      TopicAdmin.create(admin, topics, partitions, (short) -1);
    }
    return topics;
  }

  private static void stop(Path directory) {
    broker.close();
    try (Stream<Path> files = Files.walk(directory)) {
      files.sorted(Comparator.reverseOrder()).map(Path::toFile).forEach(java.io.File::delete);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * How old records of a topic may be, in milliseconds. A broker answers a clock that is ahead as
   * it answers records that are too old.
   */
  public static void oldest(KafkaClients clients, String topic, long millis)
      throws ExecutionException, InterruptedException {
    ConfigEntry oldest =
        new ConfigEntry(TopicConfig.MESSAGE_TIMESTAMP_BEFORE_MAX_MS_CONFIG, Long.toString(millis));
    try (Admin admin = clients.admin()) {
      admin
          .incrementalAlterConfigs(
              Map.of(
                  new ConfigResource(ConfigResource.Type.TOPIC, topic),
                  List.of(new AlterConfigOp(oldest, AlterConfigOp.OpType.SET))))
          .all()
          .get();
    }
  }

  /** What the broker does with a group that was empty for a week. */
  public static void forget(String group) throws ExecutionException, InterruptedException {
    try (Admin admin = clients().admin()) {
      if (!admin
          .describeConsumerGroups(List.of(group))
          .describedGroups()
          .get(group)
          .get()
          .members()
          .isEmpty()) {
        admin
            .removeMembersFromConsumerGroup(group, new RemoveMembersFromConsumerGroupOptions())
            .all()
            .get();
      }
      admin.deleteConsumerGroups(List.of(group)).all().get();
    }
  }

  /** The same of a group with members, who may come back before it is gone: they join it anew. */
  public static void forgetAtWork(String group) {
    await()
        .atMost(Duration.ofSeconds(60))
        .ignoreExceptions()
        .until(
            () -> {
              forget(group);
              return true;
            });
  }
}
