package io.gripstream.workshop;

import io.gripstream.GripstreamConfig;
import io.gripstream.cli.FetchLine;
import io.gripstream.cli.Settings;
import io.gripstream.cli.Terminal;
import io.gripstream.clip.ClipConfig;
import io.gripstream.clip.ComputeDevice;
import io.gripstream.model.HubAccess;
import io.gripstream.model.ModelFolder;
import io.gripstream.model.ModelHub;
import io.gripstream.workshop.experiment.Model;
import java.io.IOException;
import java.util.Locale;

/** Loads the model of an experiment, in fp32: what is published shall not hang on the processor. */
final class ExperimentModel {
  private ExperimentModel() {}

  /**
   * @param model {@code pico}, a folder, or a name on a hub
   */
  static Model load(String model, String device, Terminal terminal) throws IOException {
    GripstreamConfig config = Settings.load();
    GripstreamConfig.Hub hub = config.modelHub();
    ModelFolder folder =
        ModelFolder.of(
            model,
            config.dataDirectory().resolve("models"),
            new ModelHub(
                HubAccess.of(hub.url(), hub.offline(), System.getenv()), new FetchLine(terminal)),
            config.modelSha256());
    ComputeDevice chosen = ComputeDevice.of(device, "fp32");
    int tokens = ClipConfig.read(folder.path().resolve("config.json")).vision().tokens();
    String arithmetic =
        (chosen.device().isGpu() ? "gpu-" : "cpu-")
            + chosen.precision().toString().toLowerCase(Locale.ROOT);
    return new Model(folder.load(chosen), tokens, arithmetic);
  }
}
