package io.gripstream.kafka.loop;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import ai.djl.engine.EngineException;
import io.gripstream.kafka.Backoff;
import io.gripstream.kafka.DeadLetters;
import io.gripstream.kafka.KafkaClients;
import io.gripstream.kafka.SharedBroker;
import io.gripstream.kafka.loop.TransactionalLoop.Handler;
import io.gripstream.kafka.loop.TransactionalLoop.Pauses;
import io.gripstream.kafka.loop.TransactionalLoop.Settings;
import io.gripstream.kafka.loop.TransactionalLoop.State;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.MemberDescription;
import org.apache.kafka.clients.admin.MemberToRemove;
import org.apache.kafka.clients.admin.RemoveMembersFromConsumerGroupOptions;
import org.apache.kafka.clients.consumer.ConsumerGroupMetadata;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Work that outlasts a poll: who does it, how often, and what becomes of it. */
class LoopLongWorkTest extends LoopRig {
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

  private List<String> members() throws Exception {
    return described().stream().map(MemberDescription::consumerId).sorted().toList();
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
}
