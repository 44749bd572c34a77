package io.gripstream.curator;

import io.gripstream.kafka.Topics;
import io.gripstream.kafka.loop.RemovedRecords;
import io.gripstream.kafka.registry.TopicSerdes;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.apache.avro.specific.SpecificRecord;
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
import org.apache.kafka.streams.state.KeyValueBytesStoreSupplier;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.StoreBuilder;
import org.apache.kafka.streams.state.Stores;

/**
 * What flows where: everything that is said of a task comes to one processor, which has the task's
 * stores beside it.
 *
 * <pre>
 *   samples, labels, tasks, commands, rounds (key: task) --+                  +--> batches
 *   candidates (task/version), zero-shots (task/model) ----+--> by task --+--> curate --> prompts
 *                                                                |        |   +--> candidates
 *                                                  misplaced: repartition +   +--> rounds
 *                                                                             +--> tasks
 * </pre>
 *
 * <p>All inputs must have the same number of partitions. A record that does not lie on its task's
 * partition, whoever wrote it, passes through a repartition topic: a round more through the broker.
 *
 * <p>Guarantees, with exactly_once_v2: a record's effects (stores, batches with all their chunks,
 * prompts, diary, dead letters) are seen together or not at all, and once. What is written bears
 * the time on the curator's clock when it happened, whatever the time of the record that brought it
 * about. How far each input was read is kept in a store as well, because the group's offsets
 * expire.
 */
public final class CuratorTopology {
  static final String TASKS = "tasks";
  static final String POOL = "pool";
  static final String LABELS = "labels";
  static final String STREAM = "stream";
  static final String POSITIONS = "positions";

  static final String BATCHES = "batches";
  static final String PROMPTS = "prompts";
  static final String CANDIDATES = "candidates";
  static final String ROUNDS = "rounds";
  static final String DEFINITIONS = "definitions";

  private static final String CURATE = "curate";

  private final Topics topics;
  private final TopicSerdes serdes;
  private final Candidates candidates;
  private final MeterRegistry meters;
  private final RoundSpans spans;
  private final Function<String, KeyValueBytesStoreSupplier> stores;

  CuratorTopology(
      Topics topics,
      TopicSerdes serdes,
      Candidates.Judge gate,
      MeterRegistry meters,
      RoundSpans spans) {
    this(topics, serdes, gate, meters, spans, Stores::persistentKeyValueStore);
  }

  /**
   * @param stores where what is known is kept, by a store's name
   */
  CuratorTopology(
      Topics topics,
      TopicSerdes serdes,
      Candidates.Judge gate,
      MeterRegistry meters,
      RoundSpans spans,
      Function<String, KeyValueBytesStoreSupplier> stores) {
    this.topics = topics;
    this.serdes = serdes;
    this.candidates = new Candidates(gate);
    this.meters = meters;
    this.spans = spans;
    this.stores = stores;
  }

  /** All that the curator reads. */
  static List<String> inputs(Topics topics) {
    return List.of(
        topics.samples(),
        topics.labels(),
        topics.tasks(),
        topics.commands(),
        topics.candidates(),
        topics.zeroShots(),
        topics.rounds());
  }

  /**
   * @param partitions of each input topic
   */
  Topology build(int partitions, Placement.Positions positions) {
    StreamsBuilder builder = new StreamsBuilder();
    Counter removed = RemovedRecords.counter(meters, Rejections.ROLE);
    builder.addStateStore(store(TASKS));
    builder.addStateStore(store(POOL));
    builder.addStateStore(store(LABELS));
    builder.addStateStore(store(STREAM));
    builder.addStateStore(
        // Cached: written once a commit, not for each record.
        Stores.keyValueStoreBuilder(stores.apply(POSITIONS), Serdes.String(), Serdes.String())
            .withLoggingEnabled(Map.of())
            .withCachingEnabled());
    KStream<String, Arrival> arrivals =
        builder.stream(inputs(topics), Consumed.with(Serdes.ByteArray(), Serdes.ByteArray()))
            .process(() -> new Placement(topics, positions, removed), POSITIONS)
            .process(ReadPositions::new, POSITIONS);
    arrivals
        .filterNot((task, arrival) -> Placement.misplaced(task, arrival, partitions))
        .merge(
            arrivals
                .filter((task, arrival) -> Placement.misplaced(task, arrival, partitions))
                .repartition(
                    Repartitioned.<String, Arrival>as("misplaced")
                        .withKeySerde(Serdes.String())
                        .withValueSerde(Arrival.serde())
                        .withNumberOfPartitions(partitions)))
        .process(
            () -> new CurateProcessor(topics, serdes, candidates, meters, spans),
            Named.as(CURATE),
            TASKS,
            POOL,
            LABELS,
            STREAM,
            POSITIONS);
    Topology topology = builder.build();
    addSink(topology, BATCHES, topics.batches(), serdes.batches().serializer());
    addSink(topology, PROMPTS, topics.prompts(), serdes.livePrompts());
    addSink(topology, CANDIDATES, topics.candidates(), serdes.candidates().serializer());
    addSink(topology, ROUNDS, topics.rounds(), serdes.rounds().serializer());
    addSink(topology, DEFINITIONS, topics.tasks(), serdes.tasks().serializer());
    return topology;
  }

  private static <V extends SpecificRecord> void addSink(
      Topology topology, String name, String topic, Serializer<V> serializer) {
    topology.addSink(name, topic, new StringSerializer(), serializer, CURATE);
  }

  private StoreBuilder<KeyValueStore<Bytes, byte[]>> store(String name) {
    return Stores.keyValueStoreBuilder(stores.apply(name), Serdes.Bytes(), Serdes.ByteArray())
        .withLoggingEnabled(Map.of())
        .withCachingDisabled();
  }
}
