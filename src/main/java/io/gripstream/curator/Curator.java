package io.gripstream.curator;

import io.gripstream.GripstreamConfig;
import io.gripstream.kafka.KafkaClients;
import io.gripstream.kafka.Topics;
import io.gripstream.kafka.registry.TopicSerdes;
import io.gripstream.refine.judge.Gate;
import io.gripstream.role.Role;
import io.micrometer.core.instrument.MeterRegistry;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.inject.Instance;

/**
 * Runs the curator.
 *
 * <p>Not by the quarkus-kafka-streams extension: that one starts whatever topology is there, and
 * which roles a process plays is known only at run time.
 */
@ApplicationScoped
public class Curator implements Role {
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

  @Override
  public GripstreamConfig.Role part() {
    return GripstreamConfig.Role.CURATOR;
  }

  @Override
  public void start() {
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

  @Override
  public String notReady() {
    return stream.notReady();
  }

  @Override
  public String notAlive() {
    return stream.failed() ? "its stream is " + stream.state() : "";
  }

  @Override
  public void close() {
    if (stream != null) {
      stream.close();
    }
  }
}
