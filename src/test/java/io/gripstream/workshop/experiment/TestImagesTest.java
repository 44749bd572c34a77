package io.gripstream.workshop.experiment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.gripstream.clip.FloatTensor;
import io.gripstream.event.PromptVersion;
import io.gripstream.event.TaskDefinition;
import io.gripstream.event.Tensor;
import io.gripstream.files.ImageFiles;
import io.gripstream.prompt.Tensors;
import io.gripstream.refine.ImageSource;
import io.gripstream.refine.PromptRefinement;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TestImagesTest {
  @TempDir private static Path folder;
  private static Model model;
  private static ImageFiles files;
  private static Pixels pixels;
  private static Features.Encoded images;
  private static PromptVersion zeroShot;

  @BeforeAll
  static void drawDigits() throws IOException, URISyntaxException {
    model = Folders.model();
    Folders.digits(folder.resolve("digits"), 10, 90);
    files = ImageFiles.open(folder.resolve("digits"), "");
    pixels = new Pixels(files, model.clip().preprocessing());
    DataSet data = DataSet.read("digits", files, DataSet.Naming.OF_FOLDERS);
    try (FeatureStore store =
        new FeatureStore(folder.resolve("features"), model.clip().featureSize())) {
      images = new Features(model.clip(), store, pixels, (done, total) -> {}).of(data.test());
    }
    zeroShot =
        new PromptRefinement(model.clip(), ImageSource.NONE)
            .zeroShot(
                "digits",
                TaskDefinition.newBuilder()
                    .setClasses(data.classes())
                    .setTemplate(Folders.DIGITS.template())
                    .build(),
                Instant.EPOCH);
  }

  @AfterAll
  static void close() {
    files.close();
    model.clip().close();
  }

  @Test
  void aTextPromptIsJudgedByTheCachedFeatures() {
    try (TestImages judge = new TestImages(model, pixels)) {
      double accuracy =
          Figures.of(judge.predictions(zeroShot, images), images.labels(), new boolean[10])
              .accuracy();
      assertThat(accuracy).isBetween(0.3, 0.9);
    }
  }

  @Test
  void aVisualPromptIsJudgedBehindItsPrefixWhereverItsImagesAreKept() {
    PromptVersion version = withPrefix(1);
    try (TestImages inMemory = new TestImages(model, pixels);
        TestImages fromFiles = new TestImages(model, pixels, 0)) {
      int[] predictions = inMemory.predictions(version, images);
      assertThat(predictions)
          .isNotEqualTo(inMemory.predictions(zeroShot, images))
          .isNotEqualTo(inMemory.predictions(withPrefix(2), images))
          .isEqualTo(inMemory.predictions(version, images))
          .isEqualTo(fromFiles.predictions(version, images));
    }
  }

  @Test
  void otherImagesAreKeptInThePlaceOfTheFirst() {
    PromptVersion version = withPrefix(1);
    List<Picture> some = images.pictures().subList(20, 50);
    Features.Encoded fewer =
        new Features.Encoded(
            some, images.halves().subList(20, 50), FloatTensor.matrix(0, 0, new float[0]));
    try (TestImages judge = new TestImages(model, pixels)) {
      int[] all = judge.predictions(version, images);
      assertThat(judge.predictions(version, fewer))
          .isEqualTo(java.util.Arrays.copyOfRange(all, 20, 50));
    }
  }

  @Test
  void anImageThatChangedSinceIsNotJudged() {
    Picture first = images.pictures().get(0);
    Features.Encoded changed =
        new Features.Encoded(
            List.of(new Picture(first.id(), first.label(), "0".repeat(64))),
            images.halves().subList(0, 1),
            FloatTensor.matrix(0, 0, new float[0]));
    try (TestImages judge = new TestImages(model, pixels)) {
      assertThatThrownBy(() -> judge.predictions(withPrefix(1), changed))
          .isInstanceOf(ExperimentException.class)
          .hasMessageContaining("has changed");
    }
  }

  private static PromptVersion withPrefix(long seed) {
    int width = model.clip().imageWidth();
    float[] values = new float[16 * width];
    Random random = new Random(seed);
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) (2 * random.nextGaussian());
    }
    Tensor prefix = Tensors.encode(FloatTensor.matrix(16, width, values));
    return PromptVersion.newBuilder(zeroShot).setTensors(Map.of("prefix", prefix)).build();
  }
}
