package io.gripstream.kafka;

import static org.apache.kafka.common.config.TopicConfig.CLEANUP_POLICY_COMPACT;
import static org.apache.kafka.common.config.TopicConfig.CLEANUP_POLICY_CONFIG;
import static org.apache.kafka.common.config.TopicConfig.CLEANUP_POLICY_DELETE;
import static org.apache.kafka.common.config.TopicConfig.COMPRESSION_TYPE_CONFIG;
import static org.apache.kafka.common.config.TopicConfig.MAX_MESSAGE_BYTES_CONFIG;
import static org.apache.kafka.common.config.TopicConfig.MIN_IN_SYNC_REPLICAS_CONFIG;
import static org.apache.kafka.common.config.TopicConfig.RETENTION_MS_CONFIG;
import static org.apache.kafka.common.config.TopicConfig.SEGMENT_MS_CONFIG;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.errors.TopicExistsException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.jboss.logging.Logger;

/** Creates the topics with what each of them needs. */
public final class TopicAdmin {
  private static final Logger LOG = Logger.getLogger(TopicAdmin.class);

  /**
   * What a producer has compressed is unpacked by the broker, which then holds it against the
   * topic's limit: so a record takes no more memory anywhere than the limit says. Compressed, 420
   * kB may unpack to 420 MB, in every consumer.
   */
  private static final String UNCOMPRESSED = "uncompressed";

  private static final Duration SHORT = Duration.ofDays(1);
  private static final Duration USUAL = Duration.ofDays(7);
  private static final Duration LONG = Duration.ofDays(90);
  private static final Duration TIMEOUT = Duration.ofSeconds(60);
  private static final Duration FIRST_LOOK = Duration.ofMillis(20);

  private TopicAdmin() {}

  /**
   * Creates what is missing, and returns when the leader of each new partition takes records.
   * Topics that exist are left as they are: their settings may be an operator's choice.
   *
   * @param replicationFactor -1: the broker's default
   * @param recordBytes the largest record: {@link KafkaClients#recordBytes}
   * @throws KafkaException if the brokers cannot be reached or refuse
   */
  public static void create(
      Admin admin, Topics topics, int partitions, short replicationFactor, int recordBytes) {
    create(admin, wanted(topics, partitions, replicationFactor, recordBytes));
  }

  /** The topics of {@link Topics#all} as they are created, for the same arguments. */
  public static List<NewTopic> wanted(
      Topics topics, int partitions, short replicationFactor, int recordBytes) {
    return settings(topics, recordBytes).entrySet().stream()
        .map(each -> topic(each.getKey(), partitions, replicationFactor, each.getValue()))
        .toList();
  }

  /** The same, for images of the default size at most. */
  public static void create(Admin admin, Topics topics, int partitions, short replicationFactor) {
    create(admin, topics, partitions, replicationFactor, KafkaClients.MAX_RECORD_BYTES);
  }

  /** Creates the topic of the embedded registry if it is missing. */
  public static void createSchemas(Admin admin, Topics topics, short replicationFactor) {
    create(admin, List.of(wantedSchemas(topics, replicationFactor)));
  }

  /** The topic of the embedded registry as it is created. */
  public static NewTopic wantedSchemas(Topics topics, short replicationFactor) {
    return topic(topics.schemas(), 1, replicationFactor, compacted());
  }

  private static NewTopic topic(
      String name, int partitions, short replicationFactor, Map<String, String> settings) {
    Map<String, String> configs = new HashMap<>(settings);
    if (replicationFactor >= 3) {
      configs.put(MIN_IN_SYNC_REPLICAS_CONFIG, "2");
    }
    return new NewTopic(name, partitions, replicationFactor).configs(configs);
  }

  /** The settings of each topic, by name. */
  static Map<String, Map<String, String>> settings(Topics topics, int recordBytes) {
    Map<String, Map<String, String>> settings = new HashMap<>();
    settings.put(topics.images(), deleted(USUAL, recordBytes));
    settings.put(topics.labels(), deleted(LONG, KafkaClients.MAX_RECORD_BYTES));
    settings.put(topics.tasks(), compacted());
    settings.put(topics.predictions(), deleted(USUAL, KafkaClients.MAX_RECORD_BYTES));
    settings.put(topics.samples(), deleted(SHORT, KafkaClients.MAX_RECORD_BYTES));
    settings.put(topics.batches(), deleted(LONG, KafkaClients.MAX_RECORD_BYTES));
    settings.put(topics.candidates(), compacted());
    settings.put(topics.zeroShots(), compacted());
    settings.put(topics.prompts(), compacted());
    settings.put(topics.rounds(), deleted(LONG, KafkaClients.MAX_RECORD_BYTES));
    settings.put(topics.commands(), deleted(LONG, KafkaClients.MAX_RECORD_BYTES));
    settings.put(
        topics.deadLetters(), deleted(LONG, recordBytes + KafkaClients.BESIDES_THE_RECORD));
    settings.put(topics.positions(), compacted());
    return settings;
  }

  private static Map<String, String> deleted(Duration retention, int maxBytes) {
    return Map.of(
        COMPRESSION_TYPE_CONFIG,
        UNCOMPRESSED,
        CLEANUP_POLICY_CONFIG,
        CLEANUP_POLICY_DELETE,
        RETENTION_MS_CONFIG,
        Long.toString(retention.toMillis()),
        MAX_MESSAGE_BYTES_CONFIG,
        Integer.toString(maxBytes));
  }

  private static Map<String, String> compacted() {
    return Map.of(
        COMPRESSION_TYPE_CONFIG,
        UNCOMPRESSED,
        CLEANUP_POLICY_CONFIG,
        CLEANUP_POLICY_COMPACT,
        // The segment being written is never compacted.
        SEGMENT_MS_CONFIG,
        Long.toString(Duration.ofDays(1).toMillis()),
        MAX_MESSAGE_BYTES_CONFIG,
        Integer.toString(KafkaClients.MAX_RECORD_BYTES));
  }

  private static void create(Admin admin, Collection<NewTopic> wanted) {
    try {
      Set<String> existing = admin.listTopics().names().get();
      List<NewTopic> missing =
          wanted.stream().filter(topic -> !existing.contains(topic.name())).toList();
      unfit(admin, wanted.stream().filter(topic -> existing.contains(topic.name())).toList())
          .forEach(LOG::warn);
      if (missing.isEmpty()) {
        return;
      }
      for (var created : admin.createTopics(missing).values().values()) {
        try {
          created.get();
        } catch (ExecutionException e) {
          if (!(e.getCause() instanceof TopicExistsException)) {
            throw e;
          }
          // Another process was faster.
        }
      }
      List<String> names = missing.stream().map(NewTopic::name).sorted().toList();
      awaitLeaders(admin, awaitKnown(admin, names));
      LOG.infof("Created the topics %s", String.join(", ", names));
    } catch (ExecutionException e) {
      throw unchecked(e.getCause());
    } catch (InterruptedException e) {
      throw new InterruptException(e);
    }
  }

  /**
   * What is wrong with the settings of topics that exist, a sentence each. What a topic refuses for
   * its size, its writers cannot send, and would try for minutes. What it takes compressed, its
   * readers may not have the memory to unpack. What it cleans up as it should not is lost in
   * silence.
   *
   * @param wanted the topics as they would be created
   */
  static List<String> unfit(Admin admin, List<NewTopic> wanted) throws InterruptedException {
    Map<ConfigResource, Map<String, String>> needed = new HashMap<>();
    for (NewTopic topic : wanted) {
      needed.put(new ConfigResource(ConfigResource.Type.TOPIC, topic.name()), topic.configs());
    }
    List<String> faults = new ArrayList<>();
    try {
      admin
          .describeConfigs(needed.keySet())
          .all()
          .get()
          .forEach(
              (topic, config) -> {
                String size = needed.get(topic).get(MAX_MESSAGE_BYTES_CONFIG);
                String limit = config.get(MAX_MESSAGE_BYTES_CONFIG).value();
                if (Integer.parseInt(limit) < Integer.parseInt(size)) {
                  faults.add(
                      "The topic %s takes records of %s bytes at most; set its %s to %s"
                          .formatted(topic.name(), limit, MAX_MESSAGE_BYTES_CONFIG, size));
                }
                if (!config.get(COMPRESSION_TYPE_CONFIG).value().equals(UNCOMPRESSED)) {
                  faults.add(
                      "Nothing bounds what a record of the topic %s unpacks to; set its %s to %s"
                          .formatted(topic.name(), COMPRESSION_TYPE_CONFIG, UNCOMPRESSED));
                }
                String policy = needed.get(topic).get(CLEANUP_POLICY_CONFIG);
                String other =
                    policy.equals(CLEANUP_POLICY_COMPACT)
                        ? CLEANUP_POLICY_DELETE
                        : CLEANUP_POLICY_COMPACT;
                if (config.get(CLEANUP_POLICY_CONFIG).value().contains(other)) {
                  faults.add(
                      "The topic %s loses records that are needed; set its %s to %s"
                          .formatted(topic.name(), CLEANUP_POLICY_CONFIG, policy));
                }
              });
    } catch (ExecutionException e) {
      LOG.debugf(e.getCause(), "The settings of existing topics cannot be checked");
    }
    return faults;
  }

  /**
   * Brokers know a topic a moment before its leaders take records. An idempotent producer that has
   * several requests in flight in that moment may see its second batch appended and its first one
   * refused, which no later try can put in order (Kafka's issue 14359): its images would be lost.
   */
  private static void awaitLeaders(Admin admin, Collection<TopicDescription> topics)
      throws ExecutionException, InterruptedException {
    Map<TopicPartition, OffsetSpec> ends = new HashMap<>();
    for (TopicDescription topic : topics) {
      topic
          .partitions()
          .forEach(
              partition ->
                  ends.put(
                      new TopicPartition(topic.name(), partition.partition()),
                      OffsetSpec.latest()));
    }
    // The client asks again until the leader answers, or its own timeout is over.
    admin.listOffsets(ends).all().get();
  }

  /** The controller knows a topic a moment before the brokers do. */
  private static Collection<TopicDescription> awaitKnown(Admin admin, List<String> names)
      throws ExecutionException, InterruptedException {
    long deadline = System.nanoTime() + TIMEOUT.toNanos();
    Backoff backoff = new Backoff(new CountDownLatch(1), FIRST_LOOK);
    while (true) {
      try {
        return admin.describeTopics(names).allTopicNames().get().values();
      } catch (ExecutionException e) {
        if (!(e.getCause() instanceof UnknownTopicOrPartitionException)) {
          throw e;
        }
        if (System.nanoTime() > deadline) {
          throw new TimeoutException(
              "topics were created but do not appear: " + names, e.getCause());
        }
        backoff.pause();
      }
    }
  }

  private static RuntimeException unchecked(Throwable cause) {
    return cause instanceof RuntimeException runtime ? runtime : new KafkaException(cause);
  }
}
