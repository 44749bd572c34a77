package io.gripstream.role;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.gripstream.clip.ClipModel;
import io.gripstream.curator.CuratorStream;
import io.gripstream.curator.Curators;
import io.gripstream.event.ImageEvent;
import io.gripstream.event.TaskDefinition;
import io.gripstream.gateway.board.Board;
import io.gripstream.gateway.stream.Feeds;
import io.gripstream.kafka.KafkaClients;
import io.gripstream.kafka.SharedBroker;
import io.gripstream.kafka.embedded.EmbeddedRegistry;
import io.gripstream.labeler.Labeler;
import io.gripstream.refine.Refinement;
import io.gripstream.refiner.Refiner;
import io.gripstream.wiring.TestStream;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.Proxy;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.consumer.ConsumerInterceptor;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.ProducerInterceptor;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Each thread of a role that reads is killed by an error; the role says so until it is restarted.
 */
class KilledThreadsTest {
  private static final Duration LONG = Duration.ofSeconds(30);

  @TempDir private Path directory;

  private final TestStream stream = new TestStream(1);

  /** Throws an error in the threads whose names it is given, when they have read something. */
  public static final class Killer
      implements ConsumerInterceptor<Object, Object>, ProducerInterceptor<Object, Object> {
    private static final Set<String> VICTIMS = ConcurrentHashMap.newKeySet();

    @Override
    public ConsumerRecords<Object, Object> onConsume(ConsumerRecords<Object, Object> records) {
      String thread = Thread.currentThread().getName();
      if (VICTIMS.stream().anyMatch(thread::endsWith)) {
        throw new LinkageError("injected into " + thread);
      }
      return records;
    }

    @Override
    public ProducerRecord<Object, Object> onSend(ProducerRecord<Object, Object> record) {
      return record;
    }

    @Override
    public void onCommit(Map<TopicPartition, OffsetAndMetadata> offsets) {}

    @Override
    public void close() {}

    @Override
    public void configure(Map<String, ?> configs) {}
  }

  /** A role without the container. */
  private record Started(Supplier<String> notAlive, AutoCloseable role) {}

  @AfterEach
  void close() {
    Killer.VICTIMS.clear();
    stream.close();
  }

  @ParameterizedTest
  @CsvSource({
    "labeler, loop-labeler",
    "labeler, tasks",
    "labeler, candidates",
    "labeler, prompts",
    "refiner, loop-refiner",
    "refiner, refiner-zero-shot",
    "refiner, tasks",
    "refiner, zero-shots",
    "gateway, tasks",
    "gateway, candidates",
    "gateway, prompts",
    "gateway, rounds",
    "gateway, labels",
    "gateway, batches",
    "gateway, predictions",
    "gateway, dead-letters",
    "curator, StreamThread-1",
    "registry, schemas"
  })
  void aRoleWhoseThreadWasKilledIsNotAliveAndARestartGoesOn(String role, String thread)
      throws Exception {
    Started first = start(role);
    assertThat(first.notAlive().get()).isEmpty();
    Killer.VICTIMS.add(thread);
    feed();
    await()
        .dontCatchUncaughtExceptions()
        .atMost(LONG)
        .until(() -> !first.notAlive().get().isEmpty());
    // Kafka Streams tells its state and not its thread.
    assertThat(first.notAlive().get())
        .contains(role.equals("curator") ? "ERROR" : thread)
        .containsAnyOf("has died", "injected");
    first.role().close();

    Killer.VICTIMS.clear();
    Started second = start(role);
    await()
        .dontCatchUncaughtExceptions()
        .during(Duration.ofSeconds(1))
        .atMost(LONG)
        .until(() -> second.notAlive().get().isEmpty());
    second.role().close();
  }

  @Test
  void aCuratorWhoseDiskIsLostAndWhoseRestoringThreadWasKilledIsNotAlive(@TempDir Path lost)
      throws Exception {
    KafkaClients clients =
        SharedBroker.clients(Map.of("interceptor.classes", Killer.class.getName()));
    try (CuratorStream before =
        Curators.start(clients, stream.topics(), stream.serdes(), directory)) {
      await().atMost(LONG).until(before::running);
      feed();
      await().atMost(LONG).until(() -> changelogged(before));
    }
    Killer.VICTIMS.add("StateUpdater-1");
    try (CuratorStream after = Curators.start(clients, stream.topics(), stream.serdes(), lost)) {
      await().dontCatchUncaughtExceptions().atMost(LONG).until(after::failed);
      assertThat(after.state()).contains("injected");
    }
    Killer.VICTIMS.clear();
    // What a dead thread had open is locked until its process ends, and this one does not.
    Path next = lost.resolve("next");
    try (CuratorStream again = Curators.start(clients, stream.topics(), stream.serdes(), next)) {
      await().dontCatchUncaughtExceptions().atMost(LONG).until(again::running);
    }
  }

  private boolean changelogged(CuratorStream curator) throws Exception {
    try (var admin = SharedBroker.clients().admin()) {
      TopicPartition changelog =
          new TopicPartition(stream.topics().prefix() + "curator-positions-changelog", 0);
      return admin
              .listOffsets(Map.of(changelog, OffsetSpec.latest()))
              .partitionResult(changelog)
              .get()
              .offset()
          > 0;
    }
  }

  /** Something in every topic, so that every thread reads. */
  private void feed() {
    TaskDefinition definition =
        TaskDefinition.newBuilder().setClasses(List.of("red", "green")).build();
    stream.send(stream.topics().tasks(), "task", definition, stream.serdes().tasks());
    stream.send(
        stream.topics().images(),
        "image",
        ImageEvent.newBuilder().setUri("https://a/b").build(),
        stream.serdes().images());
    for (String topic : stream.topics().all()) {
      if (!topic.equals(stream.topics().tasks()) && !topic.equals(stream.topics().images())) {
        stream.sendRaw(topic, "task".getBytes(), "what is this".getBytes());
      }
    }
  }

  private Started start(String role) {
    KafkaClients clients =
        SharedBroker.clients(Map.of("interceptor.classes", Killer.class.getName()));
    return switch (role) {
      case "labeler" -> {
        Labeler labeler =
            Labeler.start(
                stream.config(Map.of()),
                clients,
                stream.topics(),
                stream.serdes(),
                untouched(ClipModel.class),
                new SimpleMeterRegistry());
        yield new Started(labeler::notAlive, labeler);
      }
      case "refiner" -> {
        Refiner refiner =
            Refiner.start(
                "refiner-0",
                clients,
                stream.topics(),
                stream.serdes(),
                untouched(Refinement.class),
                "test@1",
                new SimpleMeterRegistry());
        yield new Started(refiner::notAlive, refiner);
      }
      case "registry" -> {
        EmbeddedRegistry registry = new EmbeddedRegistry(clients, stream.topics());
        yield new Started(registry::notAlive, registry);
      }
      case "curator" -> {
        CuratorStream curator =
            Curators.start(clients, stream.topics(), stream.serdes(), directory);
        yield new Started(() -> curator.failed() ? "has died: " + curator.state() : "", curator);
      }
      default -> {
        Feeds feeds =
            new Feeds(
                clients,
                stream.topics(),
                stream.serdes(),
                Optional.empty(),
                new Board(Clock.systemUTC()),
                LONG);
        yield new Started(feeds::notAlive, feeds);
      }
    };
  }

  /** A model that has sizes and nothing else. */
  private static <T> T untouched(Class<T> type) {
    Object made =
        Proxy.newProxyInstance(
            type.getClassLoader(),
            new Class<?>[] {type},
            (proxy, method, arguments) -> {
              if (method.isDefault()) {
                return InvocationHandler.invokeDefault(proxy, method, arguments);
              }
              if (method.getReturnType() == int.class) {
                return 8;
              }
              if (method.getReturnType() == float.class) {
                return 1f;
              }
              if (method.getReturnType() == boolean.class) {
                return false;
              }
              if (method.getReturnType() == String.class) {
                return "test@1";
              }
              if (Killer.VICTIMS.contains(Thread.currentThread().getName())) {
                throw new LinkageError("injected into " + Thread.currentThread().getName());
              }
              throw new IllegalStateException("there is no model here");
            });
    return type.cast(made);
  }
}
