package io.gripstream.labeler;

import io.gripstream.GripstreamConfig;
import io.gripstream.clip.ClipModel;
import io.gripstream.kafka.KafkaClients;
import io.gripstream.kafka.Topics;
import io.gripstream.kafka.registry.TopicSerdes;
import io.gripstream.role.Role;
import io.micrometer.core.instrument.MeterRegistry;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.inject.Instance;
import java.util.Optional;

/** Runs the labeler. */
@ApplicationScoped
public class LabelerRole implements Role {
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

  @Override
  public GripstreamConfig.Role part() {
    return GripstreamConfig.Role.LABELER;
  }

  @Override
  public void start() {
    labeler = Labeler.start(config, clients.get(), topics.get(), serdes.get(), model.get(), meters);
  }

  /** Whether this process plays the role. */
  public boolean enabled() {
    return config.roles().contains(GripstreamConfig.Role.LABELER);
  }

  /** Labels single images; empty while the labeler has not started. */
  public Optional<LabelNow> now() {
    return Optional.ofNullable(labeler).map(Labeler::now);
  }

  @Override
  public String notReady() {
    return labeler.notReady();
  }

  @Override
  public String notAlive() {
    return labeler.notAlive();
  }

  @Override
  public void close() {
    if (labeler != null) {
      labeler.close();
    }
  }
}
