package io.gripstream.kafka.loop;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import ai.djl.engine.EngineException;
import io.gripstream.kafka.Backoff;
import io.gripstream.kafka.ClientMeters;
import io.gripstream.kafka.DeadLetters;
import io.gripstream.kafka.KafkaClients;
import io.gripstream.kafka.Keys;
import io.gripstream.kafka.SharedBroker;
import io.gripstream.kafka.TopicAdmin;
import io.gripstream.kafka.Topics;
import io.gripstream.kafka.loop.TransactionalLoop.Ahead;
import io.gripstream.kafka.loop.TransactionalLoop.Handler;
import io.gripstream.kafka.loop.TransactionalLoop.Pauses;
import io.gripstream.kafka.loop.TransactionalLoop.Settings;
import io.gripstream.kafka.loop.TransactionalLoop.State;
import io.gripstream.kafka.registry.IncompatibleSchemaException;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.MemberDescription;
import org.apache.kafka.clients.admin.MemberToRemove;
import org.apache.kafka.clients.admin.RecordsToDelete;
import org.apache.kafka.clients.admin.RemoveMembersFromConsumerGroupOptions;
import org.apache.kafka.clients.consumer.ConsumerGroupMetadata;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.apache.kafka.common.errors.SerializationException;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TransactionalLoopTest {
  private static final Duration TIMEOUT = Duration.ofSeconds(60);

  private KafkaClients clients;
  private Topics topics;
  private String group;

  @BeforeEach
  void topics() {
    clients = SharedBroker.clients();
    topics = SharedBroker.freshTopics(2);
    group = "group-" + UUID.randomUUID();
  }

  @Test
  void makesOneOutputOfEachRecord() {
    send(numbers(0, 500));
    try (TransactionalLoop loop = loop("a", this::copy)) {
      loop.start();
      awaitPredictions(500);
      assertThat(loop.state()).isEqualTo(State.RUNNING);
    }
    assertThat(predictions()).containsExactlyInAnyOrderElementsOf(numbers(0, 500));
  }

  @Test
  void goesOnWhereTheLastOneStopped() {
    send(numbers(0, 100));
    TransactionalLoop first = loop("a", this::copy);
    first.start();
    awaitPredictions(100);
    first.close();
    assertThat(first.state()).isEqualTo(State.STOPPED);
    send(numbers(100, 200));
    try (TransactionalLoop second = loop("a", this::copy)) {
      second.start();
      awaitPredictions(200);
    }
    assertThat(predictions()).containsExactlyInAnyOrderElementsOf(numbers(0, 200));
  }

  @Test
  void aGroupWhoseOffsetsTheBrokerForgotGoesOnWhereItWas() throws Exception {
    send(numbers(0, 100));
    try (TransactionalLoop loop = loop("a", this::copy)) {
      loop.start();
      awaitPredictions(100);
    }
    SharedBroker.forget(group);
    send(numbers(100, 200));
    try (TransactionalLoop loop = loop("a", this::copy)) {
      loop.start();
      awaitPredictions(200);
    }
    assertThat(predictions()).containsExactlyInAnyOrderElementsOf(numbers(0, 200));
  }

  @Test
  void whatRetentionRemovedBeforeItWasReadIsToldOf() throws Exception {
    send(numbers(0, 100));
    try (TransactionalLoop loop = loop("a", this::copy)) {
      loop.start();
      awaitPredictions(100);
    }
    Map<TopicPartition, RecordsToDelete> kept = new HashMap<>();
    send(numbers(100, 200));
    read(topics.images())
        .forEach(
            record ->
                kept.put(
                    TransactionalLoop.partition(record),
                    RecordsToDelete.beforeOffset(record.offset() + 1)));
    try (Admin admin = clients.admin()) {
      admin.deleteRecords(kept).all().get();
    }
    send(numbers(200, 300));
    AtomicLong removed = new AtomicLong();
    LoopListener listener =
        new LoopListener() {
          @Override
          public void removed(long records) {
            removed.addAndGet(records);
          }
        };
    try (TransactionalLoop loop = loop("a", this::copy, listener)) {
      loop.start();
      awaitPredictions(200);
    }
    assertThat(removed).hasValue(100);
    assertThat(predictions()).doesNotContainAnyElementsOf(numbers(100, 200));
  }

  /** As after a kill that a broker came back from without any group. */
  @Test
  void aMemberWhoseGroupTheBrokerForgetsMeanwhileGoesOnWhereItWas() {
    send(numbers(0, 100));
    try (TransactionalLoop loop = loop("a", this::copy)) {
      loop.start();
      awaitPredictions(100);
      SharedBroker.forgetAtWork(group);
      // Others that start meanwhile cannot give the group what it lacks.
      try (TransactionalLoop other = loop("b", this::copy)) {
        other.start();
        await().atMost(TIMEOUT).until(() -> other.state() == State.RUNNING);
        send(numbers(100, 200));
        awaitPredictions(200);
      }
    }
    assertThat(predictions()).containsExactlyInAnyOrderElementsOf(numbers(0, 200));
  }

  @Test
  void itsClientsFiguresHaveOneIdHoweverOftenTheyAreMadeAnewAndGoWithThem() {
    SimpleMeterRegistry meters = new SimpleMeterRegistry();
    clients =
        new KafkaClients(
            SharedBroker.address(),
            SharedBroker.properties(Map.of()),
            KafkaClients.MAX_IMAGE_BYTES,
            false,
            new ClientMeters(meters, Duration.ofSeconds(1)));
    send(numbers(0, 100));
    try (TransactionalLoop loop = loop("a", this::copy)) {
      loop.start();
      awaitPredictions(100);
      await()
          .atMost(TIMEOUT)
          .until(
              () ->
                  meters.find("kafka.consumer.fetch.manager.records.lag").gauges().stream()
                      .anyMatch(lag -> lag.value() == 0));
      fence("a");
      send(numbers(100, 200));
      awaitPredictions(200);
      assertThat(meters.getMeters())
          .extracting(meter -> meter.getId().getTag("client.id"))
          .containsOnly("consumer-" + group + "-a", "producer-" + group + "-a");
    }
    assertThat(meters.getMeters()).isEmpty();
  }

  @Test
  void aPositionIsNotReadWhileATransactionMayStillMoveIt() throws Exception {
    GroupPositions positions = new GroupPositions(clients, group, topics.positions());
    positions.restore(List.of(topics.images()));
    TopicPartition partition = new TopicPartition(topics.images(), 0);
    try (var producer =
        clients.producer(group, new ByteArraySerializer(), new ByteArraySerializer())) {
      producer.initTransactions();
      producer.beginTransaction();
      producer.send(positions.record(partition, new OffsetAndMetadata(9)));
      producer.flush();

      var asked = CompletableFuture.supplyAsync(() -> positions.of(List.of(partition)));

      assertThatThrownBy(() -> asked.get(5, TimeUnit.SECONDS))
          .isInstanceOf(java.util.concurrent.TimeoutException.class);
      producer.commitTransaction();
      assertThat(asked.get(TIMEOUT.toSeconds(), TimeUnit.SECONDS))
          .containsEntry(partition, new OffsetAndMetadata(9));
    }
  }

  /** As somebody leaves one who is killed: it stays open for as long as its timeout. */
  @Test
  void aTransactionThatMovesOtherPositionsIsNotWaitedFor() {
    GroupPositions positions = new GroupPositions(clients, group, topics.positions());
    positions.restore(List.of(topics.images()));
    TopicPartition moved = new TopicPartition(topics.images(), 0);
    TopicPartition neverRead = new TopicPartition(topics.images(), 1);
    try (var producer =
        clients.producer(group, new ByteArraySerializer(), new ByteArraySerializer())) {
      producer.initTransactions();
      producer.beginTransaction();
      producer.send(positions.record(moved, new OffsetAndMetadata(7)));
      producer.sendOffsetsToTransaction(
          Map.of(moved, new OffsetAndMetadata(7)), new ConsumerGroupMetadata(group));
      producer.commitTransaction();
      producer.beginTransaction();
      producer.send(positions.record(moved, new OffsetAndMetadata(9)));
      producer.sendOffsetsToTransaction(
          Map.of(moved, new OffsetAndMetadata(9)), new ConsumerGroupMetadata(group));
      producer.flush();

      positions.restore(List.of(topics.images()));
      assertThat(positions.of(List.of(neverRead))).isEmpty();

      // It was open all the while, so that it can still be committed.
      producer.commitTransaction();
      assertThat(positions.of(List.of(moved))).isEqualTo(Map.of(moved, new OffsetAndMetadata(9)));
    }
  }

  @Test
  void aTopicThatIsMadeAnewIsReadFromItsStart() throws Exception {
    send(numbers(0, 100));
    try (TransactionalLoop loop = loop("a", this::copy)) {
      loop.start();
      awaitPredictions(100);
    }
    SharedBroker.forget(group);
    try (var admin = clients.admin()) {
      admin.deleteTopics(List.of(topics.images())).all().get();
      await()
          .atMost(TIMEOUT)
          .until(() -> !admin.listTopics().names().get().contains(topics.images()));
      TopicAdmin.create(admin, topics, 2, (short) 1);
    }
    send(numbers(100, 300));
    try (TransactionalLoop loop = loop("a", this::copy)) {
      loop.start();
      awaitPredictions(300);
    }
    assertThat(predictions()).containsExactlyInAnyOrderElementsOf(numbers(0, 300));
  }

  /** The brokers forget a deleted topic's offsets, but the group's positions are still there. */
  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void aTopicThatIsMadeAnewMeanwhileIsReadFromItsStart(boolean noticed) throws Exception {
    send(numbers(0, 100));
    try (TransactionalLoop loop = loop("a", this::copy);
        var admin = clients.admin()) {
      loop.start();
      awaitPredictions(100);
      admin.deleteTopics(List.of(topics.images())).all().get();
      await()
          .atMost(TIMEOUT)
          .until(() -> !admin.listTopics().names().get().contains(topics.images()));
      if (noticed) {
        await().atMost(TIMEOUT).until(() -> partitions(admin) == 0);
      }
      TopicAdmin.create(admin, topics, 2, (short) 1);
      send(numbers(100, 300));
      awaitPredictions(300);
    }
    assertThat(predictions()).containsExactlyInAnyOrderElementsOf(numbers(0, 300));
  }

  private int partitions(Admin admin) throws Exception {
    return admin.describeConsumerGroups(List.of(group)).all().get().get(group).members().stream()
        .mapToInt(member -> member.assignment().topicPartitions().size())
        .sum();
  }

  @Test
  void commitsTheBatchInHandWhenItIsClosed() throws Exception {
    send(numbers(0, 5));
    CountDownLatch inHand = new CountDownLatch(1);
    CountDownLatch goOn = new CountDownLatch(1);
    AtomicInteger taken = new AtomicInteger();
    TransactionalLoop loop =
        loop(
            "a",
            records -> {
              taken.addAndGet(records.size());
              inHand.countDown();
              goOn.await();
              return copy(records);
            });
    loop.start();
    inHand.await();
    Thread closing = new Thread(loop::close);
    closing.start();
    await().until(() -> closing.getState() == Thread.State.TIMED_WAITING);
    goOn.countDown();
    closing.join();
    // What is committed shows a moment later.
    awaitPredictions(taken.get());
    assertThat(predictions()).hasSize(taken.get());
  }

  @Test
  void anotherInstanceThatFencesItInTheMiddleLosesAndRepeatsNothing() {
    send(numbers(0, 300));
    AtomicBoolean fence = new AtomicBoolean(true);
    Handler handler =
        records -> {
          if (fence.getAndSet(false)) {
            fence("a");
          }
          return copy(records);
        };
    Told told = new Told();
    try (TransactionalLoop loop = loop("a", handler, told)) {
      loop.start();
      awaitPredictions(300);
    }
    assertThat(told.failures).isNotEmpty();
    assertThat(told.thrownAway).hasPositiveValue();
    assertThat(told.wrong).isEmpty();
    assertThat(predictions()).containsExactlyInAnyOrderElementsOf(numbers(0, 300));
  }

  /**
   * Keeps account of what was handled and is not committed: whoever does must hear of all that is
   * thrown away before it is handled again.
   */
  private static final class Told implements LoopListener {
    private final List<Throwable> failures = Collections.synchronizedList(new ArrayList<>());
    private final List<String> wrong = Collections.synchronizedList(new ArrayList<>());
    private final AtomicInteger thrownAway = new AtomicInteger();
    private final AtomicInteger open = new AtomicInteger();

    @Override
    public void handled(int records, int outputs, Duration took) {
      open.addAndGet(records);
    }

    @Override
    public void committed(int records) {
      int handled = open.getAndSet(0);
      if (handled > records) {
        wrong.add("%d were committed of %d".formatted(records, handled));
      }
    }

    @Override
    public void thrownAway() {
      if (open.getAndSet(0) > 0) {
        thrownAway.incrementAndGet();
      }
    }

    @Override
    public void isolated(ConsumerRecord<byte[], byte[]> record, Throwable cause) {
      if (open.get() > 0) {
        wrong.add("%d were isolated, and not thrown away".formatted(open.get()));
      }
    }

    @Override
    public void failed(Throwable cause) {
      failures.add(cause);
    }
  }

  @Test
  void aCrashInTheMiddleOfATransactionLosesAndRepeatsNothing() {
    send(numbers(0, 50));
    // A process with the loop's identity that dies with outputs sent and nothing committed.
    var dying =
        clients.producer(group + "-a", new ByteArraySerializer(), new ByteArraySerializer());
    dying.initTransactions();
    dying.beginTransaction();
    for (int partition = 0; partition < 2; partition++) {
      dying.send(
          new ProducerRecord<>(
              topics.predictions(), partition, Keys.bytes("ghost"), "ghost".getBytes(UTF_8)));
    }
    dying.flush();
    try (TransactionalLoop loop = loop("a", this::copy)) {
      loop.start();
      awaitPredictions(50);
    }
    dying.close(Duration.ZERO);
    assertThat(predictions()).containsExactlyInAnyOrderElementsOf(numbers(0, 50));
  }

  @Test
  void partitionsThatMoveBetweenInstancesLoseAndRepeatNothing() {
    // A static member that leaves is missed only when its session ends.
    clients = SharedBroker.clients(Map.of("session.timeout.ms", "6000"));
    send(numbers(0, 6000));
    try (TransactionalLoop one = loop("a", slowly(this::copy))) {
      one.start();
      awaitPredictions(100);
      try (TransactionalLoop two = loop("b", slowly(this::copy))) {
        two.start();
        await()
            .atMost(TIMEOUT)
            .until(
                () ->
                    described().stream()
                        .map(TransactionalLoopTest::has)
                        .toList()
                        .equals(List.of(1, 1)));
        send(numbers(6000, 8000));
        awaitPredictions(6100);
      }
      awaitPredictions(8000);
    }
    assertThat(predictions()).containsExactlyInAnyOrderElementsOf(numbers(0, 8000));
  }

  @Test
  void aPoisonousRecordBecomesADeadLetterAndTheStreamGoesOn() {
    send(numbers(0, 40));
    send(List.of("poison"));
    send(numbers(40, 80));
    try (TransactionalLoop loop = loop("a", poisonedBy("poison"))) {
      loop.start();
      awaitPredictions(80);
      await().atMost(TIMEOUT).until(() -> letters().size() == 1);
    }
    assertThat(predictions()).containsExactlyInAnyOrderElementsOf(numbers(0, 80));
    ConsumerRecord<byte[], byte[]> letter = letters().get(0);
    assertThat(letter.key()).isEqualTo(Keys.bytes("poison"));
    assertThat(letter.value()).isEqualTo("poison".getBytes(UTF_8));
    assertThat(header(letter, DeadLetters.CAUSE)).contains("choked on it");
    assertThat(header(letter, DeadLetters.ROLE)).isEqualTo("tester");
    assertThat(header(letter, DeadLetters.ORIGIN_TOPIC)).isEqualTo(topics.images());
    ConsumerRecord<byte[], byte[]> origin =
        read(topics.images()).stream()
            .filter(record -> text(record).equals("poison"))
            .findFirst()
            .orElseThrow();
    assertThat(header(letter, DeadLetters.ORIGIN_PARTITION)).isEqualTo("" + origin.partition());
    assertThat(header(letter, DeadLetters.ORIGIN_OFFSET)).isEqualTo("" + origin.offset());
    assertThat(header(letter, DeadLetters.ORIGIN_TIMESTAMP)).isEqualTo("" + origin.timestamp());
  }

  /** As a producer does whose next call comes after the brokers have refused an output. */
  @Test
  void aLetterSaysWhatWasWrongHoweverAClientWrapsIt() {
    send(List.of("large"));
    Handler handler =
        records -> {
          throw new KafkaException(
              "Cannot execute transactional method because we are in an error state",
              new RecordTooLargeException("larger than the server will accept"));
        };
    try (TransactionalLoop loop = loop("a", handler)) {
      loop.start();
      await().atMost(TIMEOUT).until(() -> letters().size() == 1);
    }
    assertThat(header(letters().get(0), DeadLetters.CAUSE))
        .isEqualTo("RecordTooLargeException: larger than the server will accept");
  }

  @Test
  void severalPoisonousRecordsAreEachFound() {
    send(numbers(0, 30));
    send(List.of("poison 1", "poison 2"));
    send(numbers(30, 60));
    send(List.of("poison 3"));
    try (TransactionalLoop loop = loop("a", poisonedBy("poison"))) {
      loop.start();
      awaitPredictions(60);
      await().atMost(TIMEOUT).until(() -> letters().size() == 3);
    }
    assertThat(predictions()).containsExactlyInAnyOrderElementsOf(numbers(0, 60));
  }

  @Test
  void anOutputThatTheTopicRefusesIsolatesOnlyItsRecord() {
    send(numbers(0, 20));
    send(List.of("keyless"));
    send(numbers(20, 40));
    Handler handler =
        records -> {
          List<ProducerRecord<byte[], byte[]>> outputs = new ArrayList<>(copy(records));
          for (ConsumerRecord<byte[], byte[]> record : records) {
            if (text(record).equals("keyless")) {
              // A compacted topic takes no record without a key.
              outputs.add(new ProducerRecord<>(topics.prompts(), null, record.value()));
            }
          }
          return outputs;
        };
    Told told = new Told();
    try (TransactionalLoop loop = loop("a", handler, told)) {
      loop.start();
      awaitPredictions(40);
      await().atMost(TIMEOUT).until(() -> letters().size() == 1);
    }
    assertThat(told.wrong).isEmpty();
    assertThat(told.thrownAway).hasPositiveValue();
    assertThat(predictions()).containsExactlyInAnyOrderElementsOf(numbers(0, 40));
    assertThat(header(letters().get(0), DeadLetters.CAUSE)).contains("InvalidRecordException");
  }

  @Test
  void anOutputLargerThanAnyTopicTakesIsolatesOnlyItsRecord() {
    send(numbers(0, 20));
    send(List.of("large"));
    Handler handler =
        records ->
            records.stream()
                .map(
                    record ->
                        new ProducerRecord<>(
                            topics.predictions(),
                            record.key(),
                            text(record).equals("large")
                                ? new byte[KafkaClients.MAX_LETTER_BYTES]
                                : record.value()))
                .toList();
    try (TransactionalLoop loop = loop("a", handler)) {
      loop.start();
      awaitPredictions(20);
      await().atMost(TIMEOUT).until(() -> letters().size() == 1);
    }
    assertThat(predictions()).containsExactlyInAnyOrderElementsOf(numbers(0, 20));
    assertThat(header(letters().get(0), DeadLetters.CAUSE)).contains("more than any topic takes");
  }

  @Test
  void aHandlerThatCannotWorkAtPresentIsWaitedForAndIsolatesNothing() {
    send(numbers(0, 40));
    AtomicInteger refusals = new AtomicInteger(6);
    List<Throwable> failures = Collections.synchronizedList(new ArrayList<>());
    Handler handler =
        records -> {
          if (refusals.getAndDecrement() > 0) {
            throw new TimeoutException("the registry does not answer");
          }
          return copy(records);
        };
    try (TransactionalLoop loop = loop("a", handler, failures::add)) {
      loop.start();
      await().atMost(TIMEOUT).until(() -> loop.state() == State.RETRYING);
      assertThat(loop.lastFailure()).contains("the registry does not answer");
      awaitPredictions(40);
      await().atMost(TIMEOUT).until(() -> loop.state() == State.RUNNING);
      assertThat(loop.lastFailure()).isEmpty();
    }
    assertThat(letters()).isEmpty();
    assertThat(failures).hasSize(6);
  }

  @Test
  void anErrorThatNoRecordIsToBlameForEndsTheLoop() {
    send(numbers(0, 3));
    try (TransactionalLoop loop =
        loop(
            "a",
            records -> {
              throw new NoClassDefFoundError("a broken installation");
            })) {
      loop.start();
      await().atMost(TIMEOUT).until(() -> loop.state() == State.FAILED);
      assertThat(loop.lastFailure()).contains("a broken installation");
    }
    assertThat(letters()).isEmpty();
  }

  @Test
  void aRegistryThatRefusesEndsTheLoopAndIsolatesNothing() {
    send(numbers(0, 40));
    AtomicInteger calls = new AtomicInteger();
    Handler handler =
        records -> {
          calls.incrementAndGet();
          throw new SerializationException(
              "a prediction", new IncompatibleSchemaException("no default\nfor b"));
        };
    try (TransactionalLoop loop = loop("a", handler)) {
      loop.start();
      await().atMost(TIMEOUT).until(() -> loop.state() == State.FAILED);
      assertThat(loop.lastFailure()).isEqualTo("no default for b");
    }
    assertThat(calls).hasValue(1);
    assertThat(letters()).isEmpty();
    // What is mended is gone on with.
    try (TransactionalLoop loop = loop("a", this::copy)) {
      loop.start();
      awaitPredictions(40);
    }
    assertThat(predictions()).containsExactlyInAnyOrderElementsOf(numbers(0, 40));
  }

  @Test
  void anEngineThatFailsIsNoRecordsFault() {
    send(numbers(0, 40));
    AtomicInteger alone = new AtomicInteger(5);
    Handler handler =
        records -> {
          // Too many at a time, and for a while even one is.
          if (records.size() > 2 || alone.getAndDecrement() > 0) {
            throw new EngineException("out of memory");
          }
          return copy(records);
        };
    try (TransactionalLoop loop = loop("a", handler)) {
      loop.start();
      awaitPredictions(40);
    }
    assertThat(predictions()).containsExactlyInAnyOrderElementsOf(numbers(0, 40));
    assertThat(letters()).isEmpty();
  }

  @Test
  void handsOutMicroBatchesAndCommitsSeveralTogether() {
    send(numbers(0, 400));
    List<Integer> handled = Collections.synchronizedList(new ArrayList<>());
    List<Integer> committed = Collections.synchronizedList(new ArrayList<>());
    LoopListener listener =
        new LoopListener() {
          @Override
          public void handled(int records, int outputs, Duration took) {
            handled.add(records);
          }

          @Override
          public void committed(int records) {
            committed.add(records);
          }
        };
    Settings settings =
        Settings.of(
            "tester", group, "a", List.of(topics.images()), topics.positions(), 16, 4, Ahead.NEXT);
    try (TransactionalLoop loop =
        new TransactionalLoop(clients, settings, new DeadLetters(topics), this::copy, listener)) {
      loop.start();
      awaitPredictions(400);
    }
    assertThat(handled).allMatch(size -> size <= 16);
    assertThat(committed).allMatch(size -> size <= 64).anyMatch(size -> size > 16);
    assertThat(committed.stream().mapToInt(Integer::intValue).sum()).isEqualTo(400);
  }

  @Test
  void whatIsPolledAheadIsToldInOrderAndWithinTheBoundAndNothingOfItIsLost() {
    send(numbers(0, 2000));
    // Each counts as a kilobyte and some, so that the bound is passed by at most one poll.
    Ahead ahead = new Ahead(100_000, 1_000);
    List<Integer> sizes = new CopyOnWriteArrayList<>();
    List<String> surprises = new CopyOnWriteArrayList<>();
    AtomicBoolean failing = new AtomicBoolean(true);
    Handler handler =
        new Handler() {
          private List<String> told = List.of();
          private List<String> due = List.of();

          @Override
          public void expect(List<ConsumerRecord<byte[], byte[]>> next) {
            sizes.add(next.size());
            due = told;
            told = next.stream().map(record -> text(record)).toList();
          }

          @Override
          public List<ProducerRecord<byte[], byte[]>> handle(
              List<ConsumerRecord<byte[], byte[]>> records) throws Exception {
            List<String> values = records.stream().map(record -> text(record)).toList();
            int both = Math.min(values.size(), due.size());
            if (!values.subList(0, both).equals(due.subList(0, both))) {
              surprises.add(values + " instead of " + due);
            }
            if (values.contains("700") && failing.getAndSet(false)) {
              told = List.of();
              throw new TimeoutException("away for a moment");
            }
            return copy(records);
          }
        };
    Settings settings =
        Settings.of(
            "tester", group, "a", List.of(topics.images()), topics.positions(), 16, 4, ahead);
    try (TransactionalLoop loop =
        new TransactionalLoop(
            clients, settings, new DeadLetters(topics), handler, new LoopListener() {})) {
      loop.start();
      awaitPredictions(2000);
    }
    assertThat(predictions()).containsExactlyInAnyOrderElementsOf(numbers(0, 2000));
    assertThat(surprises).isEmpty();
    assertThat(sizes).allMatch(size -> size < 100 + settings.pollRecords());
    assertThat(sizes).anyMatch(size -> size > 2 * 16);
    assertThat(sizes.get(sizes.size() - 1)).isZero();
  }

  @Test
  void anInlineImageOfTenMegabytesPasses() {
    byte[] image = new byte[10 * 1024 * 1024];
    new Random(1).nextBytes(image);
    try (var producer =
        clients.producer(null, new ByteArraySerializer(), new ByteArraySerializer())) {
      producer.send(new ProducerRecord<>(topics.images(), Keys.bytes("large"), image));
    }
    try (TransactionalLoop loop =
        loop(
            "a",
            records ->
                records.stream()
                    .map(record -> new DeadLetters(topics).letter(record, "tester", "as it is"))
                    .toList())) {
      loop.start();
      await().atMost(TIMEOUT).until(() -> letters().size() == 1);
    }
    assertThat(letters().get(0).value()).isEqualTo(image);
  }

  @Test
  void workThatLastsLongerThanAPollMayKeepsItsMemberInTheGroupAndIsCommittedOnce()
      throws Exception {
    // A dynamic member that does not poll leaves at once.
    clients =
        new KafkaClients(
            SharedBroker.address(),
            SharedBroker.properties(Map.of("max.poll.interval.ms", "3000")),
            KafkaClients.MAX_IMAGE_BYTES,
            false);
    send(List.of("long"));
    Work work = new Work("a");
    List<Throwable> failures = Collections.synchronizedList(new ArrayList<>());
    try (TransactionalLoop loop = longLoop("a", work, failures::add)) {
      loop.start();
      await().atMost(TIMEOUT).until(() -> work.begun.equals(List.of("long")));
      List<String> members = members();
      assertThat(members).hasSize(1);
      // They wait in both partitions.
      send(numbers(0, 10));
      await()
          .during(Duration.ofSeconds(5))
          .atMost(TIMEOUT)
          .until(
              () ->
                  members().equals(members) && work.begun.size() == 1 && loop.notReady().isEmpty());
      assertThat(predictions()).isEmpty();
      work.goOn.countDown();
      awaitPredictions(11);
    }
    assertThat(work.begun).hasSize(11).doesNotHaveDuplicates();
    assertThat(predictions()).hasSize(11).containsOnly("a");
    assertThat(failures).isEmpty();
  }

  @Test
  void workWhosePartitionGoesToAnotherMemberIsAbandonedAndDoneThere() throws Exception {
    topics = SharedBroker.freshTopics(1);
    send(List.of("work"));
    Work atA = new Work("a");
    Work atB = new Work("b");
    // It hears late that it is no member any more, and so comes back behind the other.
    clients = SharedBroker.clients(Map.of("heartbeat.interval.ms", "5000"));
    TransactionalLoop a = longLoop("a", atA, failure -> {});
    clients = SharedBroker.clients();
    TransactionalLoop b = longLoop("b", atB, failure -> {});
    try (a;
        b) {
      a.start();
      await().atMost(TIMEOUT).until(() -> atA.begun.equals(List.of("work")));
      b.start();
      await().atMost(TIMEOUT).until(() -> members().size() == 2);
      assertThat(atA.abandoned).isEmpty();
      expel("a");
      await().atMost(TIMEOUT).until(() -> atB.begun.equals(List.of("work")));
      await().atMost(TIMEOUT).until(() -> atA.abandoned.equals(List.of("work")));
      atA.goOn.countDown();
      await()
          .during(Duration.ofSeconds(3))
          .atMost(TIMEOUT)
          .until(() -> predictions().isEmpty() && atB.abandoned.isEmpty());
      atB.goOn.countDown();
      awaitPredictions(1);
    }
    assertThat(predictions()).containsExactly("b");
    assertThat(atA.begun).hasSize(1);
  }

  @Test
  void aRebalanceWhileNobodyCanSayWherePartitionsStandEndsNoWork() throws Exception {
    send(numbers(0, 10));
    Work atA = new Work("a");
    Work atB = new Work("b");
    List<Throwable> failures = Collections.synchronizedList(new ArrayList<>());
    TransactionalLoop b = longLoop("b", atB, failure -> {});
    clients =
        SharedBroker.clients(
            Map.of("default.api.timeout.ms", "2000", "request.timeout.ms", "2000"));
    try (TransactionalLoop a = longLoop("a", atA, failures::add);
        b;
        var dying =
            clients.producer(group + "-c", new ByteArraySerializer(), new ByteArraySerializer())) {
      a.start();
      await().atMost(TIMEOUT).until(() -> atA.begun.size() == 1);
      b.start();
      await().atMost(TIMEOUT).until(() -> atB.begun.size() == 1);
      TopicPartition others = partitionOf(atB.begun.get(0));
      // The brokers name no offset while another may be about to be committed.
      dying.initTransactions();
      dying.beginTransaction();
      dying.sendOffsetsToTransaction(
          Map.of(others, new OffsetAndMetadata(0)), new ConsumerGroupMetadata(group));
      b.close();
      await().atMost(TIMEOUT).until(() -> assignment().contains(others));
      await()
          .during(Duration.ofSeconds(5))
          .atMost(TIMEOUT)
          .until(() -> atA.abandoned.isEmpty() && atA.begun.size() == 1);
      dying.abortTransaction();
      atA.goOn.countDown();
      awaitPredictions(10);
    }
    assertThat(failures).isEmpty();
    assertThat(atA.begun).hasSize(10).doesNotHaveDuplicates();
    assertThat(predictions()).hasSize(10).containsOnly("a");
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void workIsNotDoneAgainBecauseItsCommitFailed(boolean fenced) {
    // Late to hear that it is no member any more: when it commits.
    clients = SharedBroker.clients(Map.of("heartbeat.interval.ms", "5000"));
    send(List.of("work"));
    Work work =
        new Work("a") {
          @Override
          LongWork.Outcome outcome(ConsumerRecord<byte[], byte[]> record) throws Exception {
            if (fenced) {
              fence("a");
            } else {
              expel("a");
            }
            return super.outcome(record);
          }
        };
    work.goOn.countDown();
    try (TransactionalLoop loop = longLoop("a", work, failure -> {})) {
      loop.start();
      await().atMost(TIMEOUT).until(() -> loop.notReady().endsWith("what came of work"));
      awaitPredictions(1);
      await().atMost(TIMEOUT).until(() -> loop.notReady().isEmpty());
    }
    assertThat(predictions()).containsExactly("a");
    assertThat(work.begun).containsExactly("work");
  }

  @Test
  void whereTheBrokersRefuseWhatCameOfWorkSomethingElseIsSent() {
    send(List.of("large", "keyless"));
    Work work =
        new Work("instead") {
          @Override
          LongWork.Outcome outcome(ConsumerRecord<byte[], byte[]> record) throws Exception {
            ProducerRecord<byte[], byte[]> refused =
                text(record).equals("large")
                    ? new ProducerRecord<>(
                        topics.predictions(), record.key(), new byte[KafkaClients.MAX_LETTER_BYTES])
                    // A compacted topic takes no record without a key.
                    : new ProducerRecord<>(topics.prompts(), null, record.value());
            return new LongWork.Outcome(List.of(refused), super.outcome(record).outputs());
          }
        };
    work.goOn.countDown();
    try (TransactionalLoop loop = longLoop("a", work, failure -> {})) {
      loop.start();
      awaitPredictions(2);
    }
    assertThat(predictions()).containsExactly("instead", "instead");
    assertThat(work.begun).containsExactlyInAnyOrder("large", "keyless");
    assertThat(letters()).isEmpty();
  }

  @Test
  void workThatCannotBeDoneAtPresentIsTriedAgainAndIsolatesNothing() {
    send(List.of("work"));
    AtomicInteger refusals = new AtomicInteger(4);
    Work work =
        new Work("a") {
          @Override
          LongWork.Outcome outcome(ConsumerRecord<byte[], byte[]> record) throws Exception {
            switch (refusals.getAndDecrement()) {
              case 4, 3, 2 -> throw new EngineException("out of memory");
              case 1 -> throw new TimeoutException("the registry does not answer");
              default -> {
                return super.outcome(record);
              }
            }
          }
        };
    work.goOn.countDown();
    try (TransactionalLoop loop = longLoop("a", work, failure -> {})) {
      loop.start();
      awaitPredictions(1);
      await().atMost(TIMEOUT).until(() -> loop.state() == State.RUNNING);
    }
    assertThat(work.begun).hasSize(5);
    assertThat(letters()).isEmpty();
  }

  /** Long work for each record, which ends when the test lets it go on. */
  private class Work implements Handler {
    final List<String> begun = new CopyOnWriteArrayList<>();
    final List<String> abandoned = new CopyOnWriteArrayList<>();
    final CountDownLatch goOn = new CountDownLatch(1);
    private final String output;
    private ConsumerRecord<byte[], byte[]> record;

    Work(String output) {
      this.output = output;
    }

    @Override
    public List<ProducerRecord<byte[], byte[]>> handle(
        List<ConsumerRecord<byte[], byte[]>> records) {
      assertThat(records).hasSize(1);
      record = records.get(0);
      return List.of();
    }

    LongWork.Outcome outcome(ConsumerRecord<byte[], byte[]> of) throws Exception {
      return new LongWork.Outcome(
          List.of(new ProducerRecord<>(topics.predictions(), of.key(), output.getBytes(UTF_8))),
          List.of());
    }

    @Override
    public Optional<LongWork> longWork() {
      ConsumerRecord<byte[], byte[]> of = record;
      return Optional.of(
          new LongWork() {
            @Override
            public Outcome run() throws Exception {
              begun.add(text(of));
              goOn.await();
              return outcome(of);
            }

            @Override
            public void abandon() {
              abandoned.add(text(of));
            }

            @Override
            public String about() {
              return text(of);
            }
          });
    }
  }

  private TransactionalLoop longLoop(
      String instance, Handler handler, java.util.function.Consumer<Throwable> onFailure) {
    return new TransactionalLoop(
        clients,
        Settings.longWork("tester", group, instance, List.of(topics.images()), topics.positions())
            .with(new Pauses(Backoff.FIRST, Duration.ofSeconds(3), Duration.ofSeconds(3))),
        new DeadLetters(topics),
        handler,
        new LoopListener() {
          @Override
          public void failed(Throwable cause) {
            onFailure.accept(cause);
          }
        });
  }

  /** What a second process with the same identity does first. */
  private void fence(String instance) {
    try (var usurper =
        clients.producer(
            group + "-" + instance, new ByteArraySerializer(), new ByteArraySerializer())) {
      usurper.initTransactions();
    }
  }

  /** Takes a member for dead, as a broker does that hears nothing of it. */
  private void expel(String instance) throws Exception {
    try (var admin = clients.admin()) {
      admin
          .removeMembersFromConsumerGroup(
              group,
              new RemoveMembersFromConsumerGroupOptions(List.of(new MemberToRemove(instance))))
          .all()
          .get();
    }
  }

  private Collection<MemberDescription> described() throws Exception {
    try (var admin = clients.admin()) {
      return admin
          .describeConsumerGroups(List.of(group))
          .describedGroups()
          .get(group)
          .get()
          .members();
    }
  }

  private List<String> members() throws Exception {
    return described().stream().map(MemberDescription::consumerId).sorted().toList();
  }

  private static int has(MemberDescription member) {
    return member.assignment().topicPartitions().size();
  }

  /** What all members have, together. */
  private Set<TopicPartition> assignment() throws Exception {
    return described().stream()
        .flatMap(member -> member.assignment().topicPartitions().stream())
        .collect(Collectors.toSet());
  }

  private TopicPartition partitionOf(String value) {
    return read(topics.images()).stream()
        .filter(record -> text(record).equals(value))
        .map(TransactionalLoop::partition)
        .findFirst()
        .orElseThrow();
  }

  private List<ProducerRecord<byte[], byte[]>> copy(List<ConsumerRecord<byte[], byte[]>> records) {
    return records.stream()
        .map(record -> new ProducerRecord<>(topics.predictions(), record.key(), record.value()))
        .toList();
  }

  private Handler poisonedBy(String word) {
    return records -> {
      if (records.stream().anyMatch(record -> text(record).startsWith(word))) {
        throw new IllegalArgumentException("choked on it");
      }
      return copy(records);
    };
  }

  /** Takes the time that a model would. */
  private static Handler slowly(Handler handler) {
    return records -> {
      Thread.sleep(5);
      return handler.handle(records);
    };
  }

  private TransactionalLoop loop(String instance, Handler handler) {
    return loop(instance, handler, failure -> {});
  }

  private TransactionalLoop loop(
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

  private TransactionalLoop loop(String instance, Handler handler, LoopListener listener) {
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

  private void send(List<String> values) {
    try (var producer =
        clients.producer(null, new ByteArraySerializer(), new ByteArraySerializer())) {
      for (String value : values) {
        producer.send(
            new ProducerRecord<>(topics.images(), Keys.bytes(value), value.getBytes(UTF_8)));
      }
    }
  }

  private void awaitPredictions(int count) {
    await().atMost(TIMEOUT).until(() -> read(topics.predictions()).size() >= count);
  }

  private List<String> predictions() {
    return read(topics.predictions()).stream().map(TransactionalLoopTest::text).toList();
  }

  private List<ConsumerRecord<byte[], byte[]>> letters() {
    return read(topics.deadLetters());
  }

  /** All that a read_committed consumer sees now. */
  private List<ConsumerRecord<byte[], byte[]>> read(String topic) {
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

  private static List<String> numbers(int from, int to) {
    return IntStream.range(from, to).mapToObj(Integer::toString).toList();
  }

  private static String text(ConsumerRecord<byte[], byte[]> record) {
    return new String(record.value(), UTF_8);
  }

  private static String header(ConsumerRecord<?, ?> record, String name) {
    return new String(record.headers().lastHeader(name).value(), UTF_8);
  }
}
