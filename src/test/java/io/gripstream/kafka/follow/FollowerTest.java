package io.gripstream.kafka.follow;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.gripstream.kafka.KafkaClients;
import io.gripstream.kafka.SharedBroker;
import io.gripstream.kafka.Topics;
import io.gripstream.kafka.embedded.EmbeddedBroker;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewPartitions;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.StringSerializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FollowerTest {
  private static final Duration TIMEOUT = Duration.ofSeconds(60);

  private final Topics topics = SharedBroker.freshTopics(1);

  @Test
  void fromNowOnMeansNothingOfBeforeAndAllOfPartitionsThatAreAddedLater() throws Exception {
    send(0, "before");
    List<String> seen = Collections.synchronizedList(new ArrayList<>());
    try (Follower follower =
            new Follower(
                SharedBroker.clients(),
                topics.tasks(),
                Follower.NONE,
                record -> seen.add(new String(record.value(), UTF_8)));
        var admin = SharedBroker.clients().admin()) {
      follower.require(follower::awaitPlace, TIMEOUT);
      send(0, "after");
      await().atMost(TIMEOUT).until(() -> seen.size() == 1);
      admin.createPartitions(Map.of(topics.tasks(), NewPartitions.increaseTo(2))).all().get();
      // Before the follower can have heard of the partition.
      send(1, "in a new partition");
      await().atMost(TIMEOUT).until(() -> seen.size() == 2);
      assertThat(seen).containsExactly("after", "in a new partition");
    }
  }

  @Test
  void itsEndWaitsForNoFetch() throws Exception {
    Follower follower =
        new Follower(
            SharedBroker.clients(Map.of("fetch.max.wait.ms", "25000")),
            topics.tasks(),
            Follower.ALL,
            record -> {});
    assertThat(follower.awaitReady(TIMEOUT)).isTrue();
    // A fetch is under way for certain when it was told of something by one.
    send(0, "anything");
    assertThat(follower.await(0, 0, TIMEOUT)).isTrue();
    long start = System.nanoTime();
    follower.close();
    assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(8));
  }

  /** The new topic has more than had been read of the old one: an offset alone tells nothing. */
  @Test
  void allOfAnotherClustersTopicIsReadAndNothingOfTheSameTwice(@TempDir Path directory)
      throws Exception {
    int port;
    try (ServerSocket socket = new ServerSocket(0)) {
      port = socket.getLocalPort();
    }
    KafkaClients clients = new KafkaClients("localhost:" + port, Map.of());
    List<String> seen = Collections.synchronizedList(new ArrayList<>());
    Follower follower;
    try (EmbeddedBroker first = EmbeddedBroker.start(directory.resolve("first"), port)) {
      create(clients);
      send(clients, 0, "before");
      follower =
          new Follower(
              clients,
              topics.tasks(),
              Follower.NONE,
              record -> seen.add(new String(record.value(), UTF_8)));
      follower.require(follower::awaitPlace, TIMEOUT);
      send(clients, 0, "one");
      await().atMost(TIMEOUT).until(() -> seen.size() == 1);
    }
    try (follower) {
      try (EmbeddedBroker again = EmbeddedBroker.start(directory.resolve("first"), port)) {
        send(clients, 0, "two");
        await().atMost(TIMEOUT).until(() -> seen.size() == 2);
      }
      // All of it is there before the follower can see it.
      try (EmbeddedBroker second = EmbeddedBroker.start(directory.resolve("second"), 0)) {
        KafkaClients elsewhere = new KafkaClients(second.bootstrapServers(), Map.of());
        create(elsewhere);
        for (String value : List.of("a", "b", "c", "d", "e")) {
          send(elsewhere, 0, value);
        }
      }
      try (EmbeddedBroker second = EmbeddedBroker.start(directory.resolve("second"), port)) {
        await().atMost(TIMEOUT).until(() -> seen.contains("e"));
      }
    }
    assertThat(seen).containsExactly("one", "two", "a", "b", "c", "d", "e");
  }

  /** It would ask for partitions that there are not, several times a second, for ever. */
  @Test
  void allOfATopicThatIsMadeAnewWithFewerPartitionsIsRead() throws Exception {
    List<String> seen = Collections.synchronizedList(new ArrayList<>());
    try (Follower follower =
            new Follower(
                SharedBroker.clients(),
                topics.labels(),
                Follower.ALL,
                record -> seen.add(new String(record.value(), UTF_8)));
        var admin = SharedBroker.clients().admin();
        var producer =
            SharedBroker.clients().producer(null, new StringSerializer(), new StringSerializer())) {
      admin.createPartitions(Map.of(topics.labels(), NewPartitions.increaseTo(2))).all().get();
      producer.send(new ProducerRecord<>(topics.labels(), 0, "key", "old 0")).get();
      producer.send(new ProducerRecord<>(topics.labels(), 1, "key", "old 1")).get();
      await().atMost(TIMEOUT).until(() -> seen.size() == 2);
      admin.deleteTopics(List.of(topics.labels())).all().get();
      await()
          .atMost(TIMEOUT)
          .until(() -> !admin.listTopics().names().get().contains(topics.labels()));
      admin.createTopics(List.of(new NewTopic(topics.labels(), 1, (short) 1))).all().get();
      for (String value : List.of("a", "b", "c")) {
        producer.send(new ProducerRecord<>(topics.labels(), 0, "key", value)).get();
      }
      await().atMost(TIMEOUT).until(() -> seen.contains("c"));
    }
    assertThat(seen).containsExactlyInAnyOrder("old 0", "old 1", "a", "b", "c");
  }

  private void create(KafkaClients clients) throws Exception {
    try (Admin admin = clients.admin()) {
      admin.createTopics(List.of(new NewTopic(topics.tasks(), 1, (short) 1))).all().get();
    }
  }

  private void send(int partition, String value) throws Exception {
    send(SharedBroker.clients(), partition, value);
  }

  private void send(KafkaClients clients, int partition, String value) throws Exception {
    try (var producer = clients.producer(null, new StringSerializer(), new StringSerializer())) {
      producer.send(new ProducerRecord<>(topics.tasks(), partition, "key", value)).get();
    }
  }
}
