package io.gripstream.workshop.pico;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import io.gripstream.clip.ClipConfig;
import io.gripstream.clip.ClipModel;
import io.gripstream.clip.ClipTokenizer;
import io.gripstream.clip.ClipTrainer;
import io.gripstream.clip.ComputeDevice;
import io.gripstream.clip.FloatTensor;
import io.gripstream.clip.TorchClip;
import io.gripstream.prompt.PromptTemplate;
import io.gripstream.refine.head.Classifier;
import io.gripstream.refine.head.Metrics;
import io.gripstream.refine.head.Scores;
import io.gripstream.workshop.pico.world.World;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Consumer;

/**
 * Makes {@code pico}, the embedded model: a small CLIP trained contrastively on the rendered {@link
 * World}. The same seed, steps and typefaces show the same images in the same order; the weights
 * are then equal up to the engine's rounding on another number of threads.
 */
public final class Pretraining {
  /**
   * Image tower: 64 pixels in patches of 16, width 128, 6 layers. Text tower: width 128, 3 layers,
   * 32 tokens.
   */
  public static final int IMAGE_SIZE = 64;

  private static final int CONTEXT_LENGTH = 32;
  private static final int FEATURE_SIZE = 128;
  private static final int EVALUATED = 1000;
  private static final int REPORT_EVERY = 50;
  private static final int SAVE_EVERY = 250;
  private static final double WARM_UP = 0.05;

  /**
   * @param out where the model folder's files are written
   * @param tokenizer the {@code tokenizer.json} of the world's vocabulary
   * @param learningRate the peak; linear warm-up over 5 % of the steps, then a cosine to zero
   */
  public record Options(
      Path out, Path tokenizer, long seed, int steps, int batchSize, double learningRate) {}

  private final World world;
  private final Options options;
  private final Consumer<String> log;

  public Pretraining(World world, Options options, Consumer<String> log) {
    this.world = world;
    this.options = options;
    this.log = log;
  }

  /**
   * Trains, writes the model, and measures its zero-shot accuracy on held-out renderings of the
   * same world.
   */
  public void run() throws IOException {
    Files.createDirectories(options.out());
    Path tokenizerFile = options.out().resolve("tokenizer.json");
    if (!Files.exists(tokenizerFile) || !Files.isSameFile(options.tokenizer(), tokenizerFile)) {
      Files.write(tokenizerFile, Files.readAllBytes(options.tokenizer()));
    }
    int vocabulary =
        new ObjectMapper().readTree(tokenizerFile.toFile()).path("model").path("vocab").size();
    long began = System.nanoTime();
    double loss = 0;
    double accuracy = 0;
    ExecutorService painter = Executors.newSingleThreadExecutor();
    try (ClipTokenizer tokenizer = new ClipTokenizer(tokenizerFile, CONTEXT_LENGTH);
        ClipTrainer trainer =
            new ClipTrainer(config(vocabulary), tokenizer, options.seed(), ComputeDevice.cpu())) {
      Future<Batch> next = painter.submit(() -> batch(0));
      for (int step = 0; step < options.steps(); step++) {
        Batch batch = next.get();
        long following = step + 1L;
        next = painter.submit(() -> batch(following));
        ClipTrainer.Step done = trainer.step(batch.pixels(), batch.captions(), learningRate(step));
        // An average over about the last fifty steps.
        loss = step == 0 ? done.loss() : 0.98 * loss + 0.02 * done.loss();
        accuracy = step == 0 ? done.accuracy() : 0.98 * accuracy + 0.02 * done.accuracy();
        if ((step + 1) % REPORT_EVERY == 0) {
          report(step + 1, loss, accuracy, began);
        }
        if ((step + 1) % SAVE_EVERY == 0) {
          trainer.save(options.out());
        }
      }
      trainer.save(options.out());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("pretraining was interrupted", e);
    } catch (ExecutionException e) {
      throw new IOException("an image could not be rendered", e.getCause());
    } finally {
      painter.shutdownNow();
    }
    Map<String, Object> card = new LinkedHashMap<>();
    card.put("seed", options.seed());
    card.put("steps", options.steps());
    card.put("batchSize", options.batchSize());
    card.put("learningRate", options.learningRate());
    card.put("images", (long) options.steps() * options.batchSize());
    card.put("minutes", Math.round((System.nanoTime() - began) / 6e10));
    card.put("loss", loss);
    card.put("batchAccuracy", accuracy);
    card.put("zeroShot", zeroShot());
    ObjectMapper json = new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);
    json.writeValue(options.out().resolve("training.json").toFile(), card);
    log.accept(json.writeValueAsString(card));
  }

  /** Zero-shot accuracy of the model in {@code out}, by the name of the label set. */
  public Map<String, Double> zeroShot() throws IOException {
    Map<String, Double> accuracies = new LinkedHashMap<>();
    try (ClipModel clip = TorchClip.load(options.out(), "pico", ComputeDevice.cpu())) {
      for (World.Task task : world.tasks()) {
        List<byte[]> pixels = new ArrayList<>();
        int[] truth = new int[EVALUATED];
        for (int i = 0; i < EVALUATED; i++) {
          World.Labelled labelled = world.labelled(task.name(), i);
          pixels.add(labelled.pixels());
          truth[i] = labelled.label();
        }
        List<String> prompts = new PromptTemplate(task.template()).sentences(task.classes());
        accuracies.put(
            task.name(), accuracy(clip.encodeImages(pixels), clip.encodeTexts(prompts), truth));
      }
    }
    return accuracies;
  }

  private static double accuracy(FloatTensor images, FloatTensor texts, int[] truth) {
    return Metrics.accuracy(Scores.argmax(new Classifier(texts, 1).logits(images)), truth);
  }

  private static ClipConfig config(int vocabulary) {
    return new ClipConfig(
        new ClipConfig.Vision(new ClipConfig.Tower(128, 6, 4, 512, true, 1e-5), IMAGE_SIZE, 16),
        new ClipConfig.Text(
            new ClipConfig.Tower(128, 3, 4, 512, true, 1e-5), vocabulary, CONTEXT_LENGTH),
        FEATURE_SIZE);
  }

  private record Batch(List<byte[]> pixels, List<String> captions) {}

  private Batch batch(long step) {
    List<byte[]> pixels = new ArrayList<>();
    List<String> captions = new ArrayList<>();
    for (int i = 0; i < options.batchSize(); i++) {
      World.Pair pair = world.pair(step * options.batchSize() + i);
      pixels.add(pair.pixels());
      captions.add(pair.caption());
    }
    return new Batch(pixels, captions);
  }

  private double learningRate(int step) {
    double warmUp = Math.max(1, WARM_UP * options.steps());
    if (step < warmUp) {
      return options.learningRate() * (step + 1) / warmUp;
    }
    double done = (step - warmUp) / (options.steps() - warmUp);
    return options.learningRate() * 0.5 * (1 + Math.cos(Math.PI * done));
  }

  private void report(int steps, double loss, double accuracy, long began) {
    double seconds = (System.nanoTime() - began) / 1e9;
    Duration left = Duration.ofSeconds(Math.round(seconds / steps * (options.steps() - steps)));
    log.accept(
        "step %d of %d, loss %.3f, batch accuracy %.1f %%, %.0f images/s, %d min left"
            .formatted(
                steps,
                options.steps(),
                loss,
                100 * accuracy,
                steps * options.batchSize() / seconds,
                left.toMinutes()));
  }
}
