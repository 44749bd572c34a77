package io.gripstream.kafka;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.gripstream.Jvm;
import io.gripstream.kafka.follow.Follower;
import io.gripstream.kafka.loop.LoopListener;
import io.gripstream.kafka.loop.TransactionalLoop;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/**
 * A topic of somebody else's making, which takes compressed records, and a process of small heap.
 */
class UnpackingTest {
  private static final Duration TIMEOUT = Duration.ofSeconds(120);

  private final Topics topics = SharedBroker.freshTopics(1);
  private final List<ConsumerRecord<byte[], byte[]>> letters =
      Collections.synchronizedList(new ArrayList<>());
  private final List<String> predictions = Collections.synchronizedList(new ArrayList<>());
  private final Follower dead =
      new Follower(SharedBroker.clients(), topics.deadLetters(), Follower.ALL, letters::add);
  private final Follower labelled =
      new Follower(
          SharedBroker.clients(),
          topics.predictions(),
          Follower.ALL,
          record -> predictions.add(new String(record.value(), UTF_8)));
  private final List<String> followed = Collections.synchronizedList(new ArrayList<>());
  private Process process;

  @AfterEach
  void close() throws Exception {
    process.destroyForcibly().waitFor();
    dead.close();
    labelled.close();
  }

  @Test
  void aRecordThatUnpacksToMoreThanTheHeapIsPassedOverAndTheProcessGoesOn() throws Exception {
    Bomb.allow(topics.images());
    start();
    send("before");
    await().atMost(TIMEOUT).until(() -> predictions.contains("before"));
    Bomb.send(topics.images());
    send("after");
    await().atMost(TIMEOUT).until(() -> predictions.contains("after"));
    await().atMost(TIMEOUT).until(() -> followed.contains("saw after"));
    assertThat(process.isAlive()).isTrue();
    assertThat(predictions).containsExactly("before", "after");
    assertThat(followed).containsExactly("saw before", "saw after");
    requireOneLetter(1);
  }

  @Test
  void oneBehindAnOpenBatchAndBehindRecordsOfTheSamePollIsPassedOverOnceToo() throws Exception {
    Bomb.allow(topics.images());
    send("begin");
    send("1");
    Bomb.send(topics.images());
    send("2");
    start();
    await().atMost(TIMEOUT).until(() -> predictions.contains("2"));
    await().atMost(TIMEOUT).until(() -> followed.contains("saw 2"));
    assertThat(followed).containsExactly("saw begin", "saw 1", "saw 2");
    // Whoever comes next reads the batch from its begin on.
    process.destroyForcibly().waitFor();
    send("end");
    start();
    await().atMost(TIMEOUT).until(() -> predictions.contains("end"));
    assertThat(predictions).containsExactly("begin", "1", "2", "end");
    requireOneLetter(2);
  }

  private void requireOneLetter(long offset) {
    await().atMost(TIMEOUT).until(() -> !letters.isEmpty());
    assertThat(letters).hasSize(1);
    assertThat(letters.get(0).value()).isNull();
    assertThat(header(letters.get(0), DeadLetters.CAUSE)).contains("memory to unpack");
    assertThat(header(letters.get(0), DeadLetters.ORIGIN_OFFSET)).isEqualTo("" + offset);
  }

  private void start() throws Exception {
    process =
        new ProcessBuilder(
                Jvm.command(
                    "128m",
                    "-cp",
                    System.getProperty("java.class.path"),
                    UnpackingTest.class.getName(),
                    SharedBroker.address(),
                    topics.prefix()))
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    Process started = process;
    new Thread(
            () ->
                started
                    .inputReader()
                    .lines()
                    .filter(line -> line.startsWith("saw "))
                    .forEach(followed::add))
        .start();
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
                "tester",
                topics.prefix() + "unpacking",
                "a",
                List.of(topics.images()),
                topics.positions(),
                8,
                1,
                TransactionalLoop.Ahead.NEXT),
            new DeadLetters(topics),
            new Batches(topics.predictions()),
            LoopListener.NONE)
        .start();
    Thread.currentThread().join();
  }

  /** Copies records, and commits no offset between "begin" and "end". */
  private static final class Batches implements TransactionalLoop.Handler {
    private final String topic;
    private OptionalLong open = OptionalLong.empty();
    private long head;

    Batches(String topic) {
      this.topic = topic;
    }

    @Override
    public void restore(TopicPartition partition, OffsetAndMetadata committed) {
      open = OptionalLong.empty();
      head = committed == null ? 0 : Long.parseLong(committed.metadata());
    }

    @Override
    public List<ProducerRecord<byte[], byte[]>> handle(
        List<ConsumerRecord<byte[], byte[]>> records) {
      List<ProducerRecord<byte[], byte[]>> copies = new ArrayList<>();
      for (ConsumerRecord<byte[], byte[]> record : records) {
        switch (new String(record.value(), UTF_8)) {
          case "begin" -> open = OptionalLong.of(record.offset());
          case "end" -> open = OptionalLong.empty();
          default -> {}
        }
        if (!seen(record)) {
          copies.add(new ProducerRecord<>(topic, record.key(), record.value()));
        }
      }
      return copies;
    }

    @Override
    public OffsetAndMetadata bookmark(TopicPartition partition, OffsetAndMetadata next) {
      head = Math.max(head, next.offset());
      return new OffsetAndMetadata(open.orElse(next.offset()), Long.toString(head));
    }

    @Override
    public boolean seen(ConsumerRecord<byte[], byte[]> record) {
      return record.offset() < head;
    }
  }
}
