package io.gripstream.kafka.follow;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.gripstream.kafka.KafkaClients;
import io.gripstream.kafka.SharedBroker;
import io.gripstream.kafka.TopicAdmin;
import io.gripstream.kafka.Topics;
import io.gripstream.kafka.registry.RegistryUnavailableException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.errors.SerializationException;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.serialization.Deserializer;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class TopicViewTest {
  private static final Duration TIMEOUT = Duration.ofSeconds(30);

  private KafkaClients clients;
  private Topics topics;
  private KafkaProducer<String, String> producer;
  private final List<String> changes = Collections.synchronizedList(new ArrayList<>());

  @BeforeEach
  void topics() {
    clients = SharedBroker.clients();
    topics = SharedBroker.freshTopics(3);
    producer = clients.producer(null, new StringSerializer(), new StringSerializer());
  }

  @AfterEach
  void close() {
    producer.close();
  }

  @Test
  void isReadyWithTheLatestValueOfEachKeyThatWasNotDeleted() {
    put("a", "1");
    put("a", "2");
    put("b", "1");
    put("c", "1");
    put("c", null);
    producer.flush();
    try (var view = view(new StringDeserializer())) {
      view.awaitReady(TIMEOUT);
      assertThat(view.snapshot()).isEqualTo(Map.of("a", "2", "b", "1"));
    }
  }

  @Test
  void ofAKeyInSeveralPartitionsTheValueOfTheLatestTimeHolds() {
    for (int partition = 0; partition < 2; partition++) {
      put(partition, 2000, "latest in " + partition, "new");
      put(1 - partition, 1000, "latest in " + partition, "old");
      put(partition, 2000, "ended in " + partition, null);
      put(1 - partition, 1000, "ended in " + partition, "old");
    }
    producer.flush();
    try (var view = view(new StringDeserializer())) {
      view.awaitReady(TIMEOUT);
      assertThat(view.snapshot()).isEqualTo(Map.of("latest in 0", "new", "latest in 1", "new"));
    }
  }

  @Test
  void isReadyWhenTheTopicIsEmpty() {
    try (var view = view(new StringDeserializer())) {
      view.awaitReady(TIMEOUT);
      assertThat(view.snapshot()).isEmpty();
    }
  }

  @Test
  void followsWhatIsWrittenLaterAndTellsEachChangeInOrder() {
    try (var view = view(new StringDeserializer())) {
      view.awaitReady(TIMEOUT);
      put("a", "1");
      put("a", "2");
      put("a", null);
      put("a", "3");
      producer.flush();
      await().atMost(TIMEOUT).until(() -> changes.size() == 4);
      assertThat(changes).containsExactly("a=1", "a=2", "a=null", "a=3");
      assertThat(view.snapshot()).isEqualTo(Map.of("a", "3"));
    }
  }

  @Test
  void doesNotShowWhatWasAbortedAndIsReadyAllTheSame() {
    try (KafkaProducer<String, String> transactional =
        clients.producer("view-test", new StringSerializer(), new StringSerializer())) {
      transactional.initTransactions();
      transactional.beginTransaction();
      transactional.send(new ProducerRecord<>(topics.tasks(), "a", "committed"));
      transactional.commitTransaction();
      transactional.beginTransaction();
      transactional.send(new ProducerRecord<>(topics.tasks(), "a", "aborted"));
      transactional.flush();
      transactional.abortTransaction();
    }
    try (var view = view(new StringDeserializer())) {
      view.awaitReady(TIMEOUT);
      assertThat(view.snapshot()).isEqualTo(Map.of("a", "committed"));
    }
  }

  @Test
  void skipsWhatCannotBeDecodedAndKeepsTheValueItHad() {
    Deserializer<String> picky =
        (topic, bytes) -> {
          if (bytes != null && new String(bytes, UTF_8).equals("bad")) {
            throw new SerializationException("bad");
          }
          return bytes == null ? null : new String(bytes, UTF_8);
        };
    put("a", "good");
    put("a", "bad");
    put("b", "good");
    producer.flush();
    try (var view = view(picky)) {
      view.awaitReady(TIMEOUT);
      assertThat(view.snapshot()).isEqualTo(Map.of("a", "good", "b", "good"));
      assertThat(view.skipped()).isEqualTo(1);
    }
  }

  @Test
  void waitsForARegistryThatDoesNotAnswerInsteadOfSkipping() {
    AtomicBoolean down = new AtomicBoolean(true);
    Deserializer<String> dependent =
        (topic, bytes) -> {
          if (down.get()) {
            throw new RegistryUnavailableException("down");
          }
          return new String(bytes, UTF_8);
        };
    put("a", "1");
    producer.flush();
    try (var view = view(dependent)) {
      assertThatThrownBy(() -> view.awaitReady(Duration.ofSeconds(2)))
          .isInstanceOf(TimeoutException.class);
      down.set(false);
      view.awaitReady(TIMEOUT);
      assertThat(view.snapshot()).isEqualTo(Map.of("a", "1"));
      assertThat(view.skipped()).isZero();
    }
  }

  @Test
  void waitsForATopicThatDoesNotExistYet() {
    Topics later = new Topics("later-" + topics.prefix());
    try (var view =
            new TopicView<>(clients, later.tasks(), new StringDeserializer(), (key, value) -> {});
        var admin = clients.admin()) {
      assertThat(view.ready()).isFalse();
      TopicAdmin.create(admin, later, 1, (short) -1);
      view.awaitReady(TIMEOUT);
    }
  }

  @Test
  void aListenerThatThrowsDoesNotStopTheView() {
    put("a", "1");
    producer.flush();
    Map<String, String> seen = Collections.synchronizedMap(new HashMap<>());
    try (var view =
        new TopicView<>(
            clients,
            topics.tasks(),
            new StringDeserializer(),
            (key, value) -> {
              if (value.equals("1")) {
                throw new IllegalStateException("does not like it");
              }
              seen.put(key, value);
            })) {
      view.awaitReady(TIMEOUT);
      put("a", "2");
      producer.flush();
      await().atMost(TIMEOUT).until(() -> seen.equals(Map.of("a", "2")));
      assertThat(view.skipped()).isEqualTo(1);
      put("a", "1");
      put("never", "1");
      producer.flush();
      await().atMost(TIMEOUT).until(() -> view.skipped() == 3);
      assertThat(view.snapshot()).isEqualTo(Map.of("a", "2"));
    }
  }

  private TopicView<String> view(Deserializer<String> deserializer) {
    return new TopicView<>(
        clients, topics.tasks(), deserializer, (key, value) -> changes.add(key + "=" + value));
  }

  private void put(int partition, long time, String key, String value) {
    producer.send(new ProducerRecord<String, String>(topics.tasks(), partition, time, key, value));
  }

  private void put(String key, String value) {
    producer.send(new ProducerRecord<>(topics.tasks(), key, value));
  }
}
