package io.gripstream.cli;

import io.gripstream.GripstreamConfig;
import io.gripstream.messaging.EmbeddedBroker;
import io.gripstream.messaging.KafkaClients;
import io.gripstream.messaging.RegistryRefusedException;
import io.gripstream.messaging.RegistryUnavailableException;
import io.gripstream.messaging.RestRegistry;
import io.gripstream.messaging.SchemaRegistry;
import io.quarkus.runtime.ApplicationLifecycleManager;
import io.quarkus.runtime.Quarkus;
import java.net.URI;
import java.time.Duration;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.common.KafkaException;
import org.jboss.logging.Logger;

/**
 * Runs the service in this process: a broker of its own where none is configured, then the
 * application.
 */
final class ServiceProcess {
  private static final AtomicBoolean HANDED_OVER = new AtomicBoolean();

  private static final Logger LOG = Logger.getLogger(ServiceProcess.class);
  private static final Duration BROKER_PATIENCE = Duration.ofSeconds(30);

  private ServiceProcess() {}

  /** Whether the application ends the process, so that nobody else may. */
  static boolean handedOver() {
    return HANDED_OVER.get();
  }

  /**
   * Makes sure that the service can come up, and then of brokers.
   *
   * @param brokerPort where the embedded broker listens, if one is needed
   * @param terminal where to tell how far a model is fetched
   * @return the configuration, which names brokers from now on
   */
  static GripstreamConfig prepare(int brokerPort, Terminal terminal) {
    GripstreamConfig config = Settings.load();
    Preflight.check(config, new FetchLine(terminal));
    if (config.kafka().bootstrapServers().isEmpty()) {
      Ports.requireFree(brokerPort, "--broker-port", "--bootstrap-servers for brokers elsewhere");
      EmbeddedBroker broker =
          EmbeddedBroker.start(config.dataDirectory().resolve("kafka"), brokerPort);
      Companions.closeLast(broker);
      Settings.set("gripstream.kafka.bootstrap-servers", broker.bootstrapServers());
      config = Settings.load();
    }
    requireBrokers(new KafkaClients(servers(config), config.kafka().properties()));
    config.registry().url().ifPresent(ServiceProcess::requireRegistry);
    return config;
  }

  private static String servers(GripstreamConfig config) {
    return config.kafka().bootstrapServers().orElseThrow();
  }

  /** Otherwise each part would find out by itself, slowly and in its own words. */
  private static void requireBrokers(KafkaClients clients) {
    try (Admin admin = clients.admin()) {
      admin.describeCluster().nodes().get(BROKER_PATIENCE.toSeconds(), TimeUnit.SECONDS);
    } catch (KafkaException | ExecutionException | TimeoutException e) {
      throw new CommandFailure("no answer from the brokers at " + clients.bootstrapServers(), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new CommandFailure("interrupted");
    }
  }

  /** One that is away may come; one that says no will say so to every record. */
  private static void requireRegistry(String url) {
    try (SchemaRegistry registry = new RestRegistry(URI.create(url))) {
      registry.check();
    } catch (RegistryRefusedException | IllegalArgumentException e) {
      throw new CommandFailure(e.getMessage(), e);
    } catch (RegistryUnavailableException e) {
      LOG.debug("The application tells of it, and waits", e);
    }
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
