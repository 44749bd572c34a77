package io.gripstream.kafka.follow;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.gripstream.kafka.SharedBroker;
import io.gripstream.kafka.Topics;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.admin.NewPartitions;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.StringSerializer;
import org.junit.jupiter.api.Test;

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

  private void send(int partition, String value) throws Exception {
    try (var producer =
        SharedBroker.clients().producer(null, new StringSerializer(), new StringSerializer())) {
      producer.send(new ProducerRecord<>(topics.tasks(), partition, "key", value)).get();
    }
  }
}
