package io.gripstream.kafka.loop;

import io.gripstream.kafka.Backoff;
import io.gripstream.kafka.DeadLetters;
import io.gripstream.kafka.Fault;
import io.gripstream.kafka.KafkaClients;
import io.gripstream.kafka.Pulse;
import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CountDownLatch;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.CooperativeStickyAssignor;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.errors.WakeupException;
import org.jboss.logging.Logger;

/**
 * Polls records, hands them to a handler in micro-batches, and sends what comes of them and the
 * offsets reached in one transaction, over and over, in one thread.
 *
 * <p><b>Guarantee.</b> As read_committed consumers see it, every record is handled exactly once,
 * whatever is killed, fenced, rebalanced or aborted: outputs and offsets are committed together or
 * not at all, and the group's generation is part of the transaction. The handler itself may see a
 * record several times, so it must not act on the world other than by its outputs.
 *
 * <p><b>Transactions are short.</b> One is opened only when all its outputs are there, so that a
 * slow handler neither runs into the transaction timeout nor holds back the readers of other
 * outputs. It holds up to {@link Settings#batchesPerTransaction} micro-batches, but waits for
 * nothing: when no further records have been fetched, or after a tenth of a second, what is there
 * is committed. A micro-batch is at most as large as {@link Settings#batchSize}, and takes about a
 * tenth of a second as well: a slow handler is given less at a time ({@link BatchSize}).
 *
 * <p><b>Long work</b> ({@link Settings#longWork}). What the handler cannot do within seconds runs
 * on a second thread, one at a time, while the loop goes on polling with all partitions paused: the
 * group does not take it for dead, however long that is. Work whose partition goes to another
 * member is abandoned, and done there. What came of work that has ended is kept until it is
 * committed, so a commit that fails does not cost the work; only the end of the process does.
 *
 * <p><b>When the handler throws.</b>
 *
 * <ul>
 *   <li>{@link Fault#RECORD}: the records may be to blame. They are tried again {@link
 *       Settings#attempts} times, then in ever smaller micro-batches until the record at fault is
 *       alone. It becomes a dead letter, and the stream goes on. A handler that knows a record to
 *       be bad makes the letter itself, which is faster.
 *   <li>{@link Fault#ENGINE}: the same, but for the letter: a record that is alone waits.
 *   <li>{@link Fault#CLOCK}: the loop leaves the group, says so until something is committed, and
 *       tries again after {@link Pauses#aside}.
 *   <li>{@link Fault#FATAL}: this process, its rights or its configuration are broken. The loop
 *       ends, {@link State#FAILED}, and says why in one line. {@link Handler#lastWords} are for the
 *       next process.
 *   <li>Any other: the handler cannot work at present. The records are tried again, with growing
 *       pauses, until it can.
 * </ul>
 *
 * <p>Outputs that the broker refuses for their size or content count as an exception of the
 * handler, unless they came of long work that has others to send instead.
 */
public final class TransactionalLoop implements AutoCloseable {
  private static final Logger LOG = Logger.getLogger(TransactionalLoop.class);
  private static final Duration STOP_TIMEOUT = Duration.ofSeconds(30);
  private static final Duration WORK_TIMEOUT = Duration.ofSeconds(60);

  /** Makes outputs of records. */
  @FunctionalInterface
  public interface Handler {
    /**
     * @param records in order of each partition; at least one
     * @return what to send, dead letters included; may be empty
     */
    List<ProducerRecord<byte[], byte[]>> handle(List<ConsumerRecord<byte[], byte[]>> records)
        throws Exception;

    /**
     * What the records that were handled last call for and what may take hours; empty: there is
     * nothing. What comes of it is sent instead of what {@link #handle} returned. Asked after each
     * call of that.
     */
    default Optional<LongWork> longWork() {
      return Optional.empty();
    }

    /**
     * Hears, before it is to handle others, which records most probably come next, in order, so
     * that it can begin to prepare them. They may come otherwise, or not at all.
     */
    default void expect(List<ConsumerRecord<byte[], byte[]>> next) {}

    /**
     * Hears where a partition stands: when it is assigned, and when what was handled since the last
     * commit is thrown away. Its records are handed in from there.
     *
     * @param committed what was committed last; null: nothing
     */
    default void restore(TopicPartition partition, OffsetAndMetadata committed) {}

    /** Hears that other members of the group have some partitions now. */
    default void revoked(Collection<TopicPartition> partitions) {}

    /**
     * What to commit once all in front of {@code next} has been handled. A handler that leaves
     * records for later says so in the metadata, of which {@link #restore} hears, or by the offset
     * of the first of them. Asked once more where the brokers refuse what came of long work.
     */
    default OffsetAndMetadata bookmark(TopicPartition partition, OffsetAndMetadata next) {
      return next;
    }

    /** Hears that a record that it could not handle has a dead letter, and is passed. */
    default void isolated(ConsumerRecord<byte[], byte[]> record) {}

    /**
     * What to commit of a partition before a failure at its record ends this process, so that the
     * next one knows of it; empty: nothing.
     *
     * @param committed where the partition stands
     */
    default Optional<OffsetAndMetadata> lastWords(OffsetAndMetadata committed, Throwable failure) {
      return Optional.empty();
    }

    /**
     * Whether a record that cannot be read has its dead letter already: it lies behind records that
     * are handed in again.
     */
    default boolean seen(ConsumerRecord<byte[], byte[]> record) {
      return false;
    }

    /**
     * From where on to hand in a partition's records again, because some that were left for later
     * can be handled now; empty: go on. Asked when nothing is pending.
     */
    default OptionalLong goBack(TopicPartition partition) {
      return OptionalLong.empty();
    }
  }

  /** How the loop is doing. */
  public enum State {
    /** Not connected yet. */
    STARTING,
    /** Polling, handling, committing. */
    RUNNING,
    /** The last attempt failed; another is made after a pause. */
    RETRYING,
    /** Closed. */
    STOPPED,
    /** Ended by an error that trying again does not mend. */
    FAILED
  }

  /**
   * How far a loop polls ahead of the micro-batch in hand: by the next one at least, and on while
   * what is ahead takes less than a bound.
   *
   * @param bytes the bound
   * @param each bytes that the handler makes of a record that it prepares, besides the record's own
   */
  public record Ahead(long bytes, long each) {
    /** The next micro-batch, and no more. */
    public static final Ahead NEXT = new Ahead(0, 0);

    boolean reaches(Collection<ConsumerRecord<byte[], byte[]>> polled) {
      long taken = 0;
      for (ConsumerRecord<byte[], byte[]> record : polled) {
        taken += each + Math.max(0, record.serializedKeySize());
        taken += Math.max(0, record.serializedValueSize());
      }
      return taken < bytes;
    }
  }

  /**
   * How long a loop waits before it tries again.
   *
   * @param first after the first failure in a row; doubles with each further one
   * @param longest at most; after it was fenced, always
   * @param aside after its timestamps were refused
   */
  public record Pauses(Duration first, Duration longest, Duration aside) {
    /** A fifth of a second to ten, and half a minute aside. */
    public static final Pauses USUAL =
        new Pauses(Backoff.FIRST, Backoff.LONGEST, Duration.ofSeconds(30));
  }

  /**
   * How a loop runs.
   *
   * @param role who runs it; named in dead letters and logs
   * @param group the consumer group
   * @param instanceId unique in the group and stable over restarts: names the static member and the
   *     transactions. A second process with the same one fences the first
   * @param topics what to read
   * @param positions the topic that keeps how far the group has come
   * @param batchSize records in a micro-batch at most
   * @param batchesPerTransaction micro-batches in a transaction at most
   * @param ahead how far to poll ahead of the micro-batch in hand
   * @param attempts how often a micro-batch may fail before the record at fault is searched for
   * @param pauses between attempts
   * @param longWork whether {@link Handler#longWork} is asked. Then records are handled one by one,
   *     and members join the group without taking from the others what they are at work on
   */
  public record Settings(
      String role,
      String group,
      String instanceId,
      List<String> topics,
      String positions,
      int batchSize,
      int batchesPerTransaction,
      Ahead ahead,
      int attempts,
      Pauses pauses,
      boolean longWork) {
    private static final int ATTEMPTS = 3;
    private static final int AHEAD_BATCHES = 4;

    public Settings {
      topics = List.copyOf(topics);
      if (batchSize < 1 || batchesPerTransaction < 1 || attempts < 1) {
        throw new IllegalArgumentException("batches, transactions and attempts are at least one");
      }
      if (longWork && (batchSize > 1 || batchesPerTransaction > 1)) {
        throw new IllegalArgumentException("long work is for one record at a time");
      }
    }

    /** With three attempts and the usual pauses. */
    public static Settings of(
        String role,
        String group,
        String instanceId,
        List<String> topics,
        String positions,
        int batchSize,
        int batchesPerTransaction,
        Ahead ahead) {
      return new Settings(
          role,
          group,
          instanceId,
          topics,
          positions,
          batchSize,
          batchesPerTransaction,
          ahead,
          ATTEMPTS,
          Pauses.USUAL,
          false);
    }

    /** For one long work after another, with three attempts and the usual pauses. */
    public static Settings longWork(
        String role, String group, String instanceId, List<String> topics, String positions) {
      return new Settings(
          role,
          group,
          instanceId,
          topics,
          positions,
          1,
          1,
          Ahead.NEXT,
          ATTEMPTS,
          Pauses.USUAL,
          true);
    }

    /** The same with other pauses. */
    public Settings with(Pauses others) {
      return new Settings(
          role,
          group,
          instanceId,
          topics,
          positions,
          batchSize,
          batchesPerTransaction,
          ahead,
          attempts,
          others,
          longWork);
    }

    /** Records in one poll at most. */
    int pollRecords() {
      // More than are handled between two polls, or nothing would ever be ahead.
      return ahead == Ahead.NEXT ? batchSize : AHEAD_BATCHES * batchSize;
    }

    Map<String, Object> consumerOverrides() {
      Map<String, Object> overrides = new HashMap<>();
      overrides.put(ConsumerConfig.MAX_POLL_RECORDS_CONFIG, pollRecords());
      if (ahead != Ahead.NEXT) {
        // A consumer reads from its sockets only while it polls; what comes meanwhile waits there,
        // as much as the system sees fit.
        overrides.put(ConsumerConfig.RECEIVE_BUFFER_CONFIG, -1);
      }
      if (longWork) {
        overrides.put(
            ConsumerConfig.PARTITION_ASSIGNMENT_STRATEGY_CONFIG,
            CooperativeStickyAssignor.class.getName());
      }
      return overrides;
    }
  }

  private final KafkaClients clients;
  private final Settings settings;
  private final DeadLetters deadLetters;
  private final Handler handler;
  private final LoopListener listener;
  private final CountDownLatch stopping = new CountDownLatch(1);
  private final LongWorker worker;
  private final Thread thread;
  private final Pulse pulse;

  private volatile State state = State.STARTING;
  private volatile Throwable lastFailure;
  private volatile LoopSession session;
  private volatile boolean aside;
  private final Backoff backoff;

  /** Only giving up is left to be done. */
  static final class GaveUpException extends RuntimeException {
    private static final long serialVersionUID = 1;

    GaveUpException(Throwable cause) {
      super(cause);
    }
  }

  /** The partition that a record lies in. */
  public static TopicPartition partition(ConsumerRecord<?, ?> record) {
    return new TopicPartition(record.topic(), record.partition());
  }

  /** Does nothing before {@link #start}. */
  public TransactionalLoop(
      KafkaClients clients,
      Settings settings,
      DeadLetters deadLetters,
      Handler handler,
      LoopListener listener) {
    this.clients = clients;
    this.settings = settings;
    this.deadLetters = deadLetters;
    this.handler = handler;
    this.listener = listener;
    this.backoff = new Backoff(stopping, settings.pauses().first(), settings.pauses().longest());
    this.worker = new LongWorker(settings.role());
    this.thread = new Thread(this::run, "loop-" + settings.role());
    thread.setDaemon(true);
    this.pulse = new Pulse(thread, this::isStopping);
  }

  /**
   * Starts the thread; connects and reconnects by itself.
   *
   * @throws IllegalThreadStateException if it was started before
   */
  public void start() {
    thread.start();
  }

  /** Why only a restart helps; empty: the loop goes on. */
  public String notAlive() {
    return state == State.FAILED ? "it has failed: " + lastFailure() : pulse.fault();
  }

  /** Why the loop does not work at present; empty: it does. */
  public String notReady() {
    String unwritten = worker.unwritten();
    if (state != State.FAILED && !unwritten.isEmpty()) {
      return "it cannot write what came of " + unwritten;
    }
    return switch (state) {
      case RUNNING -> "";
      case STARTING -> "it is connecting";
      case RETRYING -> "it is trying again after: " + lastFailure();
      case STOPPED -> "it is stopped";
      case FAILED -> "it has failed: " + lastFailure();
    };
  }

  /** With each turn. */
  void beat() {
    pulse.beat();
  }

  public State state() {
    return state;
  }

  /** What failed last, in words, while it is being tried again or when the loop has failed. */
  public String lastFailure() {
    Throwable failure = lastFailure;
    return failure == null ? "" : Fault.line(failure);
  }

  /**
   * Asks the loop to finish the micro-batch in hand and commit, and long work to end without an
   * outcome; waits until they have.
   */
  @Override
  public void close() {
    stopping.countDown();
    worker.stop();
    LoopSession current = session;
    if (current != null) {
      current.wakeup();
    }
    if (Thread.currentThread() == thread) {
      return;
    }
    try {
      thread.join(STOP_TIMEOUT.toMillis());
      if (thread.isAlive()) {
        LOG.warnf("%s: does not stop after %s; interrupting it", settings.role(), STOP_TIMEOUT);
        thread.interrupt();
        thread.join(STOP_TIMEOUT.toMillis());
      }
      worker.awaitEnd(WORK_TIMEOUT);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void run() {
    try {
      while (!isStopping()) {
        session();
      }
      state = State.STOPPED;
    } catch (InterruptException e) {
      // Only close() interrupts.
      state = State.STOPPED;
    } catch (GaveUpException e) {
      giveUp(e.getCause());
    } catch (Throwable e) {
      giveUp(e);
    }
  }

  private void giveUp(Throwable failure) {
    lastFailure = failure;
    state = State.FAILED;
    LOG.fatalf(
        failure instanceof Error ? failure : null,
        "%s: gives up: %s",
        settings.role(),
        Fault.line(failure));
  }

  private void session() {
    try (LoopSession opened =
        new LoopSession(this, clients, settings, deadLetters, handler, listener, worker)) {
      session = opened;
      try {
        opened.work();
      } catch (RuntimeException e) {
        // Known before the session closes, which then leaves the group.
        aside = Fault.of(e) == Fault.CLOCK;
        throw e;
      }
    } catch (WakeupException e) {
      LOG.debugf("%s: woken up to stop", settings.role());
    } catch (RuntimeException e) {
      if (!isStopping()) {
        reconnect(e);
      }
    } finally {
      session = null;
    }
  }

  private void reconnect(RuntimeException failure) {
    if (failure instanceof GaveUpException) {
      throw failure;
    }
    failed(failure);
    pulse.beat();
    switch (Fault.of(failure)) {
      case FATAL -> throw new GaveUpException(failure);
      case FENCED -> {
        // Two processes that take each other's place as fast as they can get nothing done.
        LOG.errorf(
            "%s: fenced; is there another process with the instance id %s?",
            settings.role(), settings.instanceId());
        backoff.pauseLong();
      }
      case CLOCK -> {
        Duration aside = settings.pauses().aside();
        LOG.errorf("%s: %s; standing aside for %s", settings.role(), lastFailure(), aside);
        backoff.pause(aside);
      }
      case TRANSIENT, REBALANCED -> {
        LOG.warnf("%s: connecting anew: %s", settings.role(), Fault.line(failure));
        LOG.debugf(failure, "%s: connecting anew", settings.role());
        backoff.pause();
      }
      case RECORD, ENGINE -> {
        // None that is in hand: something that nobody has thought of.
        LOG.warnf(failure, "%s: connecting anew", settings.role());
        backoff.pause();
      }
    }
  }

  boolean isStopping() {
    return stopping.getCount() == 0;
  }

  /** Whether what failed last fails at this machine only, so that others should do the work. */
  boolean standsAside() {
    return aside;
  }

  /** Something was committed. */
  void committed() {
    aside = false;
    wentWell();
  }

  /** There is nothing to do. What only a commit can show to be mended is not taken for mended. */
  void wentWell() {
    if (aside) {
      return;
    }
    backoff.succeeded();
    lastFailure = null;
    state = State.RUNNING;
  }

  void failed(Throwable cause) {
    lastFailure = cause;
    state = State.RETRYING;
    listener.failed(cause);
  }

  /** Waits before the next attempt, longer each time, but not when the loop shall stop. */
  void pause() {
    pulse.beat();
    backoff.pause();
  }
}
