package io.gripstream.kafka.loop;

import io.gripstream.kafka.ClientMeters;
import io.gripstream.kafka.DeadLetters;
import io.gripstream.kafka.Fault;
import io.gripstream.kafka.KafkaClients;
import io.gripstream.kafka.Unpacking;
import io.gripstream.kafka.Unpacking.Gap;
import io.gripstream.kafka.Unpacking.Unreadable;
import io.gripstream.kafka.loop.LongWorkWait.AbandonedException;
import io.gripstream.kafka.loop.TransactionalLoop.Ahead;
import io.gripstream.kafka.loop.TransactionalLoop.Handler;
import io.gripstream.kafka.loop.TransactionalLoop.Settings;
import io.gripstream.kafka.loop.TransactionalWriter.AbortedException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.apache.kafka.clients.consumer.CloseOptions;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.DisconnectException;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.apache.kafka.common.errors.WakeupException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.jboss.logging.Logger;

/**
 * A {@link TransactionalLoop}'s consumer and producer, from connecting to the first failure that
 * leaves open what was committed. The next session's {@code initTransactions} settles that, and its
 * consumer starts from what was.
 */
final class LoopSession implements AutoCloseable {
  private static final Logger LOG = Logger.getLogger(TransactionalLoop.class);
  private static final Duration POLL = Duration.ofMillis(500);

  /** Partitions that a poll assigns give nothing in that poll: it would wait in vain. */
  private static final Duration JOINING = Duration.ofMillis(50);

  private static final Duration CLOSE_TIMEOUT = Duration.ofSeconds(5);

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
  private final TransactionalWriter writer;
  private final ClientMeters.Binding figures;
  private final AssignedPartitions partitions;

  /** Polled, and not handed in yet. */
  private final List<ConsumerRecord<byte[], byte[]>> fetched = new ArrayList<>();

  private final int largest;
  private final Pending pending = new Pending();
  private final BatchSize batchSize;
  private final PoisonIsolation isolation;
  private final LongWorker worker;
  private final LongWorkWait longWork;
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
    this.consumer =
        clients.consumer(
            settings.group(),
            settings.instanceId(),
            new ByteArrayDeserializer(),
            new ByteArrayDeserializer(),
            settings.consumerOverrides());
    GroupPositions positions = new GroupPositions(clients, settings.group(), settings.positions());
    this.partitions =
        new AssignedPartitions(
            settings.role(),
            consumer,
            positions,
            handler,
            worker,
            this::revoked,
            listener::removed);
    this.longWork = new LongWorkWait(loop, settings.role(), consumer, partitions, worker);
    try {
      this.writer = new TransactionalWriter(clients, settings, positions);
    } catch (RuntimeException e) {
      consumer.close();
      throw e;
    }
    this.figures = clients.meters().bind(consumer);
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
    writer.begin();
    consumer.subscribe(settings.topics(), partitions);
    while (!loop.isStopping()) {
      loop.beat();
      poll();
      if (!partitions.know(inHand())) {
        rewind();
      }
      partitions.learn();
      if (!fetched.isEmpty()) {
        handle();
      } else if (!pending.isEmpty()) {
        commitOrRewind();
      } else {
        partitions.goBack(fetched);
        wentWell();
      }
    }
    commitOrRewind();
  }

  private void wentWell() {
    if (!retrying) {
      loop.wentWell();
    }
  }

  /** Fetches records of the next micro-batch and, if there are any, of those behind it. */
  private void poll() {
    if (fetched.size() > batchSize.now() && !settings.ahead().reaches(fetched)) {
      return;
    }
    boolean idle = fetched.isEmpty() && pending.isEmpty();
    try {
      Duration wait = partitions.areAny() ? POLL : JOINING;
      for (var record : consumer.poll(idle ? wait : Duration.ZERO)) {
        fetched.add(record);
        partitions.polled(record);
      }
    } catch (WakeupException e) {
      LOG.debugf("%s: woken up to stop", settings.role());
    } catch (OutOfMemoryError e) {
      LOG.errorf("%s: polling: %s", settings.role(), Fault.line(e));
      Gap gap =
          Unpacking.find(clients, partitions.pollAgain(), settings.pollRecords())
              .orElseThrow(() -> new DisconnectException("memory ran out while records were read"));
      fetched.addAll(gap.before());
      fetched.addAll(gap.records());
      partitions.seek(gap.partition(), gap.to());
    }
  }

  /** The polled records that are to be handled next, and together. */
  private List<ConsumerRecord<byte[], byte[]>> next() {
    List<ConsumerRecord<byte[], byte[]>> readable = readable();
    return readable.isEmpty() ? List.of(fetched.get(0)) : isolation.next(readable, batchSize.now());
  }

  /** What most probably follows the micro-batch in hand, as far as it is polled. */
  private List<ConsumerRecord<byte[], byte[]>> upcoming() {
    List<ConsumerRecord<byte[], byte[]>> readable = readable();
    boolean one = settings.ahead() == Ahead.NEXT && !readable.isEmpty();
    return List.copyOf(one ? isolation.next(readable, batchSize.now()) : readable);
  }

  /** The polled records in front of the first that cannot be read. */
  private List<ConsumerRecord<byte[], byte[]>> readable() {
    int readable = 0;
    while (readable < fetched.size() && !(fetched.get(readable) instanceof Unreadable)) {
      readable++;
    }
    return fetched.subList(0, readable);
  }

  /** Passes a record that there is not the memory to unpack. */
  private void pass(ConsumerRecord<byte[], byte[]> record) {
    fetched.remove(0);
    if (handler.seen(record)) {
      pending.add(List.of(record), List.of(), true);
    } else {
      isolate(
          record,
          new RecordTooLargeException(
              "there is not the memory to unpack it; set the topic's compression.type to"
                  + " uncompressed"));
    }
    commitOrRewind();
  }

  private void handle() {
    List<ConsumerRecord<byte[], byte[]>> unit = next();
    boolean unreadable = unit.get(0) instanceof Unreadable;
    boolean maybePoison = isolation.include(unit.get(0));
    // A failure to commit what may be poison must not be laid upon others.
    if ((maybePoison || unreadable) && !commitOrRewind()) {
      return;
    }
    if (unreadable) {
      pass(unit.get(0));
      return;
    }
    fetched.subList(0, unit.size()).clear();
    handler.expect(upcoming());
    try {
      pending.add(unit, outputs(unit), maybePoison);
    } catch (AbandonedException e) {
      if (e.getCause() instanceof KafkaException lost) {
        throw lost;
      }
      rewind();
      return;
    } catch (Exception | StackOverflowError | OutOfMemoryError e) {
      Fault fault = Fault.of(e);
      if (fault == Fault.FATAL) {
        leaveWord(TransactionalLoop.partition(unit.get(0)), e);
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
        // What was left for later may be what this waits for.
        partitions.goBack(fetched);
        return;
      }
      if (!mended(unit.get(0), unit.size(), Pending.ends(unit), e)) {
        return;
      }
    }
    boolean full = pending.batches() >= settings.batchesPerTransaction();
    if (full || pending.isOld() || pending.isMaybePoison()) {
      commitOrRewind();
    }
  }

  /** Commits what the next process is to know of the failure that ends this one. */
  private void leaveWord(TopicPartition partition, Throwable failure) {
    Optional<OffsetAndMetadata> word = handler.lastWords(partitions.committed(partition), failure);
    if (word.isEmpty()) {
      return;
    }
    try {
      writer.write(List.of(), Map.of(partition, word.get()), consumer.groupMetadata());
    } catch (AbortedException | KafkaException e) {
      LOG.warnf("%s: the next process will not know of it: %s", settings.role(), Fault.line(e));
    }
  }

  private List<ProducerRecord<byte[], byte[]>> outputs(List<ConsumerRecord<byte[], byte[]>> unit)
      throws Exception {
    long start = System.nanoTime();
    ConsumerRecord<byte[], byte[]> last = unit.get(unit.size() - 1);
    List<ProducerRecord<byte[], byte[]>> outputs = handler.handle(unit);
    Optional<LongWork> work = settings.longWork() ? handler.longWork() : Optional.empty();
    if (work.isPresent()) {
      outputs = longWork.outcome(work.get(), last, this::wentWell).outputs();
    }
    for (ProducerRecord<byte[], byte[]> output : outputs) {
      long size = TransactionalWriter.size(output);
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
    if (verdict == PoisonIsolation.Verdict.ISOLATED && Fault.of(cause) == Fault.ENGINE) {
      verdict = PoisonIsolation.Verdict.AGAIN;
    }
    if (verdict == PoisonIsolation.Verdict.ISOLATED) {
      isolate(first, cause);
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

  private void isolate(ConsumerRecord<byte[], byte[]> record, Throwable cause) {
    LOG.errorf(
        cause,
        "%s: %s-%d at offset %d becomes a dead letter",
        settings.role(),
        record.topic(),
        record.partition(),
        record.offset());
    listener.isolated(record, cause);
    handler.isolated(record);
    pending.addLetter(record, deadLetters.letter(record, settings.role(), Fault.line(cause)));
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
      throwAway();
      return mended(first, tried, ends, e.getCause()) && commitOrRewind();
    }
  }

  private void commit() throws AbortedException {
    Map<TopicPartition, OffsetAndMetadata> bookmarks = new HashMap<>();
    pending
        .offsets()
        .forEach((partition, next) -> bookmarks.put(partition, handler.bookmark(partition, next)));
    if (!pending.outputs().isEmpty() || !partitions.areCommitted(bookmarks)) {
      try {
        writer.write(pending.outputs(), bookmarks, consumer.groupMetadata());
      } catch (AbortedException | KafkaException e) {
        worker.notWritten(bookmarks.keySet());
        throw e;
      }
      partitions.committed(bookmarks);
      worker.committed(bookmarks);
      retrying = false;
      loop.committed();
    } else if (failed.entrySet().stream().allMatch(this::isPassed)) {
      retrying = false;
    }
    isolation.succeeded(pending.offsets(), pending.isMaybePoison());
    listener.committed(pending.records());
    pending.clear();
    partitions.goBack(fetched);
  }

  private boolean isPassed(Map.Entry<TopicPartition, OffsetAndMetadata> end) {
    OffsetAndMetadata next = pending.offsets().get(end.getKey());
    return next != null && next.offset() >= end.getValue().offset();
  }

  /** What was not committed is handled again. */
  private void rewind() {
    fetched.clear();
    throwAway();
    partitions.rewind();
  }

  private void throwAway() {
    pending.clear();
    listener.thrownAway();
  }

  /** The partitions of which something is polled or handled, and nothing of that is in Kafka. */
  private Set<TopicPartition> inHand() {
    Set<TopicPartition> inHand = new HashSet<>(pending.offsets().keySet());
    fetched.forEach(record -> inHand.add(TransactionalLoop.partition(record)));
    return inHand;
  }

  private void revoked(Collection<TopicPartition> revoked) {
    revoked.forEach(isolation::forget);
    retrying = false;
  }

  @Override
  public void close() {
    listener.thrownAway();
    try {
      figures.close();
      writer.close();
    } finally {
      // Who comes back at once keeps its partitions; who stops, or cannot work, hands them over.
      consumer.close(
          loop.isStopping() || loop.standsAside()
              ? KafkaClients.leaving(CLOSE_TIMEOUT)
              : CloseOptions.timeout(CLOSE_TIMEOUT));
    }
  }
}
