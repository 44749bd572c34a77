package io.gripstream.refine;

import io.gripstream.clip.FloatTensor;
import io.gripstream.clip.PromptObjective;
import io.gripstream.clip.TorchClip;
import io.gripstream.event.Modality;
import io.gripstream.event.PromptVersion;
import io.gripstream.event.Strategy;
import io.gripstream.event.Training;
import io.gripstream.prompt.ClassTexts;
import io.gripstream.prompt.MultimodalPrompt;
import io.gripstream.prompt.Prompt;
import io.gripstream.prompt.PromptTemplate;
import io.gripstream.prompt.TextPrompt;
import io.gripstream.prompt.VisualPrompt;
import io.gripstream.refine.head.Calibration;
import io.gripstream.refine.head.ClassBalance;
import io.gripstream.refine.head.Classifier;
import io.gripstream.refine.head.Metrics;
import io.gripstream.refine.head.Rows;
import io.gripstream.refine.train.Examples;
import io.gripstream.refine.train.PromptTrainer;
import io.gripstream.refine.train.RoundData;
import io.gripstream.refine.train.RoundData.Use;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.DoubleConsumer;

/** Tunes one prompt of a round on its examples, and calibrates it. */
final class Tuning {
  /**
   * Where no images validate, so many of those that train give the one number of the temperature.
   */
  private static final int CALIBRATING = 1000;

  private static final int PREFIX_LENGTH = 16;
  private static final int FUSED_LENGTH = 4;

  private final TorchClip clip;
  private final Round round;

  Tuning(TorchClip clip, Round round) {
    this.clip = clip;
    this.round = round;
  }

  /**
   * @param teacher {@code [N, C]}, class probabilities that the prompt's bias and its temperature
   *     follow
   * @param progress hears the share of the work that is done
   */
  Candidate tune(
      Strategy strategy, Examples examples, FloatTensor teacher, DoubleConsumer progress) {
    Training training = round.training();
    ClassTexts texts = round.texts();
    long seed = training.getSeed() * 31 + round.batch().round();
    Prompt start = start(seed);
    float[] bias = bias(start, texts, teacher);
    PromptTrainer.Trained result;
    try (PromptObjective objective =
        start.objective(
            clip,
            texts,
            new Prompt.Images(round.data().features(), round.tokens()),
            examples.targets(),
            clip.logitScale(),
            bias)) {
      result =
          new PromptTrainer(objective, training, bound(start, training))
              .train(start, examples, seed, progress);
    }
    Prompt.Realized tuned = averaged(result.prompt()).realized(clip, texts);
    FloatTensor classFeatures = shrunk(tuned.classFeatures(), examples);
    int[] calibrating = calibrating();
    FloatTensor says = Rows.of(teacher, calibrating);
    FloatTensor seen = round.features(tuned.prefix(), calibrating);
    Classifier raw = balanced(new Classifier(classFeatures, clip.logitScale(), bias), seen, says);
    double temperature = raw.isFinite() ? Calibration.temperature(raw.logits(seen), says) : 1;
    Map<String, Double> figures = new HashMap<>();
    figures.put("validationLossStart", result.startLoss());
    figures.put("validationLoss", result.bestLoss());
    figures.put("intervals", (double) result.intervals());
    figures.put("bestInterval", (double) result.best());
    figures.put("steps", (double) result.steps());
    figures.put("temperature", temperature);
    return new Candidate(
        strategy,
        start.modality(),
        raw.withLogitScale((float) (clip.logitScale() / temperature)),
        tuned.prefix(),
        tuned.tensors(),
        figures);
  }

  /**
   * The bias that is kept in the logits while the prompt is tuned: with it the start's predictions
   * are as frequent as the teacher's, so that what is tuned need not learn that.
   */
  private float[] bias(Prompt start, ClassTexts texts, FloatTensor teacher) {
    if (!round.balances()) {
      return new float[round.classes()];
    }
    FloatTensor logits =
        start.modality() == Modality.TEXT
            ? new Classifier(start.realized(clip, texts).classFeatures(), clip.logitScale())
                .logits(round.data().features())
            : round.view().logits();
    return ClassBalance.towards(logits, Metrics.meanPrediction(teacher));
  }

  /** The same with the bias that it needs after tuning. */
  private Classifier balanced(Classifier tuned, FloatTensor features, FloatTensor teacher) {
    if (!round.balances() || !tuned.isFinite() || features.rows() == 0) {
      return tuned;
    }
    Classifier plain = new Classifier(tuned.classFeatures(), tuned.logitScale());
    return new Classifier(
        plain.classFeatures(),
        plain.logitScale(),
        ClassBalance.towards(plain.logits(features), Metrics.meanPrediction(teacher)));
  }

  /** The images that bias and temperature are fitted to. */
  private int[] calibrating() {
    RoundData data = round.data();
    return round.training().getValidationShare() > 0
        ? data.rows(Use.VALIDATES)
        : Arrays.stream(data.rows(Use.TRAINS)).limit(CALIBRATING).toArray();
  }

  private Prompt start(long seed) {
    Training training = round.training();
    Modality modality = round.definition().getModality();
    Optional<Prompt> warm = warm(modality);
    if (warm.isPresent()) {
      return warm.get();
    }
    return switch (modality) {
      case TEXT -> {
        TextPrompt shared =
            training.getContextLength() == 0
                ? TextPrompt.of(new PromptTemplate(round.definition().getTemplate()), clip)
                : TextPrompt.random(training.getContextLength(), clip.textWidth(), seed);
        yield contextPerClass() ? shared.perClass(round.classes()) : shared;
      }
      case VISUAL ->
          VisualPrompt.random(
              otherwise(training.getPrefixLength(), PREFIX_LENGTH), clip.imageWidth(), seed);
      case MULTIMODAL ->
          MultimodalPrompt.random(
              otherwise(training.getContextLength(), FUSED_LENGTH),
              otherwise(training.getPrefixLength(), FUSED_LENGTH),
              clip.textWidth(),
              clip.imageWidth(),
              seed);
    };
  }

  private Consumer<List<FloatTensor>> bound(Prompt start, Training training) {
    return training.getReach() == 0 ? any -> {} : start.bound(clip, training.getReach());
  }

  private boolean contextPerClass() {
    return round.training().getContextPerClass() || round.supervision().contextPerClass();
  }

  /** The live prompt, where a round may start from it. */
  private Optional<Prompt> warm(Modality modality) {
    PromptVersion base = round.batch().base();
    return round.training().getWarmStart() && base.getModality() == modality
        ? Prompt.of(base).map(this::ownContexts)
        : Optional.empty();
  }

  /** The same prompt with a context for each class, where each has its own from now on. */
  private Prompt ownContexts(Prompt prompt) {
    return prompt instanceof TextPrompt text && text.context().shape()[0] == 1 && contextPerClass()
        ? text.perClass(round.classes())
        : prompt;
  }

  private Prompt averaged(Prompt trained) {
    float share = round.training().getAveraging();
    Optional<Prompt> before = warm(trained.modality());
    if (share == 0 || before.isEmpty()) {
      return trained;
    }
    List<FloatTensor> mean = new ArrayList<>();
    for (int t = 0; t < trained.parameters().size(); t++) {
      mean.add(
          Rows.mixed(before.get().parameters().get(t), trained.parameters().get(t), 1 - share));
    }
    return trained.with(mean);
  }

  /** Each class's features, the nearer to zero-shot the fewer examples it had. */
  private FloatTensor shrunk(FloatTensor tuned, Examples examples) {
    double shrinkage = round.training().getShrinkage();
    if (shrinkage == 0) {
      return tuned;
    }
    FloatTensor zeroShot = round.view().zeroShot().classFeatures();
    int[] counts = examples.perClass();
    int length = tuned.columns();
    float[] values = new float[tuned.values().length];
    for (int j = 0; j < counts.length; j++) {
      double share = counts[j] / (counts[j] + shrinkage);
      double square = 0;
      for (int k = j * length; k < (j + 1) * length; k++) {
        values[k] = (float) (share * tuned.values()[k] + (1 - share) * zeroShot.values()[k]);
        square += (double) values[k] * values[k];
      }
      for (int k = j * length; k < (j + 1) * length; k++) {
        values[k] /= (float) Math.sqrt(square);
      }
    }
    return FloatTensor.matrix(counts.length, length, values);
  }

  private static int otherwise(int given, int papers) {
    return given == 0 ? papers : given;
  }
}
