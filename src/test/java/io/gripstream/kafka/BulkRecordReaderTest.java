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
    List<Position> wanted = new ArrayList<>();
    for (int i = 0; i < sent.size(); i += 1 + i % 13) {
      wanted.add(0, position(sent.get(i)));
    }

    reader.read(topic, wanted, told);

    assertThat(told.order).containsExactlyElementsOf(wanted.stream().sorted().toList());
    assertThat(told.missing).isEmpty();
    for (int i = 0; i < sent.size(); i++) {
      Position position = position(sent.get(i));
      if (told.found.containsKey(position)) {
        assertThat(told.found.get(position)).startsWith("value-" + i + " ");
      }
    }
  }

  /** Each record is as large as a fetch, so any gap is worth passing over. */
  @Test
  void gapsBetweenLargeRecordsArePassedOver() throws Exception {
    List<RecordMetadata> sent = send(30, 300_000);
    List<Position> wanted =
        sent.stream().filter(r -> r.offset() % 5 == 1).map(BulkRecordReaderTest::position).toList();

    reader.read(topic, wanted, told);

    assertThat(told.found.keySet()).containsExactlyInAnyOrderElementsOf(wanted);
    assertThat(told.found.values()).allSatisfy(value -> assertThat(value).hasSize(300_000));
  }

  @Test
  void whatAbortedTransactionsAndTheirEndsLeaveBehindIsMissing() throws Exception {
    send(3, 10);
    List<RecordMetadata> aborted = transaction(3, false);
    List<RecordMetadata> committed = transaction(3, true);
    List<Position> wanted = new ArrayList<>();
    for (RecordMetadata record : aborted) {
      wanted.add(position(record));
    }
    for (RecordMetadata record : committed) {
      wanted.add(position(record));
      // The transaction's end.
      wanted.add(new Position(record.partition(), record.offset() + 1));
    }
    reader.read(topic, wanted, told);

    assertThat(told.found.keySet())
        .containsExactlyInAnyOrderElementsOf(
            committed.stream().map(BulkRecordReaderTest::position).toList());
    assertThat(told.missing).hasSize(6).containsValues(Why.MISSING);
  }

  @Test
  void whatRetentionRemovesWhileItIsReadIsGone() throws Exception {
    send(300, 10_000);
    List<Position> wanted = new ArrayList<>();
    for (long offset = 0; offset < 100; offset++) {
      wanted.add(new Position(0, offset));
    }
    told.when(new Position(0, 2), () -> deleteBefore(0, 99));

    reader.read(topic, wanted, told);

    assertThat(told.order).containsExactlyElementsOf(wanted);
    assertThat(told.found).containsKeys(new Position(0, 0), new Position(0, 99));
    assertThat(told.missing).isNotEmpty().doesNotContainValue(Why.MISSING);
  }

  @Test
  void aSinkThatCannotTakeARecordYetIsToldOfItAgain() throws Exception {
    List<Position> wanted = send(9, 10).stream().map(BulkRecordReaderTest::position).toList();
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
      List<Position> wanted = List.of(new Position(0, 0));
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
    List<RecordMetadata> positions = new ArrayList<>();
    for (Future<RecordMetadata> record : sent) {
      positions.add(record.get());
    }
    return positions;
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

  private static Position position(RecordMetadata record) {
    return new Position(record.partition(), record.offset());
  }

  /** Remembers what it is told. */
  private static final class Told implements BulkRecordReader.Sink {
    final Map<Position, String> found = new TreeMap<>();
    final Map<Position, Why> missing = new TreeMap<>();
    final List<Position> order = new ArrayList<>();
    private final Map<Position, Runnable> deeds = new HashMap<>();

    /** Does something when a record is found, before that is remembered. */
    void when(Position position, Runnable deed) {
      deeds.put(position, deed);
    }

    @Override
    public void found(Position position, byte[] value) {
      deeds.getOrDefault(position, () -> {}).run();
      found.put(position, new String(value, UTF_8));
      order.add(position);
    }

    @Override
    public void missing(Position position, Why why) {
      missing.put(position, why);
      order.add(position);
    }
  }
}
