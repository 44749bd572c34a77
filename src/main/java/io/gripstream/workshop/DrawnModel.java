package io.gripstream.workshop;

import io.gripstream.clip.ClipConfig;
import io.gripstream.clip.ClipWeights;
import io.gripstream.clip.SafeTensors;
import io.gripstream.model.EmbeddedModel;
import io.gripstream.model.ModelFile;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Map;
import java.util.SplittableRandom;

/**
 * A model with the sizes of a real one and weights from a seed, which mean nothing: its speed and
 * its memory are those of the real one. Its tokenizer is the embedded model's, whose ids are below
 * every real vocabulary's size.
 */
public final class DrawnModel {
  /** The logarithm of 100, where CLIP's training clamps it. */
  private static final float LOGIT_SCALE = (float) Math.log(100);

  private DrawnModel() {}

  /** OpenAI's CLIPs that GRIP was published with, and the one between them. */
  public enum Shapes {
    VIT_B_32(768, 12, 12, 32, 512, 8, 512),
    VIT_B_16(768, 12, 12, 16, 512, 8, 512),
    VIT_L_14(1024, 24, 16, 14, 768, 12, 768);

    private final ClipConfig config;

    Shapes(
        int width, int layers, int heads, int patch, int textWidth, int textHeads, int features) {
      config =
          new ClipConfig(
              new ClipConfig.Vision(
                  new ClipConfig.Tower(width, layers, heads, 4 * width, true, 1e-5), 224, patch),
              new ClipConfig.Text(
                  new ClipConfig.Tower(textWidth, 12, textHeads, 4 * textWidth, true, 1e-5),
                  49408,
                  77),
              features);
    }

    public ClipConfig config() {
      return config;
    }
  }

  /**
   * Writes a model folder; equal arguments give equal files.
   *
   * @param type {@code F32} or {@code F16}
   */
  public static void write(Path folder, ClipConfig config, long seed, SafeTensors.Type type)
      throws IOException {
    Files.createDirectories(folder);
    Files.writeString(folder.resolve(ModelFile.CONFIG.fileName()), config.toJson());
    try (InputStream tokenizer = EmbeddedModel.open(ModelFile.TOKENIZER)) {
      Files.copy(
          tokenizer,
          folder.resolve(ModelFile.TOKENIZER.fileName()),
          StandardCopyOption.REPLACE_EXISTING);
    }
    Map<String, long[]> shapes = ClipWeights.shapes(config);
    SplittableRandom random = new SplittableRandom(seed);
    SafeTensors.write(
        folder.resolve(ModelFile.WEIGHTS.fileName()),
        shapes,
        type,
        name -> values(name, shapes.get(name), random));
  }

  /**
   * Norms begin as the identity, biases as zero, and all else is normal with the variance that
   * keeps a sum over the inputs of unit variance: however deep, activations stay finite.
   */
  private static SafeTensors.Values values(String name, long[] shape, SplittableRandom random) {
    if (name.equals("logit_scale")) {
      return () -> LOGIT_SCALE;
    }
    if (name.endsWith("bias")) {
      return () -> 0;
    }
    if (name.contains("norm")) {
      return () -> 1;
    }
    long inputs = 1;
    for (int i = shape.length == 1 ? 0 : 1; i < shape.length; i++) {
      inputs *= shape[i];
    }
    double deviation = 1 / Math.sqrt(inputs);
    return () -> (float) (deviation * random.nextGaussian());
  }
}
