package io.gripstream.clip;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import ai.djl.Device;
import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import io.gripstream.prompt.TextPrompt;
import java.io.IOException;
import java.nio.DoubleBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The gradient that prompts are trained by, under everything that is known to spoil gradients. */
class PromptGradientTest {
  private static final List<String> WORDS = List.of("a", "photo", "of", "cat", "dog", "zebra");
  private static final ClipConfig CONFIG =
      new ClipConfig(
          new ClipConfig.Vision(new ClipConfig.Tower(16, 1, 2, 32, true, 1e-5), 16, 8),
          new ClipConfig.Text(new ClipConfig.Tower(16, 2, 2, 32, true, 1e-5), WORDS.size() + 2, 12),
          8);
  private static final int CONTEXT = 4;

  /** The tensors of a multimodal prompt of two text and three visual vectors, fused at width 6. */
  private static final long[][] FUSION = {
    {2, 16}, {3, 16}, {6, 16}, {6}, {6, 16}, {6}, {16, 6}, {16}, {16, 6}, {16}, {6}, {6}, {18, 6},
    {18}, {6, 6}, {6}, {6}, {6}, {24, 6}, {24}, {6, 24}, {6}
  };

  /** Of the three classes that every example here has. */
  private static final double[] BIAS = {1.5, -2, 0.25};

  private static final int DOUBLE = 7;
  private static final double STEP = 1e-5;

  @TempDir Path folder;

  @ParameterizedTest(name = "{0} contexts")
  @ValueSource(ints = {1, 3})
  void itIsTheSlopeOfTheLossInDoublePrecisionWhileTheCollectorRuns(int groups) throws Exception {
    DrawnClip.write(folder, CONFIG, WORDS, 10);
    try (NDManager manager = Engine.getEngine("PyTorch").newBaseManager(Device.cpu());
        TorchScript program =
            TorchClip.program(
                CONFIG, Preprocessing.usual(CONFIG.vision().imageSize()), ComputeDevice.cpu())) {
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

  /**
   * Few classes are one sequence for attention, many are not, and each with a context of its own.
   */
  @ParameterizedTest(name = "{0} classes")
  @ValueSource(ints = {3, 80, 200})
  void aSharedContextGivesWhatTheSameContextForEachClassGives(int count) throws IOException {
    DrawnClip.write(folder, CONFIG, WORDS, 10);
    List<String> classes =
        IntStream.range(0, count)
            .mapToObj(c -> "cat ".repeat(c % 2) + WORDS.get(3 + c % 3))
            .toList();
    TextPrompt shared =
        new TextPrompt(
            new FloatTensor(new int[] {1, CONTEXT, 16}, DrawnClip.draw("context", CONTEXT * 16)));
    FloatTensor targets = FloatTensor.matrix(1, count, DrawnClip.draw("targets", count));
    try (TorchClip clip = TorchClip.load(folder, "drawn", ComputeDevice.cpu())) {
      FloatTensor features = FloatTensor.matrix(1, 8, DrawnClip.draw("features", 8));
      TextPrompt each = shared.perClass(count);
      assertClose(
          clip.encodeClasses(shared.parameters().get(0), classes),
          clip.encodeClasses(each.parameters().get(0), classes));
      try (PromptObjective objective =
          clip.textObjective(
              CONTEXT,
              classes,
              features,
              new TorchClip.Targets(targets, new float[] {1}),
              10,
              new float[count])) {
        float[] found =
            objective.evaluate(shared.parameters(), new int[1]).gradient().get(0).values();
        float[] apart =
            objective.evaluate(each.parameters(), new int[1]).gradient().get(0).values();
        float[] sum = new float[found.length];
        for (int i = 0; i < apart.length; i++) {
          sum[i % sum.length] += apart[i];
        }
        assertThat(found).containsExactly(sum, within(1e-4f));
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
                10,
                new float[3])) {
      objective.evaluate(List.of(context), new int[] {1, 2, 3});
      int before = clip.nativeArrays() + objective.nativeArrays();
      for (int step = 0; step < 300; step++) {
        objective.evaluate(List.of(context), new int[] {step % 20, (step + 7) % 20});
        clip.encodeClasses(context, List.of("cat", "dog", "zebra"));
      }
      assertThat(clip.nativeArrays() + objective.nativeArrays()).isEqualTo(before);
    }
  }

  @ParameterizedTest(name = "{0}")
  @ValueSource(strings = {"visual", "multimodal"})
  void throughTheImageTowerItIsTheSlopeToo(String modality) throws Exception {
    DrawnClip.write(folder, CONFIG, WORDS, 10);
    boolean visual = modality.equals("visual");
    long[][] shapes = visual ? new long[][] {{3, 16}} : FUSION;
    try (NDManager manager = Engine.getEngine("PyTorch").newBaseManager(Device.cpu());
        TorchScript program =
            TorchClip.program(
                CONFIG, Preprocessing.usual(CONFIG.vision().imageSize()), ComputeDevice.cpu())) {
      ClipWeights weights =
          ClipWeights.load(SafeTensors.map(folder.resolve("model.safetensors")), CONFIG, manager);
      NDArray[] image = doubles(program, manager, "image", weights.image());
      NDArray[][] towers =
          visual
              ? new NDArray[][] {image}
              : new NDArray[][] {image, doubles(program, manager, "text", weights.text())};
      double[][] prompt = new double[shapes.length][];
      for (int t = 0; t < shapes.length; t++) {
        prompt[t] = widened(modality + t, (int) new Shape(shapes[t]).size());
      }
      List<double[]> gradient = evaluate(program, manager, modality, towers, shapes, prompt);
      for (int t = 0; t < shapes.length; t++) {
        // A few of each tensor: all of a wrong one would be wrong.
        for (int i = 0; i < prompt[t].length; i += Math.max(1, prompt[t].length / 5)) {
          double at = prompt[t][i];
          prompt[t][i] = at + STEP;
          double above = evaluate(program, manager, modality, towers, shapes, prompt).get(0)[0];
          prompt[t][i] = at - STEP;
          double below = evaluate(program, manager, modality, towers, shapes, prompt).get(0)[0];
          prompt[t][i] = at;
          assertThat(gradient.get(t + 1)[i])
              .as("tensor %d, value %d", t, i)
              .isEqualTo((above - below) / (2 * STEP), within(1e-7));
        }
      }
    }
  }

  /** Loss, and the gradient of each tensor. Its second example has two candidates. */
  private static List<double[]> evaluate(
      TorchScript program,
      NDManager manager,
      String modality,
      NDArray[][] towers,
      long[][] shapes,
      double[][] prompt) {
    try (NDManager scope = manager.newSubManager()) {
      NDArray[] tensors = new NDArray[shapes.length];
      for (int t = 0; t < shapes.length; t++) {
        tensors[t] = doubles(scope, new Shape(shapes[t]), prompt[t]);
      }
      List<NDArray> inputs = new ArrayList<>();
      List<NDArray[]> others = new ArrayList<>(List.of(towers));
      if (modality.equals("visual")) {
        inputs.add(doubles(scope, new Shape(3, 8), widened("classes", 24)));
      } else {
        others.add(0, frozen(program, scope, (int) shapes[0][0], towers[1]));
      }
      inputs.add(doubles(scope, new Shape(3, 5, 16), widened("tokens", 240)));
      inputs.add(doubles(scope, new Shape(3, 3), new double[] {1, 0, 0, 0, 1, 1, 0, 0, 1}));
      inputs.add(doubles(scope, new Shape(3), new double[] {1, 2, 0.5}));
      inputs.add(doubles(scope, new Shape(), new double[] {10}));
      inputs.add(doubles(scope, new Shape(3), BIAS));
      inputs.add(scope.create(new long[] {2, 1, 0}));
      others.add(0, TorchScript.named("inputs", inputs.toArray(NDArray[]::new)));
      others.add(0, TorchScript.named("prompt", tensors));
      NDList results =
          program.call(modality + "_gradient", true, scope, others.toArray(NDArray[][]::new));
      return results.stream().map(NDArray::toDoubleArray).toList();
    }
  }

  /** What the engine makes of it, against the formula over what it says of classes and images. */
  @ParameterizedTest(name = "{0}")
  @ValueSource(strings = {"text", "visual", "multimodal"})
  void theLossIsTheSurpriseUnderTheSoftmaxOfTheLogitsAndTheBias(String modality)
      throws IOException {
    DrawnClip.write(folder, CONFIG, WORDS, 10);
    List<String> classes = List.of("cat", "dog", "zebra");
    float[] bias = {1.5f, -2, 0.25f};
    FloatTensor targets =
        FloatTensor.matrix(4, 3, new float[] {1, 0, 0, .2f, .3f, .5f, 0, 0, 1, 0, 1, 0});
    float[] weights = {1, 2, 0.5f, 3};
    int[] rows = {3, 1, 0};
    try (TorchClip clip = TorchClip.load(folder, "drawn", ComputeDevice.cpu());
        ImageTokens tokens = clip.imageTokens()) {
      tokens.add(noise(4));
      List<FloatTensor> prompt = new ArrayList<>();
      FloatTensor images = tokens.features(null, rows);
      FloatTensor texts = clip.encodeTexts(classes);
      TorchClip.Targets wanted = new TorchClip.Targets(targets, weights);
      PromptObjective objective;
      switch (modality) {
        case "text" -> {
          prompt.add(new FloatTensor(new int[] {1, CONTEXT, 16}, DrawnClip.draw("context", 64)));
          texts = clip.encodeClasses(prompt.get(0), classes);
          FloatTensor all = tokens.features(null, new int[] {0, 1, 2, 3});
          objective = clip.textObjective(CONTEXT, classes, all, wanted, 10, bias);
        }
        case "visual" -> {
          prompt.add(FloatTensor.matrix(3, 16, DrawnClip.draw("prefix", 48)));
          images = tokens.features(prompt.get(0), rows);
          objective = clip.visualObjective(texts, tokens, wanted, 10, bias);
        }
        default -> {
          for (int t = 0; t < FUSION.length; t++) {
            Shape shape = new Shape(FUSION[t]);
            int[] extents = Arrays.stream(FUSION[t]).mapToInt(Math::toIntExact).toArray();
            prompt.add(new FloatTensor(extents, DrawnClip.draw("f" + t, (int) shape.size())));
          }
          List<FloatTensor> fused = clip.fuse(prompt);
          texts = clip.encodeClasses(fused.get(0), classes);
          images = tokens.features(fused.get(1), rows);
          objective = clip.multimodalObjective(2, classes, tokens, wanted, 10, bias);
        }
      }
      try (objective) {
        double expected = 0;
        for (int i = 0; i < rows.length; i++) {
          expected += weights[rows[i]] * surprise(images.row(i), texts, bias, targets.row(rows[i]));
        }
        assertThat(objective.loss(prompt, rows)).isEqualTo(expected / rows.length, within(1e-4));
        assertThat(objective.evaluate(prompt, rows).loss())
            .isEqualTo(expected / rows.length, within(1e-4));
      }
    }
  }

  /** The cross-entropy of one image, at logit scale 10. */
  private static double surprise(float[] image, FloatTensor texts, float[] bias, float[] target) {
    double[] logits = new double[texts.rows()];
    double sum = 0;
    for (int c = 0; c < logits.length; c++) {
      float[] text = texts.row(c);
      for (int d = 0; d < text.length; d++) {
        logits[c] += 10.0 * image[d] * text[d];
      }
      logits[c] += bias[c];
      sum += Math.exp(logits[c]);
    }
    double surprise = 0;
    for (int c = 0; c < logits.length; c++) {
      surprise -= target[c] * (logits[c] - Math.log(sum));
    }
    return surprise;
  }

  /** One number would be spread over all classes by the engine. */
  @ParameterizedTest
  @ValueSource(ints = {0, 1, 4})
  void aBiasOfAnotherLengthThanTheClassesIsRefused(int length) throws IOException {
    DrawnClip.write(folder, CONFIG, WORDS, 10);
    List<String> classes = List.of("cat", "dog", "zebra");
    TorchClip.Targets targets =
        new TorchClip.Targets(FloatTensor.matrix(2, 3, new float[6]), new float[2]);
    float[] bias = new float[length];
    String reason = "a bias of %d numbers for 3 classes".formatted(length);
    try (TorchClip clip = TorchClip.load(folder, "drawn", ComputeDevice.cpu());
        ImageTokens tokens = clip.imageTokens()) {
      tokens.add(noise(2));
      FloatTensor features = tokens.features(null, new int[] {0, 1});
      FloatTensor texts = clip.encodeTexts(classes);
      assertThatThrownBy(() -> clip.textObjective(CONTEXT, classes, features, targets, 10, bias))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage(reason);
      assertThatThrownBy(() -> clip.visualObjective(texts, tokens, targets, 10, bias))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage(reason);
      assertThatThrownBy(() -> clip.multimodalObjective(2, classes, tokens, targets, 10, bias))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage(reason);
    }
  }

  private static List<byte[]> noise(int images) {
    List<byte[]> pixels = new ArrayList<>();
    for (int n = 0; n < images; n++) {
      byte[] image = new byte[16 * 16 * 3];
      new Random(n).nextBytes(image);
      pixels.add(image);
    }
    return pixels;
  }

  @Test
  void keptTokensGiveTheFeaturesThatTheWholeTowerGives() throws IOException {
    DrawnClip.write(folder, CONFIG, WORDS, 10);
    FloatTensor prefix = FloatTensor.matrix(3, 16, DrawnClip.draw("prefix", 48));
    List<byte[]> pixels = noise(70);
    try (TorchClip clip = TorchClip.load(folder, "drawn", ComputeDevice.cpu());
        ImageTokens tokens = clip.imageTokens()) {
      tokens.add(pixels.subList(0, 64));
      tokens.add(pixels.subList(64, 70));
      int[] all = IntStream.range(0, 70).toArray();
      assertClose(tokens.features(null, all), clip.encodeImages(pixels));
      assertClose(tokens.features(prefix, all), clip.encodeImages(pixels, prefix));
      assertThat(tokens.encodings()).isEqualTo(140);
      assertThat(clip.encodeImages(pixels, prefix).values())
          .isNotEqualTo(clip.encodeImages(pixels).values());
    }
  }

  private static void assertClose(FloatTensor found, FloatTensor expected) {
    assertThat(found.shape()).isEqualTo(expected.shape());
    for (int i = 0; i < found.values().length; i++) {
      assertThat(found.values()[i]).isEqualTo(expected.values()[i], within(1e-5f));
    }
  }

  private record Evaluation(double loss, double[] gradient) {}

  private NDArray[] doubles(TorchScript program, NDManager manager) throws IOException {
    ClipWeights weights =
        ClipWeights.load(SafeTensors.map(folder.resolve("model.safetensors")), CONFIG, manager);
    return doubles(program, manager, "text", weights.text());
  }

  private static NDArray[] doubles(
      TorchScript program, NDManager manager, String name, NDArray[] weights) {
    NDArray[] type = TorchScript.named("inputs", manager.create((long) DOUBLE));
    NDArray[] tower = TorchScript.named(name, weights);
    return TorchScript.named(
        name, program.call("converted", true, manager, type, tower).toArray(NDArray[]::new));
  }

  private static Evaluation evaluate(
      TorchScript program, NDManager manager, NDArray[] weights, int groups, double[] context) {
    try (NDManager scope = manager.newSubManager()) {
      NDArray[] inputs =
          TorchScript.named(
              "inputs",
              doubles(scope, new Shape(4, 8), widened("features", 32)),
              doubles(
                  scope,
                  new Shape(4, 3),
                  new double[] {1, 0, 0, 0, 1, 0, 0, 0.5, 0.5, 0.2, 0.3, 0.5}),
              doubles(scope, new Shape(4), new double[] {1, 2, 0.5, 1}),
              doubles(scope, new Shape(), new double[] {10}),
              doubles(scope, new Shape(3), BIAS),
              scope.create(new long[] {3, 1, 0}));
      NDArray[] prompt =
          TorchScript.named("prompt", doubles(scope, new Shape(groups, CONTEXT, 16), context));
      NDArray[] frozen = frozen(program, scope, CONTEXT, weights);
      NDList results = program.call("text_gradient", true, scope, prompt, inputs, frozen, weights);
      return new Evaluation(results.get(0).toDoubleArray()[0], results.get(1).toDoubleArray());
    }
  }

  /** What no context changes of three classes. */
  private static NDArray[] frozen(
      TorchScript program, NDManager scope, int contextLength, NDArray[] text) {
    NDArray[] inputs =
        TorchScript.named(
            "inputs",
            scope.create(new Shape(1, contextLength, 1)),
            scope.create(new long[] {WORDS.size()}),
            // cat, striped cat by two words, zebra, each with its end token
            scope.create(new long[] {3, 7, 0, 5, 3, 7, 5, 7, 0}, new Shape(3, 3)),
            scope.create(new long[] {1, 2, 1}));
    NDList made = program.call("freeze_classes", true, scope, inputs, text);
    return TorchScript.named("frozen", made.toArray(NDArray[]::new));
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
    private static final long PAUSE_NANOS = 5_000_000;
    private final AtomicBoolean stopped = new AtomicBoolean();
    private final AtomicLong collections = new AtomicLong();
    private final Thread thread =
        new Thread(
            () -> {
              while (!stopped.get()) {
                System.gc();
                collections.incrementAndGet();
                // Every collection of a large heap stops the others, who would never get on.
                LockSupport.parkNanos(PAUSE_NANOS);
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
