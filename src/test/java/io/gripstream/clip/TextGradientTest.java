package io.gripstream.clip;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.djl.Device;
import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import java.io.IOException;
import java.nio.DoubleBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The gradient that prompts are trained by, under everything that is known to spoil gradients. */
class TextGradientTest {
  private static final List<String> WORDS = List.of("a", "photo", "of", "cat", "dog", "zebra");
  private static final ClipConfig CONFIG =
      new ClipConfig(
          new ClipConfig.Vision(new ClipConfig.Tower(16, 1, 2, 32, true, 1e-5), 16, 8),
          new ClipConfig.Text(new ClipConfig.Tower(16, 2, 2, 32, true, 1e-5), WORDS.size() + 2, 12),
          8);
  private static final int CONTEXT = 4;
  private static final int DOUBLE = 7;
  private static final double STEP = 1e-5;

  @TempDir Path folder;

  @ParameterizedTest(name = "{0} contexts")
  @ValueSource(ints = {1, 3})
  void itIsTheSlopeOfTheLossInDoublePrecisionWhileTheCollectorRuns(int groups) throws Exception {
    DrawnClip.write(folder, CONFIG, WORDS, 10);
    try (NDManager manager = Engine.getEngine("PyTorch").newBaseManager(Device.cpu());
        TorchScript program = TorchClip.program(CONFIG, ComputeDevice.cpu())) {
      NDArray[] weights = doubles(program, manager);
      double[] context = new double[groups * CONTEXT * 16];
      float[] drawn = DrawnClip.draw("context", context.length);
      for (int i = 0; i < context.length; i++) {
        context[i] = drawn[i];
      }
      double[] gradient = evaluate(program, manager, weights, groups, context).gradient();
      try (Collector collector = new Collector()) {
        for (int repeat = 0; repeat < 5; repeat++) {
          collector.awaitOneMore();
          assertThat(evaluate(program, manager, weights, groups, context).gradient())
              .containsExactly(gradient);
        }
      }
      for (int i = 0; i < context.length; i++) {
        double at = context[i];
        context[i] = at + STEP;
        double above = evaluate(program, manager, weights, groups, context).loss();
        context[i] = at - STEP;
        double below = evaluate(program, manager, weights, groups, context).loss();
        context[i] = at;
        assertThat(gradient[i])
            .as("value %d", i)
            .isEqualTo((above - below) / (2 * STEP), within(1e-7));
      }
    }
  }

  @Test
  void threeHundredStepsLeaveNoNativeArrayBehind() throws IOException {
    DrawnClip.write(folder, CONFIG, WORDS, 10);
    FloatTensor features = FloatTensor.matrix(20, 8, DrawnClip.draw("features", 160));
    FloatTensor targets = FloatTensor.matrix(20, 3, new float[60]);
    FloatTensor context =
        new FloatTensor(new int[] {1, CONTEXT, 16}, DrawnClip.draw("context", 64));
    try (TorchClip clip = TorchClip.load(folder, "drawn", ComputeDevice.cpu());
        PromptObjective objective =
            clip.textObjective(
                CONTEXT,
                List.of("cat", "dog", "zebra"),
                features,
                new TorchClip.Targets(targets, new float[20]),
                10)) {
      objective.evaluate(List.of(context), new int[] {1, 2, 3});
      int before = clip.nativeArrays() + objective.nativeArrays();
      for (int step = 0; step < 300; step++) {
        objective.evaluate(List.of(context), new int[] {step % 20, (step + 7) % 20});
        clip.encodeClasses(context, List.of("cat", "dog", "zebra"));
      }
      assertThat(clip.nativeArrays() + objective.nativeArrays()).isEqualTo(before);
    }
  }

  private record Evaluation(double loss, double[] gradient) {}

  private NDArray[] doubles(TorchScript program, NDManager manager) throws IOException {
    ClipWeights weights =
        ClipWeights.load(SafeTensors.map(folder.resolve("model.safetensors")), CONFIG, manager);
    NDArray[] text = TorchScript.named("text", weights.text());
    NDArray[] type = TorchScript.named("inputs", manager.create((long) DOUBLE));
    return TorchScript.named(
        "text", program.call("converted", true, manager, type, text).toArray(NDArray[]::new));
  }

  private static Evaluation evaluate(
      TorchScript program, NDManager manager, NDArray[] weights, int groups, double[] context) {
    try (NDManager scope = manager.newSubManager()) {
      NDArray[] inputs =
          TorchScript.named(
              "inputs",
              scope.create(new long[] {WORDS.size()}),
              // cat, striped cat by two words, zebra, each with its end token
              scope.create(new long[] {3, 7, 0, 5, 3, 7, 5, 7, 0}, new Shape(3, 3)),
              scope.create(new long[] {1, 2, 1}),
              doubles(scope, new Shape(4, 8), widened("features", 32)),
              doubles(
                  scope,
                  new Shape(4, 3),
                  new double[] {1, 0, 0, 0, 1, 0, 0, 0.5, 0.5, 0.2, 0.3, 0.5}),
              doubles(scope, new Shape(4), new double[] {1, 2, 0.5, 1}),
              doubles(scope, new Shape(), new double[] {10}),
              scope.create(new long[] {3, 1, 0}));
      NDArray[] prompt =
          TorchScript.named("prompt", doubles(scope, new Shape(groups, CONTEXT, 16), context));
      NDList results = program.call("text_gradient", true, scope, prompt, inputs, weights);
      return new Evaluation(results.get(0).toDoubleArray()[0], results.get(1).toDoubleArray());
    }
  }

  private static double[] widened(String name, int count) {
    float[] drawn = DrawnClip.draw(name, count);
    double[] values = new double[count];
    for (int i = 0; i < count; i++) {
      values[i] = drawn[i];
    }
    return values;
  }

  private static NDArray doubles(NDManager scope, Shape shape, double[] values) {
    return scope.create(DoubleBuffer.wrap(values), shape, DataType.FLOAT64);
  }

  /** Collects garbage over and over, and makes some. */
  private static final class Collector implements AutoCloseable {
    private final AtomicBoolean stopped = new AtomicBoolean();
    private final AtomicLong collections = new AtomicLong();
    private final Thread thread =
        new Thread(
            () -> {
              while (!stopped.get()) {
                System.gc();
                collections.incrementAndGet();
              }
            });

    Collector() {
      thread.start();
    }

    void awaitOneMore() {
      long seen = collections.get();
      while (collections.get() == seen) {
        Thread.onSpinWait();
      }
    }

    @Override
    public void close() throws InterruptedException {
      stopped.set(true);
      thread.join();
    }
  }
}
