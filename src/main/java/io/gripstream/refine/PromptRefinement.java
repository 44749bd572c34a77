package io.gripstream.refine;

import io.gripstream.clip.FloatTensor;
import io.gripstream.clip.ImageTokens;
import io.gripstream.clip.PromptObjective;
import io.gripstream.clip.TorchClip;
import io.gripstream.event.BatchSample;
import io.gripstream.event.Modality;
import io.gripstream.event.Paradigm;
import io.gripstream.event.PromptIdentity;
import io.gripstream.event.PromptVersion;
import io.gripstream.event.TaskDefinition;
import io.gripstream.event.Tensor;
import io.gripstream.event.Training;
import io.gripstream.prompt.ClassTexts;
import io.gripstream.prompt.MultimodalPrompt;
import io.gripstream.prompt.Prompt;
import io.gripstream.prompt.PromptDigest;
import io.gripstream.prompt.PromptTemplate;
import io.gripstream.prompt.Tensors;
import io.gripstream.prompt.TextPrompt;
import io.gripstream.prompt.VisualPrompt;
import io.gripstream.refine.RoundData.Use;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * Refines prompts: pseudolabels a batch by its strategy's teacher, trains on the confident ones and
 * on human labels, and measures the candidate on images that neither train nor validate.
 *
 * <p>A text round encodes no image: features come with the batch. Rounds of other modalities read
 * the batch's images again, keep what the image tower's first layer sees of each, and go on without
 * those that are gone.
 */
public final class PromptRefinement implements Refinement {
  private static final int READ_AT_ONCE = 64;

  /**
   * Where no images validate, so many of those that train give the one number of the temperature.
   */
  private static final int CALIBRATING = 1000;

  private static final int PREFIX_LENGTH = 16;
  private static final int FUSED_LENGTH = 4;

  private final TorchClip clip;
  private final ImageSource images;

  /**
   * @param images where visual and multimodal rounds read their images again
   */
  public PromptRefinement(TorchClip clip, ImageSource images) {
    this.clip = clip;
    this.images = images;
  }

  @Override
  public PromptVersion zeroShot(String task, TaskDefinition definition, Instant createdAt) {
    Tensor features = Tensors.encode(clip.encodeTexts(texts(definition).sentences()));
    return identified(
        PromptVersion.newBuilder()
            .setTask(task)
            .setVersion(0)
            .setDigest("")
            .setParent(null)
            .setModelId(clip.id())
            .setModality(definition.getModality())
            .setParadigm(null)
            .setClasses(definition.getClasses())
            .setTemplate(definition.getTemplate())
            .setTensors(Map.of())
            .setClassFeatures(features)
            .setZeroShotFeatures(features)
            .setLogitScale(clip.logitScale())
            .setRound(0)
            .setEvidence(Map.of())
            .setCreatedAt(createdAt));
  }

  @Override
  public PromptVersion train(RoundBatch batch, Progress progress) throws InterruptedException {
    PromptVersion base = batch.base();
    if (!base.getModelId().equals(clip.id())) {
      throw new IllegalArgumentException(
          "the batch is of model %s, this process runs %s".formatted(base.getModelId(), clip.id()));
    }
    if (batch.definition().getModality() == Modality.TEXT && Prompt.prefix(base).isEmpty()) {
      return train(batch, batch.samples(), null, progress);
    }
    try (ImageTokens tokens = clip.imageTokens()) {
      List<BatchSample> present = read(batch, tokens);
      if (present.isEmpty()) {
        throw new IllegalArgumentException(
            "%1$d of %1$d images are gone: the images topic forgets faster than rounds come"
                .formatted(batch.samples().size()));
      }
      return train(batch, present, tokens, progress);
    }
  }

  /**
   * The samples whose images are still there, which are then in {@code tokens}, in the order in
   * which their topic holds them: they are read fastest so.
   */
  private List<BatchSample> read(RoundBatch batch, ImageTokens tokens) throws InterruptedException {
    List<BatchSample> present = new ArrayList<>();
    List<BatchSample> all = new ArrayList<>(batch.samples());
    all.sort(
        Comparator.comparingInt((BatchSample sample) -> sample.getImage().getPartition())
            .thenComparingLong(sample -> sample.getImage().getOffset()));
    for (int from = 0; from < all.size(); from += READ_AT_ONCE) {
      List<BatchSample> some = all.subList(from, Math.min(all.size(), from + READ_AT_ONCE));
      List<byte[]> pixels = images.pixels(some);
      IntStream.range(0, some.size())
          .filter(i -> pixels.get(i) != null)
          .forEach(i -> present.add(some.get(i)));
      tokens.add(pixels.stream().filter(image -> image != null).toList());
    }
    return present;
  }

  /**
   * @param tokens of the samples; null: the round does without
   */
  private PromptVersion train(
      RoundBatch batch, List<BatchSample> samples, ImageTokens tokens, Progress progress) {
    PromptVersion base = batch.base();
    TaskDefinition definition = batch.definition();
    Training training = definition.getTraining();
    ClassTexts texts = texts(definition);
    Paradigm paradigm =
        Paradigms.of(
            definition,
            samples.stream().map(BatchSample::getLabel).filter(label -> label != null).toList());
    RoundData data = RoundData.of(batch, samples, paradigm, clip.featureSize());
    Classifier live = new Classifier(Tensors.decode(base.getClassFeatures()), base.getLogitScale());
    Classifier zeroShot =
        new Classifier(Tensors.decode(base.getZeroShotFeatures()), clip.logitScale());
    FloatTensor zeroShotSays = zeroShot.probabilities(data.features());
    FloatTensor liveSays =
        live.probabilities(features(data, tokens, Prompt.prefix(base), all(data)));
    Strategy strategy = Strategy.of(definition.getStrategy(), training);
    FloatTensor prompt = strategy.teacher() == Strategy.Teacher.LIVE ? liveSays : zeroShotSays;
    FloatTensor teacher =
        paradigm == Paradigm.SSL
            ? LabelEvidence.added(data.features(), prompt, data.trainingLabels())
            : prompt;

    Pseudolabelling pseudolabelling =
        new Pseudolabelling(definition, paradigm, data, strategy, teacher);
    List<Pseudolabel> pseudolabels = pseudolabelling.choose(batch.step());
    progress.chosen(inRowsOf(batch, samples, pseudolabels));
    Examples examples = Examples.of(data, pseudolabels, paradigm, live.classes());
    if (examples.training().length == 0
        || (examples.validation().length == 0 && training.getValidationShare() > 0)) {
      throw new IllegalArgumentException(
          "%d examples to train on and %d to validate with: the pool of %d is too small"
              .formatted(examples.training().length, examples.validation().length, samples.size()));
    }
    long seed = training.getSeed() * 31 + batch.round();
    Prompt start = start(definition, base, seed);
    PromptTrainer.Trained result;
    try (PromptObjective objective =
        start.objective(
            clip,
            texts,
            new Prompt.Images(data.features(), tokens),
            examples.targets(),
            clip.logitScale())) {
      result =
          new PromptTrainer(objective, training)
              .train(start, examples, seed, done -> progress.at(done, Map.of()));
    }

    Prompt.Realized tuned = averaged(result.prompt(), base, training).realized(clip, texts);
    FloatTensor classFeatures =
        shrunk(tuned.classFeatures(), zeroShot.classFeatures(), examples, training);
    Classifier raw = new Classifier(classFeatures, clip.logitScale());
    int[] calibrating =
        training.getValidationShare() > 0
            ? data.rows(Use.VALIDATES)
            : Arrays.stream(data.rows(Use.TRAINS)).limit(CALIBRATING).toArray();
    double temperature =
        raw.isFinite()
            ? Calibration.temperature(
                raw.logits(features(data, tokens, tuned.prefix(), calibrating)),
                Rows.of(teacher, calibrating))
            : 1;
    Classifier candidate = raw.withLogitScale((float) (clip.logitScale() / temperature));
    Map<String, Double> evidence =
        new HashMap<>(
            Evidence.measure(
                data.features(),
                data.heldOut(),
                data.labels(),
                zeroShotSays,
                liveSays,
                candidate.isFinite()
                    ? candidate.probabilities(
                        features(data, tokens, tuned.prefix(), data.rows(Use.JUDGES)))
                    : null));
    evidence.put("samples", (double) samples.size());
    evidence.put("imagesGone", (double) batch.samples().size() - samples.size());
    evidence.put("imageEncodings", tokens == null ? 0.0 : tokens.encodings());
    evidence.put("priorEffectiveClasses", Metrics.effectiveClasses(pseudolabelling.prior()));
    evidence.put("labelled", (double) examples.labelled());
    evidence.put(Evidence.PSEUDOLABELS, (double) pseudolabels.size());
    evidence.put(
        Evidence.PSEUDOLABELLED_CLASSES,
        (double) pseudolabels.stream().map(Pseudolabel::label).distinct().count());
    evidence.put("gamma", examples.weights().gamma());
    evidence.put("lambda", examples.weights().lambda());
    evidence.put("validationLossStart", result.startLoss());
    evidence.put("validationLoss", result.bestLoss());
    evidence.put("periods", (double) result.periods());
    evidence.put("bestPeriod", (double) result.best());
    evidence.put("steps", (double) result.steps());
    evidence.put("temperature", temperature);
    Map<String, Tensor> tensors = new HashMap<>();
    tuned.tensors().forEach((name, tensor) -> tensors.put(name, Tensors.encode(tensor)));
    return identified(
        PromptVersion.newBuilder(base)
            .setVersion(batch.version())
            .setDigest("")
            .setParent(new PromptIdentity(base.getVersion(), base.getDigest()))
            .setModality(definition.getModality())
            .setParadigm(paradigm)
            .setTensors(tensors)
            .setClassFeatures(Tensors.encode(classFeatures))
            .setLogitScale(candidate.logitScale())
            .setRound(batch.round())
            .setEvidence(evidence)
            .setCreatedAt(batch.closedAt()));
  }

  /** {@code [rows, D]}, as a prompt sees these images. */
  private static FloatTensor features(
      RoundData data, ImageTokens tokens, Optional<FloatTensor> prefix, int[] rows) {
    return prefix
        .map(vectors -> tokens.features(vectors, rows))
        .orElseGet(() -> Rows.of(data.features(), rows));
  }

  private static List<Pseudolabel> inRowsOf(
      RoundBatch batch, List<BatchSample> samples, List<Pseudolabel> pseudolabels) {
    Map<String, Integer> rows = new HashMap<>();
    for (int i = 0; i < batch.samples().size(); i++) {
      rows.put(batch.samples().get(i).getImageId(), i);
    }
    return pseudolabels.stream()
        .map(each -> each.at(rows.get(samples.get(each.sample()).getImageId())))
        .toList();
  }

  private Prompt start(TaskDefinition definition, PromptVersion base, long seed) {
    Training training = definition.getTraining();
    Optional<Prompt> warm = warm(definition.getModality(), base, training);
    if (warm.isPresent()) {
      return warm.get();
    }
    return switch (definition.getModality()) {
      case TEXT -> {
        TextPrompt shared =
            training.getContextLength() == 0
                ? TextPrompt.of(new PromptTemplate(definition.getTemplate()), clip)
                : TextPrompt.random(training.getContextLength(), clip.textWidth(), seed);
        yield training.getContextPerClass()
            ? shared.perClass(definition.getClasses().size())
            : shared;
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

  /** The live prompt, where a round may start from it. */
  private static Optional<Prompt> warm(Modality modality, PromptVersion base, Training training) {
    return training.getWarmStart() && base.getModality() == modality
        ? Prompt.of(base)
        : Optional.empty();
  }

  private static Prompt averaged(Prompt trained, PromptVersion base, Training training) {
    float share = training.getAveraging();
    Optional<Prompt> before = warm(trained.modality(), base, training);
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
  private static FloatTensor shrunk(
      FloatTensor tuned, FloatTensor zeroShot, Examples examples, Training training) {
    if (training.getShrinkage() == 0) {
      return tuned;
    }
    int[] counts = examples.perClass();
    int length = tuned.columns();
    float[] values = new float[tuned.values().length];
    for (int j = 0; j < counts.length; j++) {
      double share = counts[j] / (counts[j] + (double) training.getShrinkage());
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

  private static int[] all(RoundData data) {
    return IntStream.range(0, data.size()).toArray();
  }

  private static ClassTexts texts(TaskDefinition definition) {
    return new ClassTexts(new PromptTemplate(definition.getTemplate()), definition.getClasses());
  }

  private static PromptVersion identified(PromptVersion.Builder builder) {
    PromptVersion version = builder.build();
    return PromptVersion.newBuilder(version).setDigest(PromptDigest.of(version)).build();
  }
}
