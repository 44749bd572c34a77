package io.gripstream.kafka.loop;

import io.gripstream.kafka.loop.LongWork.Outcome;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.jboss.logging.Logger;

/**
 * The thread that a loop's long work runs on, and what came of the last of each partition. That is
 * kept until it is committed, by whomever: hours of work are not done again because what came of
 * them could not be written.
 *
 * <p>For the loop's thread, but for {@link #stop}, {@link #awaitEnd} and {@link #unwritten}.
 */
final class LongWorker {
  private static final Logger LOG = Logger.getLogger(TransactionalLoop.class);

  private final ExecutorService thread;

  /** Null: none. */
  private volatile LongWork running;

  /** By the partition of the record that called for it. */
  private final Map<TopicPartition, Finished> finished = new HashMap<>();

  /** Whose outcome cannot be written at present; null: nobody's. */
  private TopicPartition refused;

  private volatile String unwritten = "";

  /** What came of work, and the position and time of the record that called for it. */
  private record Finished(long offset, long timestamp, String about, Outcome outcome) {
    boolean isOf(ConsumerRecord<?, ?> record) {
      // A topic that was made anew has the same offsets again.
      return offset == record.offset() && timestamp == record.timestamp();
    }
  }

  LongWorker(String role) {
    this.thread =
        Executors.newSingleThreadExecutor(
            task -> {
              Thread made = new Thread(task, "work-" + role);
              made.setDaemon(true);
              return made;
            });
  }

  /** Runs work, after any that was abandoned and has not ended yet. */
  Future<Outcome> start(LongWork work) {
    return thread.submit(
        () -> {
          running = work;
          try {
            return work.run();
          } finally {
            running = null;
          }
        });
  }

  /** Keeps what came of the work that a record called for. */
  void keep(ConsumerRecord<?, ?> record, LongWork work, Outcome outcome) {
    finished.put(
        TransactionalLoop.partition(record),
        new Finished(record.offset(), record.timestamp(), work.about(), outcome));
  }

  private Optional<Finished> kept(ConsumerRecord<?, ?> record) {
    return Optional.ofNullable(finished.get(TransactionalLoop.partition(record)))
        .filter(it -> it.isOf(record));
  }

  /** What came of the work that the record called for, if that is what was kept. */
  Optional<Outcome> recall(ConsumerRecord<?, ?> record) {
    return kept(record).map(Finished::outcome);
  }

  /** What to send from now on because the outputs are refused; empty: there is nothing else. */
  Optional<List<ProducerRecord<byte[], byte[]>>> lessen(ConsumerRecord<?, ?> record) {
    Optional<Finished> kept = kept(record).filter(it -> !it.outcome().ifRefused().isEmpty());
    kept.ifPresent(
        it -> {
          LOG.errorf("%s: the brokers refuse what came of it", it.about());
          Outcome less = new Outcome(it.outcome().ifRefused(), List.of());
          finished.put(
              TransactionalLoop.partition(record),
              new Finished(it.offset(), it.timestamp(), it.about(), less));
        });
    return kept.map(it -> it.outcome().ifRefused());
  }

  /** A transaction failed that was to pass some partitions' records. */
  void notWritten(Set<TopicPartition> partitions) {
    partitions.stream()
        .filter(finished::containsKey)
        .findFirst()
        .ifPresent(
            partition -> {
              refused = partition;
              unwritten = finished.get(partition).about();
            });
  }

  /** Forgets what was kept if it is committed. */
  void committed(Map<TopicPartition, OffsetAndMetadata> committed) {
    committed.forEach(
        (partition, next) -> {
          Finished kept = finished.get(partition);
          if (kept != null && next != null && next.offset() > kept.offset()) {
            finished.remove(partition);
            clear(partition);
          }
        });
  }

  /** Leaves what was kept to others to tell of, if they have its partition. */
  void assigned(Set<TopicPartition> assignment) {
    if (refused != null && !assignment.contains(refused)) {
      clear(refused);
    }
  }

  private void clear(TopicPartition partition) {
    if (partition.equals(refused)) {
      refused = null;
      unwritten = "";
    }
  }

  /** What the work was about whose outcome cannot be written at present; empty: there is none. */
  String unwritten() {
    return unwritten;
  }

  /** Ends the work that runs, if any does. */
  void stop() {
    LongWork current = running;
    if (current != null) {
      current.abandon();
    }
    thread.shutdownNow();
  }

  /** Waits until no work runs: what it uses must not be closed under its feet. */
  void awaitEnd(Duration atMost) throws InterruptedException {
    if (!thread.awaitTermination(atMost.toMillis(), TimeUnit.MILLISECONDS)) {
      LOG.warn("long work does not end in time");
    }
  }
}
