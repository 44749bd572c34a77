package io.gripstream.wiring;

import io.gripstream.GripstreamConfig;
import io.gripstream.clip.ClipModel;
import io.gripstream.image.ReferencedImages;
import io.gripstream.kafka.KafkaClients;
import io.gripstream.kafka.Topics;
import io.gripstream.kafka.registry.TopicSerdes;
import io.gripstream.refine.ImageSource;
import io.micrometer.core.instrument.MeterRegistry;
import io.quarkus.runtime.ShutdownEvent;
import jakarta.annotation.Priority;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import jakarta.enterprise.inject.Produces;
import java.time.Duration;

/**
 * Where rounds read their images again. Made when the first round asks for an image: processes that
 * tune text prompts alone never open a consumer for it.
 */
@ApplicationScoped
public class RefinerImages {
  /** After the roles, before the registry and the embedded broker, which are asked until then. */
  private static final int AFTER_ROLES = Integer.MAX_VALUE - 2000;

  /** A broker's restart is waited for; without brokers for longer than this a round fails. */
  private static final Duration TIMEOUT = Duration.ofMinutes(5);

  private volatile ReferencedImages made;

  /** A proxy: the model's preprocessing, above all, is asked for only with the first image. */
  @Produces
  @ApplicationScoped
  ImageSource images(
      GripstreamConfig config,
      KafkaClients clients,
      Topics topics,
      TopicSerdes serdes,
      ClipModel model,
      MeterRegistry meters) {
    made =
        new ReferencedImages(
            config.images(), clients, topics, serdes, model.preprocessing(), TIMEOUT, meters);
    return made;
  }

  void close(@Observes @Priority(AFTER_ROLES) ShutdownEvent event) {
    if (made != null) {
      made.close();
    }
  }
}
