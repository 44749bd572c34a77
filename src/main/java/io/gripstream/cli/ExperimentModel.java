package io.gripstream.cli;

import io.gripstream.clip.ClipConfig;
import io.gripstream.clip.ComputeDevice;
import io.gripstream.clip.TorchClip;
import io.gripstream.experiment.Model;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Locale;

/** Loads the model of an experiment. */
final class ExperimentModel {
  private ExperimentModel() {}

  /**
   * @param model {@code pico} or a folder
   * @param directory where the embedded model may be unpacked
   */
  static Model load(String model, String device, Path directory) throws IOException {
    Path folder = folder(model, directory);
    ComputeDevice chosen = ComputeDevice.of(device, "auto");
    int tokens = ClipConfig.read(folder.resolve("config.json")).vision().tokens();
    String arithmetic =
        (chosen.device().isGpu() ? "gpu-" : "cpu-")
            + chosen.precision().toString().toLowerCase(Locale.ROOT);
    String name = model.equals("pico") ? model : folder.getFileName().toString();
    return new Model(TorchClip.load(folder, name, chosen), tokens, arithmetic);
  }

  private static Path folder(String model, Path directory) throws IOException {
    if (!model.equals("pico")) {
      return Path.of(model).toAbsolutePath().normalize();
    }
    Path folder = Files.createDirectories(directory.resolve("pico"));
    for (String file : new String[] {"config.json", "tokenizer.json", "model.safetensors"}) {
      // Another process may read the old file: it keeps it, and nobody sees half of the new one.
      Path part = Files.createTempFile(folder, file, ".part");
      try (InputStream in = ExperimentModel.class.getResourceAsStream("/models/pico/" + file)) {
        Files.copy(in, part, StandardCopyOption.REPLACE_EXISTING);
      }
      Files.move(part, folder.resolve(file), StandardCopyOption.ATOMIC_MOVE);
    }
    return folder;
  }
}
