package io.gripstream.kafka;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.gripstream.kafka.UnreadableRecordException.Why;
import io.gripstream.kafka.registry.RegistryUnavailableException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Future;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.RecordsToDelete;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class BulkRecordReaderTest {
  private final KafkaClients clients = SharedBroker.clients();
  private final BulkRecordReader reader = new BulkRecordReader(clients, Duration.ofSeconds(20));
  private final Told told = new Told();
  private String topic;

  @BeforeEach
  void open() throws Exception {
    topic = "bulk-" + java.util.UUID.randomUUID();
    try (Admin admin = clients.admin()) {
      admin.createTopics(List.of(new NewTopic(topic, 3, (short) 1))).all().get();
    }
  }

  @AfterEach
  void close() {
    reader.close();
  }

  @Test
  void everyRecordIsToldOnceInOrderOfItsPlaceAndNoOtherIs() throws Exception {
    List<RecordMetadata> sent = send(600, 100);
    List<Coordinates> wanted = new ArrayList<>();
    for (int i = 0; i < sent.size(); i += 1 + i % 13) {
      wanted.add(0, place(sent.get(i)));
    }

    reader.read(topic, wanted, told);

    assertThat(told.order).containsExactlyElementsOf(wanted.stream().sorted().toList());
    assertThat(told.missing).isEmpty();
    for (int i = 0; i < sent.size(); i++) {
      Coordinates place = place(sent.get(i));
      if (told.found.containsKey(place)) {
        assertThat(told.found.get(place)).startsWith("value-" + i + " ");
      }
    }
  }

  /** Each record is as large as a fetch, so any gap is worth passing over. */
  @Test
  void gapsBetweenLargeRecordsArePassedOver() throws Exception {
    List<RecordMetadata> sent = send(30, 300_000);
    List<Coordinates> wanted =
        sent.stream().filter(r -> r.offset() % 5 == 1).map(BulkRecordReaderTest::place).toList();

    reader.read(topic, wanted, told);

    assertThat(told.found.keySet()).containsExactlyInAnyOrderElementsOf(wanted);
    assertThat(told.found.values()).allSatisfy(value -> assertThat(value).hasSize(300_000));
  }

  @Test
  void whatAbortedTransactionsAndTheirEndsLeaveBehindIsMissing() throws Exception {
    send(3, 10);
    List<RecordMetadata> aborted = transaction(3, false);
    List<RecordMetadata> committed = transaction(3, true);
    List<Coordinates> wanted = new ArrayList<>();
    for (RecordMetadata record : aborted) {
      wanted.add(place(record));
    }
    for (RecordMetadata record : committed) {
      wanted.add(place(record));
      // The transaction's end.
      wanted.add(new Coordinates(record.partition(), record.offset() + 1));
    }
    reader.read(topic, wanted, told);

    assertThat(told.found.keySet())
        .containsExactlyInAnyOrderElementsOf(
            committed.stream().map(BulkRecordReaderTest::place).toList());
    assertThat(told.missing).hasSize(6).containsValues(Why.MISSING);
  }

  @Test
  void whatRetentionRemovesWhileItIsReadIsGone() throws Exception {
    send(300, 10_000);
    List<Coordinates> wanted = new ArrayList<>();
    for (long offset = 0; offset < 100; offset++) {
      wanted.add(new Coordinates(0, offset));
    }
    told.when(new Coordinates(0, 2), () -> deleteBefore(0, 99));

    reader.read(topic, wanted, told);

    assertThat(told.order).containsExactlyElementsOf(wanted);
    assertThat(told.found).containsKeys(new Coordinates(0, 0), new Coordinates(0, 99));
    assertThat(told.missing).isNotEmpty().doesNotContainValue(Why.MISSING);
  }

  @Test
  void aSinkThatCannotTakeARecordYetIsToldOfItAgain() throws Exception {
    List<Coordinates> wanted = send(9, 10).stream().map(BulkRecordReaderTest::place).toList();
    boolean[] refused = new boolean[1];
    told.when(
        wanted.get(4),
        () -> {
          if (!refused[0]) {
            refused[0] = true;
            throw new RegistryUnavailableException("not now");
          }
        });

    reader.read(topic, wanted, told);

    assertThat(refused[0]).isTrue();
    assertThat(told.order).containsExactlyElementsOf(wanted.stream().sorted().toList());
  }

  @Test
  void aTopicThatNoBrokerKnowsIsWaitedForAndNothingInItIsMissing() {
    try (BulkRecordReader hasty = new BulkRecordReader(clients, Duration.ofMillis(200))) {
      List<Coordinates> wanted = List.of(new Coordinates(0, 0));
      assertThatThrownBy(() -> hasty.read("no-" + topic, wanted, told))
          .isInstanceOf(TimeoutException.class)
          .hasMessageContaining("1 records could not be read");
    }
    assertThat(told.order).isEmpty();
  }

  /** Round robin over the partitions. */
  private List<RecordMetadata> send(int records, int size) throws Exception {
    try (Producer<byte[], byte[]> producer = producer(null)) {
      return send(producer, records, size);
    }
  }

  private List<RecordMetadata> transaction(int records, boolean commit) throws Exception {
    try (Producer<byte[], byte[]> producer = producer(topic)) {
      producer.initTransactions();
      producer.beginTransaction();
      List<RecordMetadata> sent = send(producer, records, 10);
      if (commit) {
        producer.commitTransaction();
      } else {
        producer.abortTransaction();
      }
      return sent;
    }
  }

  private List<RecordMetadata> send(Producer<byte[], byte[]> producer, int records, int size)
      throws Exception {
    List<Future<RecordMetadata>> sent = new ArrayList<>();
    for (int i = 0; i < records; i++) {
      byte[] value = ("value-" + i + " " + "x".repeat(size)).substring(0, size).getBytes(UTF_8);
      sent.add(producer.send(new ProducerRecord<>(topic, i % 3, null, value)));
      if (i < 3) {
        // A partition that is this new may have no leader yet, and must not get its second batch
        // before its first.
        sent.get(i).get();
      }
    }
    producer.flush();
    List<RecordMetadata> places = new ArrayList<>();
    for (Future<RecordMetadata> record : sent) {
      places.add(record.get());
    }
    return places;
  }

  private Producer<byte[], byte[]> producer(String transactionalId) {
    return clients.producer(transactionalId, new ByteArraySerializer(), new ByteArraySerializer());
  }

  private void deleteBefore(int partition, long offset) {
    try (Admin admin = clients.admin()) {
      admin
          .deleteRecords(
              Map.of(new TopicPartition(topic, partition), RecordsToDelete.beforeOffset(offset)))
          .all()
          .get();
    } catch (InterruptedException | java.util.concurrent.ExecutionException e) {
      throw new AssertionError(e);
    }
  }

  private static Coordinates place(RecordMetadata record) {
    return new Coordinates(record.partition(), record.offset());
  }

  /** Remembers what it is told. */
  private static final class Told implements BulkRecordReader.Sink {
    final Map<Coordinates, String> found = new TreeMap<>();
    final Map<Coordinates, Why> missing = new TreeMap<>();
    final List<Coordinates> order = new ArrayList<>();
    private final Map<Coordinates, Runnable> deeds = new HashMap<>();

    /** Does something when a record is found, before that is remembered. */
    void when(Coordinates place, Runnable deed) {
      deeds.put(place, deed);
    }

    @Override
    public void found(Coordinates place, byte[] value) {
      deeds.getOrDefault(place, () -> {}).run();
      found.put(place, new String(value, UTF_8));
      order.add(place);
    }

    @Override
    public void missing(Coordinates place, Why why) {
      missing.put(place, why);
      order.add(place);
    }
  }
}
