package io.gripstream.wiring;

import io.gripstream.GripstreamConfig;
import io.gripstream.messaging.EmbeddedRegistry;
import io.gripstream.messaging.Fault;
import io.gripstream.messaging.KafkaClients;
import io.gripstream.messaging.PromptSignature.Signer;
import io.gripstream.messaging.RegistryRefusedException;
import io.gripstream.messaging.RegistryUnavailableException;
import io.gripstream.messaging.RestRegistry;
import io.gripstream.messaging.SchemaRegistry;
import io.gripstream.messaging.TopicAdmin;
import io.gripstream.messaging.TopicSerdes;
import io.gripstream.messaging.Topics;
import io.quarkus.runtime.ShutdownEvent;
import io.quarkus.runtime.StartupEvent;
import jakarta.annotation.Priority;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import jakarta.enterprise.inject.Produces;
import jakarta.inject.Singleton;
import java.net.URI;
import java.util.Optional;
import org.apache.kafka.clients.admin.Admin;
import org.jboss.logging.Logger;

/** What connects this process to Kafka. */
@ApplicationScoped
public class Messaging {
  /** Before the roles, which read and write the topics. */
  private static final int BEFORE_ROLES = 100;

  /**
   * After the roles, which encode until they have stopped; before the embedded broker, which keeps
   * the schemas.
   */
  private static final int AFTER_ROLES = Integer.MAX_VALUE - 1000;

  private static final Logger LOG = Logger.getLogger(Messaging.class);

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
  KafkaClients clients() {
    String brokers =
        config
            .kafka()
            .bootstrapServers()
            .orElseThrow(
                () ->
                    new IllegalStateException(
                        "gripstream.kafka.bootstrap-servers is not set, and the application was not"
                            + " started by its command line, which would have started a broker"));
    return new KafkaClients(brokers, config.kafka().properties(), config.images().maxBytes());
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
            ? new RestRegistry(URI.create(url.get()))
            : new EmbeddedRegistry(clients, topics, config.kafka().replicationFactor());
    return made;
  }

  @Produces
  @Singleton
  TopicSerdes serdes(SchemaRegistry registry) {
    return new TopicSerdes(registry, config.prompts().signingKey().map(Signer::new));
  }

  /**
   * @throws RegistryRefusedException if the registry says no, before any record has to hear it
   */
  void createTopics(
      @Observes @Priority(BEFORE_ROLES) StartupEvent event,
      KafkaClients clients,
      Topics topics,
      SchemaRegistry registry) {
    try (Admin admin = clients.admin()) {
      TopicAdmin.create(
          admin,
          topics,
          config.kafka().partitions(),
          config.kafka().replicationFactor(),
          clients.recordBytes());
    }
    try {
      registry.check();
    } catch (RegistryUnavailableException e) {
      LOG.warnf("Records wait until the schema registry is there: %s", Fault.line(e));
    }
  }

  void closeRegistry(@Observes @Priority(AFTER_ROLES) ShutdownEvent event) {
    if (made != null) {
      made.close();
    }
  }
}
