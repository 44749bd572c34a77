package io.gripstream.workshop.experiment;

import io.gripstream.clip.ClipConfig;
import io.gripstream.clip.ComputeDevice;
import io.gripstream.clip.TorchClip;
import io.gripstream.sample.LabelledImage;
import io.gripstream.sample.SampleStream;
import io.gripstream.sample.SampleStreams;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Writes data sets for tests. */
final class Folders {
  static final SampleStream DIGITS = SampleStreams.byName("digits");

  private Folders() {}

  /** The embedded model; the caller's to close. */
  static Model model() throws IOException, URISyntaxException {
    Path folder =
        Path.of(Folders.class.getResource("/models/pico/config.json").toURI()).getParent();
    return new Model(
        TorchClip.load(folder, "pico", ComputeDevice.cpu()),
        ClipConfig.read(folder.resolve("config.json")).vision().tokens(),
        "cpu-fp32");
  }

  /** A file, with the folders above it. */
  static void write(Path root, String name, byte[] content) throws IOException {
    Path file = root.resolve(name);
    Files.createDirectories(file.getParent());
    Files.write(file, content);
  }

  /** Files that are no images, for what looks at names and bytes alone. */
  static void write(Path root, String name, String content) throws IOException {
    write(root, name, content.getBytes());
  }

  /** Drawn digits below {@code train} and {@code test}. */
  static void digits(Path root, int training, int test) throws IOException {
    for (int i = 0; i < training + test; i++) {
      LabelledImage image = DIGITS.image(i);
      String split = i < training ? "train" : "test";
      write(root, "%s/%s/%05d.png".formatted(split, image.label(), i), image.png());
    }
  }
}
