package io.gripstream.cli;

import io.gripstream.GripstreamConfig;
import io.gripstream.messaging.EmbeddedBroker;
import io.gripstream.messaging.KafkaClients;
import io.gripstream.messaging.TopicAdmin;
import io.gripstream.messaging.Topics;
import io.quarkus.runtime.ApplicationLifecycleManager;
import io.quarkus.runtime.Quarkus;
import java.util.concurrent.atomic.AtomicBoolean;
import org.apache.kafka.clients.admin.Admin;

/**
 * Runs the service in this process: a broker of its own where none is configured, the topics, then
 * the application.
 */
final class ServiceProcess {
  private static final AtomicBoolean HANDED_OVER = new AtomicBoolean();

  private ServiceProcess() {}

  /** Whether the application ends the process, so that nobody else may. */
  static boolean handedOver() {
    return HANDED_OVER.get();
  }

  /**
   * Makes sure of brokers and topics.
   *
   * @param brokerPort where the embedded broker listens, if one is needed
   * @return the configuration, which names brokers from now on
   */
  static GripstreamConfig prepare(int brokerPort) {
    GripstreamConfig config = Settings.load();
    if (config.kafka().bootstrapServers().isEmpty()) {
      Ports.requireFree(brokerPort, "--broker-port", "--bootstrap-servers for brokers elsewhere");
      EmbeddedBroker broker =
          EmbeddedBroker.start(config.dataDirectory().resolve("kafka"), brokerPort);
      Companions.closeLast(broker);
      Settings.set("gripstream.kafka.bootstrap-servers", broker.bootstrapServers());
      config = Settings.load();
    }
    GripstreamConfig.Kafka kafka = config.kafka();
    KafkaClients clients =
        new KafkaClients(kafka.bootstrapServers().orElseThrow(), kafka.properties());
    try (Admin admin = clients.admin()) {
      TopicAdmin.create(
          admin, new Topics(kafka.topicPrefix()), kafka.partitions(), kafka.replicationFactor());
    } catch (RuntimeException e) {
      throw new CommandFailure(
          "the topics cannot be made at " + kafka.bootstrapServers().orElseThrow(), e);
    }
    return config;
  }

  /** Runs the application until the process is asked to end; the application then ends it. */
  static void run() {
    HANDED_OVER.set(true);
    ApplicationLifecycleManager.setDefaultExitCodeHandler(
        (code, failure) -> {
          Companions.closeAll();
          System.exit(code);
        });
    Quarkus.run();
  }
}
