package io.gripstream.kafka.loop;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import ai.djl.engine.EngineException;
import io.gripstream.kafka.DeadLetters;
import io.gripstream.kafka.KafkaClients;
import io.gripstream.kafka.Keys;
import io.gripstream.kafka.loop.TransactionalLoop.Handler;
import io.gripstream.kafka.loop.TransactionalLoop.State;
import io.gripstream.kafka.registry.IncompatibleSchemaException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.apache.kafka.common.errors.SerializationException;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.Test;

/** A loop whose identity is taken, or whose records, outputs or handler fail. */
class LoopFaultsTest extends LoopRig {
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

  private Handler poisonedBy(String word) {
    return records -> {
      if (records.stream().anyMatch(record -> text(record).startsWith(word))) {
        throw new IllegalArgumentException("choked on it");
      }
      return copy(records);
    };
  }
}
