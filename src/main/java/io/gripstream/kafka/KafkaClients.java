package io.gripstream.kafka;

import io.gripstream.kafka.trace.Traces;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import org.apache.kafka.clients.CommonClientConfigs;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.CloseOptions;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.IsolationLevel;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.Deserializer;
import org.apache.kafka.common.serialization.Serializer;

/**
 * Builds every Kafka client, so that limits, isolation and security are set in one place.
 *
 * <p>Three layers, the later over the earlier: Gripstream's limits, the operator's properties
 * (security, above all), and what the guarantees rest on (read_committed, idempotence, no automatic
 * commits), which cannot be configured away. Whoever asks for a client closes it.
 */
public final class KafkaClients {
  /** The largest image that an event carries inline, in bytes, where nothing else is configured. */
  public static final int MAX_IMAGE_BYTES = 16 * 1024 * 1024;

  /** Room for an image event's key, attributes and headers. */
  private static final int BESIDES_THE_IMAGE = 1024 * 1024;

  /** The largest record that bears no image, in bytes. */
  public static final int MAX_RECORD_BYTES = MAX_IMAGE_BYTES + BESIDES_THE_IMAGE;

  /** What a dead letter's headers take up. */
  static final int BESIDES_THE_RECORD = 64 * 1024;

  /**
   * Members hear of a rebalance with a heartbeat: whoever leaves is replaced after one of these,
   * and not after the three seconds that are Kafka's default.
   */
  public static final int HEARTBEAT_MILLIS = 1_000;

  /**
   * What one answer of a broker brings at most, if it brings more than one record. Kafka gives it
   * half a minute, and asks for all of it again: 50 MB, its own default, never come over a link
   * with less than 14 Mbit/s on which that many wait.
   */
  public static final int FETCH_BYTES = 4 * 1024 * 1024;

  /** Leaves the group at once, so that others take over; a static member too. */
  public static CloseOptions leaving(Duration atMost) {
    return CloseOptions.timeout(atMost)
        .withGroupMembershipOperation(CloseOptions.GroupMembershipOperation.LEAVE_GROUP);
  }

  /** A dead letter is a record of the largest size and a few headers. */
  public static final int MAX_LETTER_BYTES = MAX_RECORD_BYTES + BESIDES_THE_RECORD;

  /** Kafka's own default of what a producer holds. */
  private static final int PRODUCER_MEMORY = 32 * 1024 * 1024;

  private final String bootstrapServers;
  private final Map<String, String> extra;
  private final int maxImageBytes;
  private final boolean staticMembership;
  private final ClientMeters meters;
  private final Traces traces;
  private final IsolationLevel isolation;

  /** For images of the default size at most, of processes whose instance ids are stable. */
  public KafkaClients(String bootstrapServers, Map<String, String> extra) {
    this(bootstrapServers, extra, MAX_IMAGE_BYTES, true);
  }

  /** As below, with figures for nobody. */
  public KafkaClients(
      String bootstrapServers,
      Map<String, String> extra,
      int maxImageBytes,
      boolean staticMembership) {
    this(bootstrapServers, extra, maxImageBytes, staticMembership, ClientMeters.NONE);
  }

  /** As below, without traces. */
  public KafkaClients(
      String bootstrapServers,
      Map<String, String> extra,
      int maxImageBytes,
      boolean staticMembership,
      ClientMeters meters) {
    this(bootstrapServers, extra, maxImageBytes, staticMembership, meters, Traces.OFF);
  }

  /**
   * @param extra the operator's properties, handed to every client
   * @param maxImageBytes the largest image that an event carries inline
   * @param staticMembership whether a process comes back under its instance id; if not, its
   *     consumers are dynamic members of their groups
   * @param meters where those show their clients' figures that have some
   * @param traces how those trace records that read or write them
   */
  public KafkaClients(
      String bootstrapServers,
      Map<String, String> extra,
      int maxImageBytes,
      boolean staticMembership,
      ClientMeters meters,
      Traces traces) {
    this(
        bootstrapServers,
        extra,
        maxImageBytes,
        staticMembership,
        meters,
        traces,
        IsolationLevel.READ_COMMITTED);
  }

  private KafkaClients(
      String bootstrapServers,
      Map<String, String> extra,
      int maxImageBytes,
      boolean staticMembership,
      ClientMeters meters,
      Traces traces,
      IsolationLevel isolation) {
    this.bootstrapServers = bootstrapServers;
    this.extra = Map.copyOf(extra);
    this.maxImageBytes = maxImageBytes;
    this.staticMembership = staticMembership;
    this.meters = meters;
    this.traces = traces;
    this.isolation = isolation;
  }

  /** The same clients, whose records are traced. */
  public KafkaClients with(Traces traced) {
    return with(traced, isolation);
  }

  /** The same clients, whose consumers see what open transactions have written, too. */
  public KafkaClients uncommitted() {
    return with(traces, IsolationLevel.READ_UNCOMMITTED);
  }

  private KafkaClients with(Traces traced, IsolationLevel level) {
    return new KafkaClients(
        bootstrapServers, extra, maxImageBytes, staticMembership, meters, traced, level);
  }

  /**
   * The largest record, in bytes. What a client may send and what the topics of images and dead
   * letters take go up together with the largest image, or not at all.
   */
  public int recordBytes() {
    return Math.max(MAX_IMAGE_BYTES, maxImageBytes) + BESIDES_THE_IMAGE;
  }

  /** The largest dead letter, in bytes: a record of the largest size and a few headers. */
  public int letterBytes() {
    return recordBytes() + BESIDES_THE_RECORD;
  }

  /** From what {@link #common} gave. */
  static KafkaClients of(Map<String, Object> common) {
    Map<String, String> extra = new HashMap<>();
    common.forEach((name, value) -> extra.put(name, value.toString()));
    String servers = extra.remove(CommonClientConfigs.BOOTSTRAP_SERVERS_CONFIG);
    return new KafkaClients(servers, extra);
  }

  public String bootstrapServers() {
    return bootstrapServers;
  }

  /**
   * What every client, Kafka Streams included, is given: the brokers and the operator's properties.
   */
  public Map<String, Object> common() {
    Map<String, Object> common = new HashMap<>(extra);
    common.put(CommonClientConfigs.BOOTSTRAP_SERVERS_CONFIG, bootstrapServers);
    return common;
  }

  /** A consumer of bytes, of no group: partitions are assigned by hand. */
  public KafkaConsumer<byte[], byte[]> reader(Map<String, Object> overrides) {
    return consumer(
        null, null, new ByteArrayDeserializer(), new ByteArrayDeserializer(), overrides);
  }

  /**
   * A consumer that sees only what was committed, but for {@link #uncommitted}'s, from the
   * beginning if its group has no offsets.
   *
   * @param group null: no group, partitions are assigned by hand
   * @param instanceId makes a static member of the group, which may be killed and come back within
   *     its session without a rebalance, where identities are stable; null: a dynamic member
   */
  public <K, V> KafkaConsumer<K, V> consumer(
      String group,
      String instanceId,
      Deserializer<K> key,
      Deserializer<V> value,
      Map<String, Object> overrides) {
    Map<String, Object> config = new HashMap<>();
    config.put(ConsumerConfig.MAX_PARTITION_FETCH_BYTES_CONFIG, FETCH_BYTES);
    config.put(ConsumerConfig.FETCH_MAX_BYTES_CONFIG, FETCH_BYTES);
    config.put(ConsumerConfig.SESSION_TIMEOUT_MS_CONFIG, 15_000);
    config.put(ConsumerConfig.HEARTBEAT_INTERVAL_MS_CONFIG, HEARTBEAT_MILLIS);
    config.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "earliest");
    if (instanceId != null) {
      // As Kafka names a static member. A dynamic one would have another id each time it is made,
      // and new meters with it.
      config.put(ConsumerConfig.CLIENT_ID_CONFIG, "consumer-" + group + "-" + instanceId);
    }
    config.putAll(common());
    config.put(ConsumerConfig.ISOLATION_LEVEL_CONFIG, isolation.toString());
    config.put(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, false);
    // A topic that a client creates by asking for it has none of the settings it needs.
    config.put(ConsumerConfig.ALLOW_AUTO_CREATE_TOPICS_CONFIG, false);
    if (group != null) {
      config.put(ConsumerConfig.GROUP_ID_CONFIG, group);
    }
    if (instanceId != null && staticMembership) {
      config.put(ConsumerConfig.GROUP_INSTANCE_ID_CONFIG, instanceId);
    }
    config.putAll(overrides);
    return new KafkaConsumer<>(config, key, value);
  }

  /**
   * An idempotent producer that waits for all replicas.
   *
   * @param transactionalId null: no transactions
   */
  public <K, V> KafkaProducer<K, V> producer(
      String transactionalId, Serializer<K> key, Serializer<V> value) {
    return producer(transactionalId, key, value, Map.of());
  }

  /**
   * The same, of somebody who waits for each record: what the brokers do not have by then is given
   * up, and is not written later.
   *
   * @param patience for a place to write to, and then for the brokers' answer
   */
  public <K, V> KafkaProducer<K, V> producer(
      String transactionalId, Serializer<K> key, Serializer<V> value, Duration patience) {
    int millis = (int) patience.toMillis();
    return producer(
        transactionalId,
        key,
        value,
        Map.of(
            ProducerConfig.MAX_BLOCK_MS_CONFIG,
            millis,
            ProducerConfig.DELIVERY_TIMEOUT_MS_CONFIG,
            millis,
            // So another connection can take the place of one that says nothing any more.
            ProducerConfig.REQUEST_TIMEOUT_MS_CONFIG,
            millis / 3 * 2));
  }

  private <K, V> KafkaProducer<K, V> producer(
      String transactionalId,
      Serializer<K> key,
      Serializer<V> value,
      Map<String, Object> overrides) {
    Map<String, Object> config = new HashMap<>();
    config.put(ProducerConfig.LINGER_MS_CONFIG, 5);
    config.putAll(common());
    config.put(ProducerConfig.MAX_REQUEST_SIZE_CONFIG, letterBytes());
    config.put(
        ProducerConfig.BUFFER_MEMORY_CONFIG,
        Math.max(PRODUCER_MEMORY, letterBytes() + BESIDES_THE_IMAGE));
    config.put(ProducerConfig.ENABLE_IDEMPOTENCE_CONFIG, true);
    config.put(ProducerConfig.ACKS_CONFIG, "all");
    if (transactionalId != null) {
      config.put(ProducerConfig.TRANSACTIONAL_ID_CONFIG, transactionalId);
    }
    config.putAll(overrides);
    return new KafkaProducer<>(config, key, value);
  }

  /** Whether instance ids name static members of groups. */
  public boolean staticMembership() {
    return staticMembership;
  }

  /** Where the figures of clients are shown; whoever asks for a client binds it. */
  public ClientMeters meters() {
    return meters;
  }

  /** How records are traced. */
  public Traces traces() {
    return traces;
  }

  public Admin admin() {
    return Admin.create(common());
  }
}
