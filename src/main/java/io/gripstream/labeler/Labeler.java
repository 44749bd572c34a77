package io.gripstream.labeler;

import io.gripstream.GripstreamConfig;
import io.gripstream.clip.ClipModel;
import io.gripstream.event.PromptVersion;
import io.gripstream.event.TaskDefinition;
import io.gripstream.image.ImageReader;
import io.gripstream.kafka.DeadLetters;
import io.gripstream.kafka.KafkaClients;
import io.gripstream.kafka.LetterCounts;
import io.gripstream.kafka.Pulse;
import io.gripstream.kafka.Topics;
import io.gripstream.kafka.follow.TopicView;
import io.gripstream.kafka.loop.LoopListener;
import io.gripstream.kafka.loop.TransactionalLoop;
import io.gripstream.kafka.registry.PromptSignature.Verifier;
import io.gripstream.kafka.registry.TopicSerdes;
import io.gripstream.prompt.KnownVersions.Known;
import io.gripstream.prompt.PromptReview.Offer;
import io.gripstream.task.TaskRules;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.serialization.Deserializer;
import org.jboss.logging.Logger;

/**
 * The running labeler: a transactional loop over {@code images}, and views of what is live.
 *
 * <p>Guarantee: as a read_committed consumer sees it, every image event ends as exactly one
 * prediction for each task that it is meant for and that has a prompt, or as one dead letter with
 * the reason. What waits and what is refused is told in {@link Assignment}.
 */
public final class Labeler implements AutoCloseable {
  private static final Logger LOG = Logger.getLogger(Labeler.class);

  static final String ROLE = "labeler";

  /**
   * Longer than the loop's pauses, so that nearly always somebody is listening for the prompt;
   * shorter than a poll may last.
   */
  private static final Duration TIMEOUT = Duration.ofSeconds(20);

  /** Bytes of images that are decoded before their turn: some tenths of a second's work. */
  private static final long MOST_AHEAD = 256L << 20;

  private static final Duration A_MOMENT = Duration.ofSeconds(1);

  private final KafkaClients clients;
  private final Topics topics;
  private final TopicSerdes serdes;
  private final PromptBoard board;
  private final TopicView<TaskDefinition> tasks;
  private final TopicView<Known> candidates;
  private final TopicView<Offered> prompts;
  private final ExecutorService workers;
  private final ExecutorService lane;
  private final ExecutorService nowWorkers;
  private final ImageReader reader;
  private final ImageReader nowReader;
  private final Readings readings;
  private final SwapSpans swaps;
  private final Labelling labelling;
  private final LabelNow now;
  private final TransactionalLoop loop;

  private Labeler(
      GripstreamConfig config,
      KafkaClients clients,
      Topics topics,
      TopicSerdes serdes,
      ClipModel model,
      MeterRegistry meters,
      TransactionalLoop.Pauses pauses,
      LongSupplier nanoTime) {
    this.clients = clients;
    this.topics = topics;
    this.serdes = serdes;
    LabelerMetrics metrics = new LabelerMetrics(meters);
    DeadLetters deadLetters = new DeadLetters(topics, clients.recordBytes());
    this.board = new PromptBoard(model, nanoTime, metrics.promptsRefused::increment);
    this.workers =
        Executors.newFixedThreadPool(
            Runtime.getRuntime().availableProcessors(), work -> daemon(work, "labeler-images"));
    this.lane = Executors.newSingleThreadExecutor(work -> daemon(work, "labeler-tower"));
    this.nowWorkers =
        Executors.newFixedThreadPool(
            Runtime.getRuntime().availableProcessors(), work -> daemon(work, "labeler-now-images"));
    this.reader =
        new ImageReader(config.images(), model.preprocessing(), workers, metrics.decode::record);
    this.nowReader =
        new ImageReader(config.images(), model.preprocessing(), nowWorkers, metrics.decode::record);
    EndToEnd endToEnd = new EndToEnd(metrics.endToEnd, System::currentTimeMillis);
    ImageSpans spans = new ImageSpans(clients.traces(), group(topics));
    this.swaps = new SwapSpans(clients.traces(), topics.prompts());
    TowerPasses tower = new TowerPasses(model, lane, metrics);
    Assignment assignment = new Assignment(config.labeler().promptTimeout());
    this.readings = new Readings(reader, nanoTime);
    SetAside aside =
        new SetAside(
            () -> assignment.waiting(board.snapshot(), nanoTime.getAsLong()), readings, nanoTime);
    this.labelling =
        new Labelling(
            serdes.images().deserializer(),
            board,
            this::catchUpOnTasks,
            assignment,
            aside,
            nanoTime,
            reader,
            readings,
            tower,
            new LabelRecords(
                topics,
                serdes,
                model,
                new SampleThinning(config.labeler().poolTurnover(), nanoTime)),
            deadLetters,
            metrics,
            endToEnd,
            spans,
            model.sharesProcessors() ? 0 : config.labeler().batchSize());
    this.now =
        new LabelNow(
            board,
            nowReader,
            tower,
            model.id(),
            config.labeler().requests(),
            config.labeler().batchSize(),
            metrics);
    this.tasks =
        new TopicView<>(
            clients,
            topics.tasks(),
            serdes.tasks().deserializer(),
            (task, definition) -> {
              board.define(task, definition);
              look(metrics);
            });
    Deserializer<PromptVersion> whole = serdes.candidates().deserializer();
    this.candidates =
        new TopicView<>(
            clients,
            topics.candidates(),
            (topic, bytes) -> bytes == null ? null : Known.of(whole.deserialize(topic, bytes)),
            (key, candidate) -> {
              if (candidate != null) {
                board.candidate(candidate);
                look(metrics);
              }
            });
    Optional<Verifier> verifier = config.prompts().verifyKey().map(Verifier::new);
    this.prompts =
        new TopicView<>(
            clients,
            topics.prompts(),
            new Offers(serdes.prompts().deserializer(), verifier),
            (task, offered) -> {
              // A candidate is written before it goes live: whoever knows them all knows this one.
              candidates.awaitReady(A_MOMENT);
              // Nobody can sign a tombstone. Where signatures are asked for, a prompt goes when its
              // task does.
              if (offered != null) {
                trace(task, offered);
                board.swap(task, offered.offer());
                look(metrics);
              } else if (verifier.isEmpty()) {
                board.swap(task, null);
                look(metrics);
              }
            });
    this.loop =
        new TransactionalLoop(
            clients,
            TransactionalLoop.Settings.of(
                    ROLE,
                    group(topics),
                    config.kafka().instanceId(),
                    List.of(topics.images()),
                    topics.positions(),
                    config.labeler().batchSize(),
                    config.labeler().batchesPerTransaction(),
                    ahead(model))
                .with(pauses),
            deadLetters,
            new TransactionalLoop.Handler() {
              @Override
              public List<ProducerRecord<byte[], byte[]>> handle(
                  List<ConsumerRecord<byte[], byte[]>> batch) throws InterruptedException {
                return Labeler.this.handle(batch);
              }

              @Override
              public void expect(List<ConsumerRecord<byte[], byte[]>> next) {
                labelling.expect(next);
              }

              @Override
              public void restore(TopicPartition partition, OffsetAndMetadata committed) {
                endToEnd.thrownAway(partition);
                aside.restore(partition, committed);
              }

              @Override
              public OffsetAndMetadata bookmark(TopicPartition partition, OffsetAndMetadata next) {
                return aside.bookmark(partition, next);
              }

              @Override
              public void isolated(ConsumerRecord<byte[], byte[]> record) {
                endToEnd.thrownAway(TransactionalLoop.partition(record));
                labelling.forget(record);
              }

              @Override
              public void revoked(Collection<TopicPartition> partitions) {
                labelling.forget(partitions);
              }

              @Override
              public boolean seen(ConsumerRecord<byte[], byte[]> record) {
                return aside.seen(record);
              }

              @Override
              public OptionalLong goBack(TopicPartition partition) {
                return aside.goBack(partition);
              }
            },
            new LoopListener() {
              @Override
              public void isolated(ConsumerRecord<byte[], byte[]> record, Throwable cause) {
                metrics.deadLetters.count(LetterCounts.Reason.FAILED);
              }

              @Override
              public void committed(int records) {
                endToEnd.committed();
                spans.committed();
              }

              @Override
              public void thrownAway() {
                spans.thrownAway();
              }

              @Override
              public void removed(long records) {
                metrics.removed.increment(records);
              }

              @Override
              public void failed(Throwable cause) {
                metrics.failed(cause);
              }
            });
  }

  /**
   * Where the tower has a device of its own, the processors decode all the time, whatever it and
   * the brokers take; else the next micro-batch is enough to keep them busy.
   */
  private static TransactionalLoop.Ahead ahead(ClipModel model) {
    if (model.sharesProcessors()) {
      return TransactionalLoop.Ahead.NEXT;
    }
    long memory = Runtime.getRuntime().maxMemory() / 16;
    return new TransactionalLoop.Ahead(
        Math.min(MOST_AHEAD, memory), 3L * model.imageSize() * model.imageSize());
  }

  /** What the labelers' consumer group is called. */
  public static String group(Topics topics) {
    return topics.prefix() + ROLE;
  }

  /**
   * Starts to label. The model, the clients and the serdes stay the caller's to close, after the
   * labeler.
   */
  public static Labeler start(
      GripstreamConfig config,
      KafkaClients clients,
      Topics topics,
      TopicSerdes serdes,
      ClipModel model,
      MeterRegistry meters) {
    return start(
        config,
        clients,
        topics,
        serdes,
        model,
        meters,
        TransactionalLoop.Pauses.USUAL,
        System::nanoTime);
  }

  /**
   * @param nanoTime the clock by which images and prompts are waited for
   */
  static Labeler start(
      GripstreamConfig config,
      KafkaClients clients,
      Topics topics,
      TopicSerdes serdes,
      ClipModel model,
      MeterRegistry meters,
      TransactionalLoop.Pauses pauses,
      LongSupplier nanoTime) {
    Labeler labeler = new Labeler(config, clients, topics, serdes, model, meters, pauses, nanoTime);
    labeler.loop.start();
    return labeler;
  }

  /** Labels single images beside the stream; ends with the labeler. */
  public LabelNow now() {
    return now;
  }

  /** Why the labeler is not ready; empty: it is. */
  public String notReady() {
    String views = Pulse.first(tasks.notReady(), candidates.notReady(), prompts.notReady());
    if (!views.isEmpty()) {
      return views;
    }
    PromptBoard.Snapshot known = board.snapshot();
    Map<String, String> unserved = new TreeMap<>(known.refused());
    unserved.keySet().removeAll(known.served().keySet());
    if (!unserved.isEmpty()) {
      return "it cannot use the live prompts of " + unserved;
    }
    String loops = loop.notReady();
    Map<String, String> away = readings.away();
    return loops.isEmpty() && !away.isEmpty() ? "images wait for their places: " + away : loops;
  }

  /** Why only a restart helps; empty: it lives. */
  public String notAlive() {
    return Pulse.first(
        loop.notAlive(),
        now.notAlive(),
        tasks.notAlive(),
        candidates.notAlive(),
        prompts.notAlive());
  }

  private List<ProducerRecord<byte[], byte[]>> handle(List<ConsumerRecord<byte[], byte[]>> batch)
      throws InterruptedException {
    // Before that, a task that exists would seem not to.
    tasks.awaitReady(TIMEOUT);
    prompts.awaitReady(TIMEOUT);
    return labelling.label(batch, TIMEOUT);
  }

  /**
   * Reads the tasks as they are now with a view of its own, and waits until the board knows all of
   * them.
   */
  private void catchUpOnTasks() {
    try (TopicView<TaskDefinition> now =
        new TopicView<>(
            clients,
            topics.tasks(),
            serdes.tasks().deserializer(),
            // The board does not follow others.
            TaskRules::require,
            (task, definition) -> {})) {
      now.awaitReady(TIMEOUT);
      Set<String> defined = now.snapshot().keySet();
      PromptBoard.Snapshot known =
          board.await(snapshot -> defined.stream().allMatch(snapshot::defines), TIMEOUT);
      if (!defined.stream().allMatch(known::defines)) {
        throw new TimeoutException("the tasks are not up to date");
      }
    } catch (InterruptedException e) {
      throw new InterruptException(e);
    }
  }

  /** The board has changed. */
  private void look(LabelerMetrics metrics) {
    metrics.prompts(board);
    swaps.look(board.snapshot());
  }

  private void trace(String task, Offered offered) {
    // A labeler that starts reads what went live long ago, too. The view may be ahead of this
    // field.
    if (prompts != null && prompts.ready()) {
      PromptVersion prompt = offered.offer().prompt();
      swaps.begin(task, prompt.getRound(), prompt.getVersion(), offered.headers());
    }
  }

  /** What a record of {@code prompts} says, and its headers. */
  private record Offered(Offer offer, Headers headers) {}

  /** Decodes records of {@code prompts}, and looks at their signatures. */
  private record Offers(Deserializer<PromptVersion> prompts, Optional<Verifier> verifier)
      implements Deserializer<Offered> {
    @Override
    public Offered deserialize(String topic, byte[] value) {
      throw new UnsupportedOperationException("the signature is in the record's headers");
    }

    @Override
    public Offered deserialize(String topic, Headers headers, byte[] value) {
      return value == null
          ? null
          : new Offered(
              new Offer(
                  prompts.deserialize(topic, value),
                  verifier.flatMap(keys -> keys.fault(headers, value))),
              headers);
    }
  }

  private static Thread daemon(Runnable work, String name) {
    Thread thread = new Thread(work, name);
    thread.setDaemon(true);
    return thread;
  }

  /** Commits the batch in hand and stops. */
  @Override
  public void close() {
    board.close();
    now.close();
    loop.close();
    tasks.close();
    prompts.close();
    candidates.close();
    workers.shutdownNow();
    nowWorkers.shutdownNow();
    reader.close();
    nowReader.close();
    lane.shutdownNow();
    try {
      // The model may be closed when this returns, so nothing may be running in it.
      if (!lane.awaitTermination(TIMEOUT.toSeconds(), TimeUnit.SECONDS)) {
        LOG.warnf("the tower is still running after %s", TIMEOUT);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
