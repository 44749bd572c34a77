package io.gripstream.kafka;

import io.gripstream.kafka.UnreadableRecordException.Why;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.NavigableSet;
import java.util.TreeSet;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.locks.ReentrantLock;
import java.util.stream.Collectors;
import org.apache.kafka.clients.consumer.CloseOptions;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.InvalidOffsetException;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.errors.RetriableException;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.apache.kafka.common.errors.WakeupException;
import org.jboss.logging.Logger;

/**
 * Reads many records of a topic again by their positions: each partition forward, passing over gaps
 * where that is cheaper than fetching them. Memory holds about a fetch, or one larger record.
 *
 * <p>The consumer is opened by the first reading and kept. One reading at a time; {@link #close}
 * may come from any thread.
 */
public final class BulkRecordReader implements AutoCloseable {
  private static final Logger LOG = Logger.getLogger(BulkRecordReader.class);
  private static final int FETCH_BYTES = 256 << 10;
  private static final int POLL_RECORDS = 64;
  private static final Duration POLL = Duration.ofMillis(500);
  private static final Duration ANSWER = Duration.ofSeconds(10);
  private static final Duration CLOSE = Duration.ofSeconds(5);

  private final KafkaClients clients;
  private final Duration timeout;
  private final Duration answer;
  private final ReentrantLock reading = new ReentrantLock();
  private final CountDownLatch closed = new CountDownLatch(1);
  private volatile Consumer<byte[], byte[]> consumer;

  /**
   * @param timeout how long a reading goes on without getting any further
   */
  public BulkRecordReader(KafkaClients clients, Duration timeout) {
    this.clients = clients;
    this.timeout = timeout;
    this.answer = timeout.compareTo(ANSWER) < 0 ? timeout : ANSWER;
  }

  /**
   * Is told of every record once, in order of positions. When it throws a {@link
   * RetriableException}, it is told of the same record again.
   */
  public interface Sink {
    /**
     * @param value null: a tombstone
     */
    void found(Position position, byte[] value) throws InterruptedException;

    /**
     * @param why {@link Why#GONE} or {@link Why#MISSING}
     */
    void missing(Position position, Why why) throws InterruptedException;
  }

  /**
   * Reads committed records. What a broker does not say for a while is asked again.
   *
   * @throws TimeoutException when nothing more came for as long as the timeout
   * @throws IllegalStateException when the reader is closed, also meanwhile
   */
  public void read(String topic, Collection<Position> positions, Sink sink)
      throws InterruptedException {
    reading.lockInterruptibly();
    try {
      new Reading(topic, positions, sink).run();
    } catch (InterruptException e) {
      // Kafka has set the thread's mark again, which would keep the consumer from closing.
      Thread.interrupted();
      discard();
      throw new InterruptedException("interrupted while reading " + topic);
    } catch (WakeupException e) {
      throw new IllegalStateException("the reader is closed", e);
    } finally {
      if (consumer != null) {
        // Lets go of what was fetched and is not wanted.
        consumer.unsubscribe();
      }
      reading.unlock();
    }
  }

  /** What is left of one call. */
  private final class Reading {
    private final String topic;
    private final NavigableSet<Position> wanted;
    private final Sink sink;
    private final Backoff backoff = new Backoff(closed);
    private long lastProgress = System.nanoTime();
    private long records;
    private long bytes;

    Reading(String topic, Collection<Position> positions, Sink sink) {
      this.topic = topic;
      this.wanted = new TreeSet<>(positions);
      this.sink = sink;
    }

    void run() throws InterruptedException {
      while (!wanted.isEmpty()) {
        try {
          sweep(open());
        } catch (InvalidOffsetException e) {
          // Retention was faster; the next sweep begins with asking how far it is.
          LOG.debugf("%s: %s", topic, e.getMessage());
        } catch (RetriableException e) {
          if (stuck()) {
            throw new TimeoutException(
                "%s: %d records could not be read within %s"
                    .formatted(topic, wanted.size(), timeout),
                e);
          }
          LOG.warnf("%s: waiting before reading on: %s", topic, e.getMessage());
          discard();
          pause();
        }
      }
    }

    private void pause() throws InterruptedException {
      try {
        backoff.pause();
      } catch (InterruptException e) {
        // The flag is set again, which whoever is told of it must not meet a second time.
        Thread.interrupted();
        throw new InterruptedException(e.getMessage());
      }
    }

    private void sweep(Consumer<byte[], byte[]> consumer) throws InterruptedException {
      List<TopicPartition> partitions = partitions(consumer);
      consumer.assign(partitions);
      consumer.pause(partitions);
      for (TopicPartition partition : partitions) {
        // Each needs a position, lest one be looked for.
        consumer.seek(partition, 0);
      }
      Map<TopicPartition, Long> begins = consumer.beginningOffsets(partitions, answer);
      Map<TopicPartition, Long> ends = consumer.endOffsets(partitions, answer);
      while (!wanted.isEmpty()) {
        Position position = wanted.first();
        TopicPartition partition = new TopicPartition(topic, position.partition());
        if (position.offset() < 0 || position.offset() >= ends.getOrDefault(partition, 0L)) {
          missing(Why.MISSING);
        } else if (position.offset() < begins.get(partition)) {
          missing(Why.GONE);
        } else {
          forward(consumer, partition, ends.get(partition));
        }
      }
    }

    private List<TopicPartition> partitions(Consumer<byte[], byte[]> consumer) {
      List<PartitionInfo> known = consumer.partitionsFor(topic, answer);
      var asked = wanted.stream().map(Position::partition).collect(Collectors.toSet());
      if (known == null || known.isEmpty()) {
        // Brokers that have just started may not know the topic yet; nothing follows from that.
        throw new UnknownTopicOrPartitionException("there is no topic " + topic);
      }
      return known.stream()
          .filter(info -> asked.contains(info.partition()))
          .map(info -> new TopicPartition(topic, info.partition()))
          .toList();
    }

    /** Reads one partition as far as anything is wanted of it. */
    private void forward(Consumer<byte[], byte[]> consumer, TopicPartition partition, long end)
        throws InterruptedException {
      long next = wanted.first().offset();
      consumer.seek(partition, next);
      consumer.resume(List.of(partition));
      while (wants(partition, end)) {
        for (ConsumerRecord<byte[], byte[]> record : consumer.poll(POLL)) {
          passed(partition, record.offset());
          take(record);
        }
        long before = next;
        next = consumer.position(partition, answer);
        // Behind what poll returns there may be ends of transactions, which it never returns.
        passed(partition, next);
        if (next > before) {
          lastProgress = System.nanoTime();
          backoff.succeeded();
        } else if (stuck()) {
          throw new TimeoutException("no record came from " + partition);
        }
        if (wants(partition, end) && worthSeeking(wanted.first().offset() - next)) {
          next = wanted.first().offset();
          consumer.seek(partition, next);
        }
      }
      consumer.pause(List.of(partition));
    }

    private boolean wants(TopicPartition partition, long end) {
      return !wanted.isEmpty()
          && wanted.first().partition() == partition.partition()
          && wanted.first().offset() < end;
    }

    private void take(ConsumerRecord<byte[], byte[]> record) throws InterruptedException {
      records++;
      bytes += Math.max(0, record.serializedKeySize()) + Math.max(0, record.serializedValueSize());
      Position position = new Position(record.partition(), record.offset());
      if (wanted.contains(position)) {
        sink.found(position, record.value());
        done(position);
      }
    }

    /** What lies before an offset that was reached is an aborted transaction's, or compacted. */
    private void passed(TopicPartition partition, long offset) throws InterruptedException {
      while (wants(partition, offset)) {
        missing(Why.MISSING);
      }
    }

    private void missing(Why why) throws InterruptedException {
      sink.missing(wanted.first(), why);
      done(wanted.first());
    }

    private void done(Position position) {
      wanted.remove(position);
      lastProgress = System.nanoTime();
    }

    /** A gap that is longer than a fetch: reading through it would fetch for nothing. */
    private boolean worthSeeking(long gap) {
      return gap > 0 && records > 0 && gap * (bytes / records) > FETCH_BYTES;
    }

    private boolean stuck() {
      return System.nanoTime() - lastProgress > timeout.toNanos();
    }
  }

  private Consumer<byte[], byte[]> open() {
    if (consumer == null) {
      consumer =
          clients.reader(
              Map.of(
                  // Where retention has removed a record, no other must be taken for it.
                  ConsumerConfig.AUTO_OFFSET_RESET_CONFIG,
                  "none",
                  ConsumerConfig.MAX_POLL_RECORDS_CONFIG,
                  POLL_RECORDS,
                  // All that is wanted is there. A fetch ahead that waits at a partition's end
                  // would
                  // hold up the next partition's.
                  ConsumerConfig.FETCH_MAX_WAIT_MS_CONFIG,
                  0,
                  ConsumerConfig.MAX_PARTITION_FETCH_BYTES_CONFIG,
                  FETCH_BYTES));
    }
    if (closed.getCount() == 0) {
      throw new IllegalStateException("the reader is closed");
    }
    return consumer;
  }

  private void discard() {
    if (consumer != null) {
      consumer.close(CloseOptions.timeout(CLOSE));
      consumer = null;
    }
  }

  /** Ends the reading in hand, and closes the consumer. */
  @Override
  public void close() {
    closed.countDown();
    Consumer<byte[], byte[]> current = consumer;
    if (current != null) {
      current.wakeup();
    }
    reading.lock();
    try {
      discard();
    } finally {
      reading.unlock();
    }
  }
}
