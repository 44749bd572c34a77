package io.gripstream.refine;

import static io.gripstream.event.Strategy.AUTO;
import static io.gripstream.event.Strategy.BALANCE;
import static io.gripstream.event.Strategy.DISTILL;
import static io.gripstream.event.Strategy.GRIP;
import static io.gripstream.event.Strategy.MIXTURE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.gripstream.clip.ComputeDevice;
import io.gripstream.clip.Float16;
import io.gripstream.clip.FloatTensor;
import io.gripstream.clip.Preprocessor;
import io.gripstream.clip.TorchClip;
import io.gripstream.clip.pixels.InvalidImageException;
import io.gripstream.event.BatchSample;
import io.gripstream.event.ClassPriorKind;
import io.gripstream.event.GateLimits;
import io.gripstream.event.ImageReference;
import io.gripstream.event.Modality;
import io.gripstream.event.Paradigm;
import io.gripstream.event.PromptVersion;
import io.gripstream.event.TaskDefinition;
import io.gripstream.event.Training;
import io.gripstream.prompt.MultimodalPrompt;
import io.gripstream.prompt.Tensors;
import io.gripstream.prompt.TextPrompt;
import io.gripstream.prompt.VisualPrompt;
import io.gripstream.refine.select.Pseudolabel;
import io.gripstream.refine.train.HeldOut;
import io.gripstream.refine.train.RoundBatch;
import io.gripstream.sample.LabelledImage;
import io.gripstream.sample.SampleStream;
import io.gripstream.sample.SampleStreams;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Modalities, paradigms and strategies in all combinations, on the embedded model and few images.
 */
class DesignSpaceTest {
  private static final String TASK = "digits";
  private static final int POOL = 240;
  private static final SampleStream DIGITS = SampleStreams.byName("digits");

  private static TorchClip clip;
  private static final Map<String, byte[]> PIXELS = new HashMap<>();
  private static final List<BatchSample> SAMPLES = new ArrayList<>();
  private static final List<String> TRUTH = new ArrayList<>();

  @BeforeAll
  static void encodeTheStreamOnce() throws IOException, URISyntaxException, InvalidImageException {
    Path folder = Path.of(DesignSpaceTest.class.getResource("/models/pico/config.json").toURI());
    clip = TorchClip.load(folder.getParent(), "pico", ComputeDevice.cpu());
    Preprocessor preprocessor = new Preprocessor(clip.imageSize());
    List<byte[]> pixels = new ArrayList<>();
    for (int i = 0; i < POOL; i++) {
      LabelledImage image = DIGITS.image(i);
      pixels.add(preprocessor.pixels(image.png()));
      TRUTH.add(image.label());
    }
    FloatTensor features = clip.encodeImages(pixels);
    for (int i = 0; i < POOL; i++) {
      String id = "%04d".formatted(i);
      PIXELS.put(id, pixels.get(i));
      SAMPLES.add(
          BatchSample.newBuilder()
              .setImageId(id)
              .setImage(
                  ImageReference.newBuilder()
                      .setTopic("images")
                      .setPartition(0)
                      .setOffset(i)
                      .setSha256("")
                      .build())
              .setFeature(ByteBuffer.wrap(Float16.encode(features.row(i))))
              .build());
    }
  }

  @AfterAll
  static void close() {
    clip.close();
    PIXELS.clear();
    SAMPLES.clear();
    TRUTH.clear();
  }

  static Stream<Arguments> combinations() {
    return Stream.of(Modality.values())
        .flatMap(
            modality ->
                Stream.of(Paradigm.UL, Paradigm.SSL, Paradigm.TRZSL)
                    .flatMap(
                        paradigm ->
                            Stream.of(io.gripstream.event.Strategy.values())
                                .map(strategy -> Arguments.of(modality, paradigm, strategy))));
  }

  private static TaskDefinition.Builder definition(Modality modality) {
    return TaskDefinition.newBuilder()
        .setStrategy(GRIP)
        .setClasses(DIGITS.classes())
        .setTemplate(DIGITS.template())
        .setModality(modality)
        .setTraining(Training.newBuilder().setSteps(20).setRounds(4).build());
  }

  /** Two labels a class for SSL, all labels of all but three classes for TRZSL. */
  private static List<BatchSample> labelled(Paradigm paradigm) {
    Map<String, Integer> given = new HashMap<>();
    List<BatchSample> labelled = new ArrayList<>();
    for (int i = 0; i < POOL; i++) {
      String truth = TRUTH.get(i);
      boolean told =
          paradigm == Paradigm.SSL && given.merge(truth, 1, Integer::sum) <= 2
              || paradigm == Paradigm.TRZSL && DIGITS.classes().indexOf(truth) >= 3;
      labelled.add(BatchSample.newBuilder(SAMPLES.get(i)).setLabel(told ? truth : null).build());
    }
    return labelled;
  }

  private static RoundBatch batch(
      TaskDefinition definition, PromptVersion base, int round, List<BatchSample> samples) {
    return new RoundBatch(TASK, round, round, Instant.EPOCH, definition, base, samples);
  }

  private static PromptRefinement refinement() {
    return new PromptRefinement(
        clip, samples -> samples.stream().map(s -> PIXELS.get(s.getImageId())).toList());
  }

  private static PromptVersion zeroShot(TaskDefinition definition) {
    return refinement().zeroShot(TASK, definition, Instant.EPOCH);
  }

  /** Hears what was chosen. */
  private static final class Ear implements Refinement.Progress {
    private List<Pseudolabel> chosen = List.of();

    @Override
    public void at(double done, Map<String, Double> metrics) {}

    @Override
    public void chosen(List<Pseudolabel> pseudolabels) {
      chosen = pseudolabels;
    }
  }

  @ParameterizedTest(name = "{0} {1} {2}")
  @MethodSource("combinations")
  void everyCombinationMakesAPromptOfItsModalityAndSaysWhatItCost(
      Modality modality, Paradigm paradigm, io.gripstream.event.Strategy strategy)
      throws InterruptedException {
    TaskDefinition definition =
        definition(modality)
            .setStrategy(strategy)
            .setTraining(Training.newBuilder().setSteps(4).setRounds(4).build())
            .build();
    List<BatchSample> samples = labelled(paradigm);
    Ear ear = new Ear();
    PromptVersion candidate =
        refinement().train(batch(definition, zeroShot(definition), 2, samples), ear);

    assertThat(candidate.getParadigm()).isEqualTo(paradigm);
    assertThat(candidate.getMadeBy()).isIn(madeBy(strategy));
    Map<String, Double> evidence = candidate.getEvidence();
    assertThat(evidence.values()).noneMatch(value -> Double.isNaN(value));
    assertThat(evidence)
        .containsEntry("candidates", strategy == AUTO ? 5.0 : closedForm(strategy) ? 2.0 : 1.0);
    if (closedForm(candidate.getMadeBy())) {
      assertThat(candidate.getModality()).isEqualTo(Modality.TEXT);
      assertThat(candidate.getTensors()).isEmpty();
    } else {
      assertThat(candidate.getModality()).isEqualTo(modality);
      assertThat(candidate.getTensors().keySet())
          .containsAll(
              switch (modality) {
                case TEXT -> Set.of(TextPrompt.CONTEXT);
                case VISUAL -> Set.of(VisualPrompt.PREFIX);
                case MULTIMODAL -> new HashSet<>(MultimodalPrompt.NAMES);
              });
    }
    if (modality == Modality.TEXT || closedForm(strategy)) {
      assertThat(evidence).containsEntry("imageEncodings", 0.0);
    } else if (!closedForm(candidate.getMadeBy())) {
      double steps = evidence.get("steps");
      assertThat(evidence.get("imageEncodings")).isGreaterThan(steps);
    }
    if (closedForm(strategy) || strategy == DISTILL) {
      assertThat(ear.chosen).isEmpty();
      assertThat(evidence).doesNotContainKeys("labelled", "pseudolabels");
      return;
    }
    double labelled = evidence.get("labelled");
    long trained =
        ear.chosen.stream().filter(p -> samples.get(p.sample()).getLabel() != null).count();
    assertThat(trained).as("labelled images with a pseudolabel").isZero();
    if (paradigm == Paradigm.UL) {
      assertThat(labelled).isZero();
      assertThat(evidence).containsEntry("gamma", 0.0).containsEntry("lambda", 1.0);
    } else {
      assertThat(labelled).isPositive();
    }
    if (paradigm == Paradigm.SSL) {
      // A label weighs no more than a pseudolabel, unless training is the paper's.
      assertThat(evidence.get("gamma")).isEqualTo(1);
      assertThat(evidence).containsEntry("lambda", 1.0);
    }
    if (paradigm == Paradigm.TRZSL) {
      assertThat(evidence).containsEntry("gamma", 1.0);
      assertThat(ear.chosen).allMatch(p -> p.label() < 3);
    }
  }

  private static boolean closedForm(io.gripstream.event.Strategy strategy) {
    return strategy == BALANCE || strategy == MIXTURE;
  }

  /** AUTO makes candidates by three strategies; which of them it is shown is the judges' choice. */
  private static Set<io.gripstream.event.Strategy> madeBy(io.gripstream.event.Strategy strategy) {
    return strategy == AUTO ? Set.of(BALANCE, MIXTURE, GRIP) : Set.of(strategy);
  }

  @ParameterizedTest
  @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "AUTO")
  void everyStrategyGivesTheSameCandidateForTheSameBatch(io.gripstream.event.Strategy strategy)
      throws InterruptedException {
    TaskDefinition definition = definition(Modality.TEXT).setStrategy(strategy).build();
    RoundBatch batch = batch(definition, zeroShot(definition), 2, labelled(Paradigm.SSL));
    PromptVersion once = refinement().train(batch, new Ear());
    assertThat(refinement().train(batch, new Ear()).toString()).isEqualTo(once.toString());
    assertThat(once.getMadeBy()).isEqualTo(strategy);
  }

  @Test
  void aTunedPromptAndItsClosedFormFollowEachOtherWhateverTheModality()
      throws InterruptedException {
    TaskDefinition visual = definition(Modality.VISUAL).build();
    PromptVersion zeroShot = zeroShot(visual);
    PromptVersion balanced =
        PromptVersion.newBuilder(
                refinement()
                    .train(
                        batch(
                            TaskDefinition.newBuilder(visual).setStrategy(BALANCE).build(),
                            zeroShot,
                            1,
                            SAMPLES),
                        new Ear()))
            .build();
    assertThat(balanced.getModality()).isEqualTo(Modality.TEXT);
    PromptVersion tuned = refinement().train(batch(visual, balanced, 2, SAMPLES), new Ear());
    assertThat(tuned.getModality()).isEqualTo(Modality.VISUAL);
    assertThat(tuned.getTensors()).containsKey(VisualPrompt.PREFIX);
    PromptVersion again =
        refinement()
            .train(
                batch(
                    TaskDefinition.newBuilder(visual).setStrategy(MIXTURE).build(),
                    tuned,
                    3,
                    SAMPLES),
                new Ear());
    assertThat(again.getModality()).isEqualTo(Modality.TEXT);
    assertThat(again.getTensors()).isEmpty();
    // The live prompt must be compared with, so its images are encoded.
    assertThat(again.getEvidence().get("imageEncodings")).isPositive();
  }

  @Test
  void theWeightsAreThePapersInEveryRound() throws InterruptedException {
    TaskDefinition definition =
        definition(Modality.TEXT)
            .setTraining(
                Training.newBuilder()
                    .setSteps(20)
                    .setRounds(4)
                    .setValidationShare(0.2f)
                    .setClassPrior(ClassPriorKind.UNIFORM)
                    .build())
            .build();
    PromptVersion live = zeroShot(definition);
    for (int round = 1; round <= 3; round++) {
      Ear ear = new Ear();
      live = refinement().train(batch(definition, live, round, labelled(Paradigm.SSL)), ear);
      double labelled = live.getEvidence().get("labelled");
      double training =
          ear.chosen.stream()
              .filter(p -> !HeldOut.contains(TASK + "/validation", id(p), 0.2))
              .count();
      assertThat(live.getEvidence().get("gamma")).isEqualTo(training / labelled);
    }
  }

  private static String id(Pseudolabel pseudolabel) {
    return SAMPLES.get(pseudolabel.sample()).getImageId();
  }

  @Test
  void imagesThatJudgeNeverTrainAndLabelsThatTrainNeverJudge() throws InterruptedException {
    TaskDefinition definition =
        definition(Modality.TEXT)
            .setParadigm(Paradigm.SSL)
            .setGate(new GateLimits(0.4f, 0f, 20))
            .build();
    List<BatchSample> samples = labelled(Paradigm.TRZSL);
    Ear ear = new Ear();
    PromptVersion candidate =
        refinement().train(batch(definition, zeroShot(definition), 4, samples), ear);
    assertThat(ear.chosen).noneMatch(p -> HeldOut.contains(TASK, id(p), 0.4));
    long judges =
        samples.stream()
            .filter(s -> s.getLabel() != null && HeldOut.contains(TASK, s.getImageId(), 0.4))
            .count();
    long labelled = samples.stream().filter(s -> s.getLabel() != null).count();
    assertThat(candidate.getEvidence()).containsEntry("heldOutLabelled", (double) judges);
    assertThat(candidate.getEvidence().get("labelled"))
        .isPositive()
        .isLessThanOrEqualTo((double) labelled - judges);

    // Other labels on the judges: what is trained does not change.
    List<BatchSample> swapped =
        samples.stream()
            .map(
                s ->
                    s.getLabel() != null && HeldOut.contains(TASK, s.getImageId(), 0.4)
                        ? BatchSample.newBuilder(s).setLabel(DIGITS.classes().get(9)).build()
                        : s)
            .toList();
    PromptVersion again =
        refinement().train(batch(definition, zeroShot(definition), 4, swapped), new Ear());
    assertThat(again.getTensors()).isEqualTo(candidate.getTensors());
  }

  @Test
  void aColdStartForgetsTheLivePromptsNumbersAndAWarmOneDoesNot() throws InterruptedException {
    TaskDefinition warm = definition(Modality.TEXT).build();
    TaskDefinition cold =
        TaskDefinition.newBuilder(warm)
            .setTraining(Training.newBuilder(warm.getTraining()).setWarmStart(false).build())
            .build();
    PromptVersion first = refinement().train(batch(warm, zeroShot(warm), 1, SAMPLES), new Ear());
    PromptVersion nowhere = PromptVersion.newBuilder(first).setTensors(Map.of()).build();
    assertThat(second(cold, first).getTensors()).isEqualTo(second(cold, nowhere).getTensors());
    assertThat(second(warm, first).getTensors()).isNotEqualTo(second(warm, nowhere).getTensors());
  }

  private static PromptVersion second(TaskDefinition definition, PromptVersion base)
      throws InterruptedException {
    return refinement().train(batch(definition, base, 2, SAMPLES), new Ear());
  }

  @Test
  void averagingStaysNearTheLivePromptAndShrinkageNearZeroShot() throws InterruptedException {
    TaskDefinition plain = definition(Modality.TEXT).build();
    PromptVersion first =
        refinement().train(batch(plain, zeroShot(plain), 1, labelled(Paradigm.SSL)), new Ear());
    double moved = distance(first, trained(plain, first, b -> {}), false);
    assertThat(moved).isPositive();
    assertThat(distance(first, trained(plain, first, b -> b.setAveraging(0.9f)), false))
        .isBetween(0.05 * moved, 0.15 * moved);
    double away = distance(first, trained(plain, first, b -> {}), true);
    assertThat(distance(first, trained(plain, first, b -> b.setShrinkage(10_000)), true))
        .isLessThan(0.1 * away);
  }

  private static PromptVersion trained(
      TaskDefinition definition, PromptVersion base, Consumer<Training.Builder> change)
      throws InterruptedException {
    Training.Builder training = Training.newBuilder(definition.getTraining());
    change.accept(training);
    TaskDefinition changed =
        TaskDefinition.newBuilder(definition).setTraining(training.build()).build();
    return refinement().train(batch(changed, base, 4, labelled(Paradigm.SSL)), new Ear());
  }

  /** Between contexts, or between class features and zero-shot ones. */
  private static double distance(PromptVersion base, PromptVersion candidate, boolean features) {
    float[] one =
        features
            ? Tensors.decode(base.getZeroShotFeatures()).values()
            : Tensors.decode(base.getTensors().get(TextPrompt.CONTEXT)).values();
    float[] other =
        Tensors.decode(
                features
                    ? candidate.getClassFeatures()
                    : candidate.getTensors().get(TextPrompt.CONTEXT))
            .values();
    double square = 0;
    for (int i = 0; i < one.length; i++) {
      square += (one[i] - other[i]) * (one[i] - other[i]);
    }
    return Math.sqrt(square);
  }

  @Test
  void withoutValidationAllImagesTrainAndWhatTrainsDecides() throws InterruptedException {
    TaskDefinition definition = definition(Modality.TEXT).build();
    PromptVersion first =
        refinement().train(batch(definition, zeroShot(definition), 1, SAMPLES), new Ear());
    PromptVersion with = trained(definition, first, b -> b.setValidationShare(0.2f));
    PromptVersion without = trained(definition, first, b -> b.setValidationShare(0));
    assertThat(without.getEvidence().get("bestInterval")).isPositive();
    assertThat(without.getEvidence().get("validationLoss"))
        .isLessThan(without.getEvidence().get("validationLossStart"));
    assertThat(with.getEvidence().get("validationLoss"))
        .isLessThanOrEqualTo(with.getEvidence().get("validationLossStart"));
    assertThat(without.getEvidence().get("labelled"))
        .isGreaterThanOrEqualTo(with.getEvidence().get("labelled"));
  }

  @ParameterizedTest
  @EnumSource(Modality.class)
  void noLearningRateBlowsAPromptUp(Modality modality) throws InterruptedException {
    for (float share : new float[] {0, 0.2f}) {
      for (float rate : new float[] {1, 1000}) {
        TaskDefinition definition =
            definition(modality)
                .setTraining(
                    Training.newBuilder()
                        .setSteps(20)
                        .setLearningRate(rate)
                        .setClipNorm(0)
                        .setReach(2)
                        .setValidationShare(share)
                        .build())
                .build();
        PromptVersion candidate =
            refinement().train(batch(definition, zeroShot(definition), 4, SAMPLES), new Ear());
        assertThat(candidate.getEvidence().get("validationLoss"))
            .isLessThanOrEqualTo(candidate.getEvidence().get("validationLossStart"));
        for (float value : Tensors.decode(candidate.getClassFeatures()).values()) {
          assertThat(value).isFinite();
        }
        assertThat(longest(candidate, TextPrompt.CONTEXT))
            .isLessThanOrEqualTo(2 * clip.wordNorm() * 1.0001);
        assertThat(longest(candidate, VisualPrompt.PREFIX)).isLessThanOrEqualTo(2.0001);
      }
    }
  }

  @Test
  void withoutABoundARoundMayGoFurther() throws InterruptedException {
    TaskDefinition near = definition(Modality.TEXT).build();
    PromptVersion bounded = trained(near, zeroShot(near), b -> b.setReach(0.5f));
    PromptVersion free = trained(near, zeroShot(near), b -> b.setReach(0));
    assertThat(longest(bounded, TextPrompt.CONTEXT)).isLessThanOrEqualTo(0.5001 * clip.wordNorm());
    assertThat(longest(free, TextPrompt.CONTEXT)).isGreaterThan(0.6 * clip.wordNorm());
  }

  /** The norm of the longest vector of a tensor; 0 where a prompt has none of the name. */
  private static double longest(PromptVersion version, String name) {
    if (!version.getTensors().containsKey(name)) {
      return 0;
    }
    FloatTensor tensor = Tensors.decode(version.getTensors().get(name));
    int width = tensor.shape()[tensor.shape().length - 1];
    double longest = 0;
    for (int from = 0; from < tensor.values().length; from += width) {
      double square = 0;
      for (int i = from; i < from + width; i++) {
        square += tensor.values()[i] * tensor.values()[i];
      }
      longest = Math.max(longest, Math.sqrt(square));
    }
    return longest;
  }

  @Test
  void imagesThatAreGoneAreCountedAndTheRoundGoesOnWithoutThem() throws InterruptedException {
    TaskDefinition definition = definition(Modality.VISUAL).build();
    PromptRefinement forgetful =
        new PromptRefinement(
            clip,
            samples ->
                samples.stream()
                    .map(s -> s.getImage().getOffset() % 3 == 0 ? null : PIXELS.get(s.getImageId()))
                    .toList());
    Ear ear = new Ear();
    PromptVersion candidate =
        forgetful.train(batch(definition, zeroShot(definition), 1, SAMPLES), ear);
    assertThat(candidate.getEvidence())
        .containsEntry("imagesGone", POOL / 3.0)
        .containsEntry("samples", POOL * 2 / 3.0);
    assertThat(ear.chosen).isNotEmpty().noneMatch(p -> p.sample() % 3 == 0);
  }

  @Test
  void imagesThatComeAgainAndAgainCountOnceForVisualPromptsToo() throws InterruptedException {
    TaskDefinition definition = definition(Modality.VISUAL).build();
    List<BatchSample> film = new ArrayList<>();
    for (BatchSample sample : SAMPLES) {
      for (int frame = 0; frame < 3; frame++) {
        film.add(
            BatchSample.newBuilder(sample).setImageId(sample.getImageId() + "/" + frame).build());
      }
    }
    List<BatchSample> firstFrames =
        IntStream.range(0, POOL).mapToObj(i -> film.get(3 * i)).toList();
    PromptRefinement refinement =
        new PromptRefinement(
            clip,
            samples ->
                samples.stream().map(s -> PIXELS.get(s.getImageId().split("/")[0])).toList());
    PromptVersion ofFilm =
        refinement.train(batch(definition, zeroShot(definition), 1, film), new Ear());
    PromptVersion ofEachOnce =
        refinement.train(batch(definition, zeroShot(definition), 1, firstFrames), new Ear());
    // Images that go through the tower in other company differ in their last bits.
    float[] found = Tensors.decode(ofFilm.getTensors().get(VisualPrompt.PREFIX)).values();
    float[] due = Tensors.decode(ofEachOnce.getTensors().get(VisualPrompt.PREFIX)).values();
    double apart = 0;
    double square = 0;
    for (int i = 0; i < due.length; i++) {
      apart += (found[i] - due[i]) * (found[i] - due[i]);
      square += due[i] * due[i];
    }
    assertThat(Math.sqrt(apart / square)).isLessThan(0.05);
    // Of independent images, too, some lie next to each other.
    assertThat(ofFilm.getEvidence().get("nearDuplicates"))
        .isEqualTo(2.0 * POOL + ofEachOnce.getEvidence().getOrDefault("nearDuplicates", 0.0))
        .isLessThan(2.1 * POOL);
  }

  @Test
  void aRoundWhoseImagesAreAllGoneSaysSo() {
    TaskDefinition definition = definition(Modality.VISUAL).build();
    PromptRefinement blind =
        new PromptRefinement(clip, samples -> Collections.nCopies(samples.size(), null));
    assertThatThrownBy(
            () -> blind.train(batch(definition, zeroShot(definition), 1, SAMPLES), new Ear()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("%d of %d images are gone".formatted(POOL, POOL));
  }

  /** On one of the engine's threads, and, by its tag, on all of them. */
  @Test
  @Tag("as-served")
  void aVisualRoundIsReproducedBitForBit() throws InterruptedException {
    TaskDefinition definition = definition(Modality.MULTIMODAL).build();
    RoundBatch batch = batch(definition, zeroShot(definition), 1, SAMPLES);
    assertThat(refinement().train(batch, new Ear()).toString())
        .isEqualTo(refinement().train(batch, new Ear()).toString());
  }
}
