package io.gripstream.curator;

import io.gripstream.curator.SamplePool.Limits;
import io.gripstream.curator.TaskState.Live;
import io.gripstream.event.LabelEvent;
import io.gripstream.event.PoolLimits;
import io.gripstream.event.Sample;
import io.gripstream.event.TaskDefinition;
import io.gripstream.refine.judge.Drift;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.Optional;
import java.util.function.Predicate;

/**
 * Takes samples and labels in: checks each against the contract before anything is changed on its
 * behalf, and keeps what a task remembers within its limits.
 */
final class Intake {
  /** A person may label images ahead of the stream, or after they left the pool. */
  private static final int LABELS_PER_SAMPLE = 4;

  private final SamplePool pool;
  private final Labels labels;
  private final StreamWatch watch;
  private final Encoding<Sample> samples;
  private final Counter samplesEvicted;
  private final Counter labelsEvicted;

  Intake(
      SamplePool pool,
      Labels labels,
      StreamWatch watch,
      Encoding<Sample> samples,
      MeterRegistry meters) {
    this.pool = pool;
    this.labels = labels;
    this.watch = watch;
    this.samples = samples;
    this.samplesEvicted = meters.counter(CurateProcessor.EVICTED, "memory", "pool");
    this.labelsEvicted = meters.counter(CurateProcessor.EVICTED, "memory", "labels");
  }

  /**
   * @return that the stream has changed with this sample, where the task wants to know
   */
  Optional<Drift.Alarm> sample(TaskContext context, Sample sample) {
    TaskDefinition definition = defined(context);
    Live live = context.state().live();
    if (live == null) {
      throw new RejectedRecordException("no prompt of the task is live");
    }
    if (!live.modelId().equals(sample.getModelId())) {
      throw new RejectedRecordException(
          "a sample of model %s where %s is live".formatted(sample.getModelId(), live.modelId()));
    }
    if (sample.getImageId().isEmpty()) {
      throw new RejectedRecordException("the image id is empty");
    }
    if (sample.getFeature().remaining() != live.dimension() * Short.BYTES) {
      throw new RejectedRecordException(
          "a feature of %d bytes where %d numbers of 2 bytes are due"
              .formatted(sample.getFeature().remaining(), live.dimension()));
    }
    byte[] value = samples.encode(sample);
    Limits limits = poolLimits(definition);
    fitting(sample.getImageId(), value, limits);
    samplesEvicted.increment(
        pool.put(context.task(), sample.getImageId(), value, limits, labelled(context)));
    context.become(context.state().sampled());
    return definition.getTrigger().getDrift()
        ? watch.arrived(context.task(), sample, live.zeroShot())
        : Optional.empty();
  }

  void label(TaskContext context, LabelEvent label) {
    TaskDefinition definition = defined(context);
    if (label.getImageId().isEmpty()) {
      throw new RejectedRecordException("the image id is empty");
    }
    if (label.getLabel() == null) {
      labels.remove(context.task(), label.getImageId());
      return;
    }
    if (!definition.getClasses().contains(label.getLabel())) {
      throw new RejectedRecordException(
          "%s is not a class of the task".formatted(label.getLabel()));
    }
    byte[] value = labels.encode(label);
    Limits limits = labelLimits(definition);
    fitting(label.getImageId(), value, limits);
    labelsEvicted.increment(labels.put(context.task(), label.getImageId(), value, limits));
  }

  /** Shrinks to the limits of a definition that was adopted. */
  void shrink(TaskContext context) {
    TaskDefinition definition = defined(context);
    samplesEvicted.increment(
        pool.shrink(context.task(), poolLimits(definition), labelled(context)));
    labelsEvicted.increment(labels.shrink(context.task(), labelLimits(definition)));
    if (!definition.getTrigger().getDrift()) {
      watch.forget(context.task());
    }
  }

  /** Lets the pool's samples go but for the newest and labelled ones. */
  void keepNewest(TaskContext context, int count) {
    samplesEvicted.increment(
        pool.keepNewest(context.task(), count, poolLimits(defined(context)), labelled(context)));
  }

  /** Forgets the samples, which are of another model than those to come. */
  void forgetSamples(String task) {
    pool.clear(task);
    watch.forget(task);
  }

  void forget(String task) {
    forgetSamples(task);
    labels.clear(task);
  }

  /**
   * Which images' samples are worth more than their age. People label few images, maybe two per
   * class, and a sample that left cannot come back.
   */
  private Predicate<String> labelled(TaskContext context) {
    return imageId -> labels.find(context.task(), context.definition(), imageId).isPresent();
  }

  /**
   * @throws RejectedRecordException when the task has no definition
   */
  static TaskDefinition defined(TaskContext context) {
    if (context.definition() == null) {
      throw new RejectedRecordException("there is no task %s".formatted(context.task()));
    }
    return context.definition();
  }

  private static void fitting(String imageId, byte[] value, Limits limits) {
    if (SamplePool.size(imageId, value) > limits.bytes()) {
      throw new RejectedRecordException(
          "%d bytes, where all of the task's memory is %d"
              .formatted(SamplePool.size(imageId, value), limits.bytes()));
    }
  }

  private static Limits poolLimits(TaskDefinition definition) {
    PoolLimits limits = definition.getPool();
    return new Limits(limits.getSamples(), limits.getBytes());
  }

  private static Limits labelLimits(TaskDefinition definition) {
    PoolLimits limits = definition.getPool();
    return new Limits((long) LABELS_PER_SAMPLE * limits.getSamples(), limits.getBytes());
  }
}
