package io.gripstream.kafka.loop;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;

/**
 * The records that failed together, and the search for the one that is to blame: they are tried
 * again whole, then in halves, and so on down to a single one. All other records go on as ever,
 * apart from them, so that neither a busy partition hides a record at fault in another, nor the
 * other way round.
 */
final class PoisonIsolation {
  /** What to do after a failure. */
  enum Verdict {
    /** Wait, and try the same again. */
    AGAIN,
    /** Try again with fewer records. */
    SMALLER,
    /** It was a single record: give it up. */
    ISOLATED
  }

  private final int full;
  private final int attempts;

  /**
   * By partition, the offset behind the last that may be poison. Those in front of the first are
   * done.
   */
  private final Map<TopicPartition, Long> ends = new HashMap<>();

  private int size;
  private int failures;

  /**
   * @param full records in a micro-batch at most
   * @param attempts how often a micro-batch may fail before it is divided
   */
  PoisonIsolation(int full, int attempts) {
    this.full = full;
    this.attempts = attempts;
    this.size = full;
  }

  /**
   * The first records of some that are to be handled together: all may be poison, or none.
   *
   * @param usual how many where none may be
   */
  List<ConsumerRecord<byte[], byte[]>> next(
      List<ConsumerRecord<byte[], byte[]>> polled, int usual) {
    boolean maybePoison = include(polled.get(0));
    int limit = Math.min(polled.size(), maybePoison ? size : usual);
    int to = 1;
    while (to < limit && include(polled.get(to)) == maybePoison) {
      to++;
    }
    return List.copyOf(polled.subList(0, to));
  }

  boolean include(ConsumerRecord<?, ?> record) {
    Long end = ends.get(TransactionalLoop.partition(record));
    return end != null && record.offset() < end;
  }

  /**
   * @param offsets the offsets that were committed
   * @param maybePoison whether the records were among those that may be poison
   */
  void succeeded(Map<TopicPartition, OffsetAndMetadata> offsets, boolean maybePoison) {
    if (maybePoison) {
      size = Math.min(full, size * 2);
      offsets.forEach(
          (partition, next) ->
              ends.computeIfPresent(partition, (p, end) -> next.offset() >= end ? null : end));
      acquitIfEmpty();
    }
  }

  /**
   * @param offsets where the records end that failed together
   * @param tried how many they are
   */
  Verdict failed(Map<TopicPartition, OffsetAndMetadata> offsets, int tried) {
    offsets.forEach((partition, next) -> ends.merge(partition, next.offset(), Math::max));
    if (size == full && ++failures < attempts) {
      return Verdict.AGAIN;
    }
    if (tried > 1) {
      size = Math.min(full, tried) / 2;
      return Verdict.SMALLER;
    }
    return Verdict.ISOLATED;
  }

  /** Another member of the group has this partition now, and what may be poison in it. */
  void forget(TopicPartition partition) {
    ends.remove(partition);
    acquitIfEmpty();
  }

  private void acquitIfEmpty() {
    if (ends.isEmpty()) {
      size = full;
      failures = 0;
    }
  }
}
