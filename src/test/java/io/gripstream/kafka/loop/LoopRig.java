package io.gripstream.kafka.loop;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.awaitility.Awaitility.await;

import io.gripstream.kafka.DeadLetters;
import io.gripstream.kafka.KafkaClients;
import io.gripstream.kafka.Keys;
import io.gripstream.kafka.SharedBroker;
import io.gripstream.kafka.Topics;
import io.gripstream.kafka.loop.TransactionalLoop.Ahead;
import io.gripstream.kafka.loop.TransactionalLoop.Handler;
import io.gripstream.kafka.loop.TransactionalLoop.Pauses;
import io.gripstream.kafka.loop.TransactionalLoop.Settings;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.stream.IntStream;
import org.apache.kafka.clients.admin.MemberDescription;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.BeforeEach;

/** Loops over topics of a test's own on a real broker, and what the world outside does to them. */
abstract class LoopRig {
  static final Duration TIMEOUT = Duration.ofSeconds(60);

  KafkaClients clients;
  Topics topics;
  String group;

  @BeforeEach
  void topics() {
    clients = SharedBroker.clients();
    topics = SharedBroker.freshTopics(2);
    group = "group-" + UUID.randomUUID();
  }

  /** What a second process with the same identity does first. */
  void fence(String instance) {
    try (var usurper =
        clients.producer(
            group + "-" + instance, new ByteArraySerializer(), new ByteArraySerializer())) {
      usurper.initTransactions();
    }
  }

  Collection<MemberDescription> described() throws Exception {
    try (var admin = clients.admin()) {
      return admin
          .describeConsumerGroups(List.of(group))
          .describedGroups()
          .get(group)
          .get()
          .members();
    }
  }

  List<ProducerRecord<byte[], byte[]>> copy(List<ConsumerRecord<byte[], byte[]>> records) {
    return records.stream()
        .map(record -> new ProducerRecord<>(topics.predictions(), record.key(), record.value()))
        .toList();
  }

  TransactionalLoop loop(String instance, Handler handler) {
    return loop(instance, handler, failure -> {});
  }

  TransactionalLoop loop(
      String instance, Handler handler, java.util.function.Consumer<Throwable> onFailure) {
    return loop(
        instance,
        handler,
        new LoopListener() {
          @Override
          public void failed(Throwable cause) {
            onFailure.accept(cause);
          }
        });
  }

  TransactionalLoop loop(String instance, Handler handler, LoopListener listener) {
    Settings settings =
        new Settings(
            "tester",
            group,
            instance,
            List.of(topics.images()),
            topics.positions(),
            16,
            4,
            Ahead.NEXT,
            2,
            new Pauses(Duration.ofMillis(20), Duration.ofSeconds(1), Duration.ofSeconds(3)),
            false);
    return new TransactionalLoop(clients, settings, new DeadLetters(topics), handler, listener);
  }

  void send(List<String> values) {
    try (var producer =
        clients.producer(null, new ByteArraySerializer(), new ByteArraySerializer())) {
      for (String value : values) {
        producer.send(
            new ProducerRecord<>(topics.images(), Keys.bytes(value), value.getBytes(UTF_8)));
      }
    }
  }

  void awaitPredictions(int count) {
    await().atMost(TIMEOUT).until(() -> read(topics.predictions()).size() >= count);
  }

  List<String> predictions() {
    return read(topics.predictions()).stream().map(LoopRig::text).toList();
  }

  List<ConsumerRecord<byte[], byte[]>> letters() {
    return read(topics.deadLetters());
  }

  /** All that a read_committed consumer sees now. */
  List<ConsumerRecord<byte[], byte[]>> read(String topic) {
    List<ConsumerRecord<byte[], byte[]>> records = new ArrayList<>();
    try (var consumer =
        clients.consumer(
            null, null, new ByteArrayDeserializer(), new ByteArrayDeserializer(), Map.of())) {
      List<TopicPartition> partitions =
          consumer.partitionsFor(topic).stream()
              .map(info -> new TopicPartition(topic, info.partition()))
              .toList();
      consumer.assign(partitions);
      consumer.seekToBeginning(partitions);
      Map<TopicPartition, Long> ends = consumer.endOffsets(partitions);
      while (partitions.stream().anyMatch(p -> consumer.position(p) < ends.get(p))) {
        consumer.poll(Duration.ofMillis(100)).forEach(records::add);
      }
    }
    return records;
  }

  static List<String> numbers(int from, int to) {
    return IntStream.range(from, to).mapToObj(Integer::toString).toList();
  }

  static String text(ConsumerRecord<byte[], byte[]> record) {
    return new String(record.value(), UTF_8);
  }

  static String header(ConsumerRecord<?, ?> record, String name) {
    return new String(record.headers().lastHeader(name).value(), UTF_8);
  }
}
