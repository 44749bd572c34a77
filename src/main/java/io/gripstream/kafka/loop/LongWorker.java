package io.gripstream.kafka.loop;

import io.gripstream.kafka.loop.LongWork.Outcome;
import java.time.Duration;
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
 * The thread that a loop's long work runs on, and what came of the last. That is kept until it is
 * committed, by whomever: hours of work are not done again because what came of them could not be
 * written.
 *
 * <p>For the loop's thread, but for {@link #stop}, {@link #awaitEnd} and {@link #unwritten}.
 */
final class LongWorker {
  private static final Logger LOG = Logger.getLogger(TransactionalLoop.class);

  private final ExecutorService thread;

  /** Null: none. */
  private volatile LongWork running;

  /** Null: nothing. */
  private Finished finished;

  private volatile String unwritten = "";

  /** What came of work, and the position and time of the record that called for it. */
  private record Finished(
      TopicPartition partition, long offset, long timestamp, String about, Outcome outcome) {
    boolean isOf(ConsumerRecord<?, ?> record) {
      return partition.topic().equals(record.topic())
          && partition.partition() == record.partition()
          && offset == record.offset()
          // A topic that was made anew has the same offsets again.
          && timestamp == record.timestamp();
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
    finished =
        new Finished(
            new TopicPartition(record.topic(), record.partition()),
            record.offset(),
            record.timestamp(),
            work.about(),
            outcome);
    unwritten = "";
  }

  /** What came of the work that the record called for, if that is what was kept. */
  Optional<Outcome> recall(ConsumerRecord<?, ?> record) {
    return Optional.ofNullable(finished).filter(kept -> kept.isOf(record)).map(Finished::outcome);
  }

  /** What to send from now on because the outputs are refused; empty: there is nothing else. */
  Optional<List<ProducerRecord<byte[], byte[]>>> lessen(ConsumerRecord<?, ?> record) {
    List<ProducerRecord<byte[], byte[]>> less =
        recall(record).map(Outcome::ifRefused).orElse(List.of());
    if (less.isEmpty()) {
      return Optional.empty();
    }
    LOG.errorf("%s: the brokers refuse what came of it", finished.about());
    finished =
        new Finished(
            finished.partition(),
            finished.offset(),
            finished.timestamp(),
            finished.about(),
            new Outcome(less, List.of()));
    return Optional.of(less);
  }

  /** A transaction failed. */
  void notWritten() {
    unwritten = finished == null ? "" : finished.about();
  }

  /** Forgets what was kept if it is committed. */
  void committed(Map<TopicPartition, OffsetAndMetadata> committed) {
    OffsetAndMetadata next = finished == null ? null : committed.get(finished.partition());
    if (next != null && next.offset() > finished.offset()) {
      finished = null;
      unwritten = "";
    }
  }

  /** Leaves what was kept to others to tell of, if they have its partition. */
  void assigned(Set<TopicPartition> assignment) {
    if (finished != null && !assignment.contains(finished.partition())) {
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
