package io.gripstream.refiner;

import io.gripstream.GripstreamConfig;
import io.gripstream.clip.ClipModel;
import io.gripstream.kafka.KafkaClients;
import io.gripstream.kafka.Topics;
import io.gripstream.kafka.registry.TopicSerdes;
import io.gripstream.refine.Refinement;
import io.gripstream.role.Role;
import io.micrometer.core.instrument.MeterRegistry;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.inject.Instance;

/** Runs the refiner. */
@ApplicationScoped
public class RefinerRole implements Role {
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

  @Override
  public GripstreamConfig.Role part() {
    return GripstreamConfig.Role.REFINER;
  }

  @Override
  public void start() {
    refiner =
        Refiner.start(
            config.kafka().instanceId(),
            clients.get(),
            topics.get(),
            serdes.get(),
            refinement.get(),
            model.get().id(),
            meters);
  }

  @Override
  public String notReady() {
    return refiner.notReady();
  }

  @Override
  public String notAlive() {
    return refiner.notAlive();
  }

  @Override
  public void close() {
    if (refiner != null) {
      refiner.close();
    }
  }
}
