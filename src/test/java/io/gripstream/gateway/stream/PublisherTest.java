package io.gripstream.gateway.stream;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.gripstream.kafka.KafkaClients;
import io.gripstream.kafka.Position;
import io.gripstream.kafka.SharedBroker;
import io.gripstream.kafka.Topics;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.junit.jupiter.api.Test;

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

  /** How long the committed values are, up to a position. */
  private List<Integer> read(Position last) {
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
