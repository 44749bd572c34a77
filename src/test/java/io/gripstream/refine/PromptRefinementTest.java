package io.gripstream.refine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.gripstream.clip.ComputeDevice;
import io.gripstream.clip.Float16;
import io.gripstream.clip.FloatTensor;
import io.gripstream.clip.InvalidImageException;
import io.gripstream.clip.Preprocessor;
import io.gripstream.clip.TorchClip;
import io.gripstream.event.BatchSample;
import io.gripstream.event.ImageReference;
import io.gripstream.event.PromptVersion;
import io.gripstream.event.TaskDefinition;
import io.gripstream.event.Training;
import io.gripstream.prompt.PromptDigest;
import io.gripstream.prompt.Tensors;
import io.gripstream.sample.LabelledImage;
import io.gripstream.sample.SampleStream;
import io.gripstream.sample.SampleStreams;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

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

  private static TorchClip clip;
  private static FloatTensor features;
  private static int[] truth;

  @BeforeAll
  static void encodeTheStreamOnce() throws IOException, URISyntaxException, InvalidImageException {
    Path folder =
        Path.of(PromptRefinementTest.class.getResource("/models/pico/config.json").toURI());
    clip = TorchClip.load(folder.getParent(), "pico", ComputeDevice.cpu());
    Preprocessor preprocessor = new Preprocessor(clip.imageSize());
    List<byte[]> pixels = new ArrayList<>();
    truth = new int[POOL + UNSEEN];
    for (int i = 0; i < truth.length; i++) {
      LabelledImage image = DIGITS.image(i);
      pixels.add(preprocessor.pixels(image.png()));
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

  @Test
  void aRoundIsReproducedBitForBitFromItsBatch() throws IOException, InterruptedException {
    Refinement refinement = new PromptRefinement(clip, ImageSource.NONE);
    RoundBatch batch = batch(refinement.zeroShot(TASK, DEFINITION, Instant.EPOCH), 1);
    PromptVersion once = refinement.train(batch, (done, metrics) -> {});
    PromptVersion again =
        new PromptRefinement(clip, ImageSource.NONE).train(batch, (done, metrics) -> {});
    assertThat(again.toByteBuffer()).isEqualTo(once.toByteBuffer());
    assertThat(once.getDigest())
        .isEqualTo(PromptDigest.of(once))
        .isNotEqualTo(batch.base().getDigest());
    assertThat(once.getParent().getDigest()).isEqualTo(batch.base().getDigest());
  }

  /** Balanced by hand; at a scale of its own, as calibration leaves a version. */
  @Test
  void aRoundTrainsWithTheBasesBiasAndItsCandidateKeepsItUpToTheTemperature()
      throws InterruptedException {
    Refinement refinement = new PromptRefinement(clip, ImageSource.NONE);
    PromptVersion zeroShot = refinement.zeroShot(TASK, DEFINITION, Instant.EPOCH);
    List<Float> bias = new ArrayList<>();
    for (int c = 0; c < DIGITS.classes().size(); c++) {
      bias.add(c % 2 == 0 ? .75f : -.75f);
    }
    PromptVersion base =
        PromptVersion.newBuilder(zeroShot)
            .setVersion(1)
            .setMadeBy(io.gripstream.event.Strategy.BALANCE)
            .setLogitScale(clip.logitScale() / 2)
            .setBias(bias)
            .build();

    PromptVersion plain = refinement.train(batch(zeroShot, 1), (done, metrics) -> {});
    PromptVersion candidate = refinement.train(batch(base, 2), (done, metrics) -> {});

    assertThat(plain.getBias()).isEmpty();
    assertThat(plain.getMadeBy()).isEqualTo(io.gripstream.event.Strategy.GRIP);
    assertThat(candidate.getMadeBy()).isEqualTo(io.gripstream.event.Strategy.GRIP);
    assertThat(candidate.getBias()).hasSize(bias.size());
    for (int c = 0; c < bias.size(); c++) {
      assertThat(candidate.getBias().get(c) / candidate.getLogitScale())
          .isCloseTo(bias.get(c) / base.getLogitScale(), within(1e-5f));
    }
    assertThat(candidate.getDigest()).isEqualTo(PromptDigest.of(candidate));
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

  private static RoundBatch batch(PromptVersion base, int round) {
    List<BatchSample> samples = new ArrayList<>();
    for (int i = 0; i < POOL; i++) {
      samples.add(
          BatchSample.newBuilder()
              .setImageId(DIGITS.image(i).id())
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
