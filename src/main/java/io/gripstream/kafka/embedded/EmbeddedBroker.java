package io.gripstream.kafka.embedded;

import io.gripstream.kafka.KafkaClients;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import kafka.server.KafkaConfig;
import kafka.server.KafkaRaftServer;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.utils.Time;
import org.apache.kafka.metadata.storage.Formatter;
import org.apache.kafka.server.common.MetadataVersion;
import org.jboss.logging.Logger;

/**
 * A Kafka broker and its controller (KRaft) in this JVM, so that a first run needs nothing else.
 *
 * <p>It is reached from this machine only, and keeps its topics and cluster id in its directory
 * over restarts and crashes. One replica of everything: it is for trying out, tests and small
 * single machines. A broker that comes to a state it cannot go on from, such as a full disk, ends
 * the process, as Kafka does.
 */
public final class EmbeddedBroker implements AutoCloseable {
  private static final Logger LOG = Logger.getLogger(EmbeddedBroker.class);
  private static final int NODE_ID = 1;
  private static final String HOST = "localhost";

  private final KafkaRaftServer server;
  private final FileChannel lock;
  private final String bootstrapServers;
  private final AtomicBoolean closed = new AtomicBoolean();

  private EmbeddedBroker(KafkaRaftServer server, FileChannel lock, int port) {
    this.server = server;
    this.lock = lock;
    this.bootstrapServers = HOST + ":" + port;
  }

  /**
   * Returns when clients can connect. The process's default locale is the root locale from then on:
   * Kafka upper-cases names by it, and in Turkish an "i" becomes another letter.
   *
   * @param directory holds what the broker keeps; made if it is missing
   * @param port 0: any that is free
   * @throws IllegalStateException if the port or the directory is in use, or the broker cannot
   *     start
   */
  public static EmbeddedBroker start(Path directory, int port) {
    return start(directory, port, Map.of());
  }

  /**
   * The same.
   *
   * @param further Kafka's settings of the broker, over those that it has here; the listener for
   *     clients is called PLAINTEXT
   */
  public static EmbeddedBroker start(Path directory, int port, Map<String, String> further) {
    Locale.setDefault(Locale.ROOT);
    FileChannel lock = lock(directory);
    try {
      int brokerPort = free(port);
      int controllerPort = free(0);
      Path log = directory.resolve("log").toAbsolutePath();
      if (!Files.exists(log.resolve("meta.properties"))) {
        format(log);
      }
      Map<String, String> settings = settings(log, brokerPort, controllerPort);
      settings.putAll(further);
      KafkaConfig config = new KafkaConfig(settings);
      KafkaRaftServer server = new KafkaRaftServer(config, Time.SYSTEM);
      try {
        server.startup();
      } catch (RuntimeException | Error e) {
        server.shutdown();
        throw e;
      }
      LOG.infof(
          "The embedded broker listens on %s:%d and keeps its log in %s", HOST, brokerPort, log);
      return new EmbeddedBroker(server, lock, brokerPort);
    } catch (IllegalStateException e) {
      closeQuietly(lock, e);
      throw e;
    } catch (Exception e) {
      closeQuietly(lock, e);
      throw new IllegalStateException(
          "the embedded broker cannot start in " + directory + ": " + e.getMessage(), e);
    }
  }

  public String bootstrapServers() {
    return bootstrapServers;
  }

  /** Stops the broker in order, so that it starts again at once. Closing again does nothing. */
  @Override
  public void close() {
    if (closed.compareAndSet(false, true)) {
      try {
        server.shutdown();
        server.awaitShutdown();
      } finally {
        try {
          lock.close();
        } catch (IOException e) {
          throw new UncheckedIOException(e);
        }
      }
    }
  }

  private static Map<String, String> settings(Path log, int port, int controllerPort) {
    Map<String, String> settings = new HashMap<>();
    settings.put("process.roles", "broker,controller");
    settings.put("node.id", Integer.toString(NODE_ID));
    settings.put("log.dirs", log.toString());
    settings.put(
        "listeners",
        "PLAINTEXT://%s:%d,CONTROLLER://%s:%d".formatted(HOST, port, HOST, controllerPort));
    settings.put("advertised.listeners", "PLAINTEXT://%s:%d".formatted(HOST, port));
    settings.put("listener.security.protocol.map", "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT");
    settings.put("controller.listener.names", "CONTROLLER");
    settings.put("controller.quorum.voters", "%d@%s:%d".formatted(NODE_ID, HOST, controllerPort));
    settings.put("auto.create.topics.enable", "false");
    settings.put("message.max.bytes", Integer.toString(KafkaClients.MAX_LETTER_BYTES));

    // Alone: one replica, and few partitions of what Kafka keeps for itself.
    settings.put("default.replication.factor", "1");
    settings.put("min.insync.replicas", "1");
    settings.put("offsets.topic.replication.factor", "1");
    settings.put("offsets.topic.num.partitions", "4");
    settings.put("transaction.state.log.replication.factor", "1");
    settings.put("transaction.state.log.min.isr", "1");
    settings.put("transaction.state.log.num.partitions", "4");
    settings.put("share.coordinator.state.topic.replication.factor", "1");
    settings.put("share.coordinator.state.topic.min.isr", "1");
    settings.put("share.coordinator.state.topic.num.partitions", "1");
    settings.put("group.initial.rebalance.delay.ms", "0");
    // After a kill the old session must end before the new broker is let in.
    settings.put("broker.session.timeout.ms", "3000");
    settings.put("broker.heartbeat.interval.ms", "500");

    // Small: the cleaner alone would take 128 MiB.
    settings.put("log.cleaner.dedupe.buffer.size", Integer.toString(4 * 1024 * 1024));
    settings.put("log.cleaner.io.buffer.size", Integer.toString(64 * 1024));
    settings.put("log.index.size.max.bytes", Integer.toString(1024 * 1024));
    settings.put("log.segment.bytes", Integer.toString(256 * 1024 * 1024));
    settings.put("num.network.threads", "2");
    settings.put("num.io.threads", "4");
    settings.put("num.replica.fetchers", "1");
    settings.put("background.threads", "2");
    // Bounded, a partition: a machine that somebody tries Gripstream on shall not fill up.
    settings.put("log.retention.bytes", Long.toString(2L * 1024 * 1024 * 1024));
    return settings;
  }

  private static void format(Path log) throws Exception {
    Files.createDirectories(log);
    Formatter formatter = new Formatter();
    formatter
        .setPrintStream(new PrintStream(OutputStream.nullOutputStream()))
        .setNodeId(NODE_ID)
        .setClusterId(Uuid.randomUuid().toString())
        .addDirectory(log.toString())
        .setMetadataLogDirectory(log.toString())
        .setControllerListenerName("CONTROLLER")
        .setReleaseVersion(MetadataVersion.LATEST_PRODUCTION)
        .setIgnoreFormatted(true)
        .run();
  }

  private static FileChannel lock(Path directory) {
    FileChannel channel = null;
    try {
      Files.createDirectories(directory);
      channel =
          FileChannel.open(
              directory.resolve("broker.lock"),
              StandardOpenOption.CREATE,
              StandardOpenOption.WRITE);
      FileLock lock = channel.tryLock();
      if (lock != null) {
        return channel;
      }
    } catch (OverlappingFileLockException e) {
      LOG.debugf("%s is locked by this process", directory);
    } catch (IOException e) {
      throw new IllegalStateException("the embedded broker cannot use " + directory + ": " + e, e);
    }
    IllegalStateException busy =
        new IllegalStateException(
            "another embedded broker is running in %s: stop it, or give --data another folder"
                .formatted(directory));
    closeQuietly(channel, busy);
    throw busy;
  }

  /** Kafka finds out too late, and ends the process; so the port is tried first. */
  private static int free(int port) {
    try (ServerSocket socket = new ServerSocket()) {
      socket.setReuseAddress(true);
      socket.bind(new InetSocketAddress(InetAddress.getByName(HOST), port));
      return socket.getLocalPort();
    } catch (IOException e) {
      throw new IllegalStateException(
          "port %d, which the embedded broker shall listen on, is in use".formatted(port), e);
    }
  }

  private static void closeQuietly(FileChannel channel, Exception because) {
    try {
      channel.close();
    } catch (IOException e) {
      because.addSuppressed(e);
    }
  }
}
