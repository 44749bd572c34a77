package io.gripstream.refiner;

import io.gripstream.event.RefinementBatch;
import io.gripstream.kafka.Backoff;
import io.gripstream.kafka.DeadLetters;
import io.gripstream.kafka.Fault;
import io.gripstream.kafka.KafkaClients;
import io.gripstream.kafka.Pulse;
import io.gripstream.kafka.loop.GroupPositions;
import io.gripstream.refine.train.RoundBatch;
import io.gripstream.refiner.RoundAssembler.Broken;
import io.gripstream.refiner.RoundAssembler.Complete;
import io.gripstream.refiner.RoundAssembler.Step;
import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.CooperativeStickyAssignor;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.errors.SerializationException;
import org.apache.kafka.common.errors.WakeupException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.Deserializer;
import org.jboss.logging.Logger;

/**
 * Runs rounds, one at a time, each exactly once as a read_committed consumer sees it: its
 * candidate, its last diary entry and the offset behind its batch are one transaction.
 *
 * <p>While a round runs on a thread of its own, this loop keeps polling with all partitions paused,
 * so that the group does not take the consumer for dead however long the round is. A round whose
 * partition goes to another member is abandoned, and run there. A round that fails is a conclusion
 * like any other, and is not tried again; one that is interrupted by the end of the process has
 * come to none, and is.
 */
final class RoundLoop implements AutoCloseable {
  private static final Logger LOG = Logger.getLogger(RoundLoop.class);
  private static final Duration POLL = Duration.ofMillis(200);
  private static final Duration LEAVE = Duration.ofSeconds(5);
  private static final long CLOSE_SECONDS = 60;

  private final Settings settings;
  private final KafkaClients clients;
  private final Deserializer<RefinementBatch> chunks;
  private final RoundWorker worker;
  private final Diary diary;
  private final DeadLetters deadLetters;
  private final RefinerMetrics metrics;
  private final Ledger ledger;
  private final GroupPositions positions;
  private final ExecutorService training =
      Executors.newSingleThreadExecutor(task -> daemon(task, "refiner-training"));
  private final CountDownLatch closed = new CountDownLatch(1);
  private final Backoff backoff = new Backoff(closed);
  private final Thread thread;
  private final Pulse pulse;

  private final Map<TopicPartition, RoundAssembler> assemblers = new HashMap<>();
  private Running running;
  private Conclusion conclusion;

  private volatile Consumer<byte[], byte[]> consumer;
  private volatile boolean joined;
  private volatile Throwable failure;

  /** What cannot be written at present; empty: there is no such thing. */
  private volatile String unwritten = "";

  /**
   * @param overrides of the consumer's configuration
   */
  record Settings(String topic, String group, String instanceId, Map<String, Object> overrides) {}

  /** A round on the training thread. */
  private record Running(
      TopicPartition partition,
      long next,
      RoundWorker.Job job,
      Future<Optional<Conclusion>> result) {}

  /**
   * @param ledger closed with the loop
   * @param positions of the group
   */
  RoundLoop(
      Settings settings,
      KafkaClients clients,
      Deserializer<RefinementBatch> chunks,
      RoundWorker worker,
      Diary diary,
      DeadLetters deadLetters,
      RefinerMetrics metrics,
      Ledger ledger,
      GroupPositions positions) {
    this.settings = settings;
    this.clients = clients;
    this.chunks = chunks;
    this.worker = worker;
    this.diary = diary;
    this.deadLetters = deadLetters;
    this.metrics = metrics;
    this.ledger = ledger;
    this.positions = positions;
    this.thread = daemon(this::run, "refiner-rounds");
    this.pulse = new Pulse(thread, () -> closed.getCount() == 0);
  }

  void start() {
    thread.start();
  }

  /** Why only a restart helps; empty: the loop goes on. */
  String notAlive() {
    Throwable known = failure;
    return known == null ? pulse.fault() : "it has failed: " + Fault.line(known);
  }

  /** Why the loop does not work at present; empty: it is a member of its group. */
  String notReady() {
    if (!unwritten.isEmpty()) {
      return "it cannot write what came of " + unwritten;
    }
    return joined ? "" : "it is connecting";
  }

  private void run() {
    try {
      while (closed.getCount() > 0) {
        session();
      }
    } catch (InterruptException e) {
      LOG.debug("The rounds' loop is closed");
    } catch (Throwable e) {
      failure = e;
      LOG.fatalf(e instanceof Error ? e : null, "the rounds' loop gives up: %s", Fault.line(e));
    }
  }

  /** From connecting to the first failure that leaves open what was committed. */
  private void session() {
    Map<String, Object> overrides = new HashMap<>(settings.overrides());
    overrides.put(ConsumerConfig.MAX_POLL_RECORDS_CONFIG, 1);
    overrides.put(
        ConsumerConfig.PARTITION_ASSIGNMENT_STRATEGY_CONFIG,
        CooperativeStickyAssignor.class.getName());
    try (Consumer<byte[], byte[]> current =
        clients.consumer(
            settings.group(),
            settings.instanceId(),
            new ByteArrayDeserializer(),
            new ByteArrayDeserializer(),
            overrides)) {
      consumer = current;
      pulse.beat();
      positions.restore(List.of(settings.topic()));
      current.subscribe(List.of(settings.topic()), new Membership());
      poll(current);
      current.close(KafkaClients.leaving(LEAVE));
    } catch (InterruptException e) {
      throw e;
    } catch (RuntimeException | StackOverflowError | OutOfMemoryError e) {
      switch (Fault.of(e)) {
        case FATAL -> throw e;
        case FENCED -> {
          LOG.errorf(
              "fenced; is there another refiner with the instance id %s?", settings.instanceId());
          backoff.pauseLong();
        }
        case TRANSIENT, REBALANCED, CLOCK -> {
          LOG.warnf("the rounds' loop begins anew: %s", Fault.line(e));
          backoff.pause();
        }
        case RECORD, ENGINE -> {
          LOG.errorf(e, "the rounds' loop begins anew");
          backoff.pause();
        }
      }
    } finally {
      consumer = null;
      joined = false;
      forget();
    }
  }

  private void poll(Consumer<byte[], byte[]> consumer) {
    try {
      while (closed.getCount() > 0) {
        turn(consumer);
      }
    } catch (WakeupException e) {
      LOG.debug("The rounds' loop is closed");
    }
  }

  private void turn(Consumer<byte[], byte[]> consumer) {
    pulse.beat();
    if (idle()) {
      consumer.resume(consumer.paused());
    }
    for (ConsumerRecord<byte[], byte[]> record : consumer.poll(POLL)) {
      take(record, consumer);
    }
    joined = joined || !consumer.groupMetadata().memberId().isEmpty();
    if (running != null && running.result().isDone()) {
      conclusion = result(running);
      running = null;
    }
    if (conclusion != null) {
      write(consumer);
    }
    if (!idle()) {
      consumer.pause(consumer.assignment());
    }
  }

  private boolean idle() {
    return running == null && conclusion == null;
  }

  private void take(ConsumerRecord<byte[], byte[]> record, Consumer<byte[], byte[]> consumer) {
    TopicPartition partition = new TopicPartition(record.topic(), record.partition());
    long next = record.offset() + 1;
    RefinementBatch chunk;
    try {
      chunk = chunks.deserialize(record.topic(), record.headers(), record.value());
      if (chunk == null) {
        throw new SerializationException("there is no value");
      }
    } catch (RuntimeException | StackOverflowError e) {
      Fault fault = Fault.of(e);
      if (fault == Fault.FATAL) {
        throw e;
      }
      if (fault != Fault.RECORD) {
        LOG.warnf(
            "%s@%d: waiting before trying again: %s", partition, record.offset(), Fault.line(e));
        consumer.seek(partition, record.offset());
        backoff.pause();
        return;
      }
      LOG.errorf("dead letter: %s@%d: %s", partition, record.offset(), e.getMessage());
      metrics.deadLetters.increment();
      conclusion =
          Conclusion.of(
              partition,
              next,
              deadLetters.letter(record, Refiner.ROLE, "not a chunk of a batch: " + e.getMessage()),
              "a dead letter");
      return;
    }
    backoff.succeeded();
    Optional<Step> step =
        assemblers.computeIfAbsent(partition, any -> new RoundAssembler()).add(chunk);
    if (step.isEmpty()) {
      return;
    }
    if (step.get() instanceof Complete complete) {
      RoundBatch batch = complete.batch();
      RoundWorker.Job job = worker.job(batch, partition, next);
      running = new Running(partition, next, job, training.submit(job));
    } else if (step.get() instanceof Broken broken) {
      LOG.errorf("round %d of %s: %s", broken.round(), broken.task(), broken.reason());
      if (broken.again()) {
        consumer.seek(partition, record.offset());
      }
      conclusion =
          Conclusion.of(
              partition,
              broken.again() ? record.offset() : next,
              diary.failed(broken.task(), broken.round(), broken.version(), broken.reason()),
              "round %d of %s".formatted(broken.round(), broken.task()));
    }
  }

  /**
   * What a round that has ended came to; null: nothing, because the process ends.
   *
   * @throws KafkaException if it came to nothing because this process is broken
   */
  private static Conclusion result(Running ended) {
    try {
      return ended.result().get().orElse(null);
    } catch (ExecutionException e) {
      throw new KafkaException("a round cannot be run here", e.getCause());
    } catch (InterruptedException e) {
      throw new InterruptException(e);
    }
  }

  private void write(Consumer<byte[], byte[]> consumer) {
    diary.flush();
    switch (ledger.write(conclusion, consumer)) {
      case WRITTEN -> {
        conclusion = null;
        unwritten = "";
        backoff.succeeded();
      }
      case TRY_AGAIN -> {
        unwritten = conclusion.about();
        LOG.infof("%s: trying again", unwritten);
        backoff.pause();
      }
      case TOO_LARGE -> {
        LOG.errorf("%s: too large for the brokers", conclusion.about());
        conclusion = conclusion.smaller();
      }
    }
  }

  /** Drops what was under way; whoever gets the partition next begins at the committed offset. */
  private void forget() {
    assemblers.clear();
    if (running != null) {
      running.job().abandon();
      running = null;
    }
    conclusion = null;
    unwritten = "";
  }

  private void forget(Collection<TopicPartition> partitions) {
    partitions.forEach(assemblers::remove);
    if (running != null && partitions.contains(running.partition())) {
      LOG.infof("%s goes to another member; its round is abandoned", running.partition());
      running.job().abandon();
      running = null;
    }
    if (conclusion != null && partitions.contains(conclusion.partition())) {
      conclusion = null;
      unwritten = "";
    }
  }

  private static Thread daemon(Runnable task, String name) {
    Thread thread = new Thread(task, name);
    thread.setDaemon(true);
    return thread;
  }

  /** Stops; a round that runs is abandoned at its next report, and waited for. */
  @Override
  public void close() {
    closed.countDown();
    worker.stop();
    training.shutdownNow();
    Consumer<byte[], byte[]> current = consumer;
    if (current != null) {
      current.wakeup();
    }
    try {
      thread.join(TimeUnit.SECONDS.toMillis(CLOSE_SECONDS));
      // The model must not be closed under a round's feet.
      if (!training.awaitTermination(CLOSE_SECONDS, TimeUnit.SECONDS)) {
        LOG.warn("a round did not end in time");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    ledger.close();
  }

  private final class Membership implements ConsumerRebalanceListener {
    @Override
    public void onPartitionsAssigned(Collection<TopicPartition> partitions) {
      if (!idle()) {
        consumer.pause(partitions);
      }
    }

    @Override
    public void onPartitionsRevoked(Collection<TopicPartition> partitions) {
      forget(partitions);
    }
  }
}
