package io.gripstream.curator;

import io.gripstream.kafka.KafkaClients;
import io.gripstream.kafka.Topics;
import io.gripstream.kafka.registry.TopicSerdes;
import io.gripstream.refine.judge.Gate;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.nio.file.Path;

/** Curators for tests of other packages. */
public final class Curators {
  private Curators() {}

  /** One that is started, without the container. */
  public static CuratorStream start(
      KafkaClients clients, Topics topics, TopicSerdes serdes, Path directory) {
    CuratorStream curator =
        new CuratorStream(
            clients,
            topics,
            serdes,
            Gate::judge,
            new SimpleMeterRegistry(),
            "curator-0",
            directory,
            (short) 1);
    curator.start();
    return curator;
  }
}
