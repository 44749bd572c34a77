package io.gripstream.workshop.bench;

import io.gripstream.clip.Float16;
import io.gripstream.clip.FloatTensor;
import io.gripstream.clip.ImageTokens;
import io.gripstream.clip.PromptObjective;
import io.gripstream.clip.TorchClip;
import io.gripstream.clip.TorchClip.Targets;
import io.gripstream.event.BatchSample;
import io.gripstream.event.ImageReference;
import io.gripstream.event.PromptVersion;
import io.gripstream.event.Strategy;
import io.gripstream.event.TaskDefinition;
import io.gripstream.event.Training;
import io.gripstream.prompt.TextPrompt;
import io.gripstream.prompt.VisualPrompt;
import io.gripstream.refine.PromptRefinement;
import io.gripstream.refine.train.RoundBatch;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;

/**
 * A gradient step of a text prompt against the same step over padded texts; one of a visual prompt
 * against the same step from the pixels on; and a whole run of GRIP over the rounds in which its
 * share of the images grows to all.
 */
final class RefineBench implements Benchmark {
  private static final int CONTEXT = 16;
  private static final int ROWS = 32;
  private static final int VISUAL_ROWS = 16;
  private static final int PREFIX = 16;
  private static final int IMAGES = 2_000;
  private static final int AT_ONCE = 40;
  private static final int BRIEF_STEPS = 20;

  @Override
  public List<Figure> run(Setting setting) throws Exception {
    TorchClip clip = setting.models().large();
    int length = setting.models().config().text().length();
    List<Figure> figures = new ArrayList<>();
    for (int classes : new int[] {10, 45, 102}) {
      setting.say().accept("a step with %d classes".formatted(classes));
      figures.add(step(clip, length, classes, setting));
    }
    setting.say().accept("a step of a visual prompt");
    figures.add(visualStep(clip, setting));
    setting.say().accept("a calibration round");
    figures.add(calibration(clip, setting.runs()));
    figures.addAll(grip(clip, setting));
    return figures;
  }

  private static Figure step(TorchClip clip, int length, int classes, Setting setting)
      throws Exception {
    List<String> names = IntStream.range(0, classes).mapToObj(c -> " class " + c).toList();
    TextPrompt shared = TextPrompt.random(CONTEXT, clip.textWidth(), 1);
    FloatTensor features = clip.encodeImages(EncodeBench.noise(clip.imageSize(), ROWS));
    Targets targets = targets(ROWS, classes);
    float[] unbiased = new float[classes];
    int[] rows = IntStream.range(0, ROWS).toArray();
    try (PromptObjective ours =
            clip.textObjective(CONTEXT, names, features, targets, clip.logitScale(), unbiased);
        PromptObjective padded =
            clip.textObjective(
                CONTEXT, padded(names, length), features, targets, clip.logitScale(), unbiased)) {
      double[] rates =
          Samples.medians(
              setting.runs(),
              List.of(
                  () ->
                      Samples.rate(setting.burst(), () -> ours.evaluate(shared.parameters(), rows)),
                  () ->
                      Samples.rate(
                          setting.burst(),
                          () -> padded.evaluate(shared.perClass(classes).parameters(), rows))));
      return Figure.of(
          "refine.step.c" + classes, rates[0], "steps/s", "padded to " + length, rates[1]);
    }
  }

  /**
   * The same classes, one of whose names takes up all tokens that the model has: every row is
   * padded to it. With a context for each class there is no prefix to share either, and each class
   * costs what it costs where a prompt is written out in full.
   */
  private static List<String> padded(List<String> names, int length) {
    List<String> padded = new ArrayList<>(names);
    // Start, context and end are tokens, too.
    padded.set(0, " x".repeat(length - CONTEXT - 2));
    return padded;
  }

  private static Figure visualStep(TorchClip clip, Setting setting) throws Exception {
    int classes = 10;
    List<byte[]> pixels = EncodeBench.noise(clip.imageSize(), VISUAL_ROWS);
    FloatTensor classFeatures =
        clip.encodeTexts(IntStream.range(0, classes).mapToObj(c -> "class " + c).toList());
    VisualPrompt prompt = VisualPrompt.random(PREFIX, clip.imageWidth(), 1);
    Targets targets = targets(VISUAL_ROWS, classes);
    float[] unbiased = new float[classes];
    int[] rows = IntStream.range(0, VISUAL_ROWS).toArray();
    try (ImageTokens kept = clip.imageTokens()) {
      kept.add(pixels);
      try (PromptObjective ours =
          clip.visualObjective(classFeatures, kept, targets, clip.logitScale(), unbiased)) {
        double[] rates =
            Samples.medians(
                setting.runs(),
                List.of(
                    () ->
                        Samples.rate(
                            setting.burst(), () -> ours.evaluate(prompt.parameters(), rows)),
                    () ->
                        Samples.rate(
                            setting.burst(),
                            () -> {
                              try (ImageTokens again = clip.imageTokens()) {
                                again.add(pixels);
                                try (PromptObjective anew =
                                    clip.visualObjective(
                                        classFeatures,
                                        again,
                                        targets,
                                        clip.logitScale(),
                                        unbiased)) {
                                  anew.evaluate(prompt.parameters(), rows);
                                }
                              }
                            })));
        return Figure.of("refine.step.visual", rates[0], "steps/s", "from pixels", rates[1]);
      }
    }
  }

  private static Targets targets(int rows, int classes) {
    float[] targets = new float[rows * classes];
    for (int row = 0; row < rows; row++) {
      targets[row * classes + row % classes] = 1;
    }
    float[] weights = new float[rows];
    Arrays.fill(weights, 1);
    return new Targets(FloatTensor.matrix(rows, classes, targets), weights);
  }

  /** A round in closed form, over images that lie in clusters, none of which fits its class. */
  private static Figure calibration(TorchClip clip, int runs) throws Exception {
    int classes = 100;
    TaskDefinition definition = definition(classes, Strategy.BALANCE);
    PromptRefinement refinement = refinement(clip);
    PromptVersion zeroShot = refinement.zeroShot("bench", definition, Instant.EPOCH);
    Random random = new Random(1);
    int size = clip.featureSize();
    float[][] centers = new float[classes][size];
    for (float[] center : centers) {
      fill(center, random, 1);
    }
    List<BatchSample> samples = new ArrayList<>();
    for (int i = 0; i < IMAGES; i++) {
      float[] feature = centers[i % classes].clone();
      fill(feature, random, 2);
      samples.add(sample(i, unit(feature)));
    }
    double[] seconds =
        Samples.medians(
            runs,
            List.of(
                () -> {
                  long start = System.nanoTime();
                  refinement.train(
                      new RoundBatch("bench", 1, 1, Instant.EPOCH, definition, zeroShot, samples),
                      (done, metrics) -> {});
                  return (System.nanoTime() - start) / 1e9;
                }));
    return Figure.of("refine.calibration", seconds[0], "s", "two seconds", 2);
  }

  private static void fill(float[] values, Random random, double deviation) {
    for (int k = 0; k < values.length; k++) {
      values[k] += (float) (deviation * random.nextGaussian());
    }
  }

  private static float[] unit(float[] values) {
    double square = 0;
    for (float value : values) {
      square += (double) value * value;
    }
    for (int k = 0; k < values.length; k++) {
      values[k] /= (float) Math.sqrt(square);
    }
    return values;
  }

  private static TaskDefinition definition(int classes, Strategy strategy) {
    return TaskDefinition.newBuilder()
        .setClasses(IntStream.range(0, classes).mapToObj(c -> "class " + c).toList())
        .setStrategy(strategy)
        .build();
  }

  private static PromptRefinement refinement(TorchClip clip) {
    return new PromptRefinement(
        clip,
        samples -> {
          throw new IllegalStateException("a text prompt's rounds read no images");
        });
  }

  private static List<Figure> grip(TorchClip clip, Setting setting) throws Exception {
    TaskDefinition definition = definition(10, Strategy.GRIP);
    int images = setting.brief() ? AT_ONCE * 2 : IMAGES;
    if (setting.brief()) {
      definition =
          TaskDefinition.newBuilder(definition)
              .setTraining(
                  Training.newBuilder(definition.getTraining())
                      .setRounds(1)
                      .setSteps(BRIEF_STEPS)
                      .build())
              .build();
    }
    PromptRefinement refinement = refinement(clip);
    setting.say().accept("encoding %d images once".formatted(images));
    long start = System.nanoTime();
    List<BatchSample> samples = samples(clip, images);
    double encoding = (System.nanoTime() - start) / 1e9;
    PromptVersion live = refinement.zeroShot("bench", definition, Instant.EPOCH);
    double encodedAgain = 0;
    start = System.nanoTime();
    int rounds = definition.getTraining().getRounds();
    for (int round = 1; round <= rounds; round++) {
      setting.say().accept("round %d of %d".formatted(round, rounds));
      live =
          refinement.train(
              new RoundBatch("bench", round, round, Instant.EPOCH, definition, live, samples),
              (done, metrics) -> {});
      encodedAgain += live.getEvidence().getOrDefault("imageEncodings", 0.0);
    }
    double rest = (System.nanoTime() - start) / 1e9;
    return List.of(
        Figure.of("refine.grip", encoding + rest, "s", "encoding the images once", encoding),
        Figure.of(
            "refine.grip.encodings", images + encodedAgain, "images", "the pool's images", images));
  }

  private static List<BatchSample> samples(TorchClip clip, int images) {
    List<byte[]> pixels = EncodeBench.noise(clip.imageSize(), AT_ONCE);
    List<BatchSample> samples = new ArrayList<>();
    while (samples.size() < images) {
      // Shifted by a byte each time, so that no two images are alike.
      pixels.forEach(image -> image[samples.size() % image.length]++);
      FloatTensor features = clip.encodeImages(pixels);
      for (int row = 0; row < features.rows(); row++) {
        samples.add(sample(samples.size(), features.row(row)));
      }
    }
    return samples;
  }

  private static BatchSample sample(int index, float[] feature) {
    return BatchSample.newBuilder()
        .setImageId("%05d".formatted(index))
        .setImage(
            ImageReference.newBuilder()
                .setTopic("")
                .setPartition(0)
                .setOffset(index)
                .setSha256("")
                .build())
        .setFeature(ByteBuffer.wrap(Float16.encode(feature)))
        .setLabel(null)
        .build();
  }
}
