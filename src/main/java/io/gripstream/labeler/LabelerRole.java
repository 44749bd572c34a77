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
import org.eclipse.microprofile.health.HealthCheck;
import org.eclipse.microprofile.health.HealthCheckResponse;
import org.eclipse.microprofile.health.Readiness;

/**
 * Runs the labeler in processes that play the role, from start to shutdown, and says whether it is
 * ready.
 */
@Readiness
@ApplicationScoped
public class LabelerRole implements HealthCheck {
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

  @Override
  public HealthCheckResponse call() {
    Labeler current = labeler;
    if (current == null) {
      return HealthCheckResponse.named(Labeler.ROLE)
          .status(!config.roles().contains(Role.LABELER))
          .withData("played", config.roles().contains(Role.LABELER))
          .build();
    }
    String reason = current.notReady();
    return reason.isEmpty()
        ? HealthCheckResponse.up(Labeler.ROLE)
        : HealthCheckResponse.named(Labeler.ROLE).down().withData("reason", reason).build();
  }
}
