package io.gripstream.kafka.loop;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.gripstream.kafka.SharedBroker;
import io.gripstream.kafka.TopicAdmin;
import io.gripstream.kafka.loop.TransactionalLoop.Handler;
import io.gripstream.kafka.loop.TransactionalLoop.State;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.MemberDescription;
import org.apache.kafka.clients.admin.RecordsToDelete;
import org.apache.kafka.clients.consumer.ConsumerGroupMetadata;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Where a loop goes on when positions, topics or partitions change under it. */
class LoopPositionsTest extends LoopRig {
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
                        .map(LoopPositionsTest::has)
                        .toList()
                        .equals(List.of(1, 1)));
        send(numbers(6000, 8000));
        awaitPredictions(6100);
      }
      awaitPredictions(8000);
    }
    assertThat(predictions()).containsExactlyInAnyOrderElementsOf(numbers(0, 8000));
  }

  private static int has(MemberDescription member) {
    return member.assignment().topicPartitions().size();
  }

  /** Takes the time that a model would. */
  private static Handler slowly(Handler handler) {
    return records -> {
      Thread.sleep(5);
      return handler.handle(records);
    };
  }
}
