package io.gripstream.curator;

import io.gripstream.event.Command;
import io.gripstream.event.LabelEvent;
import io.gripstream.event.PromptVersion;
import io.gripstream.event.RoundEvent;
import io.gripstream.event.RoundEventType;
import io.gripstream.event.Sample;
import io.gripstream.event.TaskDefinition;
import io.gripstream.kafka.CarriedHeaders;
import io.gripstream.kafka.Fault;
import io.gripstream.kafka.KafkaClients;
import io.gripstream.kafka.Topics;
import io.gripstream.kafka.registry.TopicSerdes;
import io.gripstream.kafka.trace.Traces;
import io.gripstream.refine.judge.Evidence;
import io.gripstream.task.TaskRules;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.opentelemetry.api.trace.Span;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.Map;
import java.util.OptionalDouble;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.processor.api.RecordMetadata;
import org.apache.kafka.streams.state.KeyValueStore;

/**
 * Reads everything that is said of a task, asks the rules, and carries their decisions out.
 *
 * <p>A record is checked before anything is changed on its behalf; one that breaks the contract is
 * thrown back as a {@link RejectedRecordException}.
 */
final class CurateProcessor implements Processor<String, Arrival, String, SpecificRecord> {
  static final String EVICTED = "gripstream.curator.evicted";

  /** Counts diary entries by type: what was promoted, held, rolled back, and what drifted. */
  static final String NOTED = "gripstream.curator.noted";

  /** Counts commands that were sent again, and not executed again. */
  static final String REPEATED = "gripstream.curator.repeated";

  private final Topics topics;
  private final TopicSerdes serdes;
  private final Map<String, Serde<? extends SpecificRecord>> inputs;
  private final Rounds rounds = new Rounds();
  private final Commands commands = new Commands(rounds);
  private final Definitions definitions = new Definitions();
  private final Candidates candidates;
  private final MeterRegistry meters;
  private final RoundSpans spans;
  private final Map<RoundEventType, Counter> noted = new EnumMap<>(RoundEventType.class);
  private final Counter repeated;

  private ProcessorContext<String, SpecificRecord> context;
  private KeyValueStore<String, String> read;
  private Rejections rejections;
  private TaskStore tasks;
  private CommandKeys keys;
  private SamplePool pool;
  private StreamWatch watch;
  private StandingDefinitions standing;
  private Intake intake;
  private Batches batches;

  CurateProcessor(
      Topics topics,
      TopicSerdes serdes,
      Candidates candidates,
      MeterRegistry meters,
      RoundSpans spans) {
    this.topics = topics;
    this.serdes = serdes;
    this.inputs =
        Map.of(
            topics.samples(), serdes.samples(),
            topics.labels(), serdes.labels(),
            topics.tasks(), serdes.tasks(),
            topics.commands(), serdes.commands(),
            topics.candidates(), serdes.candidates(),
            topics.zeroShots(), serdes.candidates(),
            topics.rounds(), serdes.rounds());
    this.candidates = candidates;
    this.meters = meters;
    this.spans = spans;
    // All from the start: who watches for the first of its kind must have seen the 0 before it.
    for (RoundEventType type : RoundEventType.values()) {
      noted.put(
          type,
          Counter.builder(NOTED)
              .description("Diary entries of the curator, by type")
              .tag("type", type.name())
              .register(meters));
    }
    this.repeated =
        Counter.builder(REPEATED)
            .description("Commands that were sent again, and not executed again")
            .register(meters);
  }

  @Override
  public void init(ProcessorContext<String, SpecificRecord> context) {
    this.context = context;
    read = context.getStateStore(CuratorTopology.POSITIONS);
    this.rejections = Rejections.of(context.appConfigs());
    Encoding<PromptVersion> prompts = new Encoding<>(serdes.prompts(), topics.prompts());
    tasks =
        new TaskStore(
            context.getStateStore(CuratorTopology.TASKS),
            new Encoding<>(serdes.tasks(), topics.tasks()),
            prompts);
    keys = new CommandKeys(tasks);
    standing = new StandingDefinitions(tasks, context);
    pool = new SamplePool(context.getStateStore(CuratorTopology.POOL));
    Encoding<Sample> samples = new Encoding<>(serdes.samples(), topics.samples());
    Labels labels =
        new Labels(
            new SamplePool(context.getStateStore(CuratorTopology.LABELS)),
            new Encoding<>(serdes.labels(), topics.labels()));
    watch = new StreamWatch(context.getStateStore(CuratorTopology.STREAM), pool, samples);
    intake = new Intake(pool, labels, watch, samples, meters);
    batches = new Batches(pool, labels, samples, prompts);
  }

  @Override
  public void process(Record<String, Arrival> record) {
    Arrival arrival = record.value();
    try {
      take(record, arrival);
    } catch (RejectedRecordException e) {
      if (arrival.topic().equals(topics.tasks())) {
        unfollowed(record, e.getMessage());
      }
      throw e;
    }
  }

  private void take(Record<String, Arrival> record, Arrival arrival) {
    RecordMetadata came = context.recordMetadata().orElseThrow();
    rejections.refuse(came.topic(), came.partition(), came.offset());
    if (!came.topic().equals(arrival.topic()) && !isNew(arrival)) {
      return;
    }
    if (arrival.size() > KafkaClients.MAX_RECORD_BYTES) {
      throw new RejectedRecordException(
          "it has %d bytes, where a record has %d at most"
              .formatted(arrival.size(), KafkaClients.MAX_RECORD_BYTES));
    }
    if (record.key().isBlank()) {
      throw new RejectedRecordException("the key, which names the task, is empty");
    }
    if (arrival.value() == null && arrival.topic().equals(topics.candidates())) {
      // A tombstone makes room in the topic; the versions kept here have a bound of their own.
      return;
    }
    SpecificRecord value = decode(arrival);
    if (value instanceof PromptVersion prompt) {
      requireKey(record.key(), arrival, prompt);
    }
    curate(arrival.topic(), record.withValue(value));
  }

  /** What follows from a record of {@code tasks} that is refused, beside its dead letter. */
  private void unfollowed(Record<String, Arrival> record, String why) {
    String task = record.key();
    if (!task.matches(TaskRules.NAME)) {
      // There is no such task, and a diary's entry may not hold the name.
      return;
    }
    standing.refused(task);
    long clock = context.currentSystemTimeMs();
    note(
        new RoundEvent(
            task,
            0,
            RoundEventType.FAILED,
            null,
            null,
            0.0,
            "a definition is not followed: " + why,
            Map.of(),
            Instant.ofEpochMilli(clock)),
        new Record<>(task, null, clock));
  }

  /**
   * Whether a misplaced record comes for the first time. The repartition topic may be read again
   * when its offsets have expired; of each input partition its records are in order.
   */
  private boolean isNew(Arrival arrival) {
    if (arrival.position() == null) {
      return true;
    }
    String key = "misplaced/" + arrival.position();
    String next = read.get(key);
    if (next != null && arrival.offset() < Long.parseLong(next)) {
      return false;
    }
    read.put(key, Long.toString(arrival.offset() + 1));
    return true;
  }

  private SpecificRecord decode(Arrival arrival) {
    try {
      return inputs
          .get(arrival.topic())
          .deserializer()
          .deserialize(arrival.topic(), arrival.value());
    } catch (RuntimeException e) {
      if (Fault.of(e) != Fault.RECORD) {
        // The bytes may be good.
        throw e;
      }
      throw new RejectedRecordException("undecodable: " + e.getMessage());
    }
  }

  private void requireKey(String task, Arrival arrival, PromptVersion prompt) {
    boolean candidate = arrival.topic().equals(topics.candidates());
    String key = new String(arrival.key(), StandardCharsets.UTF_8);
    String due = candidate ? prompt.getTask() + "/" + prompt.getVersion() : prompt.getTask();
    if (!due.equals(candidate ? key : task)) {
      throw new RejectedRecordException("the key is %s where %s is due".formatted(key, due));
    }
  }

  /**
   * Curates a task by what was said of it.
   *
   * @param topic where it was said
   * @param cause its key is the task; its time counts for nothing. What follows from it bears its
   *     {@link CarriedHeaders}
   */
  void curate(String topic, Record<String, SpecificRecord> cause) {
    long clock = context.currentSystemTimeMs();
    Record<String, SpecificRecord> record =
        cause.withTimestamp(clock).withHeaders(CarriedHeaders.of(cause.headers()));
    String task = record.key();
    SpecificRecord value = record.value();
    if (topic.equals(topics.tasks()) && standing.wrote(task, value, cause.headers())) {
      return;
    }
    TaskState before = tasks.state(task);
    TaskContext taskContext =
        new TaskContext(
            task,
            tasks.definition(task),
            before,
            tasks.versions(task),
            () -> pool.extent(task).count(),
            clock);
    if (value instanceof Sample sample) {
      intake
          .sample(taskContext, sample)
          .ifPresent(alarm -> StreamChange.follow(taskContext, alarm));
    } else if (value instanceof LabelEvent label) {
      intake.label(taskContext, label);
    } else if (value instanceof TaskDefinition definition) {
      definition(taskContext, definition);
    } else if (value instanceof PromptVersion zeroShot && topic.equals(topics.zeroShots())) {
      candidates.admit(taskContext, zeroShot);
    } else if (value instanceof PromptVersion candidate) {
      record = record.withHeaders(judge(taskContext, candidate, record.headers()));
    } else if (value instanceof Command command) {
      Intake.defined(taskContext);
      if (keys.first(task, command)) {
        commands.obey(taskContext, command);
      } else {
        repeated.increment();
      }
    } else if (value instanceof RoundEvent event) {
      rounds.hear(taskContext, event);
    } else if (topic.equals(topics.tasks())) {
      end(taskContext, record);
    } else {
      throw new RejectedRecordException("the record has no value");
    }
    rounds.requestIfDue(taskContext);
    for (Decision decision : taskContext.decisions()) {
      carryOut(taskContext, decision, record);
    }
    if (!taskContext.state().equals(before)) {
      tasks.state(task, taskContext.state());
    }
  }

  /**
   * Considers a candidate.
   *
   * @param headers of its record
   * @return those of what follows
   */
  private Headers judge(TaskContext taskContext, PromptVersion candidate, Headers headers) {
    Span span =
        spans.judge(headers, taskContext.task(), candidate.getRound(), candidate.getVersion());
    try {
      candidates.consider(taskContext, withPoolWorth(taskContext.task(), candidate));
    } catch (RuntimeException e) {
      spans.failed(span, e);
      throw e;
    }
    for (Decision decision : taskContext.decisions()) {
      if (decision instanceof Decision.Note note) {
        span.setAttribute("gripstream.verdict", note.event().getType().name())
            .setAttribute("gripstream.reason", note.event().getMessage());
        spans.handled(span);
        return Traces.headers(span, headers);
      }
    }
    // It is known already, and has its verdict.
    return headers;
  }

  /** In its evidence, what the pool was worth: nobody else knows in which order its images came. */
  private PromptVersion withPoolWorth(String task, PromptVersion candidate) {
    OptionalDouble worth = watch.worth(task, candidate.getVersion());
    if (worth.isEmpty()) {
      return candidate;
    }
    Map<String, Double> evidence = new HashMap<>(candidate.getEvidence());
    evidence.put(Evidence.POOL_WORTH, worth.getAsDouble());
    return PromptVersion.newBuilder(candidate).setEvidence(evidence).build();
  }

  private void definition(TaskContext taskContext, TaskDefinition definition) {
    TaskRules.fault(taskContext.task(), definition)
        .ifPresent(
            fault -> {
              throw new RejectedRecordException(fault);
            });
    definitions.adopt(taskContext, definition);
    tasks.definition(taskContext.task(), definition);
    intake.shrink(taskContext);
  }

  /**
   * Forgets the task, except for its numbers and its zero-shot prompts: the refiner, which has made
   * those, does not make them again if a task of this name and these classes comes again.
   */
  private void end(TaskContext taskContext, Record<String, SpecificRecord> record) {
    intake.forget(taskContext.task());
    tasks.definition(taskContext.task(), null);
    tasks.commands(taskContext.task(), Map.of());
    taskContext.versions().retain(Prompts::zeroShot);
    taskContext.redefine(null);
    taskContext.become(taskContext.state().ended());
    context.forward(record.withValue(null), CuratorTopology.PROMPTS);
  }

  private void carryOut(
      TaskContext taskContext, Decision decision, Record<String, SpecificRecord> record) {
    if (decision instanceof Decision.Serve serve) {
      watch.serving(taskContext.task(), serve.prompt().getVersion());
      context.forward(record.withValue(serve.prompt()), CuratorTopology.PROMPTS);
    } else if (decision instanceof Decision.Publish publish) {
      PromptVersion prompt = publish.prompt();
      context.forward(
          record.withKey(prompt.getTask() + "/" + prompt.getVersion()).withValue(prompt),
          CuratorTopology.CANDIDATES);
    } else if (decision instanceof Decision.Note note) {
      note(note.event(), record);
    } else if (decision instanceof Decision.ForgetPool) {
      intake.forgetSamples(taskContext.task());
    } else if (decision instanceof Decision.KeepNewest keep) {
      intake.keepNewest(taskContext, keep.samples());
    } else if (decision instanceof Decision.Request request) {
      write(taskContext, request, record);
    }
  }

  private void write(
      TaskContext taskContext, Decision.Request request, Record<String, SpecificRecord> cause) {
    // A command's trace goes on; no round belongs to the one before it.
    Headers headers = cause.value() instanceof Command ? cause.headers() : new RecordHeaders();
    Span span = spans.close(headers, taskContext.task(), request.round(), request.version());
    try {
      write(taskContext, request, cause.withHeaders(Traces.headers(span, cause.headers())), span);
    } catch (RuntimeException e) {
      spans.failed(span, e);
      throw e;
    }
    spans.handled(span);
  }

  private void write(
      TaskContext taskContext,
      Decision.Request request,
      Record<String, SpecificRecord> record,
      Span span) {
    Instant at = Instant.ofEpochMilli(record.timestamp());
    PromptVersion base =
        taskContext.versions().find(taskContext.state().live().version()).orElseThrow().prompt();
    Batches.Content content =
        batches.write(
            taskContext.task(),
            taskContext.definition(),
            base,
            WayBack.predecessor(taskContext),
            request,
            at,
            chunk -> context.forward(record.withValue(chunk), CuratorTopology.BATCHES));
    span.setAttribute("gripstream.samples", content.pool())
        .setAttribute("gripstream.paradigm", content.paradigm().name());
    watch.closed(taskContext.task(), request.version());
    note(
        new RoundEvent(
            taskContext.task(),
            request.round(),
            RoundEventType.REQUESTED,
            request.version(),
            content.paradigm(),
            0.0,
            "%sfrom version %d, with %s"
                .formatted(request.calibration() ? "calibration " : "", base.getVersion(), content),
            content.metrics(),
            at),
        record);
  }

  private void note(RoundEvent event, Record<String, SpecificRecord> record) {
    noted.get(event.getType()).increment();
    context.forward(record.withValue(event), CuratorTopology.ROUNDS);
  }
}
