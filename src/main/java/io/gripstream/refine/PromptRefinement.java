package io.gripstream.refine;

import io.gripstream.clip.Float16;
import io.gripstream.clip.FloatTensor;
import io.gripstream.clip.TorchClip;
import io.gripstream.event.BatchSample;
import io.gripstream.event.PromptIdentity;
import io.gripstream.event.PromptVersion;
import io.gripstream.event.TaskDefinition;
import io.gripstream.event.Tensor;
import io.gripstream.event.Training;
import io.gripstream.prompt.PromptDigest;
import io.gripstream.prompt.PromptTemplate;
import io.gripstream.prompt.Tensors;
import io.gripstream.prompt.TextPrompt;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * Refines text prompts: pseudolabels a batch by its strategy's teacher, trains on the confident
 * ones, and measures the candidate on images that neither train nor validate. No image is encoded:
 * features come with the batch.
 */
public final class PromptRefinement implements Refinement {
  /** Marks the split between training and validation, which has nothing to do with the judges'. */
  private static final String VALIDATION = "/validation";

  private static final double VALIDATION_SHARE = 0.2;

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
    Tensor features =
        Tensors.encode(
            clip.encodeTexts(
                new PromptTemplate(definition.getTemplate()).sentences(definition.getClasses())));
    return identified(
        PromptVersion.newBuilder()
            .setTask(task)
            .setVersion(0)
            .setDigest("")
            .setParent(null)
            .setModelId(clip.id())
            .setModality(definition.getModality())
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
  public PromptVersion train(RoundBatch batch, Progress progress) {
    PromptVersion base = batch.base();
    if (!base.getModelId().equals(clip.id())) {
      throw new IllegalArgumentException(
          "the batch is of model %s, this process runs %s".formatted(base.getModelId(), clip.id()));
    }
    TaskDefinition definition = batch.definition();
    Training training = definition.getTraining();
    PromptTemplate template = new PromptTemplate(definition.getTemplate());
    List<String> tails = template.tails(definition.getClasses());
    Part all = part(batch);
    Part trained = all.of(Use.TRAINS);
    Part validating = all.of(Use.VALIDATES);
    Classifier live = new Classifier(Tensors.decode(base.getClassFeatures()), base.getLogitScale());
    Classifier zeroShot =
        new Classifier(Tensors.decode(base.getZeroShotFeatures()), clip.logitScale());
    Strategy strategy = Strategy.of(definition.getStrategy(), training);
    Classifier teacher = strategy.teacher() == Strategy.Teacher.LIVE ? live : zeroShot;

    List<Pseudolabel> pseudolabels = pseudolabels(trained, teacher, strategy, batch.round());
    List<Pseudolabel> validation = pseudolabels(validating, teacher, strategy, batch.round());
    if (pseudolabels.isEmpty() || validation.isEmpty()) {
      throw new IllegalArgumentException(
          "%d pseudolabels to train on and %d to validate with: the pool of %d is too small"
              .formatted(pseudolabels.size(), validation.size(), batch.samples().size()));
    }
    long seed = training.getSeed() * 31 + batch.round();
    TextPrompt start = start(base, template, training, seed);
    TextTrainer.Trained result =
        new TextTrainer(clip, tails, training)
            .train(
                start,
                examples(trained, pseudolabels, live.classes()),
                examples(validating, validation, live.classes()),
                clip.logitScale(),
                seed,
                done -> progress.at(done, Map.of()));

    FloatTensor classFeatures = clip.encodeClasses(result.prompt().context(), tails);
    Classifier raw = new Classifier(classFeatures, clip.logitScale());
    double temperature =
        Calibration.temperature(
            raw.logits(validating.features()), teacher.probabilities(validating.features()));
    Classifier candidate = raw.withLogitScale((float) (clip.logitScale() / temperature));
    Map<String, Double> evidence =
        new HashMap<>(
            Evidence.measure(
                all.features(), all.heldOut(), all.labels(), zeroShot, live, candidate));
    evidence.put("samples", (double) batch.samples().size());
    evidence.put("priorEffectiveClasses", diversity(teacher.probabilities(all.features())));
    evidence.put(Evidence.PSEUDOLABELS, (double) pseudolabels.size());
    evidence.put(
        Evidence.PSEUDOLABELLED_CLASSES,
        (double) pseudolabels.stream().map(Pseudolabel::label).distinct().count());
    evidence.put("validationLossStart", result.startLoss());
    evidence.put("validationLoss", result.bestLoss());
    evidence.put("epochs", (double) result.epochs());
    evidence.put("bestEpoch", (double) result.bestEpoch());
    evidence.put("steps", (double) result.steps());
    evidence.put("temperature", temperature);
    evidence.put("imageEncodings", 0.0);
    return identified(
        PromptVersion.newBuilder(base)
            .setVersion(batch.version())
            .setDigest("")
            .setParent(new PromptIdentity(base.getVersion(), base.getDigest()))
            .setTensors(Map.of(TextPrompt.CONTEXT, Tensors.encode(result.prompt().context())))
            .setClassFeatures(Tensors.encode(classFeatures))
            .setLogitScale(candidate.logitScale())
            .setRound(batch.round())
            .setEvidence(evidence)
            .setCreatedAt(batch.closedAt()));
  }

  /** What an image is for, for good: images that judge candidates decide nothing in training. */
  private enum Use {
    TRAINS,
    VALIDATES,
    JUDGES;

    static Use of(String task, String imageId, double heldOutShare) {
      if (HeldOut.contains(task, imageId, heldOutShare)) {
        return JUDGES;
      }
      return HeldOut.contains(task + VALIDATION, imageId, VALIDATION_SHARE) ? VALIDATES : TRAINS;
    }
  }

  /**
   * Samples of a batch.
   *
   * @param features {@code [N, D]}, of unit length
   * @param labels human labels by class, -1 where there is none
   */
  private record Part(List<String> keys, FloatTensor features, List<Use> uses, int[] labels) {

    /** The samples of one use. */
    Part of(Use use) {
      int[] rows = IntStream.range(0, keys.size()).filter(i -> uses.get(i) == use).toArray();
      int length = features.columns();
      float[] chosen = new float[rows.length * length];
      for (int i = 0; i < rows.length; i++) {
        System.arraycopy(features.values(), rows[i] * length, chosen, i * length, length);
      }
      return new Part(
          Arrays.stream(rows).mapToObj(keys::get).toList(),
          FloatTensor.matrix(rows.length, length, chosen),
          Collections.nCopies(rows.length, use),
          Arrays.stream(rows).map(i -> labels[i]).toArray());
    }

    /** {@code [N]}, which samples judge. */
    boolean[] heldOut() {
      boolean[] judges = new boolean[uses.size()];
      for (int i = 0; i < judges.length; i++) {
        judges[i] = uses.get(i) == Use.JUDGES;
      }
      return judges;
    }
  }

  private Part part(RoundBatch batch) {
    double share = batch.definition().getGate().getHeldOutShare();
    List<BatchSample> samples = batch.samples();
    int length = clip.featureSize();
    float[] features = new float[samples.size() * length];
    List<Use> uses = new ArrayList<>();
    int[] labels = new int[samples.size()];
    List<String> keys = new ArrayList<>();
    for (int i = 0; i < samples.size(); i++) {
      BatchSample sample = samples.get(i);
      float[] feature = Float16.decode(sample.getFeature());
      if (feature.length != length) {
        throw new IllegalArgumentException(
            "image %s has a feature of %d numbers, not %d"
                .formatted(sample.getImageId(), feature.length, length));
      }
      System.arraycopy(feature, 0, features, i * length, length);
      uses.add(Use.of(batch.task(), sample.getImageId(), share));
      // A label that is none of the classes is -1: the definition may have changed since.
      labels[i] =
          sample.getLabel() == null
              ? Metrics.UNKNOWN
              : batch.definition().getClasses().indexOf(sample.getLabel());
      keys.add(sample.getImageId());
    }
    return new Part(keys, FloatTensor.matrix(samples.size(), length, features), uses, labels);
  }

  private static List<Pseudolabel> pseudolabels(
      Part part, Classifier teacher, Strategy strategy, int round) {
    FloatTensor probabilities = teacher.probabilities(part.features());
    // The paper's cap, K for every class. Caps under a prior that EM estimates from the predictions
    // (Saerens et al. 2002) were tried: where a shift makes a prompt mistake one class for another,
    // the estimate follows the mistake, and the poor classes get the fewest pseudolabels.
    float[] shares = new float[teacher.classes()];
    Arrays.fill(shares, 1f / shares.length);
    int total = strategy.total(round, part.keys().size(), teacher.classes());
    return Selector.select(probabilities, shares, total, part.keys());
  }

  /** How many equally frequent classes the pool is as diverse as, by its estimated class prior. */
  private static double diversity(FloatTensor probabilities) {
    float[] prior = ClassPrior.estimate(probabilities);
    double[] shares = new double[prior.length];
    Arrays.setAll(shares, j -> prior[j]);
    return Metrics.effectiveClasses(shares);
  }

  private static TextTrainer.Examples examples(
      Part part, List<Pseudolabel> pseudolabels, int classes) {
    int length = part.features().columns();
    float[] features = new float[pseudolabels.size() * length];
    float[] targets = new float[pseudolabels.size() * classes];
    float[] weights = new float[pseudolabels.size()];
    for (int i = 0; i < weights.length; i++) {
      Pseudolabel pseudolabel = pseudolabels.get(i);
      System.arraycopy(
          part.features().values(), pseudolabel.sample() * length, features, i * length, length);
      targets[i * classes + pseudolabel.label()] = 1;
      weights[i] = 1;
    }
    return new TextTrainer.Examples(
        FloatTensor.matrix(weights.length, length, features),
        FloatTensor.matrix(weights.length, classes, targets),
        weights);
  }

  private TextPrompt start(
      PromptVersion base, PromptTemplate template, Training training, long seed) {
    Tensor context = base.getTensors().get(TextPrompt.CONTEXT);
    if (training.getWarmStart() && context != null) {
      return new TextPrompt(Tensors.decode(context));
    }
    TextPrompt shared =
        training.getContextLength() == 0
            ? TextPrompt.of(template, clip)
            : TextPrompt.random(training.getContextLength(), clip.textWidth(), seed);
    return training.getContextPerClass() ? shared.perClass(base.getClasses().size()) : shared;
  }

  private static PromptVersion identified(PromptVersion.Builder builder) {
    PromptVersion version = builder.build();
    return PromptVersion.newBuilder(version).setDigest(PromptDigest.of(version)).build();
  }
}
