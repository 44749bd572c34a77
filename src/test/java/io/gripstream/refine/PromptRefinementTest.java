package io.gripstream.refine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.gripstream.clip.ComputeDevice;
import io.gripstream.clip.Float16;
import io.gripstream.clip.FloatTensor;
import io.gripstream.clip.Preprocessor;
import io.gripstream.clip.TorchClip;
import io.gripstream.clip.pixels.InvalidImageException;
import io.gripstream.event.BatchSample;
import io.gripstream.event.ClassPriorKind;
import io.gripstream.event.ImageReference;
import io.gripstream.event.PromptVersion;
import io.gripstream.event.Strategy;
import io.gripstream.event.TaskDefinition;
import io.gripstream.event.Training;
import io.gripstream.prompt.Prompt;
import io.gripstream.prompt.PromptDigest;
import io.gripstream.prompt.Tensors;
import io.gripstream.prompt.TextPrompt;
import io.gripstream.refine.head.ClassBalance;
import io.gripstream.refine.head.Classifier;
import io.gripstream.refine.head.Metrics;
import io.gripstream.refine.head.NearDuplicates;
import io.gripstream.refine.head.NeighborGraph;
import io.gripstream.refine.head.Rows;
import io.gripstream.refine.head.Scores;
import io.gripstream.refine.head.SimulatedWorld;
import io.gripstream.refine.judge.Comparison;
import io.gripstream.refine.judge.Gate;
import io.gripstream.refine.select.Pseudolabel;
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
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Rounds on the embedded model and the digits that the demo shows. */
class PromptRefinementTest {
  private static final String TASK = "digits";
  private static final int POOL = 1000;
  private static final int UNSEEN = 600;
  private static final SampleStream DIGITS = SampleStreams.byName("digits");
  private static final TaskDefinition DEFINITION =
      TaskDefinition.newBuilder()
          .setClasses(DIGITS.classes())
          .setTemplate(DIGITS.template())
          .setTraining(Training.newBuilder().setRounds(5).build())
          .build();

  /** Few steps: what is made is looked at, not how good it is. */
  private static final TaskDefinition SHORT =
      TaskDefinition.newBuilder(DEFINITION)
          .setTraining(Training.newBuilder().setRounds(5).setSteps(5).build())
          .build();

  private static TorchClip clip;
  private static FloatTensor features;
  private static String[] ids;
  private static int[] truth;

  @BeforeAll
  static void encodeTheStreamOnce() throws IOException, URISyntaxException, InvalidImageException {
    Path folder =
        Path.of(PromptRefinementTest.class.getResource("/models/pico/config.json").toURI());
    clip = TorchClip.load(folder.getParent(), "pico", ComputeDevice.cpu());
    Preprocessor preprocessor = new Preprocessor(clip.imageSize());
    List<byte[]> pixels = new ArrayList<>();
    ids = new String[POOL + UNSEEN];
    truth = new int[ids.length];
    for (int i = 0; i < truth.length; i++) {
      LabelledImage image = DIGITS.image(i);
      pixels.add(preprocessor.pixels(image.png()));
      ids[i] = image.id();
      truth[i] = DIGITS.classes().indexOf(image.label());
    }
    features = clip.encodeImages(pixels);
  }

  @AfterAll
  static void close() {
    clip.close();
  }

  @Test
  void threeRoundsThroughTheGateLiftImagesThatWereNeverSeen() throws InterruptedException {
    Refinement refinement = new PromptRefinement(clip, ImageSource.NONE);
    PromptVersion zeroShot = refinement.zeroShot(TASK, DEFINITION, Instant.EPOCH);
    PromptVersion live = zeroShot;
    for (int round = 1; round <= 3; round++) {
      PromptVersion candidate = refinement.train(batch(live, round), (done, metrics) -> {});
      assertThat(candidate.getEvidence()).containsEntry("imageEncodings", 0.0);
      if (Gate.judge(DEFINITION.getGate(), candidate.getEvidence()).promote()) {
        live = candidate;
      }
    }
    assertThat(accuracyOnUnseen(zeroShot)).isBetween(0.35, 0.8);
    assertThat(accuracyOnUnseen(live)).isGreaterThan(accuracyOnUnseen(zeroShot) + 0.05);
  }

  @ParameterizedTest
  @EnumSource(
      value = Strategy.class,
      names = {"AUTO", "GRIP", "DISTILL"})
  void aRoundIsReproducedBitForBitFromItsBatch(Strategy strategy) throws InterruptedException {
    PromptVersion zeroShot = zeroShot(SHORT);
    RoundBatch batch = round(SHORT, zeroShot, strategy, 1, batch(zeroShot, 1).samples());
    PromptVersion once =
        new PromptRefinement(clip, ImageSource.NONE).train(batch, (done, metrics) -> {});
    PromptVersion again =
        new PromptRefinement(clip, ImageSource.NONE).train(batch, (done, metrics) -> {});
    assertThat(again.toString()).isEqualTo(once.toString());
    assertThat(once.getDigest())
        .isEqualTo(PromptDigest.of(once))
        .isNotEqualTo(zeroShot.getDigest());
    assertThat(once.getParent().getDigest()).isEqualTo(zeroShot.getDigest());
    // What AUTO chooses may have been tuned or not.
    if (strategy != Strategy.AUTO) {
      assertThat(once.getTensors()).isNotEmpty();
    }
  }

  @Test
  void thePseudolabelsOfARoundAreToldAgainFromItsBatchWithoutAModel() throws InterruptedException {
    PromptVersion zeroShot = zeroShot(SHORT);
    PromptVersion live = train(SHORT, zeroShot, Strategy.GRIP, 1);
    for (Strategy strategy : List.of(Strategy.GRIP, Strategy.FPL, Strategy.AUTO)) {
      RoundBatch batch = round(SHORT, live, strategy, 2, batch(live, 2).samples());
      List<Pseudolabel> chosen = new ArrayList<>();
      new PromptRefinement(clip, ImageSource.NONE).train(batch, into(chosen));
      assertThat(chosen).isNotEmpty();
      assertThat(Pseudolabelling.again(batch, zeroShot.getLogitScale())).contains(chosen);
    }
    assertThat(
            Pseudolabelling.again(
                round(SHORT, live, Strategy.MIXTURE, 2, batch(live, 2).samples()),
                zeroShot.getLogitScale()))
        .isEmpty();
  }

  /** At a scale of its own, as calibration leaves it. */
  @Test
  void theBiasOfATunedPromptFollowsTheTeachersShares() throws InterruptedException {
    PromptVersion zeroShot = zeroShot(SHORT);
    PromptVersion candidate = train(SHORT, zeroShot, Strategy.GRIP, 1);
    assertThat(candidate.getMadeBy()).isEqualTo(Strategy.GRIP);
    assertThat(candidate.getBias()).hasSize(DIGITS.classes().size());
    assertThat(candidate.getDigest()).isEqualTo(PromptDigest.of(candidate));

    // What is live teaches, its bias mended; the start is the zero-shot prompt.
    FloatTensor pool = features(distinctOnce(batch(zeroShot, 1).samples()));
    FloatTensor logits = Classifier.of(zeroShot).logits(pool);
    float[] pulled = ClassBalance.pulled(logits, NeighborGraph.of(pool));
    float[] bias = Prompt.bias(candidate);
    for (int j = 0; j < bias.length; j++) {
      bias[j] *= clip.logitScale() / candidate.getLogitScale();
    }
    assertThat(meanPrediction(logits, pulled))
        .isNotEqualTo(meanPrediction(logits, new float[bias.length]));
    assertThat(meanPrediction(logits, bias))
        .containsExactly(meanPrediction(logits, pulled), within(2e-3));
  }

  @Test
  void whereSharesAreTakenToBeEqualOpinionsStayAsTheyAre() throws InterruptedException {
    TaskDefinition uniform = with(b -> b.setClassPrior(ClassPriorKind.UNIFORM));
    for (Strategy strategy : new Strategy[] {Strategy.GRIP, Strategy.FPL, Strategy.DISTILL}) {
      assertThat(train(uniform, zeroShot(uniform), strategy, 1).getBias()).isEmpty();
      assertThat(train(SHORT, zeroShot(SHORT), strategy, 1).getBias()).isNotEmpty();
    }
  }

  @Test
  void wherePeopleLabelledSomeClassesEachClassGetsAContextOfItsOwnWhateverTheRoundBeganWith()
      throws InterruptedException {
    PromptVersion shared = train(SHORT, zeroShot(SHORT), Strategy.GRIP, 1);
    assertThat(contexts(shared)).isEqualTo(1);
    List<BatchSample> labelled = new ArrayList<>(batch(shared, 2).samples());
    Map<String, Integer> classes = new HashMap<>();
    for (int i = 0; i < POOL; i++) {
      classes.put(ids[i], truth[i]);
    }
    labelled.replaceAll(
        each ->
            classes.get(each.getImageId()) < 6
                ? BatchSample.newBuilder(each)
                    .setLabel(DIGITS.classes().get(classes.get(each.getImageId())))
                    .build()
                : each);
    TaskDefinition averaging = with(b -> b.setAveraging(0.5f));
    PromptVersion own =
        new PromptRefinement(clip, ImageSource.NONE)
            .train(round(averaging, shared, Strategy.GRIP, 2, labelled), (done, metrics) -> {});
    assertThat(contexts(own)).isEqualTo(DIGITS.classes().size());
  }

  private static int contexts(PromptVersion version) {
    return Tensors.decode(version.getTensors().get(TextPrompt.CONTEXT)).shape()[0];
  }

  @Test
  void theLivePromptHasNoSayInTheClosedFormsNorInWhatTheyAreJudgedBy() throws InterruptedException {
    PromptVersion zeroShot = zeroShot(SHORT);
    List<Float> bias = new ArrayList<>();
    for (int c = 0; c < DIGITS.classes().size(); c++) {
      bias.add(c % 2 == 0 ? 3f : -3f);
    }
    PromptVersion leaning =
        PromptVersion.newBuilder(zeroShot)
            .setVersion(1)
            .setMadeBy(Strategy.BALANCE)
            .setLogitScale(clip.logitScale() / 2)
            .setBias(bias)
            .build();
    for (Strategy strategy : new Strategy[] {Strategy.BALANCE, Strategy.MIXTURE}) {
      PromptVersion one = train(SHORT, zeroShot, strategy, 1);
      PromptVersion other = train(SHORT, leaning, strategy, 1);
      assertThat(other.getClassFeatures()).isEqualTo(one.getClassFeatures());
      assertThat(other.getBias()).isEqualTo(one.getBias());
      for (String name : new String[] {"zeroShotScore", "candidateScore"}) {
        assertThat(other.getEvidence().get(name)).isEqualTo(one.getEvidence().get(name));
      }
      assertThat(other.getEvidence().get("baseScore"))
          .isLessThan(one.getEvidence().get("baseScore"));
      assertThat(Comparison.of(other.getEvidence(), "overZeroShot"))
          .isEqualTo(Comparison.of(one.getEvidence(), "overZeroShot"));
      assertThat(Comparison.of(other.getEvidence(), "gain"))
          .isNotEqualTo(Comparison.of(one.getEvidence(), "gain"));
    }
  }

  @Test
  void aLivePromptThatRuinedItsLabelsBringsTheWayBackToZeroShot() throws InterruptedException {
    PromptVersion zeroShot = zeroShot(SHORT);
    List<Float> bias = new ArrayList<>();
    for (int c = 0; c < DIGITS.classes().size(); c++) {
      bias.add(c < 3 ? 20f : 0f);
    }
    PromptVersion ruined =
        PromptVersion.newBuilder(zeroShot)
            .setVersion(1)
            .setMadeBy(Strategy.BALANCE)
            .setBias(bias)
            .build();
    Map<String, Double> evidence =
        new HashMap<>(train(SHORT, ruined, Strategy.BALANCE, 2).getEvidence());
    evidence.put("gain" + "Structure", -1.0);
    assertThat(Gate.judge(SHORT.getGate(), evidence).action())
        .isEqualTo(Gate.Action.BACK_TO_ZERO_SHOT);
  }

  /** 2,000 samples, 100 classes; directions without meaning. */
  @Test
  void aCalibrationRoundTakesNoGradientStepAndEncodesNothing() throws InterruptedException {
    List<String> classes = IntStream.range(0, 100).mapToObj(i -> "kind " + i).toList();
    TaskDefinition definition = TaskDefinition.newBuilder(SHORT).setClasses(classes).build();
    PromptVersion zeroShot = zeroShot(definition);
    Random random = new Random(1);
    List<BatchSample> samples = new ArrayList<>();
    for (int i = 0; i < 2000; i++) {
      double[] drawn = random.doubles(clip.featureSize(), -1, 1).toArray();
      float[] row = SimulatedWorld.tensor(new double[][] {SimulatedWorld.unit(drawn)}).values();
      samples.add(sample("%04d".formatted(i), i, row));
    }
    List<Double> heard = new ArrayList<>();
    PromptVersion candidate =
        new PromptRefinement(clip, ImageSource.NONE)
            .train(
                round(definition, zeroShot, Strategy.BALANCE, 1, samples),
                (done, metrics) -> heard.add(done));
    assertThat(candidate.getMadeBy()).isEqualTo(Strategy.BALANCE);
    assertThat(candidate.getTensors()).isEmpty();
    assertThat(candidate.getClassFeatures()).isEqualTo(zeroShot.getClassFeatures());
    assertThat(candidate.getEvidence())
        .doesNotContainKey("steps")
        .containsEntry("samples", 2000.0)
        .containsEntry("imageEncodings", 0.0);
    assertThat(heard).isEmpty();
    assertThat(Gate.judge(definition.getGate(), candidate.getEvidence()).promote()).isFalse();
  }

  /** Zero-shot calls many of their images by the names of classes that never come. */
  @Test
  void whereFewOfTheClassesComeTheseAreToldApart() throws Exception {
    PromptVersion zeroShot = zeroShot(DEFINITION);
    for (List<Integer> come : List.of(List.of(1, 7, 8), List.of(3, 4, 8))) {
      List<BatchSample> samples = samplesOf(come, 600);
      PromptVersion candidate =
          new PromptRefinement(clip, ImageSource.NONE)
              .train(
                  round(DEFINITION, zeroShot, Strategy.BALANCE, 1, samples), (done, metrics) -> {});
      assertThat(Gate.judge(DEFINITION.getGate(), candidate.getEvidence()).promote()).isTrue();
      assertThat(candidate.getEvidence().get("shownClasses")).isBetween(3.0, 5.0);
      assertThat(accuracy(candidate, come)).isGreaterThan(accuracy(zeroShot, come) + 0.2);
    }
  }

  /** Those that the stream brings after all the others. */
  private static List<BatchSample> samplesOf(List<Integer> classes, int count)
      throws IOException, InvalidImageException {
    Preprocessor preprocessor = new Preprocessor(clip.imageSize());
    List<byte[]> pixels = new ArrayList<>();
    for (int i = POOL + UNSEEN; pixels.size() < count; i++) {
      LabelledImage image = DIGITS.image(i);
      if (classes.contains(DIGITS.classes().indexOf(image.label()))) {
        pixels.add(preprocessor.pixels(image.png()));
      }
    }
    FloatTensor encoded = clip.encodeImages(pixels);
    return IntStream.range(0, count).mapToObj(i -> sample("few-" + i, i, encoded.row(i))).toList();
  }

  /** Of the unseen images of some classes. */
  private static double accuracy(PromptVersion prompt, List<Integer> classes) {
    int[] predicted = Scores.argmax(Classifier.of(prompt).logits(features));
    int[] asked =
        IntStream.range(POOL, truth.length).filter(i -> classes.contains(truth[i])).toArray();
    return Metrics.accuracy(
        Arrays.stream(asked).map(i -> predicted[i]).toArray(),
        Arrays.stream(asked).map(i -> truth[i]).toArray());
  }

  /** As a film shows each image for a while. The copies of an image lie a little apart. */
  @Test
  void aPoolInWhichEachImageComesAgainAndAgainMakesThePromptThatEachOnceMakes()
      throws InterruptedException {
    PromptVersion zeroShot = zeroShot(SHORT);
    List<BatchSample> once = distinct(batch(zeroShot, 1).samples().subList(0, 300));
    List<BatchSample> film = new ArrayList<>();
    Random random = new Random(5);
    for (BatchSample sample : once) {
      film.add(sample);
      for (int copy = 1; copy <= 4; copy++) {
        float[] feature = Float16.decode(sample.getFeature());
        for (int k = 0; k < feature.length; k++) {
          feature[k] += (float) (0.05 * random.nextGaussian() / Math.sqrt(feature.length));
        }
        film.add(sample(sample.getImageId() + "/" + copy, copy, feature));
      }
    }
    List<Pseudolabel> chosen = new ArrayList<>();
    Refinement refinement = new PromptRefinement(clip, ImageSource.NONE);
    RoundBatch batch = round(SHORT, zeroShot, Strategy.AUTO, 1, film);
    PromptVersion ofFilm = refinement.train(batch, into(chosen));
    PromptVersion ofEachOnce =
        refinement.train(round(SHORT, zeroShot, Strategy.AUTO, 1, once), (done, metrics) -> {});
    assertThat(ofFilm.getClassFeatures()).isEqualTo(ofEachOnce.getClassFeatures());
    assertThat(ofFilm.getBias()).isEqualTo(ofEachOnce.getBias());
    assertThat(ofFilm.getEvidence())
        .containsEntry("samples", 5.0 * once.size())
        .containsEntry("nearDuplicates", 4.0 * once.size())
        .containsEntry("heldOut", ofEachOnce.getEvidence().get("heldOut"));
    // In the rows of the batch, where each image's first frame comes before its copies.
    assertThat(chosen).isNotEmpty().allMatch(each -> each.sample() % 5 == 0);
    assertThat(Pseudolabelling.again(batch, clip.logitScale()).orElseThrow()).isEqualTo(chosen);
  }

  @Test
  void theZeroShotPromptIsTheTemplateWithEachClass() {
    PromptVersion zeroShot =
        new PromptRefinement(clip, ImageSource.NONE).zeroShot(TASK, DEFINITION, Instant.EPOCH);
    FloatTensor sentences =
        clip.encodeTexts(
            DIGITS.classes().stream().map(name -> "a photo of the number " + name).toList());
    assertThat(Tensors.decode(zeroShot.getClassFeatures())).isEqualTo(sentences);
    assertThat(zeroShot.getTensors()).isEmpty();
  }

  @Test
  void aBatchOfAnotherModelIsRefused() {
    Refinement refinement = new PromptRefinement(clip, ImageSource.NONE);
    PromptVersion foreign =
        PromptVersion.newBuilder(refinement.zeroShot(TASK, DEFINITION, Instant.EPOCH))
            .setModelId("other@000000000000")
            .build();
    assertThatThrownBy(() -> refinement.train(batch(foreign, 1), (done, metrics) -> {}))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("other@000000000000");
  }

  /** Takes the pseudolabels of a round. */
  private static Refinement.Progress into(List<Pseudolabel> chosen) {
    return new Refinement.Progress() {
      @Override
      public void at(double done, Map<String, Double> metrics) {}

      @Override
      public void chosen(List<Pseudolabel> pseudolabels) {
        chosen.addAll(pseudolabels);
      }
    };
  }

  private static PromptVersion zeroShot(TaskDefinition definition) {
    return new PromptRefinement(clip, ImageSource.NONE).zeroShot(TASK, definition, Instant.EPOCH);
  }

  private static TaskDefinition with(Consumer<Training.Builder> change) {
    Training.Builder training = Training.newBuilder(SHORT.getTraining());
    change.accept(training);
    return TaskDefinition.newBuilder(SHORT).setTraining(training.build()).build();
  }

  private static PromptVersion train(
      TaskDefinition definition, PromptVersion base, Strategy strategy, int round)
      throws InterruptedException {
    return new PromptRefinement(clip, ImageSource.NONE)
        .train(
            round(definition, base, strategy, round, batch(base, round).samples()),
            (done, metrics) -> {});
  }

  private static RoundBatch round(
      TaskDefinition definition,
      PromptVersion base,
      Strategy strategy,
      int round,
      List<BatchSample> samples) {
    return new RoundBatch(
        TASK,
        round,
        base.getVersion() + 1,
        Instant.EPOCH,
        definition,
        base,
        Optional.empty(),
        strategy,
        samples);
  }

  /** As a batch carries them. */
  private static FloatTensor features(List<BatchSample> samples) {
    float[] values = new float[samples.size() * clip.featureSize()];
    for (int i = 0; i < samples.size(); i++) {
      System.arraycopy(
          Float16.decode(samples.get(i).getFeature()),
          0,
          values,
          i * clip.featureSize(),
          clip.featureSize());
    }
    return FloatTensor.matrix(samples.size(), clip.featureSize(), values);
  }

  /** Those that a round leaves, where some nearly repeat others. */
  private static List<BatchSample> distinctOnce(List<BatchSample> samples) {
    int[] labels = new int[samples.size()];
    Arrays.fill(labels, Metrics.UNKNOWN);
    return Rows.of(
        samples, NearDuplicates.without(features(samples), DIGITS.classes().size(), labels).rows());
  }

  /** Of which a round leaves out none. */
  private static List<BatchSample> distinct(List<BatchSample> samples) {
    List<BatchSample> fewer = distinctOnce(samples);
    return fewer.size() == samples.size() ? samples : distinct(fewer);
  }

  private static double[] meanPrediction(FloatTensor logits, float[] bias) {
    return Metrics.meanPrediction(Scores.softmax(ClassBalance.added(logits, bias)));
  }

  private static BatchSample sample(String id, int offset, float[] feature) {
    return BatchSample.newBuilder()
        .setImageId(id)
        .setImage(
            ImageReference.newBuilder()
                .setTopic("images")
                .setPartition(0)
                .setOffset(offset)
                .setSha256("")
                .build())
        .setFeature(ByteBuffer.wrap(Float16.encode(feature)))
        .build();
  }

  private static RoundBatch batch(PromptVersion base, int round) {
    List<BatchSample> samples = new ArrayList<>();
    for (int i = 0; i < POOL; i++) {
      samples.add(sample(ids[i], i, features.row(i)));
    }
    samples.sort(Comparator.comparing(BatchSample::getImageId));
    return new RoundBatch(TASK, round, round, Instant.EPOCH, DEFINITION, base, samples);
  }

  private static double accuracyOnUnseen(PromptVersion prompt) {
    int[] predicted = Scores.argmax(Classifier.of(prompt).logits(features));
    int right = 0;
    for (int i = POOL; i < truth.length; i++) {
      right += predicted[i] == truth[i] ? 1 : 0;
    }
    return (double) right / UNSEEN;
  }
}
