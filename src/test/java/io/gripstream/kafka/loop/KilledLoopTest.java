package io.gripstream.kafka.loop;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.gripstream.Jvm;
import io.gripstream.kafka.DeadLetters;
import io.gripstream.kafka.KafkaClients;
import io.gripstream.kafka.SharedBroker;
import io.gripstream.kafka.Topics;
import io.gripstream.kafka.loop.TransactionalLoop.Settings;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.Test;

/** Processes of their own run the loop, and are killed as {@code kill -9} does it. */
class KilledLoopTest {
  private static final int RECORDS = 2000;

  private final KafkaClients clients = SharedBroker.clients();
  private final Topics topics = SharedBroker.freshTopics(2);
  private final String group = "killed-" + UUID.randomUUID();

  @Test
  void whateverIsKilledEachRecordGivesOneOutput() throws Exception {
    try (var producer =
        clients.producer(null, new ByteArraySerializer(), new ByteArraySerializer())) {
      for (int i = 0; i < RECORDS; i++) {
        byte[] number = Integer.toString(i).getBytes(UTF_8);
        producer.send(new ProducerRecord<>(topics.images(), number, number));
      }
    }
    for (int kill = 1; kill <= 2; kill++) {
      Process process = process();
      try {
        int enough = RECORDS * kill / 4;
        await().atMost(60, TimeUnit.SECONDS).until(() -> outputs().size() >= enough);
      } finally {
        process.destroyForcibly().waitFor();
      }
    }
    assertThat(outputs()).as("killed too late to show anything").hasSizeLessThan(RECORDS);
    Process last = process();
    try {
      await().atMost(60, TimeUnit.SECONDS).until(() -> outputs().size() >= RECORDS);
    } finally {
      last.destroyForcibly().waitFor();
    }
    assertThat(outputs())
        .containsExactlyInAnyOrderElementsOf(
            IntStream.range(0, RECORDS).mapToObj(Integer::toString).toList());
  }

  private Process process() throws Exception {
    return new ProcessBuilder(
            Jvm.command(
                "128m",
                "-cp",
                System.getProperty("java.class.path"),
                KilledLoopTest.class.getName(),
                clients.bootstrapServers(),
                topics.prefix(),
                group))
        .redirectErrorStream(true)
        .redirectOutput(ProcessBuilder.Redirect.DISCARD)
        .start();
  }

  /** The process that is killed: copies images to predictions. */
  public static void main(String[] arguments) throws Exception {
    KafkaClients clients = new KafkaClients(arguments[0], Map.of());
    Topics topics = new Topics(arguments[1]);
    Settings settings =
        Settings.of(
            "killed",
            arguments[2],
            "a",
            List.of(topics.images()),
            topics.positions(),
            16,
            4,
            TransactionalLoop.Ahead.NEXT);
    TransactionalLoop loop =
        new TransactionalLoop(
            clients,
            settings,
            new DeadLetters(topics),
            records -> {
              // The time that a model would take; no condition to wait for.
              Thread.sleep(5);
              List<ProducerRecord<byte[], byte[]>> outputs = new ArrayList<>();
              records.forEach(
                  record ->
                      outputs.add(
                          new ProducerRecord<>(
                              topics.predictions(), record.key(), record.value())));
              return outputs;
            },
            LoopListener.NONE);
    loop.start();
    Thread.currentThread().join();
  }

  private List<String> outputs() {
    List<String> values = new ArrayList<>();
    try (var consumer =
        clients.consumer(
            null, null, new ByteArrayDeserializer(), new ByteArrayDeserializer(), Map.of())) {
      var partitions =
          List.of(
              new TopicPartition(topics.predictions(), 0),
              new TopicPartition(topics.predictions(), 1));
      consumer.assign(partitions);
      consumer.seekToBeginning(partitions);
      Map<TopicPartition, Long> ends = consumer.endOffsets(partitions);
      while (partitions.stream().anyMatch(p -> consumer.position(p) < ends.get(p))) {
        consumer
            .poll(Duration.ofMillis(100))
            .forEach(record -> values.add(new String(record.value(), UTF_8)));
      }
    }
    return values;
  }
}
