package io.gripstream.gateway.stream;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

import io.gripstream.kafka.CutBroker;
import io.gripstream.kafka.KafkaClients;
import io.gripstream.kafka.Position;
import io.gripstream.kafka.SharedBroker;
import io.gripstream.kafka.TopicAdmin;
import io.gripstream.kafka.Topics;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PublisherTest {
  private final KafkaClients clients = SharedBroker.clients();
  private final Topics topics = SharedBroker.freshTopics(1);

  @Test
  void ofRecordsThatAreWrittenTogetherOneThatIsNotTakenKeepsAllOthersOut() {
    byte[] small = new byte[1];
    byte[] tooLarge = new byte[2 * KafkaClients.MAX_RECORD_BYTES];
    try (Publisher publisher = new Publisher(clients, topics.prefix() + "publisher")) {
      for (List<byte[]> values :
          List.of(List.of(small, small, tooLarge, small), List.of(tooLarge))) {
        assertThatExceptionOfType(RecordTooLargeException.class)
            .isThrownBy(() -> publisher.publishAll(topics.labels(), "task", values));
      }
      Position last =
          publisher.publishAll(topics.labels(), "task", List.of(new byte[2], new byte[3]));
      assertThat(read(last)).containsExactly(2, 3);
    }
  }

  /** Another process under the same name has taken over, as after a restart that was too early. */
  @Test
  void aPublisherThatWasFencedGoesOnWithTheNextRequest() {
    try (Publisher one = new Publisher(clients, topics.prefix() + "publisher");
        Publisher other = new Publisher(clients, topics.prefix() + "publisher")) {
      one.publishAll(topics.labels(), "task", List.of(new byte[1]));
      other.publishAll(topics.labels(), "task", List.of(new byte[2]));
      assertThatExceptionOfType(org.apache.kafka.common.KafkaException.class)
          .isThrownBy(() -> one.publishAll(topics.labels(), "task", List.of(new byte[3])));
      Position last = one.publishAll(topics.labels(), "task", List.of(new byte[4]));
      assertThat(read(last)).containsExactly(1, 2, 4);
    }
  }

  /** Who was told that it is not known to be written sends it again, here or elsewhere. */
  @Test
  void whatIsNotWrittenInTimeIsNotWrittenLater(@TempDir Path directory) throws Exception {
    Duration timeout = Duration.ofSeconds(2);
    try (CutBroker broker = new CutBroker(directory);
        Publisher publisher =
            new Publisher(broker.clients(), topics.prefix() + "publisher", timeout)) {
      try (Admin admin = broker.clients().admin()) {
        TopicAdmin.create(admin, topics, 1, (short) 1);
      }
      publisher.publish(topics.labels(), "task", new byte[1]);
      broker.cut();
      assertThatExceptionOfType(TimeoutException.class)
          .isThrownBy(() -> publisher.publish(topics.labels(), "task", new byte[2]));
      broker.mend();
      Position last =
          await()
              .ignoreExceptions()
              .until(
                  () -> publisher.publish(topics.labels(), "task", new byte[3]), Objects::nonNull);
      assertThat(read(broker.clients(), last)).containsExactly(1, 3);
    }
  }

  /** Each would wait for all that came before, and answer when nobody waits for it any more. */
  @Test
  void nobodyWaitsForLongBehindOthersThatCannotWrite(@TempDir Path directory) throws Exception {
    Duration timeout = Duration.ofSeconds(2);
    ExecutorService requests = Executors.newFixedThreadPool(8);
    try (CutBroker broker = new CutBroker(directory);
        Publisher publisher =
            new Publisher(broker.clients(), topics.prefix() + "publisher", timeout)) {
      broker.cut();
      Callable<Position> request =
          () -> publisher.publishAll(topics.labels(), "task", List.of(new byte[1]));
      List<Future<Position>> sent =
          requests.invokeAll(
              Collections.nCopies(8, request), 3 * timeout.toMillis(), TimeUnit.MILLISECONDS);
      assertThat(sent).as("still waiting").noneMatch(Future::isCancelled);
    } finally {
      requests.shutdownNow();
    }
  }

  /** How long the committed values are, up to a position. */
  private List<Integer> read(Position last) {
    return read(clients, last);
  }

  private List<Integer> read(KafkaClients clients, Position last) {
    TopicPartition partition = new TopicPartition(topics.labels(), last.partition());
    List<Integer> lengths = new ArrayList<>();
    try (KafkaConsumer<byte[], byte[]> consumer =
        clients.consumer(
            null, null, new ByteArrayDeserializer(), new ByteArrayDeserializer(), Map.of())) {
      consumer.assign(List.of(partition));
      consumer.seekToBeginning(List.of(partition));
      while (consumer.position(partition) <= last.offset()) {
        consumer.poll(Duration.ofSeconds(1)).forEach(record -> lengths.add(record.value().length));
      }
    }
    return lengths;
  }
}
