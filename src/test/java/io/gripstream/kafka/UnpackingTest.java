package io.gripstream.kafka;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.gripstream.kafka.follow.Follower;
import io.gripstream.kafka.loop.LoopListener;
import io.gripstream.kafka.loop.TransactionalLoop;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.Test;

/**
 * A topic of somebody else's making, which takes compressed records, and a process of small heap.
 */
class UnpackingTest {
  private static final Duration TIMEOUT = Duration.ofSeconds(120);

  private final Topics topics = SharedBroker.freshTopics(1);

  @Test
  void aRecordThatUnpacksToMoreThanTheHeapIsPassedOverAndTheProcessGoesOn() throws Exception {
    Bomb.allow(topics.images());
    List<String> followed = Collections.synchronizedList(new ArrayList<>());
    List<ConsumerRecord<byte[], byte[]>> letters = Collections.synchronizedList(new ArrayList<>());
    List<String> predictions = Collections.synchronizedList(new ArrayList<>());
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx128m",
                "-cp",
                System.getProperty("java.class.path"),
                UnpackingTest.class.getName(),
                SharedBroker.address(),
                topics.prefix())
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    try (var dead =
            new Follower(SharedBroker.clients(), topics.deadLetters(), Follower.ALL, letters::add);
        var labelled =
            new Follower(
                SharedBroker.clients(),
                topics.predictions(),
                Follower.ALL,
                record -> predictions.add(new String(record.value(), UTF_8)))) {
      Thread reading =
          new Thread(
              () ->
                  process
                      .inputReader()
                      .lines()
                      .filter(line -> line.startsWith("saw "))
                      .forEach(followed::add));
      reading.start();
      send("before");
      await().atMost(TIMEOUT).until(() -> predictions.contains("before"));
      Bomb.send(topics.images());
      send("after");
      await().atMost(TIMEOUT).until(() -> predictions.contains("after"));
      await().atMost(TIMEOUT).until(() -> followed.contains("saw after"));
      assertThat(process.isAlive()).isTrue();
      assertThat(predictions).containsExactly("before", "after");
      assertThat(followed).containsExactly("saw before", "saw after");
      assertThat(letters).hasSize(1);
      assertThat(letters.get(0).value()).isNull();
      assertThat(header(letters.get(0), DeadLetters.CAUSE)).contains("memory to unpack");
      assertThat(header(letters.get(0), DeadLetters.ORIGIN_OFFSET)).isEqualTo("1");
    } finally {
      process.destroyForcibly().waitFor();
    }
  }

  private void send(String value) throws Exception {
    try (var producer =
        SharedBroker.clients()
            .producer(null, new ByteArraySerializer(), new ByteArraySerializer())) {
      producer
          .send(new ProducerRecord<>(topics.images(), Keys.bytes(value), value.getBytes(UTF_8)))
          .get();
    }
  }

  private static String header(ConsumerRecord<?, ?> record, String name) {
    return new String(record.headers().lastHeader(name).value(), UTF_8);
  }

  /** The process of small heap: a loop, and a follower that says what it sees. */
  public static void main(String[] arguments) throws Exception {
    KafkaClients clients = new KafkaClients(arguments[0], Map.of());
    Topics topics = new Topics(arguments[1]);
    new Follower(
        clients,
        topics.images(),
        Follower.ALL,
        record -> System.out.println("saw " + new String(record.value(), UTF_8)));
    new TransactionalLoop(
            clients,
            TransactionalLoop.Settings.of(
                "tester", "unpacking", "a", List.of(topics.images()), topics.positions(), 8, 1),
            new DeadLetters(topics),
            records ->
                records.stream()
                    .map(
                        record ->
                            new ProducerRecord<>(
                                topics.predictions(), record.key(), record.value()))
                    .toList(),
            LoopListener.NONE)
        .start();
    Thread.currentThread().join();
  }
}
