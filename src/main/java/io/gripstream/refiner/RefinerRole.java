package io.gripstream.refiner;

import io.gripstream.GripstreamConfig;
import io.gripstream.GripstreamConfig.Role;
import io.gripstream.clip.ClipModel;
import io.gripstream.messaging.KafkaClients;
import io.gripstream.messaging.TopicSerdes;
import io.gripstream.messaging.Topics;
import io.gripstream.refine.Refinement;
import io.micrometer.core.instrument.MeterRegistry;
import io.quarkus.runtime.ShutdownEvent;
import io.quarkus.runtime.StartupEvent;
import jakarta.annotation.Priority;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import jakarta.enterprise.inject.Instance;
import java.util.Map;

/**
 * Runs the refiner in processes that play the role, from start to shutdown, and says whether it is
 * ready.
 */
@ApplicationScoped
public class RefinerRole {
  private final GripstreamConfig config;
  private final Instance<KafkaClients> clients;
  private final Instance<Topics> topics;
  private final Instance<TopicSerdes> serdes;
  private final Instance<ClipModel> model;
  private final Instance<Refinement> refinement;
  private final MeterRegistry meters;
  private volatile Refiner refiner;

  /** What only some processes need is looked up when it is needed: the model, above all. */
  RefinerRole(
      GripstreamConfig config,
      Instance<KafkaClients> clients,
      Instance<Topics> topics,
      Instance<TopicSerdes> serdes,
      Instance<ClipModel> model,
      Instance<Refinement> refinement,
      MeterRegistry meters) {
    this.config = config;
    this.clients = clients;
    this.topics = topics;
    this.serdes = serdes;
    this.model = model;
    this.refinement = refinement;
    this.meters = meters;
  }

  void start(@Observes StartupEvent event) {
    if (config.roles().contains(Role.REFINER)) {
      refiner =
          Refiner.start(
              config.kafka().instanceId(),
              Map.of(),
              clients.get(),
              topics.get(),
              serdes.get(),
              refinement.get(),
              model.get().id(),
              meters);
    }
  }

  void stop(@Observes @Priority(1000) ShutdownEvent event) {
    if (refiner != null) {
      refiner.close();
    }
  }

  /** Whether only a restart helps. */
  boolean failed() {
    Refiner current = refiner;
    return current != null && !current.failure().isEmpty();
  }

  /** Why the role is not ready; empty: it is, or this process does not play it. */
  String notReady() {
    if (!config.roles().contains(Role.REFINER)) {
      return "";
    }
    Refiner current = refiner;
    return current == null ? "it is not started" : current.notReady();
  }
}
