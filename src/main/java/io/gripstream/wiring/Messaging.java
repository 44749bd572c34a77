package io.gripstream.wiring;

import io.gripstream.GripstreamConfig;
import io.gripstream.kafka.ClientMeters;
import io.gripstream.kafka.KafkaClients;
import io.gripstream.kafka.Topics;
import io.gripstream.kafka.embedded.EmbeddedRegistry;
import io.gripstream.kafka.registry.PromptSignature.Signer;
import io.gripstream.kafka.registry.RestRegistry;
import io.gripstream.kafka.registry.SchemaRegistry;
import io.gripstream.kafka.registry.TopicSerdes;
import io.gripstream.kafka.trace.Traces;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.config.MeterFilter;
import io.opentelemetry.api.OpenTelemetry;
import io.quarkus.runtime.ShutdownEvent;
import jakarta.annotation.Priority;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import jakarta.enterprise.inject.Instance;
import jakarta.enterprise.inject.Produces;
import jakarta.inject.Singleton;
import java.net.URI;
import java.util.Optional;
import org.eclipse.microprofile.config.inject.ConfigProperty;

/** What connects this process to Kafka. */
@ApplicationScoped
public class Messaging {
  /**
   * After the roles, which encode until they have stopped; before the embedded broker, which keeps
   * the schemas.
   */
  private static final int AFTER_ROLES = Integer.MAX_VALUE - 1000;

  private final GripstreamConfig config;
  private volatile SchemaRegistry made;

  Messaging(GripstreamConfig config) {
    this.config = config;
  }

  @Produces
  @Singleton
  Topics topics() {
    return new Topics(config.kafka().topicPrefix());
  }

  /**
   * @throws IllegalStateException when no brokers are configured
   */
  @Produces
  @Singleton
  KafkaClients clients(MeterRegistry meters, Traces traces) {
    String brokers =
        config
            .kafka()
            .bootstrapServers()
            .orElseThrow(
                () ->
                    new IllegalStateException(
                        "gripstream.kafka.bootstrap-servers is not set, and the application was not"
                            + " started by its command line, which would have started a broker"));
    return new KafkaClients(
        brokers,
        config.kafka().properties(),
        config.images().maxBytes(),
        config.kafka().staticMembership(),
        new ClientMeters(meters),
        traces);
  }

  /** Where the SDK is disabled its spans would be recorded all the same, for nobody. */
  @Produces
  @Singleton
  Traces traces(
      Instance<OpenTelemetry> telemetry,
      @ConfigProperty(name = "quarkus.otel.sdk.disabled") boolean disabled) {
    return disabled ? Traces.OFF : Traces.by(telemetry.get().getTracer("io.gripstream"));
  }

  /**
   * Leaves some of Kafka's figures out. Those of the curator's stores are read by RocksDB's native
   * code, which does not bear that a store is closed meanwhile. Those of a topic with a dot are
   * there twice, the second time with an underscore, as older versions had them.
   */
  @Produces
  @Singleton
  MeterFilter leftOut() {
    String prefix = config.kafka().topicPrefix();
    return MeterFilter.deny(
        id -> {
          String topic = id.getTag("topic");
          return id.getName().startsWith("kafka.stream.state.")
              || id.getName().startsWith("kafka.") && topic != null && !topic.startsWith(prefix);
        });
  }

  /**
   * A singleton, and so itself rather than a proxy: what the embedded one can do besides shows in
   * its class.
   */
  @Produces
  @Singleton
  SchemaRegistry registry(KafkaClients clients, Topics topics) {
    Optional<String> url = config.registry().url();
    made =
        url.isPresent()
            ? new RestRegistry(URI.create(url.get()), config.key())
            : new EmbeddedRegistry(clients, topics, config.kafka().replicationFactor());
    return made;
  }

  @Produces
  @Singleton
  TopicSerdes serdes(SchemaRegistry registry) {
    return new TopicSerdes(registry, config.prompts().signingKey().map(Signer::new));
  }

  void closeRegistry(@Observes @Priority(AFTER_ROLES) ShutdownEvent event) {
    if (made != null) {
      made.close();
    }
  }
}
