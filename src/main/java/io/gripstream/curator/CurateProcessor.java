package io.gripstream.curator;

import io.gripstream.curator.Memory.Limits;
import io.gripstream.curator.TaskState.Live;
import io.gripstream.event.Command;
import io.gripstream.event.LabelEvent;
import io.gripstream.event.PoolLimits;
import io.gripstream.event.PromptVersion;
import io.gripstream.event.RoundEvent;
import io.gripstream.event.RoundEventType;
import io.gripstream.event.Sample;
import io.gripstream.event.TaskDefinition;
import io.gripstream.messaging.TopicSerdes;
import io.gripstream.messaging.Topics;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Instant;
import java.util.function.Predicate;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;

/**
 * Reads everything that is said of a task, asks the rules, and carries their decisions out.
 *
 * <p>A record is checked before anything is changed on its behalf; one that breaks the contract is
 * thrown back as a {@link RejectedRecordException}.
 */
final class CurateProcessor implements Processor<String, SpecificRecord, String, SpecificRecord> {
  static final String EVICTED = "gripstream.curator.evicted";

  /** A person may label images ahead of the stream, or after they left the pool. */
  private static final int LABELS_PER_SAMPLE = 4;

  private final Topics topics;
  private final TopicSerdes serdes;
  private final Rounds rounds = new Rounds();
  private final Commands commands = new Commands(rounds);
  private final Definitions definitions = new Definitions();
  private final Candidates candidates;
  private final Counter samplesEvicted;
  private final Counter labelsEvicted;

  private ProcessorContext<String, SpecificRecord> context;
  private TaskStore tasks;
  private Memory pool;
  private Labels labels;
  private Batches batches;

  CurateProcessor(Topics topics, TopicSerdes serdes, Candidates candidates, MeterRegistry meters) {
    this.topics = topics;
    this.serdes = serdes;
    this.candidates = candidates;
    this.samplesEvicted = meters.counter(EVICTED, "memory", "pool");
    this.labelsEvicted = meters.counter(EVICTED, "memory", "labels");
  }

  @Override
  public void init(ProcessorContext<String, SpecificRecord> context) {
    this.context = context;
    Encoding<PromptVersion> prompts = new Encoding<>(serdes.prompts(), topics.prompts());
    tasks =
        new TaskStore(
            context.getStateStore(CuratorTopology.TASKS),
            new Encoding<>(serdes.tasks(), topics.tasks()),
            prompts);
    pool = new Memory(context.getStateStore(CuratorTopology.POOL));
    labels =
        new Labels(
            new Memory(context.getStateStore(CuratorTopology.LABELS)),
            new Encoding<>(serdes.labels(), topics.labels()));
    batches =
        new Batches(pool, labels, new Encoding<>(serdes.samples(), topics.samples()), prompts);
  }

  @Override
  public void process(Record<String, SpecificRecord> record) {
    String task = record.key();
    if (task == null || task.isBlank()) {
      throw new RejectedRecordException("the key, which names the task, is empty");
    }
    SpecificRecord value = record.value();
    TaskState before = tasks.state(task);
    Turn turn =
        new Turn(
            task,
            tasks.definition(task),
            before,
            tasks.versions(task),
            () -> pool.extent(task).count(),
            record.timestamp(),
            context.currentSystemTimeMs());
    if (value instanceof Sample sample) {
      sample(turn, sample);
    } else if (value instanceof LabelEvent label) {
      label(turn, label);
    } else if (value instanceof TaskDefinition definition) {
      definition(turn, definition);
    } else if (value instanceof PromptVersion candidate) {
      candidates.consider(turn, candidate);
    } else if (value instanceof Command command) {
      defined(turn);
      commands.obey(turn, command);
    } else if (value instanceof RoundEvent event) {
      rounds.hear(turn, event);
    } else if (isTombstoneOfTask(record)) {
      end(turn, record);
    } else {
      throw new RejectedRecordException("the record has no value");
    }
    rounds.requestIfDue(turn);
    turn.decisions().forEach(decision -> carryOut(turn, decision, record));
    if (!turn.state().equals(before)) {
      tasks.state(task, turn.state());
    }
  }

  private void sample(Turn turn, Sample sample) {
    TaskDefinition definition = defined(turn);
    Live live = turn.state().live();
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
    Encoding<Sample> encoding = new Encoding<>(serdes.samples(), topics.samples());
    byte[] value = encoding.encode(sample);
    Limits limits = poolLimits(definition);
    fitting(sample.getImageId(), value, limits);
    samplesEvicted.increment(
        pool.put(turn.task(), sample.getImageId(), value, limits, labelled(turn)));
    turn.become(turn.state().arrived(turn.state().arrived() + 1));
  }

  private void label(Turn turn, LabelEvent label) {
    TaskDefinition definition = defined(turn);
    if (label.getImageId().isEmpty()) {
      throw new RejectedRecordException("the image id is empty");
    }
    if (label.getLabel() == null) {
      labels.remove(turn.task(), label.getImageId());
      return;
    }
    if (!definition.getClasses().contains(label.getLabel())) {
      throw new RejectedRecordException(
          "%s is not a class of the task".formatted(label.getLabel()));
    }
    byte[] value = labels.encode(label);
    Limits limits = labelLimits(definition);
    fitting(label.getImageId(), value, limits);
    labelsEvicted.increment(labels.put(turn.task(), label.getImageId(), value, limits));
  }

  private void definition(Turn turn, TaskDefinition definition) {
    definitions
        .fault(definition)
        .ifPresent(
            fault -> {
              throw new RejectedRecordException(fault);
            });
    definitions.adopt(turn, definition);
    tasks.definition(turn.task(), definition);
    samplesEvicted.increment(pool.shrink(turn.task(), poolLimits(definition), labelled(turn)));
    labelsEvicted.increment(labels.shrink(turn.task(), labelLimits(definition)));
  }

  /**
   * Forgets the task, except for its numbers and its zero-shot prompts: the refiner, which has made
   * those, does not make them again if a task of this name and these classes comes again.
   */
  private void end(Turn turn, Record<String, SpecificRecord> record) {
    pool.clear(turn.task());
    labels.clear(turn.task());
    tasks.definition(turn.task(), null);
    turn.versions().retain(Prompts::zeroShot);
    turn.redefine(null);
    turn.become(turn.state().ended());
    context.forward(record.withValue(null), CuratorTopology.PROMPTS);
  }

  private void carryOut(Turn turn, Decision decision, Record<String, SpecificRecord> record) {
    if (decision instanceof Decision.Serve serve) {
      context.forward(record.withValue(serve.prompt()), CuratorTopology.PROMPTS);
    } else if (decision instanceof Decision.Note note) {
      context.forward(record.withValue(note.event()), CuratorTopology.ROUNDS);
    } else if (decision instanceof Decision.ForgetPool) {
      pool.clear(turn.task());
    } else if (decision instanceof Decision.Request request) {
      write(turn, request, record);
    }
  }

  private void write(Turn turn, Decision.Request request, Record<String, SpecificRecord> record) {
    Instant at = Instant.ofEpochMilli(record.timestamp());
    PromptVersion base = turn.versions().find(turn.state().live().version()).orElseThrow().prompt();
    Batches.Content content =
        batches.write(
            turn.task(),
            turn.definition(),
            base,
            request,
            at,
            chunk -> context.forward(record.withValue(chunk), CuratorTopology.BATCHES));
    RoundEvent event =
        new RoundEvent(
            turn.task(),
            request.round(),
            RoundEventType.REQUESTED,
            request.version(),
            content.paradigm(),
            0.0,
            "from version %d, with %s".formatted(base.getVersion(), content),
            content.metrics(),
            at);
    context.forward(record.withValue(event), CuratorTopology.ROUNDS);
  }

  /**
   * Which images' samples are worth more than their age. People label few images, maybe two per
   * class, and a sample that left cannot come back.
   */
  private Predicate<String> labelled(Turn turn) {
    return imageId -> labels.find(turn.task(), turn.definition(), imageId).isPresent();
  }

  private static TaskDefinition defined(Turn turn) {
    if (turn.definition() == null) {
      throw new RejectedRecordException("there is no task %s".formatted(turn.task()));
    }
    return turn.definition();
  }

  private boolean isTombstoneOfTask(Record<String, SpecificRecord> record) {
    return record.value() == null
        && context
            .recordMetadata()
            .map(metadata -> metadata.topic().equals(topics.tasks()))
            .orElse(false);
  }

  private static void fitting(String imageId, byte[] value, Limits limits) {
    if (Memory.size(imageId, value) > limits.bytes()) {
      throw new RejectedRecordException(
          "%d bytes, where all of the task's memory is %d"
              .formatted(Memory.size(imageId, value), limits.bytes()));
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
