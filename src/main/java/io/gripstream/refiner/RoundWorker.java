package io.gripstream.refiner;

import io.gripstream.event.BatchSample;
import io.gripstream.event.Paradigm;
import io.gripstream.event.PromptVersion;
import io.gripstream.event.RoundEventType;
import io.gripstream.kafka.Backoff;
import io.gripstream.kafka.Fault;
import io.gripstream.kafka.Keys;
import io.gripstream.kafka.Topics;
import io.gripstream.kafka.registry.TopicSerdes;
import io.gripstream.refine.Paradigms;
import io.gripstream.refine.Refinement;
import io.gripstream.refine.train.RoundBatch;
import io.gripstream.task.TaskRules;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.serialization.Serializer;
import org.jboss.logging.Logger;

/** Does the rounds' work, and words what comes of it. */
final class RoundWorker {
  private static final Logger LOG = Logger.getLogger(RoundWorker.class);

  private final Refinement refinement;
  private final String modelId;
  private final Diary diary;
  private final RefinerMetrics metrics;
  private final String topic;
  private final Serializer<PromptVersion> serializer;
  private final CountDownLatch stopped = new CountDownLatch(1);

  /**
   * @param modelId the model that {@code refinement} uses
   */
  RoundWorker(
      Refinement refinement,
      String modelId,
      Diary diary,
      RefinerMetrics metrics,
      Topics topics,
      TopicSerdes serdes) {
    this.refinement = refinement;
    this.modelId = modelId;
    this.diary = diary;
    this.metrics = metrics;
    this.topic = topics.candidates();
    this.serializer = serdes.candidates().serializer();
  }

  /**
   * @param next the offset behind the batch
   */
  Job job(RoundBatch batch, TopicPartition partition, long next) {
    return new Job(batch, partition, next);
  }

  /** From now on rounds end without a conclusion. */
  void stop() {
    stopped.countDown();
  }

  /**
   * One round. Lets nothing escape but what ends this process's refiner ({@link Fault#FATAL}): what
   * goes wrong is what it came to. Empty: nobody waits for it any more.
   */
  final class Job implements Callable<Optional<Conclusion>> {
    private final RoundBatch batch;
    private final TopicPartition partition;
    private final long next;
    private final String about;
    private volatile boolean abandoned;

    private Job(RoundBatch batch, TopicPartition partition, long next) {
      this.batch = batch;
      this.partition = partition;
      this.next = next;
      this.about = "round %d of %s".formatted(batch.round(), batch.task());
    }

    /** Nobody waits for it any more. */
    void abandon() {
      abandoned = true;
    }

    @Override
    public Optional<Conclusion> call() throws InterruptedException {
      long started = System.nanoTime();
      try {
        Conclusion conclusion = train();
        if (!over()) {
          metrics.trained.record(System.nanoTime() - started, TimeUnit.NANOSECONDS);
          return Optional.of(conclusion);
        }
      } catch (Throwable failure) {
        if (Fault.of(failure) == Fault.FATAL && !over()) {
          // The registry refuses, or this process is broken: another one may run the round.
          throw failure;
        }
        // Errors too: a round that takes more memory than there is must not be tried for ever.
        if (!over()) {
          LOG.errorf(failure, "%s failed", about);
          metrics.failed.record(System.nanoTime() - started, TimeUnit.NANOSECONDS);
          return conclude(failure);
        }
      }
      metrics.abandoned.increment();
      return Optional.empty();
    }

    private Optional<Conclusion> conclude(Throwable failure) {
      String reason = failure.getMessage() == null ? failure.toString() : failure.getMessage();
      try {
        return Optional.of(Conclusion.of(partition, next, failed(reason), about));
      } catch (InterruptException | CancellationException e) {
        LOG.debugf("%s ends with the process", about);
        return Optional.empty();
      }
    }

    private boolean over() {
      return abandoned || stopped.getCount() == 0;
    }

    private Conclusion train() throws InterruptedException {
      LOG.infof("%s begins with %d samples", about, batch.samples().size());
      Paradigm paradigm = paradigm();
      diary.note(
          batch.task(),
          batch.round(),
          RoundEventType.STARTED,
          batch.version(),
          paradigm,
          0,
          Map.of());
      TaskRules.require(batch.task(), batch.definition());
      if (!batch.base().getModelId().equals(modelId)) {
        throw new IllegalArgumentException(
            "the batch is for %s, and this process runs %s"
                .formatted(batch.base().getModelId(), modelId));
      }
      PromptVersion prompt = refinement.train(batch, diary.progress(batch, paradigm, this::over));
      byte[] value = patiently(() -> serializer.serialize(topic, prompt));
      ProducerRecord<byte[], byte[]> entry =
          patiently(
              () ->
                  diary.entry(
                      batch.task(),
                      batch.round(),
                      RoundEventType.PROGRESS,
                      batch.version(),
                      prompt.getParadigm(),
                      1,
                      "",
                      prompt.getEvidence()));
      LOG.infof("%s made version %d: %s", about, prompt.getVersion(), prompt.getEvidence());
      return new Conclusion(
          partition,
          next,
          List.of(
              new ProducerRecord<>(topic, Keys.bytes(batch.task() + "/" + batch.version()), value),
              entry),
          List.of(failed("the candidate of %d bytes is too large".formatted(value.length))),
          about);
    }

    private Paradigm paradigm() {
      return Paradigms.of(
          batch.definition(),
          batch.samples().stream().map(BatchSample::getLabel).filter(Objects::nonNull).toList());
    }

    private ProducerRecord<byte[], byte[]> failed(String reason) {
      return patiently(() -> diary.failed(batch.task(), batch.round(), batch.version(), reason));
    }

    /** A schema registry that does not answer for a while must not cost a round's work. */
    private <T> T patiently(Supplier<T> work) {
      Backoff backoff = new Backoff(stopped);
      while (true) {
        try {
          return work.get();
        } catch (KafkaException e) {
          if (Fault.of(e) != Fault.TRANSIENT) {
            throw e;
          }
          LOG.warnf("%s: waiting before trying again: %s", about, Fault.line(e));
          backoff.pause();
          if (over()) {
            throw new CancellationException("nobody waits for this round any more");
          }
        }
      }
    }
  }
}
