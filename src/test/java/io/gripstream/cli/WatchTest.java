package io.gripstream.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.gripstream.Jvm;
import io.gripstream.kafka.Bomb;
import io.gripstream.kafka.SharedBroker;
import io.gripstream.kafka.StubRegistry;
import io.gripstream.kafka.Topics;
import io.gripstream.launcher.Gripstream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.admin.NewPartitions;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.StringSerializer;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;

/** A watcher of somebody else's process and heap, on a topic that is not as Gripstream makes it. */
class WatchTest {
  private static final Duration TIMEOUT = Duration.ofSeconds(90);

  private final Topics topics = SharedBroker.freshTopics(1);

  @Test
  void neitherARecordThatUnpacksToMoreThanTheHeapNorANewPartitionIsTheEndOfWatching()
      throws Exception {
    Bomb.allow(topics.deadLetters());
    send(0, "early");
    List<String> lines = Collections.synchronizedList(new ArrayList<>());
    Process process =
        new ProcessBuilder(
                Jvm.gripstream(
                    "128m",
                    "watch",
                    "dead-letters",
                    "--from-beginning",
                    "--topic-prefix=" + topics.prefix(),
                    "--bootstrap-servers=" + SharedBroker.address()))
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    try {
      new Thread(() -> process.inputReader().lines().forEach(lines::add)).start();
      await().atMost(TIMEOUT).until(() -> lines.size() == 1);
      Bomb.send(topics.deadLetters());
      send(0, "after the bomb");
      await().atMost(TIMEOUT).until(() -> lines.size() == 2);
      try (var admin = SharedBroker.clients().admin()) {
        admin
            .createPartitions(Map.of(topics.deadLetters(), NewPartitions.increaseTo(2)))
            .all()
            .get();
      }
      // Before the watcher can have heard of the partition.
      send(1, "in a new partition");
      await().atMost(TIMEOUT).until(() -> lines.size() == 3);
      assertThat(process.isAlive()).isTrue();
      assertThat(lines)
          .satisfiesExactly(
              line -> assertThat(line).contains("\"early\""),
              line -> assertThat(line).contains("\"after the bomb\""),
              line -> assertThat(line).contains("\"in a new partition\""));
    } finally {
      process.destroyForcibly().waitFor();
    }
  }

  @Test
  void whatIsNoRecordOfOursIsPassedOverAndSaid() throws Exception {
    try (var producer =
        SharedBroker.clients().producer(null, new StringSerializer(), new StringSerializer())) {
      producer.send(new ProducerRecord<>(topics.rounds(), "task", "what is this")).get();
      producer.send(new ProducerRecord<>(topics.rounds(), "task", null)).get();
    }
    try (StubRegistry registry = new StubRegistry(404, "{\"error_code\":40403}")) {
      StringWriter out = new StringWriter();
      StringWriter err = new StringWriter();
      assertThat(watch(registry, out, err, "rounds", "--from-beginning", "--limit=1")).isZero();
      assertThat(out.toString()).contains("\"value\":null");
      assertThat(err.toString())
          .startsWith("passed over " + topics.rounds() + "-0@0: a record is not in Confluent's");
    }
  }

  @Test
  void aTopicThatIsNotThereAndARegistryThatRefusesAreTheEndAtOnce() throws Exception {
    StringWriter err = new StringWriter();
    try (StubRegistry registry = new StubRegistry(401, "{}")) {
      assertThat(watch(registry, new StringWriter(), err, "rounds")).isEqualTo(1);
      assertThat(err.toString()).contains("refuses").contains("401");
    }
    try (var admin = SharedBroker.clients().admin()) {
      admin.deleteTopics(List.of(topics.deadLetters())).all().get();
    }
    try (StubRegistry registry = new StubRegistry(200, "{}")) {
      assertThat(watch(registry, new StringWriter(), err, "dead-letters")).isEqualTo(1);
      assertThat(err.toString()).contains("there is no topic " + topics.deadLetters());
      assertThat(registry.requests()).isZero();
    }
  }

  private int watch(StubRegistry registry, StringWriter out, StringWriter err, String... what) {
    CommandLine command = Gripstream.commandLine();
    command.setOut(new PrintWriter(out, true));
    command.setErr(new PrintWriter(err, true));
    List<String> line = new ArrayList<>(List.of("watch"));
    line.addAll(List.of(what));
    line.add("--registry=" + registry.url());
    line.add("--topic-prefix=" + topics.prefix());
    line.add("--bootstrap-servers=" + SharedBroker.address());
    return command.execute(line.toArray(String[]::new));
  }

  private void send(int partition, String key) throws Exception {
    try (var producer =
        SharedBroker.clients().producer(null, new StringSerializer(), new StringSerializer())) {
      producer.send(new ProducerRecord<>(topics.deadLetters(), partition, key, "x")).get();
    }
  }
}
