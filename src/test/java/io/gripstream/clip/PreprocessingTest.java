package io.gripstream.clip;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class PreprocessingTest {
  private static final Path PICO = Path.of("src/main/resources/models/pico");
  private static final int SIDE = 64;

  @TempDir private Path folder;

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{}",
        "{\"size\": 224, \"crop_size\": 224, \"resample\": 3, \"feature_extractor_type\": \"CLIPFeatureExtractor\"}",
        "{\"size\": {\"shortest_edge\": 224}, \"crop_size\": {\"height\": 224, \"width\": 224}}",
        "{\"image_mean\": [0.48145467042922974, 0.4578275, 0.40821072], \"do_convert_rgb\": true}",
        "{\"rescale_factor\": 0.00392156862745098, \"image_mean\": null, \"resample\": null}",
        "{\"image_processor_type\": \"CLIPImageProcessorFast\", \"do_rescale\": true}"
      })
  void whatMeansTheUsualIsTheUsual(String json) throws IOException {
    assertThat(parse(json)).isEqualTo(Preprocessing.usual(224));
    assertThat(parse(json).isUsual()).isTrue();
  }

  @Test
  void whatIsAskedForIsTaken() throws IOException {
    Preprocessing halves =
        parse(
            "{\"size\": 248, \"image_mean\": 0.5, \"image_std\": [0.5, 0.5, 0.25], \"rescale_factor\": 0.0078125}");

    assertThat(halves)
        .isEqualTo(
            new Preprocessing(
                248, true, 224, 128, List.of(0.5, 0.5, 0.5), List.of(0.5, 0.5, 0.25)));
    assertThat(parse("{\"size\": {\"height\": 224, \"width\": 224}, \"do_center_crop\": false}"))
        .matches(squeezed -> !squeezed.keepsAspect() && squeezed.crop() == 224);
    assertThat(parse("{\"do_rescale\": false, \"do_normalize\": false}"))
        .isEqualTo(
            new Preprocessing(224, true, 224, 1, List.of(0.0, 0.0, 0.0), List.of(1.0, 1.0, 1.0)));
    assertThat(Preprocessing.parse("{\"size\": 336, \"crop_size\": 336}", "x", 336))
        .isEqualTo(Preprocessing.usual(336));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "[] | is no JSON object",
        "{ | is no JSON",
        "{\"resample\": 2} | resample must be 3, which is bicubic, not 2",
        "{\"do_resize\": false} | do_resize must be true",
        "{\"do_center_crop\": false} | do_center_crop must be true",
        "{\"do_center_crop\": \"no\"} | do_center_crop must be true or false",
        "{\"crop_size\": 336} | crop_size must be the model's 224, not 336",
        "{\"size\": 200} | crop_size must not be above size 200",
        "{\"size\": {\"longest_edge\": 224}} | size must be pixels",
        "{\"size\": {\"height\": 224, \"width\": 200}} | size must have equal sides",
        "{\"size\": 1e9} | size must be pixels",
        "{\"image_mean\": [0.5, 0.5]} | image_mean must be three numbers",
        "{\"image_mean\": [0, 0, 0, 0]} | image_mean must be three numbers",
        "{\"image_std\": [0.5, 0, 0.5]} | image_std must be positive",
        "{\"image_std\": \"wide\"} | image_std must be three numbers",
        "{\"rescale_factor\": 0} | rescale_factor must be a factor",
        "{\"rescale_factor\": -1} | rescale_factor must be a factor",
        "{\"image_processor_type\": \"SiglipImageProcessor\"} | must be CLIP's, not \"Siglip"
      })
  void whatIsNotSupportedIsRefusedByItsName(String json, String message) {
    assertThatThrownBy(() -> parse(json))
        .isInstanceOf(IOException.class)
        .hasMessageStartingWith("the file")
        .hasMessageContaining(message);
  }

  @Test
  void aModelFollowsItsFileAndHasAnIdOfItsOwn() throws IOException {
    byte[] image = new byte[SIDE * SIDE * 3];
    new SplittableRandom(1).nextBytes(image);
    List<byte[]> images = List.of(image);
    float[] usual;
    String id;
    try (TorchClip clip = TorchClip.load(copy(), "pico", ComputeDevice.cpu())) {
      usual = clip.encodeImages(images).row(0);
      id = clip.id();
    }
    String sizes = "\"size\": 64, \"crop_size\": 64";

    write("{" + sizes + "}");
    try (TorchClip same = TorchClip.load(folder, "pico", ComputeDevice.cpu())) {
      assertThat(same.id()).isEqualTo(id);
      assertThat(same.encodeImages(images).row(0)).isEqualTo(usual);
    }

    // The same arithmetic in other units: nothing is divided, mean and deviation are of 0 to 255.
    write(
        "{%s, \"do_rescale\": false, \"image_mean\": [%s, %s, %s], \"image_std\": [%s, %s, %s]}"
            .formatted(
                sizes,
                255 * 0.48145466,
                255 * 0.4578275,
                255 * 0.40821073,
                255 * 0.26862954,
                255 * 0.26130258,
                255 * 0.27577711));
    try (TorchClip scaled = TorchClip.load(folder, "pico", ComputeDevice.cpu())) {
      assertThat(scaled.id()).startsWith(id + "-").hasSize(id.length() + 9);
      assertThat(scaled.encodeImages(images).row(0)).containsExactly(usual, within(1e-4f));
    }

    write("{" + sizes + ", \"image_mean\": 0.5, \"image_std\": 0.5}");
    try (TorchClip other = TorchClip.load(folder, "pico", ComputeDevice.cpu())) {
      assertThat(other.id()).startsWith(id + "-");
      float[] features = other.encodeImages(images).row(0);
      assertThat(features).isNotEqualTo(usual);
      assertThat(other.preprocessing().mean()).containsOnly(0.5);
    }
  }

  @Test
  void theCropIsCutFromTheCenterOfWhatWasResized() throws Exception {
    BufferedImage image = new BufferedImage(12, 8, BufferedImage.TYPE_INT_RGB);
    for (int x = 0; x < 12; x++) {
      for (int y = 0; y < 8; y++) {
        image.setRGB(x, y, 20 * x << 16 | 30 * y << 8);
      }
    }

    byte[] crop = preprocessor(8, true, 4).pixels(png(image));
    for (int y = 0; y < 4; y++) {
      for (int x = 0; x < 4; x++) {
        assertThat(crop[(y * 4 + x) * 3] & 0xFF).isEqualTo(20 * (x + 4));
        assertThat(crop[(y * 4 + x) * 3 + 1] & 0xFF).isEqualTo(30 * (y + 2));
      }
    }

    byte[] squeezed = preprocessor(8, false, 8).pixels(png(image));
    for (int y = 0; y < 8; y++) {
      for (int x = 0; x < 8; x++) {
        assertThat(squeezed[(y * 8 + x) * 3 + 1] & 0xFF).isEqualTo(30 * y);
      }
      // Both ends of the longer side are still there.
      assertThat(squeezed[y * 8 * 3] & 0xFF).isLessThan(20);
      assertThat(squeezed[(y * 8 + 7) * 3] & 0xFF).isGreaterThan(200);
    }
  }

  @Test
  void aSmallerCropIsTheCenterOfALargerOne() throws Exception {
    BufferedImage image = new BufferedImage(48, 32, BufferedImage.TYPE_INT_RGB);
    SplittableRandom random = new SplittableRandom(3);
    for (int i = 0; i < 48 * 32; i++) {
      image.setRGB(i % 48, i / 48, random.nextInt(1 << 24));
    }

    byte[] large = preprocessor(16, true, 16).pixels(png(image));
    byte[] small = preprocessor(16, true, 8).pixels(png(image));

    for (int y = 0; y < 8; y++) {
      for (int x = 0; x < 24; x++) {
        assertThat(small[y * 24 + x]).isEqualTo(large[(y + 4) * 48 + 12 + x]);
      }
    }
  }

  private static Preprocessor preprocessor(int resize, boolean keepsAspect, int crop) {
    Preprocessing usual = Preprocessing.usual(crop);
    return new Preprocessor(
        new Preprocessing(
            resize, keepsAspect, crop, usual.divisor(), usual.mean(), usual.deviation()));
  }

  private static byte[] png(BufferedImage image) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ImageIO.write(image, "png", out);
    return out.toByteArray();
  }

  private Path copy() throws IOException {
    try (Stream<Path> files = Files.list(PICO)) {
      for (Path file : files.toList()) {
        Files.copy(file, folder.resolve(file.getFileName()), StandardCopyOption.REPLACE_EXISTING);
      }
    }
    return folder;
  }

  private void write(String json) throws IOException {
    Files.writeString(folder.resolve(Preprocessing.FILE), json);
  }

  private static Preprocessing parse(String json) throws IOException {
    return Preprocessing.parse(json, "the file", 224);
  }
}
