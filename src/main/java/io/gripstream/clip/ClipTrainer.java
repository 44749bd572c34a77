package io.gripstream.clip;

import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.nio.LongBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

/**
 * Trains a CLIP from nothing, contrastively, as Radford et al. 2021 (arXiv 2103.00020, section 2.3)
 * do: symmetric cross-entropy over a batch's similarities, AdamW, initialisation by width. One
 * departure: captions of a small world repeat within a batch, so equal captions share the target
 * mass. Owns its weights; not thread-safe.
 */
public final class ClipTrainer implements AutoCloseable {
  private final ClipConfig config;
  private final ClipTokenizer tokenizer;
  private final TorchScript program;
  private final NDManager manager;
  private final NDArray[] image;
  private final NDArray[] text;
  private final NDArray[] scale;
  private final NDArray[] first;
  private final NDArray[] second;
  private long steps;

  /**
   * @param accuracy share of the batch's images whose nearest caption is (equal to) their own
   */
  public record Step(double loss, double accuracy) {}

  /**
   * @param seed of the initial weights
   */
  public ClipTrainer(ClipConfig config, ClipTokenizer tokenizer, long seed, ComputeDevice device) {
    this.config = config;
    this.tokenizer = tokenizer;
    this.program =
        TorchClip.program(config, Preprocessing.usual(config.vision().imageSize()), device);
    this.manager = Engine.getEngine("PyTorch").newBaseManager(device.device());
    Random random = new Random(seed);
    image = initial(ClipWeights.imageLayout(config), config.vision().tower(), random);
    text = initial(ClipWeights.textLayout(config), config.text().tower(), random);
    scale = new NDArray[] {manager.create((float) Math.log(1 / 0.07))};
    TorchScript.named("w", image);
    TorchScript.named("text", text);
    TorchScript.named("scale", scale);
    first = TorchScript.named("first", zeros());
    second = TorchScript.named("second", zeros());
    manager.cap();
  }

  /**
   * One step.
   *
   * @param pixels {@code N} images, each {@code [S, S, 3]} bytes
   * @param captions {@code N} texts; equal ones count as belonging to each other's images
   */
  public Step step(List<byte[]> pixels, List<String> captions, double learningRate) {
    int side = config.vision().imageSize();
    ByteBuffer all = ByteBuffer.allocateDirect(pixels.size() * side * side * 3);
    pixels.forEach(all::put);
    Map<String, Long> numbers = new HashMap<>();
    long[] groups = new long[captions.size()];
    for (int i = 0; i < groups.length; i++) {
      groups[i] = numbers.computeIfAbsent(captions.get(i), caption -> (long) numbers.size());
    }
    ClipTokenizer.Batch batch = tokenizer.encode(captions);
    try (NDManager scope = manager.newSubManager()) {
      NDArray[] inputs =
          TorchScript.named(
              "inputs",
              scope.create(all.flip(), new Shape(pixels.size(), side, side, 3), DataType.UINT8),
              scope.create(
                  LongBuffer.wrap(batch.ids()),
                  new Shape(batch.rows(), batch.columns()),
                  DataType.INT64),
              scope.create(batch.ends()),
              scope.create(groups),
              scope.create((float) learningRate),
              scope.create((float) ++steps));
      NDList results =
          program.call("pretrain_step", true, scope, inputs, image, text, scale, first, second);
      return new Step(results.get(0).getFloat(), results.get(1).getFloat());
    }
  }

  /**
   * Writes {@code config.json} and {@code model.safetensors} in the Hugging Face layout, in 16
   * bits.
   */
  public void save(Path folder) throws IOException {
    Files.createDirectories(folder);
    Files.writeString(folder.resolve("config.json"), config.toJson() + "\n");
    SafeTensors.write(
        folder.resolve("model.safetensors"),
        ClipWeights.export(config, image, text, scale[0].toFloatArray()[0]),
        SafeTensors.Type.F16);
  }

  @Override
  public void close() {
    program.close();
    manager.close();
  }

  private NDArray[] zeros() {
    List<NDArray> zeros = new ArrayList<>();
    for (NDArray[] group : List.of(image, text, scale)) {
      for (NDArray parameter : group) {
        zeros.add(manager.zeros(parameter.getShape()));
      }
    }
    return zeros.toArray(NDArray[]::new);
  }

  /**
   * Standard deviations as in OpenAI's {@code CLIP.initialize_parameters}; norms begin as the
   * identity.
   */
  private NDArray[] initial(List<ClipWeights.Named> layout, ClipConfig.Tower tower, Random random) {
    double width = Math.pow(tower.width(), -0.5);
    double residual = width * Math.pow(2.0 * tower.layers(), -0.5);
    List<NDArray> weights = new ArrayList<>();
    for (ClipWeights.Named named : layout) {
      String name = named.names().get(0);
      double deviation;
      double mean = 0;
      if (name.contains("norm")) {
        deviation = 0;
        mean = name.endsWith("weight") ? 1 : 0;
      } else if (name.endsWith("bias")) {
        deviation = 0;
      } else if (name.contains("token_embedding")) {
        deviation = 0.02;
      } else if (name.contains("text_model.embeddings.position")) {
        deviation = 0.01;
      } else if (name.contains("patch_embedding")) {
        deviation = Math.pow(named.shape()[1] * named.shape()[2] * named.shape()[3], -0.5);
      } else if (name.contains("out_proj") || name.contains("fc2")) {
        deviation = residual;
      } else if (name.contains("fc1")) {
        deviation = Math.pow(2.0 * tower.width(), -0.5);
      } else {
        deviation = width;
      }
      Shape shape = new Shape(named.shape());
      float[] values = new float[Math.toIntExact(shape.size())];
      for (int i = 0; i < values.length; i++) {
        values[i] = (float) (mean + (deviation == 0 ? 0 : deviation * random.nextGaussian()));
      }
      weights.add(manager.create(FloatBuffer.wrap(values), shape, DataType.FLOAT32));
    }
    return weights.toArray(NDArray[]::new);
  }
}
