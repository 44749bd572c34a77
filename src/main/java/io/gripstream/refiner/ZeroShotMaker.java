package io.gripstream.refiner;

import io.gripstream.event.PromptVersion;
import io.gripstream.event.RoundEvent;
import io.gripstream.event.RoundEventType;
import io.gripstream.event.TaskDefinition;
import io.gripstream.kafka.Backoff;
import io.gripstream.kafka.Fault;
import io.gripstream.kafka.KafkaClients;
import io.gripstream.kafka.Keys;
import io.gripstream.kafka.Pulse;
import io.gripstream.kafka.Topics;
import io.gripstream.kafka.follow.Follower;
import io.gripstream.kafka.follow.TopicView;
import io.gripstream.kafka.registry.TopicSerdes;
import io.gripstream.refine.Refinement;
import io.gripstream.task.TaskRules;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.AuthorizationException;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.serialization.Deserializer;
import org.jboss.logging.Logger;

/**
 * Makes the zero-shot prompt of every task that lacks one, as soon as it is heard of, on a thread
 * of its own: a round that runs does not delay it. Two refiners may make the same prompt twice;
 * they are alike, and the curator takes the first and gives it a version.
 *
 * <p>A task lacks one if the latest that was made with this model is for other classes or another
 * template, or if another model's came after it and before this process: a service that went back
 * to the model of before says so by making its prompt again, and the curator serves that. Another
 * model's that comes later does not count, so that refiners of two models do not outbid each other.
 *
 * <p>A definition that no prompt can be made from is reported in the task's diary once, and left
 * alone until it changes.
 */
final class ZeroShotMaker implements AutoCloseable {
  private static final Logger LOG = Logger.getLogger(ZeroShotMaker.class);
  private static final long IDLE_MILLIS = 1000;
  private static final long CLOSE_MILLIS = 60_000;

  /** For a whole diary: less than what a thread may take that is to be known to be alive. */
  private static final Duration READ = Duration.ofSeconds(60);

  private final KafkaClients clients;
  private final String topic;
  private final String rounds;
  private final TopicSerdes serdes;
  private final Refinement refinement;
  private final String modelId;
  private final Diary diary;
  private final RefinerMetrics metrics;
  private final Producer<byte[], byte[]> producer;
  private final Clock clock;
  private final Instant started;
  private final TopicView<TaskDefinition> tasks;
  private final TopicView<Made> made;

  /** By key in the topic. Ahead of the view by what was written a moment ago. */
  private final Map<String, Made> latest = new ConcurrentHashMap<>();

  private final BlockingQueue<String> due = new LinkedBlockingQueue<>();
  private final Map<String, TaskDefinition> hopeless = new HashMap<>();

  /** By task, what its prompt waits for. */
  private final Map<String, String> waiting = new ConcurrentHashMap<>();

  private final CountDownLatch closed = new CountDownLatch(1);
  private final Backoff backoff = new Backoff(closed);
  private final Thread thread;
  private final Pulse pulse;
  private volatile Throwable failure;

  /** What a zero-shot prompt was made for, and when. */
  private record Made(String task, List<String> classes, String template, Instant at) {
    boolean fits(TaskDefinition definition) {
      return classes.equals(definition.getClasses()) && template.equals(definition.getTemplate());
    }
  }

  /**
   * Starts at once.
   *
   * @param modelId the model that {@code refinement} uses
   * @param producer without transactions; stays the caller's to close
   */
  ZeroShotMaker(
      KafkaClients clients,
      Topics topics,
      TopicSerdes serdes,
      Refinement refinement,
      String modelId,
      Diary diary,
      RefinerMetrics metrics,
      Producer<byte[], byte[]> producer,
      Clock clock) {
    this.clients = clients;
    this.topic = topics.zeroShots();
    this.rounds = topics.rounds();
    this.serdes = serdes;
    this.refinement = refinement;
    this.modelId = modelId;
    this.diary = diary;
    this.metrics = metrics;
    this.producer = producer;
    this.clock = clock;
    this.started = clock.instant();
    Deserializer<PromptVersion> whole = serdes.candidates().deserializer();
    this.made =
        new TopicView<>(
            clients,
            topic,
            // The view keeps every value: only what is asked for, not the numbers.
            (name, bytes) -> summary(whole.deserialize(name, bytes)),
            this::heardOf);
    this.tasks =
        new TopicView<>(
            clients,
            topics.tasks(),
            serdes.tasks().deserializer(),
            // One that breaks the rules changes nothing; the curator's diary tells of it.
            TaskRules::require,
            (task, definition) -> due.add(task));
    this.thread = new Thread(this::run, "refiner-zero-shot");
    this.pulse = new Pulse(thread, () -> closed.getCount() == 0);
    thread.setDaemon(true);
    thread.start();
  }

  /** Why not every task has its prompt that could have one; empty: all have. */
  String notReady() {
    String views = Pulse.first(tasks.notReady(), made.notReady());
    if (!views.isEmpty()) {
      return views;
    }
    return waiting.entrySet().stream()
        .map(
            each ->
                "the zero-shot prompt of %s waits: %s".formatted(each.getKey(), each.getValue()))
        .findFirst()
        .orElse("");
  }

  /** Whether all tasks and zero-shot prompts that there were at the start are known. */
  private boolean ready() {
    return tasks.ready() && made.ready();
  }

  /** Why only a restart helps; empty: all threads go on. */
  String notAlive() {
    Throwable known = failure;
    return known == null
        ? Pulse.first(pulse.fault(), tasks.notAlive(), made.notAlive())
        : "it has failed: " + Fault.line(known);
  }

  private static Made summary(PromptVersion prompt) {
    return prompt == null
        ? null
        : new Made(
            prompt.getTask(),
            List.copyOf(prompt.getClasses()),
            prompt.getTemplate(),
            prompt.getCreatedAt());
  }

  private void heardOf(String key, Made prompt) {
    if (prompt == null) {
      latest.remove(key);
    } else {
      latest.put(key, prompt);
      due.add(prompt.task());
    }
  }

  /** The model's id may hold slashes, which separate it from the task. */
  private String key(String task) {
    return task + "/" + URLEncoder.encode(modelId, StandardCharsets.UTF_8);
  }

  private void run() {
    try {
      while (!ready()) {
        pulse.beat();
        if (closed.await(20, TimeUnit.MILLISECONDS)) {
          return;
        }
      }
      while (closed.getCount() > 0) {
        pulse.beat();
        String task = due.poll(IDLE_MILLIS, TimeUnit.MILLISECONDS);
        if (task == null) {
          continue;
        }
        try {
          check(task);
          waiting.remove(task);
          backoff.succeeded();
        } catch (InterruptException e) {
          throw e;
        } catch (RuntimeException | StackOverflowError | OutOfMemoryError e) {
          if (Fault.of(e) == Fault.FATAL) {
            throw e;
          }
          metrics.failed(e);
          waiting.put(task, Fault.line(e));
          LOG.warnf("the zero-shot prompt of %s waits: %s", task, Fault.line(e));
          due.add(task);
          backoff.pause();
        }
      }
    } catch (InterruptedException | InterruptException e) {
      LOG.debug("Closed while making a zero-shot prompt");
    } catch (Throwable e) {
      failure = e;
      LOG.fatalf(
          e instanceof Error ? e : null, "no more zero-shot prompts are made: %s", Fault.line(e));
    }
  }

  private void check(String task) throws InterruptedException {
    TaskDefinition definition = tasks.snapshot().get(task);
    if (definition == null || definition.equals(hopeless.get(task)) || has(task, definition)) {
      return;
    }
    PromptVersion prompt;
    try {
      prompt = refinement.zeroShot(task, definition, clock.instant());
    } catch (RuntimeException e) {
      if (Fault.of(e) != Fault.RECORD) {
        throw e;
      }
      giveUp(task, definition, e);
      return;
    }
    try {
      byte[] value = serdes.candidates().serializer().serialize(topic, prompt);
      write(new ProducerRecord<>(topic, Keys.bytes(key(task)), value));
    } catch (KafkaException e) {
      if (Fault.of(e) != Fault.RECORD) {
        throw e;
      }
      giveUp(task, definition, e);
      return;
    }
    // The view shows it a moment later; until then it must not be made again.
    latest.put(key(task), summary(prompt));
    metrics.zeroShot.increment();
    LOG.infof("Made the zero-shot prompt of %s", task);
  }

  private boolean has(String task, TaskDefinition definition) {
    Made ours = latest.get(key(task));
    return ours != null
        && ours.fits(definition)
        && latest.values().stream()
            .filter(each -> each.task().equals(task) && each.at().isAfter(ours.at()))
            .noneMatch(each -> each.at().isBefore(started));
  }

  /** Once the diary says so; until then it is tried again. */
  private void giveUp(String task, TaskDefinition definition, RuntimeException failure)
      throws InterruptedException {
    if (closed.getCount() == 0) {
      return;
    }
    String entry = "no zero-shot prompt can be made: " + failure.getMessage();
    try {
      if (!told(task, entry)) {
        write(diary.failed(task, 0, null, entry));
      }
    } catch (KafkaException e) {
      if (Fault.of(e) != Fault.RECORD) {
        throw e;
      }
      // A name that no entry can hold.
      LOG.errorf("the diary cannot tell: %s", Fault.line(e));
    }
    LOG.errorf(failure, "no zero-shot prompt can be made for %s", task);
    hopeless.put(task, definition);
  }

  /**
   * Whether the diary says so already, by another refiner or one before a restart, and no zero-shot
   * prompt of the task went live since.
   */
  private boolean told(String task, String entry) {
    AtomicBoolean told = new AtomicBoolean();
    try (Follower entries =
        new Follower(
            clients,
            rounds,
            Follower.ALL,
            record -> {
              if (!Keys.text(record).equals(task)) {
                return;
              }
              RoundEvent event = serdes.rounds().deserializer().deserialize(rounds, record.value());
              if (event.getRound() == 0 && event.getType() == RoundEventType.PROMOTED) {
                told.set(false);
              } else if (event.getRound() == 0 && event.getMessage().equals(entry)) {
                told.set(true);
              }
            })) {
      entries.require(entries::awaitReady, READ);
    } catch (AuthorizationException e) {
      LOG.infof("%s may not be read: it may tell twice of %s", rounds, task);
    }
    return told.get();
  }

  private void write(ProducerRecord<byte[], byte[]> record) throws InterruptedException {
    try {
      producer.send(record).get();
    } catch (ExecutionException e) {
      throw new KafkaException("a zero-shot prompt was not written", e.getCause());
    }
  }

  /** Stops, and waits for a prompt that is being made. */
  @Override
  public void close() {
    closed.countDown();
    thread.interrupt();
    tasks.close();
    made.close();
    try {
      thread.join(CLOSE_MILLIS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
