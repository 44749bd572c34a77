package io.gripstream.wiring;

import io.gripstream.GripstreamConfig;
import io.gripstream.clip.ClipModel;
import io.gripstream.clip.ComputeDevice;
import io.gripstream.clip.TorchClip;
import io.gripstream.refine.ImageSource;
import io.gripstream.refine.PromptRefinement;
import io.gripstream.refine.Refinement;
import jakarta.annotation.PreDestroy;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.inject.Produces;
import jakarta.inject.Singleton;
import java.io.IOException;
import java.io.UncheckedIOException;
import org.jboss.logging.Logger;

/**
 * The model of this process, loaded when one of its faces is first used, and closed when the
 * container ends, after every role. The faces are proxies: having one injected loads nothing.
 */
@Singleton
public class LoadedModel {
  private static final Logger LOG = Logger.getLogger(LoadedModel.class);

  private final TorchClip clip;

  LoadedModel(GripstreamConfig config) {
    long started = System.nanoTime();
    try {
      ModelFolder folder = ModelFolder.of(config.model(), config.dataDirectory());
      ComputeDevice device = ComputeDevice.of(config.device(), config.precision());
      clip = TorchClip.load(folder.path(), folder.name(), device);
      LOG.infof(
          "Loaded %s on %s in %s, %d ms",
          clip.id(),
          device.device(),
          device.precision(),
          (System.nanoTime() - started) / 1_000_000);
    } catch (IOException e) {
      throw new UncheckedIOException("the model %s cannot be loaded".formatted(config.model()), e);
    }
  }

  @Produces
  @ApplicationScoped
  static ClipModel model(LoadedModel loaded) {
    return loaded.clip;
  }

  @Produces
  @ApplicationScoped
  static Refinement refinement(LoadedModel loaded, ImageSource images) {
    return new PromptRefinement(loaded.clip, images);
  }

  @PreDestroy
  void close() {
    clip.close();
  }
}
