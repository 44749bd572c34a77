package io.gripstream.curator;

import io.gripstream.GripstreamConfig;
import io.gripstream.messaging.KafkaClients;
import io.gripstream.messaging.TopicSerdes;
import io.gripstream.messaging.Topics;
import io.gripstream.refine.Gate;
import io.micrometer.core.instrument.MeterRegistry;
import io.quarkus.runtime.ShutdownEvent;
import io.quarkus.runtime.StartupEvent;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import jakarta.enterprise.inject.Instance;

/**
 * The curator as a role: runs if this process plays it, from the start of the application to its
 * end.
 *
 * <p>Not by the quarkus-kafka-streams extension: that one starts whatever topology is there, and
 * which roles a process plays is known only at run time.
 */
@ApplicationScoped
public class Curator {
  private final GripstreamConfig config;
  private final Instance<KafkaClients> clients;
  private final Instance<Topics> topics;
  private final Instance<TopicSerdes> serdes;
  private final MeterRegistry meters;
  private volatile CuratorStream stream;

  Curator(
      GripstreamConfig config,
      Instance<KafkaClients> clients,
      Instance<Topics> topics,
      Instance<TopicSerdes> serdes,
      MeterRegistry meters) {
    this.config = config;
    this.clients = clients;
    this.topics = topics;
    this.serdes = serdes;
    this.meters = meters;
  }

  void start(@Observes StartupEvent event) {
    if (!played()) {
      return;
    }
    stream =
        new CuratorStream(
            clients.get(),
            topics.get(),
            serdes.get(),
            Gate::judge,
            meters,
            config.kafka().instanceId(),
            config.dataDirectory().resolve("curator"),
            config.kafka().replicationFactor());
    stream.start();
  }

  void stop(@Observes ShutdownEvent event) {
    if (stream != null) {
      stream.close();
    }
  }

  boolean played() {
    return config.roles().contains(GripstreamConfig.Role.CURATOR);
  }

  boolean running() {
    return stream != null && stream.running();
  }

  /** Whether only a restart helps. */
  boolean failed() {
    return stream != null && stream.failed();
  }

  String state() {
    return stream == null ? "NOT_STARTED" : stream.state();
  }
}
