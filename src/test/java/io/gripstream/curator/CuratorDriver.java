package io.gripstream.curator;

import io.gripstream.event.Command;
import io.gripstream.event.CommandType;
import io.gripstream.event.LabelEvent;
import io.gripstream.event.PromptVersion;
import io.gripstream.event.RefinementBatch;
import io.gripstream.event.RoundEvent;
import io.gripstream.event.RoundEventType;
import io.gripstream.event.Sample;
import io.gripstream.event.TaskDefinition;
import io.gripstream.kafka.DeadLetters;
import io.gripstream.kafka.Topics;
import io.gripstream.kafka.registry.TopicSerdes;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;
import java.util.function.Function;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.TestInputTopic;
import org.apache.kafka.streams.TestOutputTopic;
import org.apache.kafka.streams.TopologyTestDriver;
import org.apache.kafka.streams.state.KeyValueBytesStoreSupplier;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.Stores;
import org.apache.kafka.streams.test.TestRecord;

/**
 * The curator's topology with its real handlers, driven record by record. Its stores are in memory,
 * unless they are asked for: a commit follows each record, and disks would be waited for.
 */
final class CuratorDriver implements AutoCloseable {
  static final Topics TOPICS = new Topics("gripstream.");

  final SimpleMeterRegistry meters = new SimpleMeterRegistry();
  final TestInputTopic<String, Sample> samples;
  final TestInputTopic<String, LabelEvent> labels;
  final TestInputTopic<String, TaskDefinition> tasks;
  final TestInputTopic<String, Command> commands;
  final TestInputTopic<String, PromptVersion> candidates;
  final TestInputTopic<String, PromptVersion> zeroShots;
  final TestInputTopic<String, RoundEvent> rounds;

  private final RocksMemory memory = new RocksMemory(8 << 20);
  private final TopologyTestDriver driver;
  private final TestOutputTopic<String, RefinementBatch> batches;
  private final TestOutputTopic<String, PromptVersion> prompts;
  private final TestOutputTopic<String, PromptVersion> published;
  private final TestOutputTopic<String, RoundEvent> diary;
  private final TestOutputTopic<String, TaskDefinition> definitions;
  private final TestOutputTopic<byte[], byte[]> letters;

  /** Where the curator's clock begins: years after the first record. */
  static final Instant CLOCK = Instant.parse("2026-01-01T00:00:00Z");

  /** Every record is a second after the one before, from 1000 s on. */
  private long now = 999_000;

  private Instant clock = CLOCK;

  CuratorDriver(Path directory) {
    this(directory, Fixtures.GATE);
  }

  CuratorDriver(Path directory, Candidates.Judge gate) {
    this(directory, gate, Stores::inMemoryKeyValueStore);
  }

  /**
   * @param stores the curator's own are {@code Stores::persistentKeyValueStore}
   */
  CuratorDriver(
      Path directory, Candidates.Judge gate, Function<String, KeyValueBytesStoreSupplier> stores) {
    TopicSerdes serdes = new TopicSerdes(new MemoryRegistry());
    Properties config = new Properties();
    config.putAll(CuratorStream.settings(TOPICS, new DeadLetters(TOPICS), meters, memory));
    config.put(StreamsConfig.STATE_DIR_CONFIG, directory.toString());
    config.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, "none:1");
    driver =
        new TopologyTestDriver(
            new CuratorTopology(TOPICS, serdes, gate, meters, RoundSpans.OFF, stores)
                .build(1, TopicPartition::toString),
            config,
            clock);
    samples = input(TOPICS.samples(), serdes.samples());
    labels = input(TOPICS.labels(), serdes.labels());
    tasks = input(TOPICS.tasks(), serdes.tasks());
    commands = input(TOPICS.commands(), serdes.commands());
    candidates = input(TOPICS.candidates(), serdes.candidates());
    zeroShots = input(TOPICS.zeroShots(), serdes.candidates());
    rounds = input(TOPICS.rounds(), serdes.rounds());
    batches = output(TOPICS.batches(), serdes.batches());
    prompts = output(TOPICS.prompts(), serdes.prompts());
    published = output(TOPICS.candidates(), serdes.candidates());
    diary = output(TOPICS.rounds(), serdes.rounds());
    definitions = output(TOPICS.tasks(), serdes.tasks());
    letters =
        driver.createOutputTopic(
            TOPICS.deadLetters(), new ByteArrayDeserializer(), new ByteArrayDeserializer());
  }

  void define(TaskDefinition definition) {
    tasks.pipeInput(Fixtures.TASK, definition, tick());
  }

  void sample(Sample sample) {
    samples.pipeInput(Fixtures.TASK, sample, tick());
  }

  /** Samples of these images, in this order. */
  void sample(String... imageIds) {
    for (String imageId : imageIds) {
      sample(Fixtures.sample(imageId));
    }
  }

  void label(String imageId, String label) {
    labels.pipeInput(Fixtures.TASK, Fixtures.label(imageId, label), tick());
  }

  /** As the refiner writes it: a zero-shot prompt where the curator gives it a version. */
  void candidate(PromptVersion candidate) {
    if (Prompts.zeroShot(candidate)) {
      zeroShots.pipeInput(Fixtures.TASK + "/" + candidate.getModelId(), candidate, tick());
    } else {
      versioned(candidate);
    }
  }

  /** A candidate under its version, whoever handed that out. */
  void versioned(PromptVersion candidate) {
    candidates.pipeInput(Fixtures.TASK + "/" + candidate.getVersion(), candidate, tick());
  }

  void command(CommandType type, Integer version) {
    commands.pipeInput(Fixtures.TASK, Fixtures.command(type, version), tick());
  }

  void command(Command command) {
    commands.pipeInput(Fixtures.TASK, command, tick());
  }

  void refiner(RoundEventType type, int round) {
    rounds.pipeInput(Fixtures.TASK, Fixtures.refiner(type, round), tick());
    diary(); // the test's own entry
  }

  /** Whatever bytes, to any topic. */
  void raw(String topic, String key, byte[] value) {
    driver
        .createInputTopic(topic, new StringSerializer(), new ByteArraySerializer())
        .pipeInput(key, value, tick());
  }

  List<RefinementBatch> batches() {
    return batches.readValuesToList();
  }

  /** What was made live since the last call, by version; null where the task ended. */
  List<Integer> prompts() {
    List<Integer> versions = new ArrayList<>();
    for (PromptVersion prompt : prompts.readValuesToList()) {
      versions.add(prompt == null ? null : prompt.getVersion());
    }
    return versions;
  }

  /** The zero-shot prompts that were given versions since the last call. */
  List<PromptVersion> published() {
    return published.readValuesToList();
  }

  /** What the curator wrote to {@code tasks} since the last call. */
  List<TestRecord<String, TaskDefinition>> definitions() {
    return definitions.readRecordsToList();
  }

  /** When what was made live since the last call went live, by the topic's records. */
  List<Instant> promptTimes() {
    return prompts.readRecordsToList().stream().map(TestRecord::getRecordTime).toList();
  }

  List<RoundEvent> diary() {
    return diary.readValuesToList();
  }

  /** The same with their records' own times. */
  List<TestRecord<String, RoundEvent>> diaryRecords() {
    return diary.readRecordsToList();
  }

  List<RoundEventType> diaryTypes() {
    return diary().stream().map(RoundEvent::getType).toList();
  }

  List<TestRecord<byte[], byte[]>> letters() {
    return letters.readRecordsToList();
  }

  /** How many entries the stores have, of whatever kind and task. */
  int stored() {
    int stored = 0;
    for (String name :
        List.of(
            CuratorTopology.TASKS,
            CuratorTopology.POOL,
            CuratorTopology.LABELS,
            CuratorTopology.STREAM)) {
      try (KeyValueIterator<Bytes, byte[]> entries =
          driver.<Bytes, byte[]>getKeyValueStore(name).all()) {
        while (entries.hasNext()) {
          entries.next();
          stored++;
        }
      }
    }
    return stored;
  }

  /** The time on the curator's clock. */
  Instant clock() {
    return clock;
  }

  /** Lets time pass on the clock, in milliseconds. */
  void pass(long millis) {
    clock = clock.plusMillis(millis);
    driver.advanceWallClockTime(Duration.ofMillis(millis));
  }

  @Override
  public void close() {
    driver.close();
    memory.close();
  }

  private long tick() {
    now += 1000;
    pass(1000);
    return now;
  }

  private <V> TestInputTopic<String, V> input(String topic, Serde<V> serde) {
    return driver.createInputTopic(topic, new StringSerializer(), serde.serializer());
  }

  private <V> TestOutputTopic<String, V> output(String topic, Serde<V> serde) {
    return driver.createOutputTopic(topic, new StringDeserializer(), serde.deserializer());
  }
}
