package io.gripstream.workshop.bench;

import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import io.gripstream.clip.ClipConfig;
import io.gripstream.clip.ComputeDevice;
import io.gripstream.clip.ComputeDevice.Precision;
import io.gripstream.clip.FloatTensor;
import io.gripstream.clip.TorchClip;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/**
 * The image tower alone, against the fastest matrix multiplication that the engine does in the same
 * run, and in bf16 against fp32.
 */
final class EncodeBench implements Benchmark {
  private static final int BATCH = 32;

  @Override
  public List<Figure> run(Setting setting) throws Exception {
    TorchClip clip = setting.models().large(Precision.FP32);
    TorchClip reduced = setting.models().large(Precision.BF16);
    List<byte[]> pixels = noise(clip.imageSize(), BATCH);
    double flops = flops(setting.models().config());
    try (NDManager manager =
        Engine.getEngine("PyTorch").newBaseManager(setting.models().device().device())) {
      double[] medians =
          Samples.medians(
              setting.runs(),
              List.of(
                  () -> BATCH * Samples.rate(setting.burst(), () -> clip.encodeImages(pixels)),
                  () -> peak(manager, setting.burst()) / flops,
                  () -> BATCH * Samples.rate(setting.burst(), () -> reduced.encodeImages(pixels))));
      setting
          .say()
          .accept(
              "least cosine of bf16 to fp32: %.5f"
                  .formatted(cosine(clip.encodeImages(pixels), reduced.encodeImages(pixels))));
      return List.of(
          Figure.of("encode.fp32", medians[0], "images/s", "at the matmul peak", medians[1]),
          Figure.of(
              "encode.bf16",
              medians[2],
              "images/s",
              "fp32; the limit: " + ComputeDevice.bf16Limit(setting.models().device()),
              medians[0]));
    }
  }

  /** Images that are all noise. */
  static List<byte[]> noise(int side, int count) {
    Random random = new Random(1);
    List<byte[]> images = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      byte[] image = new byte[side * side * 3];
      random.nextBytes(image);
      images.add(image);
    }
    return images;
  }

  /** Operations a second in the best of several square products. */
  private static double peak(NDManager manager, double seconds) {
    double best = 0;
    for (int side : new int[] {1024, 2048}) {
      try (NDManager scope = manager.newSubManager()) {
        NDArray a = scope.randomNormal(new Shape(side, side));
        NDArray b = scope.randomNormal(new Shape(side, side));
        double rate =
            Samples.rate(
                seconds / 2,
                () -> {
                  try (NDArray product = a.matMul(b)) {
                    // Asking for a number waits for a GPU.
                    product.getFloat(0, 0);
                  }
                });
        best = Math.max(best, rate * 2 * side * side * side);
      }
    }
    return best;
  }

  /** Multiplications and additions that an image costs, of matrix products alone. */
  static double flops(ClipConfig config) {
    ClipConfig.Vision vision = config.vision();
    double width = vision.tower().width();
    double tokens = vision.tokens();
    double block = 2 * tokens * 12 * width * width + 4 * tokens * tokens * width;
    double patches = 2 * (tokens - 1) * 3 * vision.patchSize() * vision.patchSize() * width;
    return vision.tower().layers() * block + patches + 2 * width * config.featureSize();
  }

  private static double cosine(FloatTensor a, FloatTensor b) {
    double least = 1;
    for (int row = 0; row < a.rows(); row++) {
      double product = 0;
      for (int d = 0; d < a.columns(); d++) {
        product += a.row(row)[d] * b.row(row)[d];
      }
      least = Math.min(least, product);
    }
    return least;
  }
}
