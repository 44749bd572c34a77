package io.gripstream.kafka.loop;

import io.gripstream.kafka.DeadLetters;
import io.gripstream.kafka.Fault;
import io.gripstream.kafka.KafkaClients;
import io.gripstream.kafka.Unpacking;
import io.gripstream.kafka.loop.LongWork.Outcome;
import io.gripstream.kafka.loop.TransactionalLoop.Handler;
import io.gripstream.kafka.loop.TransactionalLoop.Settings;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.kafka.clients.consumer.CloseOptions;
import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.DisconnectException;
import org.apache.kafka.common.errors.RecordTooLargeException;
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
  private static final Duration CLOSE_TIMEOUT = Duration.ofSeconds(5);

  /** The transaction was aborted in order, and nothing of it is left. */
  private static final class AbortedException extends Exception {
    private static final long serialVersionUID = 1;

    AbortedException(KafkaException cause) {
      super(cause);
    }
  }

  /** Nobody waits for long work any more. */
  private static final class AbandonedException extends Exception {
    private static final long serialVersionUID = 1;

    /**
     * @param cause what ended the session; null: the partition was taken, or the loop stops
     */
    AbandonedException(KafkaException cause) {
      super(cause);
    }
  }

  /** Not the letter's record's fault: its letter cannot be written. */
  private static final class RefusedLetterException extends KafkaException {
    private static final long serialVersionUID = 1;

    RefusedLetterException(Throwable cause) {
      super("a dead letter is refused: " + cause);
    }
  }

  private final TransactionalLoop loop;
  private final KafkaClients clients;
  private final Settings settings;
  private final DeadLetters deadLetters;
  private final Handler handler;
  private final LoopListener listener;
  private final KafkaConsumer<byte[], byte[]> consumer;
  private final KafkaProducer<byte[], byte[]> producer;

  /** The first offset that was polled of each assigned partition. */
  private final Map<TopicPartition, Long> earliest = new HashMap<>();

  /** What was committed last of each assigned partition; null: nothing. */
  private final Map<TopicPartition, OffsetAndMetadata> committed = new HashMap<>();

  /** Polled, and not handed in yet. */
  private final List<ConsumerRecord<byte[], byte[]>> fetched = new ArrayList<>();

  private final int largest;
  private final Pending pending = new Pending();
  private final BatchSize batchSize;
  private final PoisonIsolation isolation;
  private final GroupPositions positions;
  private final LongWorker worker;

  /** The partition whose record long work runs for; null: none runs. */
  private TopicPartition working;

  private boolean partitionsWereTaken;
  private boolean retrying;

  /** By partition, the offset behind what failed last. */
  private Map<TopicPartition, OffsetAndMetadata> failed = Map.of();

  LoopSession(
      TransactionalLoop loop,
      KafkaClients clients,
      Settings settings,
      DeadLetters deadLetters,
      Handler handler,
      LoopListener listener,
      LongWorker worker) {
    this.loop = loop;
    this.worker = worker;
    this.clients = clients;
    this.settings = settings;
    this.largest = clients.letterBytes();
    this.deadLetters = deadLetters;
    this.handler = handler;
    this.listener = listener;
    this.batchSize = new BatchSize(settings.batchSize());
    this.isolation = new PoisonIsolation(settings.batchSize(), settings.attempts());
    this.positions = new GroupPositions(clients, settings.group(), settings.positions());
    this.consumer =
        clients.consumer(
            settings.group(),
            settings.instanceId(),
            new ByteArrayDeserializer(),
            new ByteArrayDeserializer(),
            settings.consumerOverrides());
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
    positions.restore(settings.topics());
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

  /** Fetches records of the next micro-batch and, if there are any, of the one behind it. */
  private void poll() {
    if (fetched.size() > batchSize.now()) {
      return;
    }
    boolean idle = fetched.isEmpty() && pending.isEmpty();
    try {
      for (var record : consumer.poll(idle ? POLL : Duration.ZERO)) {
        fetched.add(record);
        earliest.putIfAbsent(TransactionalLoop.partition(record), record.offset());
      }
    } catch (WakeupException e) {
      LOG.debugf("%s: woken up to stop", settings.role());
    } catch (OutOfMemoryError e) {
      LOG.errorf("%s: polling: %s", settings.role(), Fault.line(e));
      rewind();
      passOver();
      // What the failed poll had taken of other partitions is lost to this consumer.
      throw new DisconnectException("memory ran out while records were unpacked");
    }
  }

  /** Makes dead letters of what there is not the memory to unpack, if it is that. */
  private void passOver() {
    Optional<Unpacking.Gap> found = Unpacking.find(clients, committed());
    if (found.isEmpty()) {
      return;
    }
    TopicPartition place = found.get().partition();
    List<ConsumerRecord<byte[], byte[]>> lost = new ArrayList<>();
    List<ProducerRecord<byte[], byte[]>> letters = new ArrayList<>();
    for (long offset = found.get().from(); offset < found.get().to(); offset++) {
      lost.add(new ConsumerRecord<>(place.topic(), place.partition(), offset, null, null));
    }
    LOG.errorf("%s: %s becomes a dead letter", settings.role(), found.get());
    RecordTooLargeException cause =
        new RecordTooLargeException(
            "there is not the memory to unpack it; set the topic's compression.type to"
                + " uncompressed");
    for (ConsumerRecord<byte[], byte[]> record : lost) {
      listener.condemned(record, cause);
      letters.add(deadLetters.letter(record, settings.role(), cause.getMessage()));
    }
    pending.add(lost, letters, false);
    try {
      commit();
    } catch (AbortedException e) {
      throw new KafkaException(e.getCause());
    }
  }

  /** Where each partition goes on. */
  private Map<TopicPartition, Long> committed() {
    Map<TopicPartition, Long> positions =
        new HashMap<>(consumer.beginningOffsets(consumer.assignment()));
    consumer
        .committed(consumer.assignment())
        .forEach(
            (partition, offset) -> {
              if (offset != null) {
                positions.merge(partition, offset.offset(), Math::max);
              }
            });
    return positions;
  }

  private void handle() {
    List<ConsumerRecord<byte[], byte[]>> unit = isolation.next(fetched, batchSize.now());
    boolean suspect = isolation.include(unit.get(0));
    // A failure to commit suspects must not be laid upon others.
    if (suspect && !commitOrRewind()) {
      return;
    }
    fetched.subList(0, unit.size()).clear();
    if (!fetched.isEmpty()) {
      handler.expect(isolation.next(fetched, batchSize.now()));
    }
    try {
      pending.add(unit, outputs(unit), suspect);
    } catch (AbandonedException e) {
      if (e.getCause() instanceof KafkaException lost) {
        throw lost;
      }
      rewind();
      return;
    } catch (Exception | StackOverflowError | OutOfMemoryError e) {
      Fault fault = Fault.of(e);
      if (fault == Fault.FATAL) {
        throw new TransactionalLoop.GaveUpException(e);
      }
      if (!commitOrRewind()) {
        return;
      }
      if (fault != Fault.RECORD && fault != Fault.ENGINE) {
        LOG.warnf("%s: the handler cannot work at present: %s", settings.role(), Fault.line(e));
        failed(e, Pending.ends(unit));
        rewind();
        loop.pause();
        return;
      }
      if (!mended(unit.get(0), unit.size(), Pending.ends(unit), e)) {
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
    ConsumerRecord<byte[], byte[]> last = unit.get(unit.size() - 1);
    List<ProducerRecord<byte[], byte[]>> outputs = handler.handle(unit);
    Optional<LongWork> work = settings.longWork() ? handler.longWork() : Optional.empty();
    if (work.isPresent()) {
      outputs = outcome(work.get(), last).outputs();
    }
    for (ProducerRecord<byte[], byte[]> output : outputs) {
      long size = size(output);
      if (size > largest) {
        outputs =
            worker
                .lessen(last)
                .orElseThrow(
                    () ->
                        new RecordTooLargeException(
                            "an output for %s has %d bytes, more than any topic takes"
                                .formatted(output.topic(), size)));
        break;
      }
    }
    Duration taken = Duration.ofNanos(System.nanoTime() - start);
    batchSize.handled(unit.size(), taken);
    listener.handled(unit.size(), outputs.size(), taken);
    return outputs;
  }

  /** Runs the work that a record calls for, unless that was done before. */
  private Outcome outcome(LongWork work, ConsumerRecord<byte[], byte[]> record) throws Exception {
    Optional<Outcome> known = worker.recall(record);
    if (known.isPresent()) {
      LOG.infof("%s: %s is done; writing what came of it", settings.role(), work.about());
      return known.get();
    }
    working = TransactionalLoop.partition(record);
    Future<Outcome> result = worker.start(work);
    try {
      Outcome outcome = await(result);
      worker.keep(record, work, outcome);
      return outcome;
    } catch (AbandonedException e) {
      LOG.infof("%s: %s is abandoned", settings.role(), work.about());
      throw e;
    } catch (ExecutionException e) {
      if (e.getCause() instanceof Error error) {
        throw error;
      }
      throw (Exception) e.getCause();
    } finally {
      working = null;
      if (!result.isDone()) {
        work.abandon();
      }
      consumer.resume(consumer.paused());
    }
  }

  /** Polls, so that the group does not take this member for dead, but takes no records. */
  private Outcome await(Future<Outcome> result) throws Exception {
    do {
      loop.beat();
      consumer.pause(consumer.assignment());
      try {
        consumer.poll(Duration.ZERO);
      } catch (WakeupException e) {
        LOG.debugf("%s: woken up to stop", settings.role());
      } catch (KafkaException e) {
        throw new AbandonedException(e);
      }
      if (!retrying) {
        loop.wentWell();
      }
    } while (!isDoneWithin(POLL, result) && !partitionsWereTaken && !loop.isStopping());
    if (partitionsWereTaken || loop.isStopping()) {
      throw new AbandonedException(null);
    }
    return result.get();
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
    failed(cause, ends);
    PoisonIsolation.Verdict verdict = isolation.failed(ends, tried);
    if (verdict == PoisonIsolation.Verdict.CONDEMNED && Fault.of(cause) == Fault.ENGINE) {
      verdict = PoisonIsolation.Verdict.AGAIN;
    }
    if (verdict == PoisonIsolation.Verdict.CONDEMNED) {
      LOG.errorf(
          cause,
          "%s: %s-%d at offset %d becomes a dead letter",
          settings.role(),
          first.topic(),
          first.partition(),
          first.offset());
      listener.condemned(first, cause);
      handler.condemned(first);
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
    if (verdict == PoisonIsolation.Verdict.AGAIN) {
      loop.pause();
    }
    return false;
  }

  private void failed(Throwable cause, Map<TopicPartition, OffsetAndMetadata> ends) {
    retrying = true;
    failed = Map.copyOf(ends);
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
      if (Fault.of(e.getCause()) != Fault.RECORD) {
        LOG.infof("%s: the group was rebalanced meanwhile; trying again", settings.role());
        rewind();
        return false;
      }
      if (pending.isLetter()) {
        // Nothing is left to be done with the record but to wait for somebody.
        throw new RefusedLetterException(e.getCause());
      }
      Optional<List<ProducerRecord<byte[], byte[]>>> less = worker.lessen(pending.first());
      if (less.isPresent()) {
        pending.replace(less.get());
        return commitOrRewind();
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
    if (!pending.outputs().isEmpty() || !areCommitted(bookmarks)) {
      write(bookmarks);
      committed.putAll(bookmarks);
      worker.committed(bookmarks);
      retrying = false;
      loop.committed();
    } else if (failed.entrySet().stream().allMatch(this::isPassed)) {
      retrying = false;
    }
    isolation.succeeded(pending.offsets(), pending.isSuspect());
    listener.committed(pending.records());
    pending.clear();
    goBack();
  }

  private boolean isPassed(Map.Entry<TopicPartition, OffsetAndMetadata> end) {
    OffsetAndMetadata next = pending.offsets().get(end.getKey());
    return next != null && next.offset() >= end.getValue().offset();
  }

  private boolean areCommitted(Map<TopicPartition, OffsetAndMetadata> bookmarks) {
    return bookmarks.entrySet().stream()
        .allMatch(
            bookmark -> {
              OffsetAndMetadata last = committed.get(bookmark.getKey());
              return last != null
                  && last.offset() == bookmark.getValue().offset()
                  && last.metadata().equals(bookmark.getValue().metadata());
            });
  }

  private void write(Map<TopicPartition, OffsetAndMetadata> bookmarks) throws AbortedException {
    producer.beginTransaction();
    try {
      // Failures to send show in the commit.
      pending.outputs().forEach(producer::send);
      bookmarks.forEach(
          (partition, bookmark) -> producer.send(positions.record(partition, bookmark)));
      producer.sendOffsetsToTransaction(bookmarks, consumer.groupMetadata());
      producer.commitTransaction();
    } catch (KafkaException e) {
      worker.notWritten(bookmarks.keySet());
      Fault fault = Fault.of(e);
      if (fault == Fault.RECORD || fault == Fault.REBALANCED) {
        producer.abortTransaction();
        throw new AbortedException(e);
      }
      throw e;
    }
  }

  /** Reads again what the handler left for later and can handle now. */
  private void goBack() {
    for (TopicPartition partition : consumer.assignment()) {
      handler
          .goBack(partition)
          .ifPresent(
              from -> {
                fetched.removeIf(record -> TransactionalLoop.partition(record).equals(partition));
                consumer.seek(partition, from);
              });
    }
  }

  /** As if this were a new session: what was not committed is handled again. */
  private void rewind() {
    fetched.clear();
    pending.clear();
    partitionsWereTaken = false;
    for (TopicPartition partition : consumer.assignment()) {
      OffsetAndMetadata last = committed.get(partition);
      handler.restore(partition, last);
      if (last != null) {
        consumer.seek(partition, last.offset());
      } else if (earliest.containsKey(partition)) {
        consumer.seek(partition, earliest.get(partition));
      }
    }
  }

  /**
   * What is in hand may be of the partitions that go; nothing of it is in Kafka yet. What came of
   * long work is kept: they may come back with nothing committed meanwhile.
   */
  @Override
  public void onPartitionsRevoked(Collection<TopicPartition> partitions) {
    partitions.forEach(earliest::remove);
    partitions.forEach(committed::remove);
    partitions.forEach(isolation::forget);
    partitionsWereTaken = partitionsWereTaken || partitions.stream().anyMatch(this::isInHand);
    retrying = false;
  }

  private boolean isInHand(TopicPartition partition) {
    return partition.equals(working)
        || pending.offsets().containsKey(partition)
        || fetched.stream()
            .anyMatch(record -> TransactionalLoop.partition(record).equals(partition));
  }

  @Override
  public void onPartitionsAssigned(Collection<TopicPartition> partitions) {
    LOG.infof("%s: assigned %s", settings.role(), partitions);
    committed.putAll(consumer.committed(Set.copyOf(partitions)));
    partitions.forEach(partition -> handler.restore(partition, committed.get(partition)));
    worker.committed(committed);
    worker.assigned(consumer.assignment());
    if (working != null) {
      consumer.pause(partitions);
    }
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
              ? KafkaClients.leaving(CLOSE_TIMEOUT)
              : CloseOptions.timeout(CLOSE_TIMEOUT));
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
