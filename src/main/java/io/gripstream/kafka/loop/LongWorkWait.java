package io.gripstream.kafka.loop;

import io.gripstream.kafka.loop.LongWork.Outcome;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.WakeupException;
import org.jboss.logging.Logger;

/**
 * Waits for long work, and polls meanwhile without taking records, so that the group does not take
 * this member for dead.
 */
final class LongWorkWait {
  private static final Logger LOG = Logger.getLogger(TransactionalLoop.class);
  private static final Duration POLL = Duration.ofMillis(500);

  private final TransactionalLoop loop;
  private final String role;
  private final KafkaConsumer<byte[], byte[]> consumer;
  private final AssignedPartitions partitions;
  private final LongWorker worker;

  /** Nobody waits for long work any more. */
  static final class AbandonedException extends Exception {
    private static final long serialVersionUID = 1;

    /**
     * @param cause what ended the session; null: the partition was taken, or the loop stops
     */
    AbandonedException(KafkaException cause) {
      super(cause);
    }
  }

  LongWorkWait(
      TransactionalLoop loop,
      String role,
      KafkaConsumer<byte[], byte[]> consumer,
      AssignedPartitions partitions,
      LongWorker worker) {
    this.loop = loop;
    this.role = role;
    this.consumer = consumer;
    this.partitions = partitions;
    this.worker = worker;
  }

  /**
   * Runs the work that a record calls for, unless that was done before.
   *
   * @param turn what to do with each poll that succeeded
   * @throws AbandonedException when this member is not to do it any more
   * @throws Exception whatever the work threw
   */
  Outcome outcome(LongWork work, ConsumerRecord<byte[], byte[]> record, Runnable turn)
      throws Exception {
    Optional<Outcome> known = worker.recall(record);
    if (known.isPresent()) {
      LOG.infof("%s: %s is done; writing what came of it", role, work.about());
      return known.get();
    }
    Future<Outcome> result = worker.start(work);
    try {
      Outcome outcome = await(result, TransactionalLoop.partition(record), turn);
      worker.keep(record, work, outcome);
      return outcome;
    } catch (AbandonedException e) {
      LOG.infof("%s: %s is abandoned", role, work.about());
      throw e;
    } catch (ExecutionException e) {
      if (e.getCause() instanceof Error error) {
        throw error;
      }
      throw (Exception) e.getCause();
    } finally {
      if (!result.isDone()) {
        work.abandon();
      }
      partitions.resume();
    }
  }

  private Outcome await(Future<Outcome> result, TopicPartition partition, Runnable turn)
      throws Exception {
    do {
      loop.beat();
      partitions.pause();
      try {
        consumer.poll(Duration.ZERO);
      } catch (WakeupException e) {
        LOG.debugf("%s: woken up to stop", role);
      } catch (KafkaException e) {
        throw new AbandonedException(e);
      }
      turn.run();
    } while (!isDoneWithin(POLL, result) && isWanted(partition));
    if (!isWanted(partition)) {
      throw new AbandonedException(null);
    }
    return result.get();
  }

  private boolean isWanted(TopicPartition partition) {
    return !loop.isStopping() && partitions.know(List.of(partition));
  }

  private static boolean isDoneWithin(Duration time, Future<?> result) throws InterruptedException {
    try {
      result.get(time.toMillis(), TimeUnit.MILLISECONDS);
      return true;
    } catch (TimeoutException e) {
      return false;
    } catch (ExecutionException e) {
      // Is thrown again when the result is asked for.
      return true;
    }
  }
}
