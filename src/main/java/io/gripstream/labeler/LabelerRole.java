package io.gripstream.labeler;

import io.gripstream.GripstreamConfig;
import io.gripstream.GripstreamConfig.Role;
import io.gripstream.clip.ClipModel;
import io.gripstream.messaging.KafkaClients;
import io.gripstream.messaging.TopicSerdes;
import io.gripstream.messaging.Topics;
import io.micrometer.core.instrument.MeterRegistry;
import io.quarkus.runtime.ShutdownEvent;
import io.quarkus.runtime.StartupEvent;
import jakarta.annotation.Priority;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import jakarta.enterprise.inject.Instance;

/**
 * Runs the labeler in processes that play the role, from start to shutdown, and says whether it is
 * ready.
 */
@ApplicationScoped
public class LabelerRole {
  private final GripstreamConfig config;
  private final Instance<KafkaClients> clients;
  private final Instance<Topics> topics;
  private final Instance<TopicSerdes> serdes;
  private final Instance<ClipModel> model;
  private final MeterRegistry meters;
  private volatile Labeler labeler;

  /** What only some processes need is looked up when it is needed: the model, above all. */
  LabelerRole(
      GripstreamConfig config,
      Instance<KafkaClients> clients,
      Instance<Topics> topics,
      Instance<TopicSerdes> serdes,
      Instance<ClipModel> model,
      MeterRegistry meters) {
    this.config = config;
    this.clients = clients;
    this.topics = topics;
    this.serdes = serdes;
    this.model = model;
    this.meters = meters;
  }

  void start(@Observes StartupEvent event) {
    if (config.roles().contains(Role.LABELER)) {
      labeler =
          Labeler.start(config, clients.get(), topics.get(), serdes.get(), model.get(), meters);
    }
  }

  void stop(@Observes @Priority(1000) ShutdownEvent event) {
    if (labeler != null) {
      labeler.close();
    }
  }

  boolean failed() {
    Labeler current = labeler;
    return current != null && current.failed();
  }

  /** Why the role is not ready; empty: it is, or this process does not play it. */
  String notReady() {
    if (!config.roles().contains(Role.LABELER)) {
      return "";
    }
    Labeler current = labeler;
    return current == null ? "it is not started" : current.notReady();
  }
}
