package io.gripstream.curator;

import io.gripstream.kafka.Backoff;
import io.gripstream.kafka.ClientMeters;
import io.gripstream.kafka.DeadLetters;
import io.gripstream.kafka.Fault;
import io.gripstream.kafka.KafkaClients;
import io.gripstream.kafka.Pulse;
import io.gripstream.kafka.Topics;
import io.gripstream.kafka.loop.GroupPositions;
import io.gripstream.kafka.registry.TopicSerdes;
import io.micrometer.core.instrument.MeterRegistry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.DescribeClusterOptions;
import org.apache.kafka.clients.admin.DescribeTopicsOptions;
import org.apache.kafka.clients.admin.ListTopicsOptions;
import org.apache.kafka.clients.admin.MemberToRemove;
import org.apache.kafka.clients.admin.RemoveMembersFromConsumerGroupOptions;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.config.ConfigException;
import org.apache.kafka.common.config.TopicConfig;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.utils.Utils;
import org.apache.kafka.streams.CloseOptions;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.errors.StreamsUncaughtExceptionHandler.StreamThreadExceptionResponse;
import org.jboss.logging.Logger;

/**
 * The curator's Kafka Streams instance, with exactly_once_v2.
 *
 * <p>State is on disk and, as changelogs, with the brokers: a process that comes back under its
 * instance id goes on from its disk, another one from the changelogs. A thread that dies is
 * replaced after a pause and goes on from the last commit; nothing it had not committed was ever
 * seen. So it is, too, while the brokers refuse this machine's timestamps: it says so and keeps its
 * partitions until the clock is set or the process is stopped, unlike a labeler, since its state
 * would have to move with them. A record that it died of several times is a dead letter. A failure
 * that another attempt does not mend ends the stream.
 *
 * <p>Start it once, close it once; it closes all that it made, and nothing else.
 */
public final class CuratorStream implements AutoCloseable {
  /** For all stores of this process together. */
  static final long NATIVE_MEMORY = 64L << 20;

  /** A kept prompt takes a few bytes more than its record. */
  private static final int MAX_INTERNAL_BYTES = KafkaClients.MAX_RECORD_BYTES + 64 * 1024;

  private static final Duration TIMEOUT = Duration.ofSeconds(20);
  private static final Duration LEAVE_TIMEOUT = Duration.ofSeconds(5);

  /** Kafka's own of an admin client. */
  private static final Duration START_TIMEOUT = Duration.ofSeconds(60);

  private static final Logger LOG = Logger.getLogger(CuratorStream.class);

  private final KafkaClients clients;
  private final Topics topics;
  private final String instanceId;
  private final Path directory;
  private final RocksMemory memory;
  private final CuratorTopology topology;
  private final RoundSpans spans;
  private final Properties properties = new Properties();
  private final CountDownLatch closing = new CountDownLatch(1);
  private final Backoff backoff;

  /** Refused timestamps are told of until the next attempt would have been refused again. */
  private final Duration lately;

  private volatile KafkaStreams streams;
  private volatile ClientMeters.Binding figures = () -> {};
  private volatile Throwable death;

  /** What the thread died of that is being replaced; empty: it lives. */
  private volatile String dying = "";

  /** Why it gave up; empty: it has not. */
  private volatile String gaveUp = "";

  /**
   * All threads of Kafka Streams belong to it: of an error in one that restores state, nobody else
   * would hear, and the restoring would never end. Stream threads have a handler of their own.
   */
  private final ThreadGroup threads =
      new ThreadGroup("curator") {
        @Override
        public void uncaughtException(Thread thread, Throwable failure) {
          if (!thread.getName().contains("-StreamThread-")) {
            LOG.fatalf(failure, "The curator's thread %s has died", thread.getName());
            death = failure;
          }
        }
      };

  private volatile RefusedTime refusedTime = new RefusedTime("", 0);

  /**
   * That the brokers refused this machine's timestamps.
   *
   * @param line for people; empty: they never did
   * @param at by {@link System#nanoTime}
   */
  private record RefusedTime(String line, long at) {
    boolean within(Duration time) {
      return !line.isEmpty() && System.nanoTime() - at < time.toNanos();
    }
  }

  /**
   * @param instanceId unique and stable per process
   * @param directory for the state; it may be lost
   * @param replicationFactor of changelogs and the repartition topic; -1: the brokers' default
   */
  public CuratorStream(
      KafkaClients clients,
      Topics topics,
      TopicSerdes serdes,
      Candidates.Judge gate,
      MeterRegistry meters,
      String instanceId,
      Path directory,
      short replicationFactor) {
    this(
        clients,
        topics,
        serdes,
        gate,
        meters,
        instanceId,
        directory,
        replicationFactor,
        Backoff.LONGEST);
  }

  /**
   * The same.
   *
   * @param longest the longest pause before a thread that died is replaced
   */
  CuratorStream(
      KafkaClients clients,
      Topics topics,
      TopicSerdes serdes,
      Candidates.Judge gate,
      MeterRegistry meters,
      String instanceId,
      Path directory,
      short replicationFactor,
      Duration longest) {
    this.clients = clients;
    this.topics = topics;
    this.instanceId = instanceId;
    this.directory = directory;
    this.backoff = new Backoff(closing, Backoff.FIRST, longest);
    this.lately = longest.multipliedBy(2);
    this.memory = new RocksMemory(NATIVE_MEMORY);
    Map<String, Object> config = new HashMap<>();
    config.put(StreamsConfig.mainConsumerPrefix(ConsumerConfig.SESSION_TIMEOUT_MS_CONFIG), 15_000);
    config.put(
        StreamsConfig.mainConsumerPrefix(ConsumerConfig.HEARTBEAT_INTERVAL_MS_CONFIG),
        KafkaClients.HEARTBEAT_MILLIS);
    config.put(
        StreamsConfig.consumerPrefix(ConsumerConfig.FETCH_MAX_BYTES_CONFIG),
        KafkaClients.FETCH_BYTES);
    // Rounds share the machine: a batch of a full pool may take its time.
    config.put(StreamsConfig.producerPrefix(ProducerConfig.TRANSACTION_TIMEOUT_CONFIG), 30_000);
    // Of its own it has one for each state directory.
    config.put(StreamsConfig.CLIENT_ID_CONFIG, group(topics) + "-" + instanceId);
    config.putAll(clients.common());
    config.putAll(settings(topics, new DeadLetters(topics), meters, memory));
    config.put(StreamsConfig.STATE_DIR_CONFIG, directory.toString());
    config.put(StreamsConfig.REPLICATION_FACTOR_CONFIG, (int) replicationFactor);
    if (clients.staticMembership()) {
      config.put(
          StreamsConfig.mainConsumerPrefix(ConsumerConfig.GROUP_INSTANCE_ID_CONFIG), instanceId);
    }
    properties.putAll(config);
    this.spans = new RoundSpans(clients.traces(), topics);
    this.topology = new CuratorTopology(topics, serdes, gate, meters, spans);
  }

  /** What the curators' consumer group, and all that their stream makes, begins with. */
  public static String group(Topics topics) {
    return topics.prefix() + "curator";
  }

  /** What the guarantees rest on, whatever the brokers are. */
  static Map<String, Object> settings(
      Topics topics, DeadLetters letters, MeterRegistry meters, RocksMemory memory) {
    Map<String, Object> settings = new HashMap<>();
    settings.put(StreamsConfig.APPLICATION_ID_CONFIG, group(topics));
    settings.put(StreamsConfig.PROCESSING_GUARANTEE_CONFIG, StreamsConfig.EXACTLY_ONCE_V2);
    settings.put(StreamsConfig.DEFAULT_TIMESTAMP_EXTRACTOR_CLASS_CONFIG, RecordTime.class);
    settings.put(StreamsConfig.PROCESSING_EXCEPTION_HANDLER_CLASS_CONFIG, RejectionHandler.class);
    settings.put(Rejections.CONFIG, new Rejections(letters, meters));
    settings.put(StreamsConfig.ROCKSDB_CONFIG_SETTER_CLASS_CONFIG, RocksMemory.Setter.class);
    settings.put(RocksMemory.CONFIG, memory);
    settings.put(
        StreamsConfig.producerPrefix(ProducerConfig.MAX_REQUEST_SIZE_CONFIG), MAX_INTERNAL_BYTES);
    settings.put(
        StreamsConfig.topicPrefix(TopicConfig.MAX_MESSAGE_BYTES_CONFIG),
        Integer.toString(MAX_INTERNAL_BYTES));
    return settings;
  }

  /**
   * Begins, and returns at once; see {@link #running}.
   *
   * @throws IllegalStateException when the topics do not have the same number of partitions: a task
   *     would then be split over several curators
   * @throws KafkaException when the brokers cannot be asked, or a topic is missing
   */
  public void start() {
    int partitions = requireEqualPartitions();
    String group = group(topics);
    forgetOtherClusters(group, START_TIMEOUT);
    String store = group + "-" + CuratorTopology.POSITIONS + "-changelog";
    GroupPositions positions = new GroupPositions(clients, group, store);
    positions.restore(CuratorTopology.inputs(topics));
    var topology =
        this.topology.build(
            partitions,
            new Placement.Positions() {
              @Override
              public String key(TopicPartition partition) {
                return positions.key(partition);
              }

              @Override
              public boolean renewed(String topic) {
                return positions.renewed(topic);
              }

              @Override
              public long beginning(TopicPartition partition) {
                return positions.beginning(partition);
              }
            });
    KafkaStreams made =
        CompletableFuture.supplyAsync(
                () -> new KafkaStreams(topology, properties, spans.clients()),
                work -> new Thread(threads, work, "curator-start").start())
            .join();
    made.setUncaughtExceptionHandler(
        exception -> {
          String broken = Pulse.first(grown(partitions), lostFolder(group));
          if (Fault.of(exception) == Fault.FATAL || !broken.isEmpty()) {
            gaveUp = broken.isEmpty() ? Fault.line(exception) : broken;
            LOG.fatalf("The curator gives up: %s", gaveUp);
            return StreamThreadExceptionResponse.SHUTDOWN_CLIENT;
          }
          dying = Fault.line(exception);
          LOG.errorf("A thread of the curator died and is replaced: %s", Fault.line(exception));
          LOG.debug("A thread of the curator died", exception);
          // In the thread that dies: its successor must not die of the same at once.
          if (Fault.of(exception) == Fault.CLOCK) {
            refusedTime = new RefusedTime(Fault.line(exception), System.nanoTime());
            backoff.pauseLong();
          } else {
            backoff.pause();
          }
          leave(Thread.currentThread().getName());
          return StreamThreadExceptionResponse.REPLACE_THREAD;
        });
    made.setStateListener(
        (now, before) -> {
          if (now == KafkaStreams.State.RUNNING) {
            dying = "";
            backoff.succeeded();
          }
        });
    figures = clients.meters().bind(made);
    streams = made;
    made.start();
  }

  /**
   * Takes a thread's member out of the group, as late as its successor may come. Of itself a static
   * member stays until its session ends, and nobody has its partitions meanwhile.
   *
   * @param thread ends with its number, as its member's instance id does
   */
  private void leave(String thread) {
    if (!clients.staticMembership()) {
      return;
    }
    String member = instanceId + thread.substring(thread.lastIndexOf('-'));
    try (Admin admin = clients.admin()) {
      admin
          .removeMembersFromConsumerGroup(
              group(topics),
              new RemoveMembersFromConsumerGroupOptions(List.of(new MemberToRemove(member)))
                  .timeoutMs((int) LEAVE_TIMEOUT.toMillis()))
          .all()
          .get();
    } catch (ExecutionException | KafkaException e) {
      LOG.warnf("%s stays in the group until its session ends: %s", member, Fault.line(e));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Why it does not work at present; empty: it does. */
  public String notReady() {
    RefusedTime refused = refusedTime;
    if (refused.within(lately)) {
      return refused.line();
    }
    String died = dying;
    if (!died.isEmpty()) {
      // Until another has come that far the stream counts as running.
      return "its thread died and is replaced: " + died;
    }
    return running() ? "" : "its stream is " + state();
  }

  /** Whether it has its partitions, with their state, and works on them. */
  public boolean running() {
    return streams != null && streams.state() == KafkaStreams.State.RUNNING;
  }

  /** Whether only a restart helps: it has given up, or has no thread left. */
  public boolean failed() {
    if (streams == null || death != null) {
      return death != null;
    }
    KafkaStreams.State state = streams.state();
    return state == KafkaStreams.State.ERROR
        || state == KafkaStreams.State.PENDING_ERROR
        || state.isRunningOrRebalancing() && streams.metadataForLocalThreads().isEmpty();
  }

  /** What it does, in Kafka Streams' words, and why it gave up, if it did. */
  public String state() {
    if (death != null) {
      return "short of a thread: " + Fault.line(death);
    }
    String state = streams == null ? KafkaStreams.State.CREATED.name() : streams.state().name();
    return gaveUp.isEmpty() ? state : state + ": " + gaveUp;
  }

  @Override
  public void close() {
    closing.countDown();
    figures.close();
    // Others take its tasks over at once; a process that is killed keeps them for its session.
    CloseOptions leaving =
        CloseOptions.timeout(TIMEOUT)
            .withGroupMembershipOperation(CloseOptions.GroupMembershipOperation.LEAVE_GROUP);
    if (streams != null && !streams.close(leaving)) {
      // Its stores may still be using the memory.
      LOG.warnf("The curator did not stop within %s", TIMEOUT);
      return;
    }
    memory.close();
  }

  /**
   * Deletes state that was made with another cluster's topics: Kafka Streams knows state by offsets
   * alone, and would add this cluster's to it.
   *
   * @throws ConfigException when the directory cannot be used
   */
  private void forgetOtherClusters(String group, Duration timeout) {
    Path mark = directory.resolve(group + ".cluster");
    try (Admin admin = clients.admin()) {
      String cluster =
          admin
              .describeCluster(new DescribeClusterOptions().timeoutMs((int) timeout.toMillis()))
              .clusterId()
              .get();
      Files.createDirectories(directory);
      if (Files.exists(mark) && !Files.readString(mark).equals(cluster)) {
        Path state = directory.resolve(group);
        LOG.warnf("The state in %s is of another cluster, and is made anew", state);
        Utils.delete(state.toFile());
      }
      Files.writeString(mark, cluster);
    } catch (IOException e) {
      throw new ConfigException("the curator cannot use " + directory + ": " + e);
    } catch (ExecutionException e) {
      throw new KafkaException("cannot ask for the cluster's id", e.getCause());
    } catch (InterruptedException e) {
      throw new InterruptException(e);
    }
  }

  /**
   * Why the directory cannot be used; empty: it can. One that is gone is made anew: Kafka Streams
   * makes what is in it and nothing above, and its threads die of that one after the other.
   */
  private String lostFolder(String group) {
    try {
      forgetOtherClusters(group, LEAVE_TIMEOUT);
    } catch (ConfigException e) {
      return e.getMessage();
    } catch (KafkaException e) {
      LOG.debug("Which cluster answers is not known", e);
    }
    return "";
  }

  private int requireEqualPartitions() {
    Map<String, Integer> partitions = partitions(START_TIMEOUT);
    if (partitions.values().stream().distinct().count() > 1) {
      throw new IllegalStateException(unequal(partitions));
    }
    return partitions.values().iterator().next();
  }

  private static String unequal(Map<String, Integer> partitions) {
    return "these topics must have the same number of partitions: " + partitions;
  }

  /**
   * What is wrong with the topics if one has grown since the start: Kafka Streams would have more
   * parts of the state than it has changelogs for, and its threads die of that one after the other.
   * Empty: none has, or the brokers do not say.
   */
  private String grown(int before) {
    try {
      Map<String, Integer> now = partitions(LEAVE_TIMEOUT);
      return now.values().stream().allMatch(count -> count == before) ? "" : unequal(now);
    } catch (KafkaException e) {
      LOG.debug("How many partitions there are is not known", e);
      return "";
    }
  }

  /** How many partitions the topics have that it reads, and those of its state that exist. */
  private Map<String, Integer> partitions(Duration timeout) {
    int millis = (int) timeout.toMillis();
    try (Admin admin = clients.admin()) {
      List<String> names = new ArrayList<>(CuratorTopology.inputs(topics));
      admin.listTopics(new ListTopicsOptions().timeoutMs(millis)).names().get().stream()
          .filter(name -> name.startsWith(group(topics) + "-"))
          .filter(name -> name.endsWith("-changelog") || name.endsWith("-repartition"))
          .forEach(names::add);
      Map<String, Integer> partitions = new TreeMap<>();
      admin
          .describeTopics(names, new DescribeTopicsOptions().timeoutMs(millis))
          .allTopicNames()
          .get()
          .forEach((name, topic) -> partitions.put(name, topic.partitions().size()));
      return partitions;
    } catch (ExecutionException e) {
      throw new KafkaException("cannot look at the curator's topics", e.getCause());
    } catch (InterruptedException e) {
      throw new InterruptException(e);
    }
  }
}
