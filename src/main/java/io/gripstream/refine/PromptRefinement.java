package io.gripstream.refine;

import io.gripstream.clip.ClipTokenizer;
import io.gripstream.clip.FloatTensor;
import io.gripstream.clip.ImageTokens;
import io.gripstream.clip.TorchClip;
import io.gripstream.event.BatchSample;
import io.gripstream.event.Modality;
import io.gripstream.event.PromptIdentity;
import io.gripstream.event.PromptVersion;
import io.gripstream.event.Strategy;
import io.gripstream.event.TaskDefinition;
import io.gripstream.event.Tensor;
import io.gripstream.prompt.ClassTexts;
import io.gripstream.prompt.Prompt;
import io.gripstream.prompt.PromptDigest;
import io.gripstream.prompt.PromptTemplate;
import io.gripstream.prompt.Tensors;
import io.gripstream.refine.head.Metrics;
import io.gripstream.refine.judge.Judges;
import io.gripstream.refine.judge.PoolView;
import io.gripstream.refine.select.Pseudolabel;
import io.gripstream.refine.train.Examples;
import io.gripstream.refine.train.RoundBatch;
import io.gripstream.refine.train.RoundData;
import io.gripstream.task.TaskTexts;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * Refines prompts: makes a batch's candidates by its strategy, in closed form or tuned on
 * pseudolabels and human labels, and measures the best on images that neither train nor validate.
 *
 * <p>A text round encodes no image: features come with the batch. Rounds of other modalities read
 * the batch's images again, keep what the image tower's first layer sees of each, and go on without
 * those that are gone.
 */
public final class PromptRefinement implements Refinement {
  private static final int READ_AT_ONCE = 64;

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
    TaskTexts.fault(definition, new ModelTokens(clip.tokenizer()))
        .ifPresent(
            fault -> {
              throw new IllegalArgumentException(fault);
            });
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
    if (!readsImages(batch)) {
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

  /** Whether the round tunes, or compares with, a prompt that changes what the tower sees. */
  static boolean readsImages(RoundBatch batch) {
    return tunes(batch.strategy()) && batch.definition().getModality() != Modality.TEXT
        || Prompt.prefix(batch.base()).isPresent()
        || batch.predecessor().flatMap(Prompt::prefix).isPresent();
  }

  private static boolean tunes(Strategy strategy) {
    return strategy != Strategy.BALANCE && strategy != Strategy.MIXTURE;
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
   * The round: what zero-shot CLIP and the images say, the candidates that follow from it, and what
   * the judges say of the best.
   *
   * @param tokens of the samples; null: the round does without
   */
  private PromptVersion train(
      RoundBatch batch, List<BatchSample> samples, ImageTokens tokens, Progress progress) {
    Round round = Round.of(batch, samples, tokens, clip.featureSize(), clip.logitScale());
    Map<String, Double> figures = new HashMap<>();
    RoundData data = round.data();
    Judges judges = new Judges(round.view(), data.labels(), data.heldOut());
    List<Candidate> candidates = candidates(round, judges, figures, progress);
    Choice choice = Choice.among(candidates, round, judges);
    Map<String, Double> evidence = new HashMap<>(choice.evidence().figures());
    evidence.putAll(figures);
    evidence.putAll(choice.candidate().figures());
    evidence.put("candidates", (double) candidates.size());
    evidence.put("samples", (double) samples.size());
    evidence.put("nearDuplicates", (double) samples.size() - data.size());
    evidence.put("imagesGone", (double) batch.samples().size() - samples.size());
    evidence.put("imageEncodings", tokens == null ? 0.0 : tokens.encodings());
    return version(round, choice.candidate(), evidence);
  }

  /**
   * In closed form from the pull towards equal shares that fits the images, with and without single
   * classes moved, and from the few classes that are shown where these are few; and a tuned one.
   *
   * @param figures takes what the round saw, by name
   */
  private List<Candidate> candidates(
      Round round, Judges judges, Map<String, Double> figures, Progress progress) {
    Strategy strategy = round.batch().strategy();
    PoolView view = round.view();
    List<float[]> biases =
        Stream.concat(Stream.of(view.pulled(), view.moved()), judges.few().stream()).toList();
    List<Candidate> candidates = new ArrayList<>();
    if (strategy == Strategy.BALANCE || strategy == Strategy.AUTO) {
      candidates.addAll(balanced(round, biases));
    }
    if (strategy == Strategy.MIXTURE || strategy == Strategy.AUTO) {
      candidates.addAll(mixtures(round, biases));
    }
    if (strategy == Strategy.DISTILL) {
      candidates.add(distilled(round, progress));
    } else if (tunes(strategy)) {
      candidates.add(pseudolabelled(round, figures, progress));
    }
    return candidates;
  }

  /** Zero-shot's vectors with each bias. */
  private static List<Candidate> balanced(Round round, List<float[]> biases) {
    return biases.stream()
        .map(bias -> Candidate.head(Strategy.BALANCE, round.view().balanced(bias)))
        .toList();
  }

  /** The heads of the mixtures that these begin. */
  private static List<Candidate> mixtures(Round round, List<float[]> biases) {
    return biases.stream()
        .map(bias -> round.supervision().head(round.view(), bias))
        .map(head -> Candidate.head(Strategy.MIXTURE, head))
        .toList();
  }

  /** A prompt tuned towards the mixture's probabilities of all images that train. */
  private Candidate distilled(Round round, Progress progress) {
    PoolView view = round.view();
    FloatTensor teacher = round.supervision().mixture(view, view.pulled()).probabilities();
    return new Tuning(clip, round)
        .tune(
            Strategy.DISTILL,
            Examples.towards(round.data(), teacher),
            teacher,
            done -> progress.at(done, Map.of()));
  }

  /** The paper's way: pseudolabels, examples, a tuned prompt. */
  private Candidate pseudolabelled(Round round, Map<String, Double> figures, Progress progress) {
    Strategy madeBy =
        round.batch().strategy() == Strategy.AUTO ? Strategy.GRIP : round.batch().strategy();
    Pseudolabelling pseudolabelling = Pseudolabelling.of(round);
    List<Pseudolabel> pseudolabels = pseudolabelling.choose(round.batch().step());
    progress.chosen(inRowsOfBatch(round, pseudolabels));
    Examples examples =
        Examples.of(round.data(), pseudolabels, round.supervision(), round.classes());
    if (examples.training().length == 0
        || (examples.validation().length == 0 && round.training().getValidationShare() > 0)) {
      throw new IllegalArgumentException(
          "%d examples to train on and %d to validate with: the pool of %d is too small"
              .formatted(
                  examples.training().length,
                  examples.validation().length,
                  round.samples().size()));
    }
    figures.put("priorEffectiveClasses", Metrics.effectiveClasses(pseudolabelling.prior()));
    figures.put("labelled", (double) examples.labelled());
    figures.put("pseudolabels", (double) pseudolabels.size());
    figures.put(
        "pseudolabelledClasses",
        (double) pseudolabels.stream().map(Pseudolabel::label).distinct().count());
    figures.put("gamma", examples.weights().gamma());
    figures.put("lambda", examples.weights().lambda());
    return new Tuning(clip, round)
        .tune(madeBy, examples, pseudolabelling.believed(), done -> progress.at(done, Map.of()));
  }

  private PromptVersion version(Round round, Candidate candidate, Map<String, Double> evidence) {
    RoundBatch batch = round.batch();
    PromptVersion base = batch.base();
    Map<String, Tensor> tensors = new HashMap<>();
    candidate.tensors().forEach((name, tensor) -> tensors.put(name, Tensors.encode(tensor)));
    return identified(
        PromptVersion.newBuilder(base)
            .setVersion(batch.version())
            .setDigest("")
            .setParent(new PromptIdentity(base.getVersion(), base.getDigest()))
            .setModality(candidate.modality())
            .setParadigm(round.paradigm())
            .setTensors(tensors)
            .setClassFeatures(Tensors.encode(candidate.classifier().classFeatures()))
            .setLogitScale(candidate.classifier().logitScale())
            .setBias(published(candidate.classifier().bias()))
            .setMadeBy(candidate.madeBy())
            .setRound(batch.round())
            .setEvidence(evidence)
            .setCreatedAt(batch.closedAt()));
  }

  /** As a version carries it: empty where it prefers no class. */
  private static List<Float> published(float[] bias) {
    List<Float> values = new ArrayList<>();
    boolean zeros = true;
    for (float value : bias) {
      values.add(value);
      zeros &= value == 0;
    }
    return zeros ? List.of() : values;
  }

  /** Pseudolabels of a round's samples, in the rows of its batch's. */
  static List<Pseudolabel> inRowsOfBatch(Round round, List<Pseudolabel> pseudolabels) {
    List<BatchSample> all = round.batch().samples();
    Map<String, Integer> rows = new HashMap<>();
    for (int i = 0; i < all.size(); i++) {
      rows.put(all.get(i).getImageId(), i);
    }
    return pseudolabels.stream()
        .map(each -> each.at(rows.get(round.samples().get(each.sample()).getImageId())))
        .toList();
  }

  private static ClassTexts texts(TaskDefinition definition) {
    return new ClassTexts(new PromptTemplate(definition.getTemplate()), definition.getClasses());
  }

  /** What the loaded model makes of a text. */
  private record ModelTokens(ClipTokenizer tokenizer) implements TaskTexts.Tokens {
    @Override
    public int most() {
      return tokenizer.length();
    }

    @Override
    public Optional<long[]> of(String text) {
      return tokenizer.encodeWhole(text);
    }
  }

  private static PromptVersion identified(PromptVersion.Builder builder) {
    PromptVersion version = builder.build();
    return PromptVersion.newBuilder(version).setDigest(PromptDigest.of(version)).build();
  }
}
