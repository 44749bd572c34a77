package io.gripstream.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.gripstream.clip.ComputeDevice;
import io.gripstream.clip.FloatTensor;
import io.gripstream.clip.SafeTensors;
import io.gripstream.clip.TorchClip;
import io.gripstream.workshop.DrawnModel;
import io.gripstream.workshop.DrawnModel.Shapes;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** ViT-B/32 as it is, 151 million weights, only that nobody trained them. */
class RealSizesTest {
  @TempDir private Path folder;

  @Test
  void aModelOfRealSizeEncodesImagesAndTextsPlainAndBehindPrompts() throws IOException {
    DrawnModel.write(folder, Shapes.VIT_B_32.config(), 1, SafeTensors.Type.F32);
    SplittableRandom random = new SplittableRandom(2);
    byte[] first = new byte[224 * 224 * 3];
    byte[] second = new byte[first.length];
    random.nextBytes(first);
    random.nextBytes(second);

    assertThat(folder.resolve("model.safetensors")).isRegularFile();
    assertThat(Files.size(folder.resolve("model.safetensors")))
        .isBetween(605_000_000L, 606_000_000L);
    ModelHub offline =
        new ModelHub(
            StubHub.access(URI.create("http://localhost:1"), true, folder), StubHub.quiet());
    try (TorchClip clip =
        ModelFolder.of(folder.toString(), folder, offline, Optional.empty())
            .load(ComputeDevice.cpu())) {
      assertThat(clip.imageSize()).isEqualTo(224);
      assertThat(clip.logitScale()).isCloseTo(100, within(0.001f));
      FloatTensor plain = clip.encodeImages(List.of(first, second));
      FloatTensor prefixed =
          clip.encodeImages(List.of(first, second), normal(random, 16, clip.imageWidth()));
      FloatTensor texts = clip.encodeTexts(List.of("a red circle", "seven"));
      FloatTensor context = normal(random, 16, clip.textWidth());
      FloatTensor classes =
          clip.encodeClasses(
              new FloatTensor(new int[] {1, 16, clip.textWidth()}, context.values()),
              List.of("circle", "seven"));
      for (FloatTensor features : List.of(plain, prefixed, texts, classes)) {
        assertThat(features.shape()).containsExactly(2, 512);
        assertThat(dot(features.row(0), features.row(0))).isCloseTo(1, within(1e-4));
        assertThat(dot(features.row(0), features.row(1))).isLessThan(0.99999);
      }
      assertThat(dot(plain.row(0), prefixed.row(0))).isLessThan(0.99999);
    }
  }

  private static FloatTensor normal(SplittableRandom random, int rows, int columns) {
    float[] values = new float[rows * columns];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) (random.nextGaussian() / Math.sqrt(columns));
    }
    return FloatTensor.matrix(rows, columns, values);
  }

  private static double dot(float[] x, float[] y) {
    double sum = 0;
    for (int i = 0; i < x.length; i++) {
      sum += x[i] * y[i];
    }
    return sum;
  }
}
