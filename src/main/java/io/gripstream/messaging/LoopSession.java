package io.gripstream.messaging;

import io.gripstream.messaging.TransactionalLoop.Handler;
import io.gripstream.messaging.TransactionalLoop.Settings;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.CommitFailedException;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.InvalidRecordException;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.RebalanceInProgressException;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.apache.kafka.common.errors.RetriableException;
import org.apache.kafka.common.errors.WakeupException;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.jboss.logging.Logger;

/**
 * A {@link TransactionalLoop}'s consumer and producer, from connecting to the first failure that
 * leaves open what was committed. The next session's {@code initTransactions} settles that, and its
 * consumer starts from what was.
 */
final class LoopSession implements AutoCloseable, ConsumerRebalanceListener {
  private static final Logger LOG = Logger.getLogger(TransactionalLoop.class);
  private static final Duration POLL = Duration.ofMillis(500);
  private static final Duration LONGEST_PENDING = Duration.ofSeconds(1);
  private static final Duration CLOSE_PATIENCE = Duration.ofSeconds(5);

  /** The transaction was aborted in order, and nothing of it is left. */
  private static final class AbortedException extends Exception {
    private static final long serialVersionUID = 1;

    AbortedException(KafkaException cause) {
      super(cause);
    }
  }

  private final TransactionalLoop loop;
  private final Settings settings;
  private final DeadLetters deadLetters;
  private final Handler handler;
  private final LoopListener listener;
  private final UnitSize unitSize;
  private final KafkaConsumer<byte[], byte[]> consumer;
  private final KafkaProducer<byte[], byte[]> producer;

  /** Where each assigned partition goes on if all that is pending is thrown away. */
  private final Map<TopicPartition, Long> resume = new HashMap<>();

  private final Pending pending = new Pending();
  private boolean partitionsWereTaken;

  LoopSession(
      TransactionalLoop loop,
      KafkaClients clients,
      Settings settings,
      DeadLetters deadLetters,
      Handler handler,
      LoopListener listener,
      UnitSize unitSize) {
    this.loop = loop;
    this.settings = settings;
    this.deadLetters = deadLetters;
    this.handler = handler;
    this.listener = listener;
    this.unitSize = unitSize;
    this.consumer =
        clients.consumer(
            settings.group(),
            settings.instanceId(),
            new ByteArrayDeserializer(),
            new ByteArrayDeserializer(),
            Map.of(ConsumerConfig.MAX_POLL_RECORDS_CONFIG, settings.batchSize()));
    this.producer =
        clients.producer(
            settings.group() + "-" + settings.instanceId(),
            new ByteArraySerializer(),
            new ByteArraySerializer());
  }

  void wakeup() {
    consumer.wakeup();
  }

  /**
   * Returns when the loop stops.
   *
   * @throws KafkaException if only a new session can go on
   */
  void work() {
    producer.initTransactions();
    consumer.subscribe(settings.topics(), this);
    while (!loop.isStopping()) {
      List<ConsumerRecord<byte[], byte[]>> polled = poll();
      if (partitionsWereTaken) {
        rewind();
      } else if (polled.isEmpty()) {
        commitOrRewind();
      } else {
        handle(polled);
      }
    }
    commitOrRewind();
  }

  private List<ConsumerRecord<byte[], byte[]>> poll() {
    List<ConsumerRecord<byte[], byte[]>> polled = new ArrayList<>();
    try {
      for (var record : consumer.poll(pending.isEmpty() ? POLL : Duration.ZERO)) {
        polled.add(record);
        resume.putIfAbsent(partition(record), record.offset());
      }
    } catch (WakeupException e) {
      LOG.debugf("%s: woken up to stop", settings.role());
    }
    return polled;
  }

  private void handle(List<ConsumerRecord<byte[], byte[]>> polled) {
    int from = 0;
    while (from < polled.size()) {
      int to = Math.min(polled.size(), from + unitSize.records());
      List<ConsumerRecord<byte[], byte[]>> unit = List.copyOf(polled.subList(from, to));
      try {
        List<ProducerRecord<byte[], byte[]>> outputs = outputs(unit);
        pending.add(unit, outputs);
      } catch (RetriableException e) {
        commitOrRewind();
        loop.failed(e);
        LOG.warnf("%s: the handler cannot work at present: %s", settings.role(), e.toString());
        rewind();
        loop.pause();
        return;
      } catch (Exception | StackOverflowError | OutOfMemoryError e) {
        if (!commitOrRewind() || !mended(unit.size(), unit.get(0), e)) {
          return;
        }
      }
      boolean full = pending.batches >= settings.batchesPerTransaction();
      if ((full || pending.isOld() || unitSize.searching()) && !commitOrRewind()) {
        return;
      }
      from = to;
    }
  }

  private List<ProducerRecord<byte[], byte[]>> outputs(List<ConsumerRecord<byte[], byte[]>> unit)
      throws Exception {
    long start = System.nanoTime();
    List<ProducerRecord<byte[], byte[]>> outputs = handler.handle(unit);
    for (ProducerRecord<byte[], byte[]> output : outputs) {
      long size = size(output);
      if (size > KafkaClients.MAX_LETTER_BYTES) {
        throw new RecordTooLargeException(
            "an output for %s has %d bytes, more than any topic takes"
                .formatted(output.topic(), size));
      }
    }
    listener.handled(unit.size(), outputs.size(), Duration.ofNanos(System.nanoTime() - start));
    return outputs;
  }

  /**
   * @param tried how many records failed together, the given one being the first
   * @return false if they are to be polled again; true if the one is given up, its letter pending
   */
  private boolean mended(int tried, ConsumerRecord<byte[], byte[]> first, Throwable cause) {
    if (loop.isStopping()) {
      rewind();
      return false;
    }
    loop.failed(cause);
    UnitSize.Verdict verdict = unitSize.failed(tried);
    if (verdict == UnitSize.Verdict.CONDEMNED) {
      LOG.errorf(
          cause,
          "%s: %s-%d at offset %d becomes a dead letter",
          settings.role(),
          first.topic(),
          first.partition(),
          first.offset());
      listener.condemned(first, cause);
      pending.add(
          List.of(first), List.of(deadLetters.letter(first, settings.role(), cause.toString())));
      pending.letter = true;
      return true;
    }
    LOG.warnf(
        cause,
        "%s: %d records from %s-%d at offset %d on failed; trying them again",
        settings.role(),
        tried,
        first.topic(),
        first.partition(),
        first.offset());
    rewind();
    if (verdict == UnitSize.Verdict.AGAIN) {
      loop.pause();
    }
    return false;
  }

  /**
   * Commits what is pending, if anything is.
   *
   * @return false if it was thrown away, and is to be polled again
   */
  private boolean commitOrRewind() {
    try {
      if (!pending.isEmpty()) {
        commit();
      } else {
        loop.wentWell();
      }
      return true;
    } catch (AbortedException e) {
      if (!concernsData(e.getCause())) {
        LOG.infof("%s: the group was rebalanced; trying again", settings.role());
        rewind();
        return false;
      }
      if (pending.letter) {
        // Nothing is left to be done with the record but to wait for somebody.
        throw new KafkaException("a dead letter is refused", e.getCause());
      }
      int tried = pending.records;
      ConsumerRecord<byte[], byte[]> first = pending.first;
      pending.clear();
      return mended(tried, first, e.getCause()) && commitOrRewind();
    }
  }

  private void commit() throws AbortedException {
    producer.beginTransaction();
    try {
      // Failures to send show in the commit.
      pending.outputs.forEach(producer::send);
      producer.sendOffsetsToTransaction(pending.offsets, consumer.groupMetadata());
      producer.commitTransaction();
    } catch (KafkaException e) {
      if (concernsData(e) || concernsMembership(e)) {
        producer.abortTransaction();
        throw new AbortedException(e);
      }
      throw e;
    }
    pending.offsets.forEach((partition, next) -> resume.put(partition, next.offset()));
    listener.committed(pending.records);
    pending.clear();
    unitSize.succeeded();
    loop.wentWell();
  }

  private void rewind() {
    pending.clear();
    partitionsWereTaken = false;
    resume.keySet().retainAll(consumer.assignment());
    resume.forEach(consumer::seek);
  }

  /** What is pending may hold records of the partitions that go; nothing of it is in Kafka yet. */
  @Override
  public void onPartitionsRevoked(Collection<TopicPartition> partitions) {
    partitions.forEach(resume::remove);
    partitionsWereTaken = partitionsWereTaken || !pending.isEmpty();
  }

  @Override
  public void onPartitionsAssigned(Collection<TopicPartition> partitions) {
    LOG.infof("%s: assigned %s", settings.role(), partitions);
  }

  @Override
  public void close() {
    // An open transaction is left to the next session, or to its timeout.
    producer.close(Duration.ZERO);
    consumer.close(org.apache.kafka.clients.consumer.CloseOptions.timeout(CLOSE_PATIENCE));
  }

  private static boolean concernsData(Throwable failure) {
    return hasCause(failure, RecordTooLargeException.class)
        || hasCause(failure, InvalidRecordException.class);
  }

  private static boolean concernsMembership(Throwable failure) {
    return hasCause(failure, CommitFailedException.class)
        || hasCause(failure, RebalanceInProgressException.class);
  }

  private static boolean hasCause(Throwable failure, Class<? extends Throwable> type) {
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      if (type.isInstance(cause)) {
        return true;
      }
    }
    return false;
  }

  private static TopicPartition partition(ConsumerRecord<?, ?> record) {
    return new TopicPartition(record.topic(), record.partition());
  }

  private static long size(ProducerRecord<byte[], byte[]> output) {
    long size = 128;
    size += output.key() == null ? 0 : output.key().length;
    size += output.value() == null ? 0 : output.value().length;
    for (Header header : output.headers()) {
      size +=
          header.key().length() * 3L + (header.value() == null ? 0 : header.value().length) + 10;
    }
    return size;
  }

  /** What was handled and is not committed yet. */
  private static final class Pending {
    private final List<ProducerRecord<byte[], byte[]>> outputs = new ArrayList<>();
    private final Map<TopicPartition, OffsetAndMetadata> offsets = new HashMap<>();
    private ConsumerRecord<byte[], byte[]> first;
    private int records;
    private int batches;
    private long since;
    private boolean letter;

    void add(List<ConsumerRecord<byte[], byte[]>> unit, List<ProducerRecord<byte[], byte[]>> made) {
      if (records == 0) {
        first = unit.get(0);
        since = System.nanoTime();
      }
      for (ConsumerRecord<byte[], byte[]> record : unit) {
        offsets.put(
            partition(record),
            new OffsetAndMetadata(record.offset() + 1, record.leaderEpoch(), ""));
      }
      outputs.addAll(made);
      records += unit.size();
      batches++;
    }

    boolean isEmpty() {
      return records == 0;
    }

    boolean isOld() {
      return records > 0 && System.nanoTime() - since > LONGEST_PENDING.toNanos();
    }

    void clear() {
      outputs.clear();
      offsets.clear();
      first = null;
      records = 0;
      batches = 0;
      letter = false;
    }
  }
}
