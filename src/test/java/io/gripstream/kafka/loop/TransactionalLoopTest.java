package io.gripstream.kafka.loop;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.gripstream.kafka.ClientMeters;
import io.gripstream.kafka.DeadLetters;
import io.gripstream.kafka.KafkaClients;
import io.gripstream.kafka.Keys;
import io.gripstream.kafka.SharedBroker;
import io.gripstream.kafka.loop.TransactionalLoop.Ahead;
import io.gripstream.kafka.loop.TransactionalLoop.Handler;
import io.gripstream.kafka.loop.TransactionalLoop.Settings;
import io.gripstream.kafka.loop.TransactionalLoop.State;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.Test;

/** What a loop hands out and commits. */
class TransactionalLoopTest extends LoopRig {
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
}
