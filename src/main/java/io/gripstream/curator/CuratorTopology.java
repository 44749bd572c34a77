package io.gripstream.curator;

import io.gripstream.event.PromptVersion;
import io.gripstream.messaging.TopicSerdes;
import io.gripstream.messaging.Topics;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.Map;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.serialization.Serializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.kstream.KStream;
import org.apache.kafka.streams.kstream.Named;
import org.apache.kafka.streams.kstream.Repartitioned;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.StoreBuilder;
import org.apache.kafka.streams.state.Stores;

/**
 * What flows where: everything that is said of a task comes to one processor, which has the task's
 * stores beside it.
 *
 * <pre>
 *   samples, labels, tasks, commands, rounds (key: task) ------------+--> curate --> batches
 *   candidates (key: task/version) --> by task --> repartition topic-+       |-----> prompts
 *                                                                            +-----> rounds
 * </pre>
 *
 * <p>All inputs must have the same number of partitions. Candidates are keyed by task and version,
 * so they pass through a repartition topic: a round more through the broker, but true for whoever
 * writes them, which a partitioner on the writer's side would not be.
 *
 * <p>Guarantees, with exactly_once_v2: a record's effects (stores, batches with all their chunks,
 * prompts, diary, dead letters) are seen together or not at all, and once. Entries bear the time of
 * the record that brought them about, so the same input gives the same output. Only how long
 * nothing was heard of a round is measured by the clock.
 */
public final class CuratorTopology {
  static final String TASKS = "tasks";
  static final String POOL = "pool";
  static final String LABELS = "labels";
  static final String STREAM = "stream";

  static final String BATCHES = "batches";
  static final String PROMPTS = "prompts";
  static final String ROUNDS = "rounds";

  private static final String CURATE = "curate";

  private final Topics topics;
  private final TopicSerdes serdes;
  private final Candidates candidates;
  private final MeterRegistry meters;

  CuratorTopology(Topics topics, TopicSerdes serdes, Candidates.Judge gate, MeterRegistry meters) {
    this.topics = topics;
    this.serdes = serdes;
    this.candidates = new Candidates(gate);
    this.meters = meters;
  }

  Topology build() {
    StreamsBuilder builder = new StreamsBuilder();
    builder.addStateStore(store(TASKS));
    builder.addStateStore(store(POOL));
    builder.addStateStore(store(LABELS));
    builder.addStateStore(store(STREAM));
    input(builder, topics.tasks(), serdes.tasks())
        .merge(input(builder, topics.samples(), serdes.samples()))
        .merge(input(builder, topics.labels(), serdes.labels()))
        .merge(input(builder, topics.commands(), serdes.commands()))
        .merge(input(builder, topics.rounds(), serdes.rounds()))
        .merge(candidatesByTask(builder))
        .process(
            () -> new CurateProcessor(topics, serdes, candidates, meters),
            Named.as(CURATE),
            TASKS,
            POOL,
            LABELS,
            STREAM);
    Topology topology = builder.build();
    addSink(topology, BATCHES, topics.batches(), serdes.batches().serializer());
    addSink(topology, PROMPTS, topics.prompts(), serdes.livePrompts());
    addSink(topology, ROUNDS, topics.rounds(), serdes.rounds().serializer());
    return topology;
  }

  private static <V extends SpecificRecord> KStream<String, SpecificRecord> input(
      StreamsBuilder builder, String topic, Serde<V> serde) {
    return builder.stream(topic, Consumed.with(Serdes.String(), serde)).mapValues(value -> value);
  }

  private KStream<String, SpecificRecord> candidatesByTask(StreamsBuilder builder) {
    return builder.stream(topics.candidates(), Consumed.with(Serdes.String(), serdes.candidates()))
        // A tombstone makes room in the topic; the versions kept here have a bound of their own.
        .filter((key, candidate) -> candidate != null)
        .selectKey(CuratorTopology::task)
        .repartition(
            Repartitioned.<String, PromptVersion>as("candidates-by-task")
                .withKeySerde(Serdes.String())
                .withValueSerde(
                    new Encoding<>(serdes.candidates(), topics.candidates()).internal()))
        .mapValues(candidate -> candidate);
  }

  private static String task(String key, PromptVersion candidate) {
    String due = candidate.getTask() + "/" + candidate.getVersion();
    if (!due.equals(key)) {
      throw new RejectedRecordException("the key is %s where %s is due".formatted(key, due));
    }
    return candidate.getTask();
  }

  private static <V extends SpecificRecord> void addSink(
      Topology topology, String name, String topic, Serializer<V> serializer) {
    topology.addSink(name, topic, new StringSerializer(), serializer, CURATE);
  }

  private static StoreBuilder<KeyValueStore<Bytes, byte[]>> store(String name) {
    return Stores.keyValueStoreBuilder(
            Stores.persistentKeyValueStore(name), Serdes.Bytes(), Serdes.ByteArray())
        .withLoggingEnabled(Map.of())
        .withCachingDisabled();
  }
}
