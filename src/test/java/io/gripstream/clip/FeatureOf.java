package io.gripstream.clip;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * Prints an image's feature, a number a line, so that two machines' can be compared: {@code
 * FeatureOf MODEL-FOLDER IMAGE}.
 */
final class FeatureOf {
  private FeatureOf() {}

  public static void main(String[] args) throws Exception {
    try (TorchClip clip = TorchClip.load(Path.of(args[0]), "model", ComputeDevice.cpu())) {
      byte[] pixels =
          new Preprocessor(clip.imageSize()).pixels(Files.readAllBytes(Path.of(args[1])));
      for (float value : clip.encodeImages(List.of(pixels)).values()) {
        System.out.println(value);
      }
    }
  }
}
