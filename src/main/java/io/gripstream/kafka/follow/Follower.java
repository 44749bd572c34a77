package io.gripstream.kafka.follow;

import io.gripstream.kafka.Backoff;
import io.gripstream.kafka.Fault;
import io.gripstream.kafka.KafkaClients;
import io.gripstream.kafka.Pulse;
import io.gripstream.kafka.TopicOffsets;
import io.gripstream.kafka.Unpacking;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.CloseOptions;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.common.ClusterResource;
import org.apache.kafka.common.ClusterResourceListener;
import org.apache.kafka.common.IsolationLevel;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.apache.kafka.common.errors.WakeupException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.jboss.logging.Logger;

/**
 * Reads a whole topic, or its end, as it grows, in records and in partitions: committed records
 * only, no group, no commits, one thread.
 *
 * <p>Nothing but {@link #close} ends it. A record that the handler throws on is logged with its
 * place, counted, and passed over; so is one that there is not the memory to unpack. What says
 * nothing of the record, such as a registry or a broker that is away, is waited for, as is a topic
 * that does not exist yet. Where another cluster answers instead of the first, its topic is another
 * one: all of that is read, and nothing of the first again.
 */
public final class Follower implements AutoCloseable {
  /** From the beginning. */
  public static final long ALL = Long.MAX_VALUE;

  /** From now on: what is written once {@link #awaitPlace} has returned. */
  public static final long NONE = 0;

  private static final Logger LOG = Logger.getLogger(Follower.class);
  private static final Duration POLL = Duration.ofMillis(200);
  private static final int FETCH_BYTES = 1 << 20;

  /** New partitions are heard of with the consumer's metadata; Kafka asks every five minutes. */
  private static final int METADATA_MILLIS = 10_000;

  private static final long CLOSE_MILLIS = 10_000;

  private final KafkaClients clients;
  private final String topic;
  private final Handler handler;
  private final CountDownLatch closed = new CountDownLatch(1);
  private final CountDownLatch placed = new CountDownLatch(1);
  private final CountDownLatch ready = new CountDownLatch(1);
  private final AtomicLong skipped = new AtomicLong();
  private final Backoff backoff = new Backoff(closed);
  private final Thread thread;
  private final Pulse pulse;

  /** The next offset to read; guarded by itself. */
  private final Map<TopicPartition, Long> positions = new HashMap<>();

  /** How many of the latest offsets to begin with; of the thread alone, once that runs. */
  private long tail;

  /** Where each partition ended when it was first seen; of the thread alone. */
  private final Map<TopicPartition, Long> ends = new HashMap<>();

  private final Cluster cluster = new Cluster();

  /** The cluster that the positions are of, as far as it is known; of the thread alone. */
  private String clusterId;

  private volatile Consumer<byte[], byte[]> consumer;
  private volatile Throwable trouble;

  /** The trouble, as the log has it; of the thread alone. */
  private String told = "";

  /** Hears from a consumer which cluster answers. */
  private static final class Cluster extends ByteArrayDeserializer
      implements ClusterResourceListener {
    private volatile String id;

    @Override
    public void onUpdate(ClusterResource resource) {
      // Before the first answer it is not known.
      if (resource.clusterId() != null) {
        id = resource.clusterId();
      }
    }
  }

  /** Takes one record; the value is null for a tombstone. */
  @FunctionalInterface
  public interface Handler {
    void on(ConsumerRecord<byte[], byte[]> record);
  }

  /** Waits, and says whether what it waited for came before the time was up. */
  @FunctionalInterface
  public interface Wait {
    boolean until(Duration timeout) throws InterruptedException;
  }

  /**
   * Starts to follow.
   *
   * @param tail how many of the latest offsets of each partition to begin with, or {@link #ALL}, or
   *     {@link #NONE}; of partitions that are added later nothing is left out
   * @param handler called by one thread
   */
  public Follower(KafkaClients clients, String topic, long tail, Handler handler) {
    this.clients = clients;
    this.topic = topic;
    this.tail = tail;
    this.handler = handler;
    this.thread = new Thread(this::run, "follow-" + topic);
    this.pulse = new Pulse(thread, this::isClosed);
    thread.setDaemon(true);
    thread.start();
  }

  /** Waits until it has its place in the topic, or until the time is up, and says which. */
  public boolean awaitPlace(Duration timeout) throws InterruptedException {
    return placed.await(timeout.toMillis(), TimeUnit.MILLISECONDS);
  }

  /** Whether everything that was there at the start has been read. */
  public boolean ready() {
    return ready.getCount() == 0;
  }

  /** Why what was handed on may not be all that there is; empty: it is. */
  public String notReady() {
    Throwable known = trouble;
    if (known != null) {
      return "it tries again to read %s after: %s".formatted(topic, Fault.line(known));
    }
    return ready() ? "" : "it is still reading " + topic;
  }

  /** What is wrong with the thread; empty: nothing. */
  public String notAlive() {
    return pulse.fault();
  }

  /** Waits until {@link #ready}, or until the time is up, and says which. */
  public boolean awaitReady(Duration timeout) throws InterruptedException {
    return ready.await(timeout.toMillis(), TimeUnit.MILLISECONDS);
  }

  public String topic() {
    return topic;
  }

  /** Whether there is no such topic, as far as the brokers say; it may still be made. */
  public boolean missing() {
    return trouble instanceof UnknownTopicOrPartitionException;
  }

  /**
   * @throws KafkaException what waiting does not help against: rights, or a thread that died
   */
  public void check() {
    Throwable known = trouble;
    if (known != null && Fault.of(known) == Fault.FATAL) {
      throw Fault.asKafka(known);
    }
    if (!notAlive().isEmpty()) {
      throw new KafkaException(notAlive());
    }
  }

  /**
   * Waits for what the caller cannot go on without, as long as waiting may help.
   *
   * @param wait one of this follower's waits
   * @throws KafkaException as {@link #check}; {@link TimeoutException} when the time is up
   */
  public void require(Wait wait, Duration timeout) {
    long deadline = System.nanoTime() + timeout.toNanos();
    try {
      while (!wait.until(POLL)) {
        check();
        if (System.nanoTime() > deadline) {
          String why = trouble == null ? "no answer" : Fault.line(trouble);
          throw new TimeoutException(
              "%s is not read within %s: %s".formatted(topic, timeout, why), trouble);
        }
      }
    } catch (InterruptedException e) {
      throw new InterruptException(e);
    }
  }

  /** How many records were passed over because they, or the handler, failed. */
  public long skipped() {
    return skipped.get();
  }

  /**
   * Waits until a record has been handled, so that who wrote it may read it.
   *
   * @return whether it was, before the time was up
   */
  public boolean await(int partition, long offset, Duration timeout) throws InterruptedException {
    TopicPartition place = new TopicPartition(topic, partition);
    long end = System.nanoTime() + timeout.toNanos();
    synchronized (positions) {
      while (positions.getOrDefault(place, 0L) <= offset) {
        long left = TimeUnit.NANOSECONDS.toMillis(end - System.nanoTime());
        if (left <= 0) {
          return false;
        }
        positions.wait(left);
      }
      return true;
    }
  }

  /**
   * Waits until everything has been handled that was committed when this was called.
   *
   * @throws KafkaException as {@link #require}, or what keeps the brokers from answering
   */
  public void catchUp(Admin admin, Duration timeout) {
    try {
      TopicOffsets offsets = new TopicOffsets(admin, timeout);
      // What is written shows to readers when its transaction has ended.
      for (var end :
          offsets.ends(offsets.partitions(topic), IsolationLevel.READ_COMMITTED).entrySet()) {
        require(left -> await(end.getKey().partition(), end.getValue() - 1, left), timeout);
      }
    } catch (ExecutionException e) {
      throw Fault.asKafka(e.getCause());
    } catch (InterruptedException e) {
      throw new InterruptException(e);
    }
  }

  private void run() {
    while (!isClosed()) {
      try {
        follow();
      } catch (WakeupException | InterruptException e) {
        // close() wakes the consumer up, and nothing else does.
        closed.countDown();
      } catch (OutOfMemoryError e) {
        LOG.warnf("Following %s: %s", topic, Fault.line(e));
        passOver();
      } catch (Exception | StackOverflowError e) {
        LOG.debugf(e, "Following %s failed", topic);
        tryAgain(e);
      }
    }
  }

  private void follow() {
    Consumer<byte[], byte[]> current =
        clients.consumer(
            null,
            null,
            cluster,
            new ByteArrayDeserializer(),
            // What retention removed while the broker was away is gone: go on with what is there.
            Map.of(
                ConsumerConfig.AUTO_OFFSET_RESET_CONFIG,
                "earliest",
                ConsumerConfig.MAX_PARTITION_FETCH_BYTES_CONFIG,
                FETCH_BYTES,
                ConsumerConfig.METADATA_MAX_AGE_CONFIG,
                METADATA_MILLIS));
    consumer = current;
    try {
      follow(current);
    } finally {
      consumer = null;
      // There is no group to leave and nothing to commit. In order, it would wait for the answer to
      // its last fetch, which takes half a second at a topic's end.
      current.close(CloseOptions.timeout(Duration.ZERO));
    }
  }

  private void follow(Consumer<byte[], byte[]> consumer) {
    while (!isClosed()) {
      pulse.beat();
      // What the metadata hold costs nothing to ask.
      List<PartitionInfo> infos =
          Objects.requireNonNullElse(consumer.partitionsFor(topic), List.of());
      if (isAnother() || hasShrunk(consumer, infos)) {
        return;
      }
      if (infos.isEmpty()) {
        trouble = new UnknownTopicOrPartitionException("there is no topic " + topic);
        // It may be made any moment, and asking costs little.
        backoff.succeeded();
        pause();
        continue;
      }
      assign(consumer, infos);
      ConsumerRecords<byte[], byte[]> records = consumer.poll(POLL);
      if (!records.isEmpty() && !isIdentified(consumer) || isAnother()) {
        return;
      }
      records.forEach(this::handle);
      note(consumer);
      mended();
    }
  }

  /**
   * Whether the consumer knows the cluster that its records came from. One that lost all brokers
   * forgets the cluster, and the topic's id with it; it may then fetch by the topic's name before
   * it has heard who answers, from where it was in a topic that this may not be.
   */
  private boolean isIdentified(Consumer<byte[], byte[]> consumer) {
    try {
      // What it knows, and no request.
      return !consumer.partitionsFor(topic, Duration.ZERO).isEmpty();
    } catch (TimeoutException e) {
      return false;
    }
  }

  /** Whether another cluster answers than before; then all places in the topic are forgotten. */
  private boolean isAnother() {
    String now = cluster.id;
    String before = clusterId;
    clusterId = now;
    if (before == null || before.equals(now)) {
      return false;
    }
    beginAnew("Another cluster answers at " + clients.bootstrapServers());
    return true;
  }

  /**
   * Whether the topic has fewer partitions than before: it was deleted and made anew. One that has
   * as many or more cannot be told from the old one here.
   */
  private boolean hasShrunk(Consumer<byte[], byte[]> consumer, List<PartitionInfo> infos) {
    if (infos.isEmpty() || infos.size() >= consumer.assignment().size()) {
      return false;
    }
    beginAnew("There are fewer partitions than before");
    return true;
  }

  /** Forgets all places in the topic. */
  private void beginAnew(String why) {
    LOG.warnf("%s: %s was made anew, and is read from its beginning", why, topic);
    synchronized (positions) {
      positions.clear();
    }
    ends.clear();
    tail = ALL;
  }

  /**
   * Takes on partitions that are new; the topic may have been made, or have grown, after this
   * began.
   */
  private void assign(Consumer<byte[], byte[]> consumer, List<PartitionInfo> infos) {
    List<TopicPartition> partitions =
        infos.stream().map(info -> new TopicPartition(topic, info.partition())).toList();
    List<TopicPartition> added = new ArrayList<>(partitions);
    added.removeAll(consumer.assignment());
    if (added.isEmpty()) {
      return;
    }
    Map<TopicPartition, Long> beginnings = consumer.beginningOffsets(added);
    Map<TopicPartition, Long> endsNow = consumer.endOffsets(added);
    consumer.assign(partitions);
    synchronized (positions) {
      boolean grown = !positions.isEmpty();
      for (TopicPartition partition : added) {
        long end = endsNow.get(partition);
        long left = grown ? 0 : end - Math.min(tail, end);
        long begin = Math.max(beginnings.get(partition), left);
        ends.putIfAbsent(partition, end);
        consumer.seek(partition, positions.computeIfAbsent(partition, any -> begin));
      }
    }
    placed.countDown();
    // There may be nothing to read, and a poll waits for something.
    note(consumer);
  }

  private void handle(ConsumerRecord<byte[], byte[]> record) {
    hand(record);
    passed(new TopicPartition(topic, record.partition()), record.offset() + 1);
  }

  private void passed(TopicPartition partition, long next) {
    synchronized (positions) {
      positions.put(partition, next);
    }
  }

  private void hand(ConsumerRecord<byte[], byte[]> record) {
    while (!isClosed()) {
      try {
        handler.on(record);
        return;
      } catch (WakeupException | InterruptException e) {
        throw e;
      } catch (RuntimeException | StackOverflowError | OutOfMemoryError e) {
        Fault fault = Fault.of(e);
        if (fault == Fault.RECORD || fault == Fault.ENGINE) {
          skipped.incrementAndGet();
          // One line: whoever may write to the topic may write as many as he likes.
          LOG.warnf(
              "Passed over %s-%d@%d: %s",
              topic, record.partition(), record.offset(), Fault.line(e));
          LOG.debug("Passed over", e);
          return;
        }
        failed(e);
        pulse.beat();
        backoff.pause();
      }
    }
  }

  /** Goes on behind what there is not the memory to unpack, if it is that. */
  private void passOver() {
    try {
      Map<TopicPartition, Long> from;
      synchronized (positions) {
        from = Map.copyOf(positions);
      }
      Unpacking.Gap gap =
          Unpacking.find(clients, from, ConsumerConfig.DEFAULT_MAX_POLL_RECORDS).orElse(null);
      if (gap == null) {
        pause();
        return;
      }
      gap.before().forEach(this::handle);
      LOG.errorf("Passed over %s, which there is not the memory to unpack", gap);
      skipped.addAndGet(gap.to() - gap.from());
      passed(gap.partition(), gap.to());
    } catch (RuntimeException | OutOfMemoryError e) {
      tryAgain(e);
    }
  }

  private void tryAgain(Throwable failure) {
    failed(failure);
    pause();
  }

  /** One line, however often the same is tried in vain. */
  private void failed(Throwable failure) {
    String line = Fault.line(failure);
    if (!line.equals(told)) {
      LOG.warnf("Following %s failed; trying again: %s", topic, line);
    }
    told = line;
    trouble = failure;
  }

  private void mended() {
    if (!told.isEmpty()) {
      LOG.infof("Following %s goes on", topic);
    }
    told = "";
    trouble = null;
    backoff.succeeded();
  }

  private void note(Consumer<byte[], byte[]> consumer) {
    boolean caughtUp = true;
    synchronized (positions) {
      for (TopicPartition partition : consumer.assignment()) {
        // The consumer's, because a topic may end in markers of transactions, which poll never
        // returns.
        long position = consumer.position(partition);
        positions.put(partition, position);
        caughtUp &= position >= ends.getOrDefault(partition, 0L);
      }
      positions.notifyAll();
    }
    if (caughtUp) {
      ready.countDown();
    }
  }

  private boolean isClosed() {
    return closed.getCount() == 0;
  }

  private void pause() {
    pulse.beat();
    try {
      backoff.pause();
    } catch (InterruptException e) {
      // Nobody else has this thread to interrupt; it ends.
      closed.countDown();
    }
  }

  /** Returns once the thread has ended and its consumer is closed. */
  @Override
  public void close() {
    closed.countDown();
    Consumer<byte[], byte[]> current = consumer;
    if (current != null) {
      current.wakeup();
    }
    try {
      if (Thread.currentThread() != thread) {
        thread.join(CLOSE_MILLIS);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
