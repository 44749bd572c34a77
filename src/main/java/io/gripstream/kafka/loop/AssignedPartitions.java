package io.gripstream.kafka.loop;

import io.gripstream.kafka.loop.TransactionalLoop.Handler;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.LongConsumer;
import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.jboss.logging.Logger;

/**
 * The partitions that a session's consumer has: what was committed of each, and where it is read.
 *
 * <p>A rebalance asks the brokers nothing, so that none fails because they are slow. A partition
 * that was assigned gives no records until {@link #learn} has asked where it stands.
 */
final class AssignedPartitions implements ConsumerRebalanceListener {
  private static final Logger LOG = Logger.getLogger(TransactionalLoop.class);

  private final String role;
  private final KafkaConsumer<byte[], byte[]> consumer;
  private final GroupPositions positions;
  private final Handler handler;
  private final LongWorker worker;
  private final Consumer<Collection<TopicPartition>> onRevoked;
  private final LongConsumer onRemoved;
  private final Map<TopicPartition, Standing> known = new HashMap<>();

  /** Where a partition stands. */
  private static final class Standing {
    /** Null: nothing was committed, and it was read from {@link #start} on. */
    private OffsetAndMetadata committed;

    private final long start;

    /** What the next poll begins with. */
    private long next;

    Standing(OffsetAndMetadata committed, long start) {
      this.committed = committed;
      this.start = start;
      this.next = start;
    }
  }

  /**
   * @param positions know the topics
   * @param onRevoked hears which partitions were taken away
   * @param onRemoved hears how many records were removed that were still to be read
   */
  AssignedPartitions(
      String role,
      KafkaConsumer<byte[], byte[]> consumer,
      GroupPositions positions,
      Handler handler,
      LongWorker worker,
      Consumer<Collection<TopicPartition>> onRevoked,
      LongConsumer onRemoved) {
    this.role = role;
    this.consumer = consumer;
    this.positions = positions;
    this.handler = handler;
    this.worker = worker;
    this.onRevoked = onRevoked;
    this.onRemoved = onRemoved;
  }

  /**
   * What came of long work is kept: the partitions may come back with nothing committed meanwhile.
   */
  @Override
  public void onPartitionsRevoked(Collection<TopicPartition> partitions) {
    known.keySet().removeAll(partitions);
    handler.revoked(partitions);
    onRevoked.accept(partitions);
  }

  @Override
  public void onPartitionsAssigned(Collection<TopicPartition> partitions) {
    LOG.infof("%s: assigned %s", role, partitions);
    consumer.pause(partitions);
    worker.assigned(consumer.assignment());
  }

  /** Whether there is a partition that it has learned of. */
  boolean areAny() {
    return !known.isEmpty();
  }

  /** Whether none of some partitions was taken away since it was learned of. */
  boolean know(Collection<TopicPartition> partitions) {
    return known.keySet().containsAll(partitions);
  }

  /** Asks where the partitions stand that were assigned since the last time, and reads them. */
  void learn() {
    Set<TopicPartition> added = new HashSet<>(consumer.assignment());
    added.removeAll(known.keySet());
    if (added.isEmpty()) {
      return;
    }
    Map<TopicPartition, OffsetAndMetadata> committed = new HashMap<>(consumer.committed(added));
    Set<TopicPartition> missing = new HashSet<>(added);
    missing.removeIf(partition -> committed.get(partition) != null);
    if (!missing.isEmpty()) {
      // The brokers may have lost them.
      Map<TopicPartition, OffsetAndMetadata> lost = positions.of(missing);
      lost.forEach(consumer::seek);
      committed.putAll(lost);
    }
    for (TopicPartition partition : added) {
      OffsetAndMetadata last = committed.get(partition);
      known.put(partition, new Standing(last, consumer.position(partition)));
      handler.restore(partition, last);
    }
    worker.committed(committed);
    consumer.resume(added);
  }

  /** A poll gave a record. */
  void polled(ConsumerRecord<?, ?> record) {
    TopicPartition partition = TransactionalLoop.partition(record);
    Standing standing = known.get(partition);
    onRemoved.accept(
        RemovedRecords.between(
            role,
            partition,
            standing.next,
            record.offset(),
            () -> consumer.beginningOffsets(Set.of(partition)).get(partition)));
    standing.next = record.offset() + 1;
  }

  /**
   * Takes a poll back that failed: it may have passed records that it did not give.
   *
   * @return from where each partition is read again
   */
  Map<TopicPartition, Long> pollAgain() {
    Map<TopicPartition, Long> next = new HashMap<>();
    known.forEach((partition, standing) -> next.put(partition, standing.next));
    next.forEach(this::seek);
    return next;
  }

  /** Goes on reading elsewhere. */
  void seek(TopicPartition partition, long offset) {
    consumer.seek(partition, offset);
    known.get(partition).next = offset;
  }

  /** Stops reading. */
  void pause() {
    consumer.pause(consumer.assignment());
  }

  /** Goes on reading. */
  void resume() {
    consumer.resume(known.keySet());
  }

  void committed(Map<TopicPartition, OffsetAndMetadata> bookmarks) {
    bookmarks.forEach((partition, bookmark) -> known.get(partition).committed = bookmark);
  }

  /** What was committed of a partition, or would have to be for it to stay where it is. */
  OffsetAndMetadata committed(TopicPartition partition) {
    Standing standing = known.get(partition);
    return standing.committed == null ? new OffsetAndMetadata(standing.start) : standing.committed;
  }

  boolean areCommitted(Map<TopicPartition, OffsetAndMetadata> bookmarks) {
    return bookmarks.entrySet().stream()
        .allMatch(
            bookmark -> {
              OffsetAndMetadata last = known.get(bookmark.getKey()).committed;
              return last != null
                  && last.offset() == bookmark.getValue().offset()
                  && last.metadata().equals(bookmark.getValue().metadata());
            });
  }

  /** As if this were a new session: what was not committed is read again. */
  void rewind() {
    known.forEach(
        (partition, standing) -> {
          OffsetAndMetadata last = standing.committed;
          handler.restore(partition, last);
          seek(partition, last == null ? standing.start : last.offset());
        });
  }

  /**
   * Reads again what the handler left for later and can handle now.
   *
   * @param fetched what was read behind that, and is read again
   */
  void goBack(Collection<ConsumerRecord<byte[], byte[]>> fetched) {
    for (TopicPartition partition : known.keySet()) {
      handler
          .goBack(partition)
          .ifPresent(
              from -> {
                fetched.removeIf(record -> TransactionalLoop.partition(record).equals(partition));
                seek(partition, from);
              });
    }
  }
}
