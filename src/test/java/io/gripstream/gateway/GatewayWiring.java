package io.gripstream.gateway;

import io.gripstream.GripstreamConfig;
import io.gripstream.messaging.EmbeddedRegistry;
import io.gripstream.messaging.KafkaClients;
import io.gripstream.messaging.SchemaRegistry;
import io.gripstream.messaging.TopicAdmin;
import io.gripstream.messaging.TopicSerdes;
import io.gripstream.messaging.Topics;
import io.quarkus.arc.DefaultBean;
import io.quarkus.runtime.StartupEvent;
import jakarta.annotation.Priority;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import jakarta.enterprise.inject.Produces;
import jakarta.inject.Singleton;
import org.apache.kafka.clients.admin.Admin;

/** What the application's wiring makes, while there is none. */
@ApplicationScoped
public class GatewayWiring {
  @Produces
  @Singleton
  @DefaultBean
  Topics topics(GripstreamConfig config) {
    return new Topics(config.kafka().topicPrefix());
  }

  @Produces
  @Singleton
  @DefaultBean
  KafkaClients clients(GripstreamConfig config) {
    return new KafkaClients(
        config.kafka().bootstrapServers().orElseThrow(), config.kafka().properties());
  }

  @Produces
  @Singleton
  @DefaultBean
  SchemaRegistry registry(KafkaClients clients) {
    return new EmbeddedRegistry(clients.common());
  }

  @Produces
  @Singleton
  @DefaultBean
  TopicSerdes serdes(SchemaRegistry registry) {
    return new TopicSerdes(registry);
  }

  void create(
      @Observes @Priority(100) StartupEvent event,
      GripstreamConfig config,
      KafkaClients clients,
      Topics topics) {
    try (Admin admin = clients.admin()) {
      TopicAdmin.create(
          admin, topics, config.kafka().partitions(), config.kafka().replicationFactor());
    }
  }
}
