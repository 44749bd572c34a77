package io.gripstream.cli;

import io.gripstream.GripstreamConfig;
import io.gripstream.GripstreamConfig.Role;
import io.gripstream.access.Access;
import io.gripstream.clip.ComputeDevice;
import io.gripstream.kafka.KafkaClients;
import io.gripstream.kafka.registry.RestRegistry;
import io.gripstream.model.FetchProgress;
import io.gripstream.model.HubAccess;
import io.gripstream.model.ModelFolder;
import io.gripstream.model.ModelHub;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import org.apache.kafka.common.KafkaException;
import org.rocksdb.RocksDB;

/**
 * Finds out what cannot work before anything is touched: no broker is started, none is asked, and
 * no topic is made for a service that would not come up.
 */
final class Preflight {
  /** Brokers take no request above 100 MiB, and a fetch holds several records. */
  private static final int LARGEST_IMAGE = 64 << 20;

  /** Kafka's names have 249 characters at most, and ours some behind the prefix. */
  private static final String TOPIC_PREFIX = "[a-zA-Z0-9._-]{0,200}";

  private Preflight() {}

  /**
   * Fetches the model, if a role needs one that is on a hub.
   *
   * @throws CommandFailure that names the key at fault
   */
  static void check(GripstreamConfig config, FetchProgress progress) {
    temporaryFiles();
    access(config);
    within("http.port", config.http().port(), 0, Ports.LARGEST);
    within("kafka.partitions", config.kafka().partitions(), 1, Integer.MAX_VALUE);
    within("images.max-bytes", config.images().maxBytes(), 1, LARGEST_IMAGE);
    within("labeler.batch-size", config.labeler().batchSize(), 1, Integer.MAX_VALUE);
    within(
        "labeler.batches-per-transaction",
        config.labeler().batchesPerTransaction(),
        1,
        Integer.MAX_VALUE);
    if (!config.kafka().topicPrefix().matches(TOPIC_PREFIX)) {
      throw fault("kafka.topic-prefix", config.kafka().topicPrefix(), "must match " + TOPIC_PREFIX);
    }
    config.kafka().bootstrapServers().ifPresent(servers -> brokers(servers, config));
    config.registry().url().ifPresent(Preflight::registry);
    if (config.kafka().bootstrapServers().isEmpty() || config.roles().contains(Role.CURATOR)) {
      writable(config.dataDirectory());
    }
    try {
      ComputeDevice.requireWords(config.device(), config.precision());
    } catch (IllegalArgumentException e) {
      throw new CommandFailure(e.getMessage());
    }
    if (config.roles().contains(Role.LABELER) || config.roles().contains(Role.REFINER)) {
      model(config, progress);
    }
    if (config.roles().contains(Role.CURATOR)) {
      stores();
    }
  }

  private static void temporaryFiles() {
    try {
      Files.delete(Files.createTempFile("gripstream", null));
    } catch (IOException e) {
      throw new CommandFailure(
          "java.io.tmpdir must be a folder that can be written to, not %s"
              .formatted(System.getProperty("java.io.tmpdir")),
          e);
    }
  }

  private static void within(String key, int value, int low, int high) {
    if (value < low || value > high) {
      throw fault(key, value, "must be from %d to %d".formatted(low, high));
    }
  }

  /** A folder that is not there yet is made where its nearest one is. */
  private static void writable(Path folder) {
    Path there = folder.toAbsolutePath();
    while (there.getParent() != null && Files.notExists(there)) {
      there = there.getParent();
    }
    if (!Files.isDirectory(there) || !Files.isWritable(there)) {
      throw fault("data-directory", folder, "must be a folder that can be written to");
    }
  }

  /** The library of the curator's stores is unpacked among the temporary files. */
  private static void stores() {
    try {
      RocksDB.loadLibrary();
    } catch (UnsatisfiedLinkError | RuntimeException e) {
      throw new CommandFailure(
          "RocksDB's library cannot be loaded; ROCKSDB_SHAREDLIB_DIR names a folder for it where"
              + " programs may run, if java.io.tmpdir is none",
          e);
    }
  }

  /** Whether there can be such brokers; those that are away are waited for. */
  private static void brokers(String servers, GripstreamConfig config) {
    try {
      new KafkaClients(servers, config.kafka().properties()).admin().close();
    } catch (KafkaException e) {
      throw new CommandFailure("the brokers %s cannot be asked".formatted(servers), e);
    }
  }

  private static void registry(String url) {
    try {
      new RestRegistry(URI.create(url)).close();
    } catch (IllegalArgumentException e) {
      throw fault("registry.url", url, "must be an http or https URL");
    }
  }

  /**
   * @throws CommandFailure when nobody, or everybody, would get in
   */
  static Access access(GripstreamConfig config) {
    try {
      return Access.of(config.access(), config.http().host());
    } catch (IllegalArgumentException e) {
      throw new CommandFailure(e.getMessage(), e.getCause() instanceof IOException io ? io : null);
    }
  }

  private static void model(GripstreamConfig config, FetchProgress progress) {
    try {
      ComputeDevice.of(config.device(), config.precision());
      ModelFolder.of(
          config.model(),
          config.dataDirectory().resolve("models"),
          new ModelHub(
              HubAccess.of(config.modelHub().url(), config.modelHub().offline(), System.getenv()),
              progress),
          config.modelSha256());
    } catch (IllegalArgumentException | IOException e) {
      throw new CommandFailure("the model %s cannot be used".formatted(config.model()), e);
    }
  }

  private static CommandFailure fault(String key, Object value, String rule) {
    return new CommandFailure("gripstream.%s %s, not %s".formatted(key, rule, value));
  }
}
