package io.gripstream.messaging;

import io.gripstream.messaging.TransactionalLoop.Handler;
import io.gripstream.messaging.TransactionalLoop.Settings;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.kafka.clients.consumer.CloseOptions;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
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
  private final KafkaConsumer<byte[], byte[]> consumer;
  private final KafkaProducer<byte[], byte[]> producer;

  /** Where each assigned partition goes on if all that is pending is thrown away. */
  private final Map<TopicPartition, Long> resume = new HashMap<>();

  /** What was committed last of each assigned partition; null: nothing. */
  private final Map<TopicPartition, OffsetAndMetadata> committed = new HashMap<>();

  /** Polled, and not handed in yet. */
  private final List<ConsumerRecord<byte[], byte[]>> fetched = new ArrayList<>();

  private final Pending pending = new Pending();
  private final BatchSize batchSize;
  private final Suspects suspects;
  private boolean partitionsWereTaken;
  private boolean retrying;

  LoopSession(
      TransactionalLoop loop,
      KafkaClients clients,
      Settings settings,
      DeadLetters deadLetters,
      Handler handler,
      LoopListener listener) {
    this.loop = loop;
    this.settings = settings;
    this.deadLetters = deadLetters;
    this.handler = handler;
    this.listener = listener;
    this.batchSize = new BatchSize(settings.batchSize());
    this.suspects = new Suspects(settings.batchSize(), settings.attempts());
    this.consumer =
        clients.consumer(
            settings.group(),
            settings.instanceId(),
            new ByteArrayDeserializer(),
            new ByteArrayDeserializer(),
            Map.of(ConsumerConfig.MAX_POLL_RECORDS_CONFIG, settings.batchSize()));
    try {
      this.producer =
          clients.producer(
              settings.group() + "-" + settings.instanceId(),
              new ByteArraySerializer(),
              new ByteArraySerializer());
    } catch (RuntimeException e) {
      consumer.close();
      throw e;
    }
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
      loop.beat();
      poll();
      if (partitionsWereTaken) {
        rewind();
      } else if (!fetched.isEmpty()) {
        handle();
      } else if (!pending.isEmpty()) {
        commitOrRewind();
      } else {
        goBack();
        if (!retrying) {
          loop.wentWell();
        }
      }
    }
    commitOrRewind();
  }

  /** So that, if there are any, there are records of the next micro-batch, too. */
  private void poll() {
    if (fetched.size() > batchSize.now()) {
      return;
    }
    boolean idle = fetched.isEmpty() && pending.isEmpty();
    try {
      for (var record : consumer.poll(idle ? POLL : Duration.ZERO)) {
        fetched.add(record);
        resume.putIfAbsent(new TopicPartition(record.topic(), record.partition()), record.offset());
      }
    } catch (WakeupException e) {
      LOG.debugf("%s: woken up to stop", settings.role());
    }
  }

  private void handle() {
    List<ConsumerRecord<byte[], byte[]>> unit = suspects.next(fetched, batchSize.now());
    boolean suspect = suspects.include(unit.get(0));
    // A failure to commit suspects must not be laid upon others.
    if (suspect && !commitOrRewind()) {
      return;
    }
    fetched.subList(0, unit.size()).clear();
    if (!fetched.isEmpty()) {
      handler.expect(suspects.next(fetched, batchSize.now()));
    }
    try {
      pending.add(unit, outputs(unit), suspect);
    } catch (RetriableException e) {
      if (commitOrRewind()) {
        LOG.warnf("%s: the handler cannot work at present: %s", settings.role(), e);
        failed(e);
        rewind();
        loop.pause();
      }
      return;
    } catch (Exception | StackOverflowError | OutOfMemoryError e) {
      if (!commitOrRewind() || !mended(unit.get(0), unit.size(), Pending.ends(unit), e)) {
        return;
      }
    }
    boolean full = pending.batches() >= settings.batchesPerTransaction();
    if (full || pending.isOld() || pending.isSuspect()) {
      commitOrRewind();
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
    Duration taken = Duration.ofNanos(System.nanoTime() - start);
    batchSize.handled(unit.size(), taken);
    listener.handled(unit.size(), outputs.size(), taken);
    return outputs;
  }

  /**
   * Decides what becomes of records that failed together.
   *
   * @return false if they are to be polled again; true if it was one, and its letter is pending
   */
  private boolean mended(
      ConsumerRecord<byte[], byte[]> first,
      int tried,
      Map<TopicPartition, OffsetAndMetadata> ends,
      Throwable cause) {
    if (loop.isStopping()) {
      rewind();
      return false;
    }
    failed(cause);
    Suspects.Verdict verdict = suspects.failed(ends, tried);
    if (verdict == Suspects.Verdict.CONDEMNED) {
      LOG.errorf(
          cause,
          "%s: %s-%d at offset %d becomes a dead letter",
          settings.role(),
          first.topic(),
          first.partition(),
          first.offset());
      listener.condemned(first, cause);
      pending.addLetter(first, deadLetters.letter(first, settings.role(), cause.toString()));
      return true;
    }
    LOG.warnf(
        cause,
        "%s: %d records failed, from %s-%d at offset %d on; trying them again",
        settings.role(),
        tried,
        first.topic(),
        first.partition(),
        first.offset());
    rewind();
    if (verdict == Suspects.Verdict.AGAIN) {
      loop.pause();
    }
    return false;
  }

  private void failed(Throwable cause) {
    retrying = true;
    loop.failed(cause);
  }

  /**
   * Commits what is pending, if anything is.
   *
   * @return false if it was thrown away, and is to be polled again
   */
  private boolean commitOrRewind() {
    if (pending.isEmpty()) {
      return true;
    }
    try {
      commit();
      return true;
    } catch (AbortedException e) {
      if (!Failures.concernsData(e.getCause())) {
        LOG.infof("%s: the group was rebalanced meanwhile; trying again", settings.role());
        rewind();
        return false;
      }
      if (pending.isLetter()) {
        // Nothing is left to be done with the record but to wait for somebody.
        throw new KafkaException("a dead letter is refused", e.getCause());
      }
      ConsumerRecord<byte[], byte[]> first = pending.first();
      int tried = pending.records();
      Map<TopicPartition, OffsetAndMetadata> ends = Map.copyOf(pending.offsets());
      pending.clear();
      return mended(first, tried, ends, e.getCause()) && commitOrRewind();
    }
  }

  private void commit() throws AbortedException {
    Map<TopicPartition, OffsetAndMetadata> bookmarks = new HashMap<>();
    pending
        .offsets()
        .forEach((partition, next) -> bookmarks.put(partition, handler.bookmark(partition, next)));
    producer.beginTransaction();
    try {
      // Failures to send show in the commit.
      pending.outputs().forEach(producer::send);
      producer.sendOffsetsToTransaction(bookmarks, consumer.groupMetadata());
      producer.commitTransaction();
    } catch (KafkaException e) {
      if (Failures.concernsData(e) || Failures.concernsMembership(e)) {
        producer.abortTransaction();
        throw new AbortedException(e);
      }
      throw e;
    }
    committed.putAll(bookmarks);
    pending.offsets().forEach((partition, next) -> resume.put(partition, next.offset()));
    suspects.succeeded(pending.offsets(), pending.isSuspect());
    listener.committed(pending.records());
    pending.clear();
    retrying = false;
    loop.committed();
    goBack();
  }

  /** Reads again what the handler left for later and can handle now. */
  private void goBack() {
    for (TopicPartition partition : consumer.assignment()) {
      handler
          .goBack(partition)
          .ifPresent(
              from -> {
                fetched.removeIf(
                    record ->
                        record.partition() == partition.partition()
                            && record.topic().equals(partition.topic()));
                resume.put(partition, from);
                consumer.seek(partition, from);
              });
    }
  }

  private void rewind() {
    fetched.clear();
    pending.clear();
    partitionsWereTaken = false;
    resume.keySet().retainAll(consumer.assignment());
    consumer
        .assignment()
        .forEach(partition -> handler.restore(partition, committed.get(partition)));
    resume.forEach(consumer::seek);
  }

  /**
   * What is fetched or pending may hold records of the partitions that go; nothing of it is in
   * Kafka yet.
   */
  @Override
  public void onPartitionsRevoked(Collection<TopicPartition> partitions) {
    partitions.forEach(resume::remove);
    partitions.forEach(committed::remove);
    partitions.forEach(suspects::forget);
    partitionsWereTaken = partitionsWereTaken || !pending.isEmpty() || !fetched.isEmpty();
    retrying = false;
  }

  @Override
  public void onPartitionsAssigned(Collection<TopicPartition> partitions) {
    LOG.infof("%s: assigned %s", settings.role(), partitions);
    committed.putAll(consumer.committed(Set.copyOf(partitions)));
    partitions.forEach(partition -> handler.restore(partition, committed.get(partition)));
  }

  @Override
  public void close() {
    try {
      // An open transaction is left to the next session, or to its timeout.
      producer.close(Duration.ZERO);
    } finally {
      // Who comes back at once keeps its partitions; who stops, or cannot work, hands them over.
      consumer.close(
          loop.isStopping() || loop.standsAside()
              ? KafkaClients.leaving(CLOSE_PATIENCE)
              : CloseOptions.timeout(CLOSE_PATIENCE));
    }
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
}
