package io.gripstream.cli;

import io.gripstream.GripstreamConfig;
import io.gripstream.kafka.embedded.EmbeddedBroker;
import io.quarkus.runtime.ApplicationLifecycleManager;
import io.quarkus.runtime.Quarkus;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Runs the service in this process: a broker of its own where none is configured, then the
 * application.
 */
public final class ServiceProcess {
  private static final AtomicBoolean HANDED_OVER = new AtomicBoolean();

  private ServiceProcess() {}

  /** Whether the application ends the process, so that nobody else may. */
  public static boolean handedOver() {
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
      Path directory = config.dataDirectory().resolve("kafka");
      LastWords.keep(directory);
      EmbeddedBroker broker = EmbeddedBroker.start(directory, brokerPort);
      Companions.closeLast(broker);
      Settings.set("gripstream.kafka.bootstrap-servers", broker.bootstrapServers());
      config = Settings.load();
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
