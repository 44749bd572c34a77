package io.gripstream.refiner;

import io.gripstream.event.BatchSample;
import io.gripstream.event.Paradigm;
import io.gripstream.event.PromptVersion;
import io.gripstream.event.RoundEventType;
import io.gripstream.kafka.Backoff;
import io.gripstream.kafka.Fault;
import io.gripstream.kafka.Keys;
import io.gripstream.kafka.Topics;
import io.gripstream.kafka.loop.LongWork;
import io.gripstream.kafka.registry.TopicSerdes;
import io.gripstream.kafka.trace.RoundStep;
import io.gripstream.kafka.trace.Traces;
import io.gripstream.refine.Paradigms;
import io.gripstream.refine.Refinement;
import io.gripstream.refine.train.RoundBatch;
import io.gripstream.task.TaskRules;
import io.micrometer.core.instrument.Timer;
import io.opentelemetry.api.trace.Span;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.serialization.Serializer;
import org.jboss.logging.Logger;

/** Does the rounds' work, and words what comes of it. */
final class RoundWorker {
  private static final Logger LOG = Logger.getLogger(RoundWorker.class);

  /**
   * How often the engine may fail in one round, with growing pauses in between: some minutes at
   * least. What fails for longer may fail because of the round, and others wait behind it.
   */
  static final int ENGINE_ATTEMPTS = 20;

  private final Refinement refinement;
  private final String modelId;
  private final Diary diary;
  private final RefinerMetrics metrics;
  private final String batches;
  private final String topic;
  private final Serializer<PromptVersion> serializer;
  private final Traces traces;

  /**
   * @param modelId the model that {@code refinement} uses
   */
  RoundWorker(
      Refinement refinement,
      String modelId,
      Diary diary,
      RefinerMetrics metrics,
      Topics topics,
      TopicSerdes serdes,
      Traces traces) {
    this.refinement = refinement;
    this.modelId = modelId;
    this.diary = diary;
    this.metrics = metrics;
    this.batches = topics.batches();
    this.topic = topics.candidates();
    this.serializer = serdes.candidates().serializer();
    this.traces = traces;
  }

  // For the thread that runs jobs, one after the other.
  private final Map<String, Integer> engineFailures = new HashMap<>();

  /**
   * @param headers of the batch's record; the round goes on with the trace that they bear
   */
  LongWork job(RoundBatch batch, Headers headers) {
    return new Job(batch, headers);
  }

  /**
   * One round. What goes wrong with it is what it came to, and is not tried again. What is not its
   * fault escapes: the registry, the brokers, the engine unless it keeps failing, this process.
   */
  private final class Job implements LongWork {
    private final RoundBatch batch;
    private final Headers headers;
    private final String about;
    private final CountDownLatch abandoned = new CountDownLatch(1);

    private Job(RoundBatch batch, Headers headers) {
      this.batch = batch;
      this.headers = headers;
      this.about = "round %d of %s".formatted(batch.round(), batch.task());
    }

    @Override
    public String about() {
      return about;
    }

    @Override
    public void abandon() {
      abandoned.countDown();
    }

    private boolean isAbandoned() {
      return abandoned.getCount() == 0;
    }

    @Override
    public Outcome run() throws Exception {
      Span span =
          traces.round(
              RoundStep.TRAIN, batches, headers, batch.task(), batch.round(), batch.version());
      try {
        return run(span);
      } catch (Throwable e) {
        Traces.fail(span, e);
        throw e;
      } finally {
        span.end();
      }
    }

    private Outcome run(Span span) throws Exception {
      long started = System.nanoTime();
      Timer timer = metrics.trained;
      try {
        Outcome outcome;
        try {
          outcome = train(span);
        } catch (Throwable failure) {
          // Errors too: a round that takes more memory than there is must not be tried for ever.
          if (isAbandoned() || !isItsOwn(failure)) {
            throw failure;
          }
          LOG.errorf(failure, "%s failed", about);
          timer = metrics.failed;
          Traces.fail(span, failure);
          outcome = new Outcome(List.of(failed(reason(failure))), List.of());
        }
        // What was noted of the round comes before what came of it.
        diary.flush();
        requireWanted();
        engineFailures.remove(about);
        timer.record(System.nanoTime() - started, TimeUnit.NANOSECONDS);
        return outcome;
      } finally {
        if (isAbandoned()) {
          metrics.abandoned.increment();
        }
      }
    }

    private boolean isItsOwn(Throwable failure) {
      Fault fault = Fault.of(failure);
      if (fault == Fault.ENGINE) {
        return engineFailures.merge(about, 1, Integer::sum) >= ENGINE_ATTEMPTS;
      }
      return fault == Fault.RECORD;
    }

    private static String reason(Throwable failure) {
      return failure.getMessage() == null ? failure.toString() : failure.getMessage();
    }

    private void requireWanted() {
      if (isAbandoned()) {
        throw new CancellationException(about + " is abandoned");
      }
    }

    private Outcome train(Span span) throws InterruptedException {
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
      PromptVersion prompt =
          refinement.train(batch, diary.progress(batch, paradigm, this::isAbandoned));
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
      span.setAttribute("gripstream.samples", batch.samples().size())
          .setAttribute("gripstream.steps", batch.definition().getTraining().getSteps())
          .setAttribute("gripstream.paradigm", prompt.getParadigm().name());
      LOG.infof("%s made version %d: %s", about, prompt.getVersion(), prompt.getEvidence());
      return new Outcome(
          List.of(
              new ProducerRecord<>(
                  topic,
                  null,
                  Keys.bytes(batch.task() + "/" + batch.version()),
                  value,
                  Traces.headers(span)),
              entry),
          List.of(failed("the candidate of %d bytes is too large".formatted(value.length))));
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
      Backoff backoff = new Backoff(abandoned);
      while (true) {
        try {
          return work.get();
        } catch (KafkaException e) {
          if (Fault.of(e) != Fault.TRANSIENT) {
            throw e;
          }
          LOG.warnf("%s: waiting before trying again: %s", about, Fault.line(e));
          backoff.pause();
          requireWanted();
        }
      }
    }
  }
}
