package io.gripstream.refiner;

import io.gripstream.event.PromptVersion;
import io.gripstream.event.TaskDefinition;
import io.gripstream.messaging.KafkaClients;
import io.gripstream.messaging.Keys;
import io.gripstream.messaging.Pulse;
import io.gripstream.messaging.TopicSerdes;
import io.gripstream.messaging.TopicView;
import io.gripstream.messaging.Topics;
import io.gripstream.refine.Refinement;
import io.gripstream.refiner.Candidates.Candidate;
import java.time.Clock;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.apache.kafka.common.serialization.Deserializer;
import org.jboss.logging.Logger;

/**
 * Makes the zero-shot prompt of every task that lacks one, as soon as it is heard of, on a thread
 * of its own: a round that runs does not delay it. Two refiners may make the same prompt twice;
 * they are alike, and the curator takes the first.
 *
 * <p>A definition that no prompt can be made from is reported in the task's diary once, and left
 * alone until it changes.
 */
final class ZeroShotMaker implements AutoCloseable {
  private static final Logger LOG = Logger.getLogger(ZeroShotMaker.class);
  private static final Duration BACKOFF = Duration.ofSeconds(1);
  private static final long CLOSE_MILLIS = 60_000;

  private final String topic;
  private final TopicSerdes serdes;
  private final Refinement refinement;
  private final String modelId;
  private final Candidates candidates;
  private final Diary diary;
  private final RefinerMetrics metrics;
  private final Producer<byte[], byte[]> producer;
  private final Clock clock;
  private final TopicView<TaskDefinition> tasks;
  private final TopicView<Candidate> made;
  private final BlockingQueue<String> due = new LinkedBlockingQueue<>();
  private final Map<String, TaskDefinition> hopeless = new HashMap<>();
  private final CountDownLatch closed = new CountDownLatch(1);
  private final Thread thread;
  private final Pulse pulse;

  /**
   * Starts at once.
   *
   * @param modelId the model that {@code refinement} uses
   * @param candidates kept up to date by this object from now on
   * @param producer without transactions; stays the caller's to close
   */
  ZeroShotMaker(
      KafkaClients clients,
      Topics topics,
      TopicSerdes serdes,
      Refinement refinement,
      String modelId,
      Candidates candidates,
      Diary diary,
      RefinerMetrics metrics,
      Producer<byte[], byte[]> producer,
      Clock clock) {
    this.topic = topics.candidates();
    this.serdes = serdes;
    this.refinement = refinement;
    this.modelId = modelId;
    this.candidates = candidates;
    this.diary = diary;
    this.metrics = metrics;
    this.producer = producer;
    this.clock = clock;
    Deserializer<PromptVersion> whole = serdes.candidates().deserializer();
    this.made =
        new TopicView<>(
            clients,
            topics.candidates(),
            // The view keeps every value: only what is asked for, not the numbers.
            (name, bytes) -> summary(whole.deserialize(name, bytes)),
            this::heardOf);
    this.tasks =
        new TopicView<>(
            clients,
            topics.tasks(),
            serdes.tasks().deserializer(),
            (task, definition) -> due.add(task));
    this.thread = new Thread(this::run, "refiner-zero-shot");
    this.pulse = new Pulse(thread, () -> closed.getCount() == 0);
    thread.setDaemon(true);
    thread.start();
  }

  /** Whether all tasks and candidates that there were at the start are known. */
  boolean ready() {
    return tasks.ready() && made.ready();
  }

  /** What is wrong with one of the threads; empty: nothing. */
  String notAlive() {
    return Pulse.first(pulse.fault(), tasks.notAlive(), made.notAlive());
  }

  private static Candidate summary(PromptVersion prompt) {
    return prompt == null ? null : Candidate.of(prompt);
  }

  private void heardOf(String key, Candidate candidate) {
    if (candidate == null) {
      candidates.remove(key);
    } else {
      candidates.add(candidate);
      due.add(candidate.task());
    }
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
        String task = due.poll(BACKOFF.toMillis(), TimeUnit.MILLISECONDS);
        if (task == null) {
          continue;
        }
        try {
          check(task);
        } catch (KafkaException e) {
          LOG.warnf(e, "the zero-shot prompt of %s waits", task);
          due.add(task);
          closed.await(BACKOFF.toMillis(), TimeUnit.MILLISECONDS);
        }
      }
    } catch (InterruptedException | InterruptException e) {
      LOG.debug("Closed while making a zero-shot prompt");
    }
  }

  private void check(String task) throws InterruptedException {
    TaskDefinition definition = tasks.snapshot().get(task);
    if (definition == null
        || definition.equals(hopeless.get(task))
        || !candidates.needsZeroShot(task, definition, modelId)) {
      return;
    }
    PromptVersion prompt;
    try {
      prompt =
          PromptVersion.newBuilder(refinement.zeroShot(task, definition, clock.instant()))
              .setVersion(candidates.nextVersion(task))
              .build();
    } catch (RuntimeException e) {
      giveUp(task, definition, e);
      return;
    }
    Candidate candidate = Candidate.of(prompt);
    try {
      byte[] value = serdes.candidates().serializer().serialize(topic, prompt);
      producer.send(new ProducerRecord<>(topic, Keys.bytes(candidate.key()), value)).get();
    } catch (ExecutionException e) {
      if (e.getCause() instanceof RecordTooLargeException tooLarge) {
        giveUp(task, definition, tooLarge);
        return;
      }
      throw new KafkaException("a candidate was not written", e.getCause());
    }
    // The view shows it a moment later; until then it must not be made again.
    candidates.add(candidate);
    metrics.zeroShot.increment();
    LOG.infof("Made the zero-shot prompt of %s, version %d", task, candidate.version());
  }

  private void giveUp(String task, TaskDefinition definition, RuntimeException failure) {
    if (closed.getCount() == 0) {
      return;
    }
    LOG.errorf(failure, "no zero-shot prompt can be made for %s", task);
    producer.send(
        diary.failed(task, 0, null, "no zero-shot prompt can be made: " + failure.getMessage()));
    hopeless.put(task, definition);
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
