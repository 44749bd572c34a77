package io.gripstream.cli;

import io.gripstream.GripstreamConfig;
import io.gripstream.kafka.KafkaClients;
import io.gripstream.kafka.Topics;
import io.gripstream.kafka.registry.RegistryUnavailableException;
import io.gripstream.kafka.registry.RestRegistry;
import io.gripstream.kafka.registry.SchemaRegistry;
import java.net.URI;
import java.util.HashMap;
import java.util.Map;
import picocli.CommandLine.Option;

/** How a client finds a running service. What is not given comes from the configuration. */
final class ClientOptions {
  @Option(
      names = "--bootstrap-servers",
      paramLabel = "HOST:PORT,...",
      description = "The Kafka brokers. Default: localhost:" + ServiceOptions.BROKER_PORT + ".")
  private String bootstrapServers;

  @Option(
      names = "--registry",
      paramLabel = "URL",
      description =
          "The schema registry: a running gripstream, or any Confluent-compatible one."
              + " Default: http://localhost:"
              + ServiceOptions.PORT
              + ".")
  private URI registry;

  @Option(
      names = "--key",
      paramLabel = "KEY",
      description =
          "What the registry lets in. Better set by the variable GRIPSTREAM_KEY, which other users of"
              + " the machine do not see.")
  private String key;

  @Option(
      names = "--topic-prefix",
      paramLabel = "PREFIX",
      description = "What the service's topics begin with. Default: gripstream.")
  private String topicPrefix;

  @Option(
      names = "--property",
      paramLabel = "KEY=VALUE",
      description = "Handed to the Kafka clients as it is, such as security.protocol=SSL.")
  private Map<String, String> properties = Map.of();

  private GripstreamConfig config;

  private GripstreamConfig config() {
    if (config == null) {
      Map<String, String> given = new HashMap<>();
      put(given, "gripstream.kafka.bootstrap-servers", bootstrapServers);
      put(given, "gripstream.kafka.topic-prefix", topicPrefix);
      put(given, "gripstream.registry.url", registry);
      put(given, "gripstream.key", key);
      properties.forEach(
          (key, value) -> given.put("gripstream.kafka.properties.\"" + key + "\"", value));
      config = Settings.load(given);
    }
    return config;
  }

  private static void put(Map<String, String> given, String key, Object value) {
    if (value != null) {
      given.put(key, value.toString());
    }
  }

  KafkaClients clients() {
    return new KafkaClients(
        config().kafka().bootstrapServers().orElse("localhost:" + ServiceOptions.BROKER_PORT),
        config().kafka().properties(),
        maxImageBytes(),
        config().kafka().staticMembership());
  }

  Topics topics() {
    return new Topics(config().kafka().topicPrefix());
  }

  SchemaRegistry registry() {
    return new RestRegistry(
        URI.create(config().registry().url().orElse("http://localhost:" + ServiceOptions.PORT)),
        config().key());
  }

  /**
   * Makes sure of a registry before the first record, for which it would be waited for.
   *
   * @throws CommandFailure when it does not answer
   */
  static void require(SchemaRegistry registry) {
    try {
      registry.check();
    } catch (RegistryUnavailableException e) {
      throw new CommandFailure(e.getMessage(), e.getCause());
    }
  }

  /** The largest image that the service takes, in bytes. */
  int maxImageBytes() {
    return config().images().maxBytes();
  }
}
