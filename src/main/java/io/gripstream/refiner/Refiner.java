package io.gripstream.refiner;

import io.gripstream.event.PromptVersion;
import io.gripstream.kafka.DeadLetters;
import io.gripstream.kafka.KafkaClients;
import io.gripstream.kafka.LetterCounts;
import io.gripstream.kafka.Pulse;
import io.gripstream.kafka.Topics;
import io.gripstream.kafka.loop.LoopListener;
import io.gripstream.kafka.loop.TransactionalLoop;
import io.gripstream.kafka.registry.TopicSerdes;
import io.gripstream.refine.Refinement;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/**
 * The running refiner: a loop that runs rounds, and a maker of zero-shot prompts beside it.
 *
 * <p>A round at which one process after another loses its device is given up: the count is kept
 * with the committed offset.
 *
 * <p>Guarantee: every batch ends as exactly one candidate ({@link PromptVersion}) or one diary
 * entry that says why not, as a read_committed consumer sees it. Zero-shot prompts may be written
 * more than once, all alike; the curator takes the first, and gives it a version.
 */
public final class Refiner implements AutoCloseable {
  static final String ROLE = "refiner";

  /**
   * For what is written beside the rounds: less than what a thread may take that is to be known to
   * be alive.
   */
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  private final Producer<byte[], byte[]> producer;
  private final ZeroShotMaker zeroShots;
  private final TransactionalLoop loop;

  private Refiner(
      String instanceId,
      KafkaClients clients,
      Topics topics,
      TopicSerdes serdes,
      Refinement refinement,
      String modelId,
      MeterRegistry meters,
      TransactionalLoop.Pauses pauses,
      Duration patience) {
    RefinerMetrics metrics = new RefinerMetrics(meters);
    Clock clock = Clock.systemUTC();
    DeadLetters deadLetters = new DeadLetters(topics, clients.recordBytes());
    this.producer =
        clients.producer(null, new ByteArraySerializer(), new ByteArraySerializer(), patience);
    Diary diary = new Diary(producer, topics.rounds(), serdes.rounds().serializer(), clock);
    this.zeroShots =
        new ZeroShotMaker(
            clients, topics, serdes, refinement, modelId, diary, metrics, producer, clock);
    this.loop =
        new TransactionalLoop(
            clients,
            TransactionalLoop.Settings.longWork(
                    ROLE, group(topics), instanceId, List.of(topics.batches()), topics.positions())
                .with(pauses),
            deadLetters,
            new Rounds(
                serdes.batches().deserializer(),
                new RoundWorker(
                    refinement, modelId, diary, metrics, topics, serdes, clients.traces()),
                diary,
                deadLetters,
                metrics),
            new LoopListener() {
              @Override
              public void isolated(ConsumerRecord<byte[], byte[]> record, Throwable cause) {
                metrics.deadLetters.count(LetterCounts.Reason.FAILED);
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
   * Starts to refine. Everything handed in stays the caller's to close, after the refiner.
   *
   * @param instanceId unique among the running processes, and the same after a restart
   * @param modelId the model that {@code refinement} uses
   */
  public static Refiner start(
      String instanceId,
      KafkaClients clients,
      Topics topics,
      TopicSerdes serdes,
      Refinement refinement,
      String modelId,
      MeterRegistry meters) {
    return start(
        instanceId,
        clients,
        topics,
        serdes,
        refinement,
        modelId,
        meters,
        TransactionalLoop.Pauses.USUAL,
        PATIENCE);
  }

  static Refiner start(
      String instanceId,
      KafkaClients clients,
      Topics topics,
      TopicSerdes serdes,
      Refinement refinement,
      String modelId,
      MeterRegistry meters,
      TransactionalLoop.Pauses pauses,
      Duration patience) {
    Refiner refiner =
        new Refiner(
            instanceId, clients, topics, serdes, refinement, modelId, meters, pauses, patience);
    refiner.loop.start();
    return refiner;
  }

  /** What the refiners' consumer group is called. */
  public static String group(Topics topics) {
    return topics.prefix() + ROLE;
  }

  /** Why the refiner is not ready; empty: it is. */
  public String notReady() {
    if (!notAlive().isEmpty()) {
      return notAlive();
    }
    String waiting = zeroShots.notReady();
    return waiting.isEmpty() ? loop.notReady() : waiting;
  }

  /** Why only a restart helps; empty: it lives. */
  public String notAlive() {
    return Pulse.first(loop.notAlive(), zeroShots.notAlive());
  }

  /** Leaves the round in hand for after the restart, and stops. */
  @Override
  public void close() {
    loop.close();
    zeroShots.close();
    producer.close();
  }
}
