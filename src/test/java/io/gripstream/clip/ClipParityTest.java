package io.gripstream.clip;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.djl.Device;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Against PyTorch's own modules in float64; {@code src/test/python/clip_parity.py} wrote what is
 * expected.
 */
class ClipParityTest {
  private static final double TOLERANCE = 1e-4;

  @TempDir Path folder;

  @ParameterizedTest(name = "case {0}")
  @ValueSource(ints = {0, 1})
  void featuresLogitsAndGradientsAreThoseOfPyTorch(int index) throws IOException {
    JsonNode golden = golden();
    JsonNode expected = golden.path("cases").path(index);
    List<byte[]> pixels = pixels(32, 4);
    List<String> texts = strings(golden.path("texts"));
    List<String> classes = strings(golden.path("classes"));
    float scale = (float) golden.path("logitScale").asDouble();
    try (TorchClip clip = clip(golden, expected.path("quickGelu").asBoolean())) {
      FloatTensor images = clip.encodeImages(pixels);
      FloatTensor encoded = clip.encodeTexts(texts);
      assertClose(images, expected.path("images"));
      assertClose(encoded, expected.path("texts"));
      assertThat(clip.logitScale()).isEqualTo(scale, within(1e-5f));
      assertClose(logits(images, encoded, scale), expected.path("logits"));
      for (JsonNode prompt : expected.path("prompts")) {
        int groups = prompt.path("groups").asInt();
        FloatTensor context =
            new FloatTensor(
                new int[] {groups, 5, 16}, DrawnClip.draw("context" + groups, groups * 5 * 16));
        assertClose(clip.encodeClasses(context, classes), prompt.path("features"));
        FloatTensor targets =
            FloatTensor.matrix(
                4, 3, new float[] {1, 0, 0, 0, 0.25f, 0.75f, 0, 0, 1, 0.5f, 0.5f, 0});
        float[] weights = {1, 0.5f, 2, 1};
        try (PromptObjective objective =
            clip.textObjective(
                5, classes, images, new TorchClip.Targets(targets, weights), scale, new float[3])) {
          Objective.Evaluation found = objective.evaluate(List.of(context), new int[] {2, 0, 3});
          assertThat(found.loss()).isEqualTo(prompt.path("loss").asDouble(), within(TOLERANCE));
          assertClose(found.gradient().get(0), prompt.path("gradient"));
        }
      }
    }
  }

  @Test
  void imageFeaturesInSixteenBitsPointWhereThoseInThirtyTwoDo() throws IOException {
    JsonNode golden = golden();
    List<byte[]> pixels = pixels(32, 4);
    ComputeDevice reduced = new ComputeDevice(Device.cpu(), ComputeDevice.Precision.BF16);
    try (TorchClip exact = clip(golden, true);
        TorchClip fast = TorchClip.load(folder.resolve("quick-true"), "drawn", reduced)) {
      FloatTensor expected = exact.encodeImages(pixels);
      FloatTensor found = fast.encodeImages(pixels);
      for (int i = 0; i < pixels.size(); i++) {
        double cosine = 0;
        for (int d = 0; d < expected.columns(); d++) {
          cosine += (double) expected.row(i)[d] * found.row(i)[d];
        }
        // Twelve numbers of a random network; real towers come nearer.
        assertThat(cosine).isGreaterThan(0.998);
      }
      assertThat(fast.encodeTexts(List.of("zebra"))).isEqualTo(exact.encodeTexts(List.of("zebra")));
    }
  }

  private TorchClip clip(JsonNode golden, boolean quickGelu) throws IOException {
    ObjectNode json = golden.path("config").deepCopy();
    for (String tower : List.of("vision_config", "text_config")) {
      ((ObjectNode) json.path(tower)).put("hidden_act", quickGelu ? "quick_gelu" : "gelu");
    }
    ClipConfig config = ClipConfig.parse(json.toString(), "parity.json");
    Path model = Files.createDirectories(folder.resolve("quick-" + quickGelu));
    DrawnClip.write(
        model, config, strings(golden.path("words")), (float) golden.path("logitScale").asDouble());
    return TorchClip.load(model, "drawn", ComputeDevice.cpu());
  }

  private static JsonNode golden() throws IOException {
    try (InputStream in = ClipParityTest.class.getResourceAsStream("/clip/parity.json")) {
      return new ObjectMapper().readTree(in);
    }
  }

  private static List<byte[]> pixels(int side, int count) {
    float[] drawn = DrawnClip.draw("pixels", count * side * side * 3);
    List<byte[]> images = new ArrayList<>();
    for (int n = 0; n < count; n++) {
      byte[] image = new byte[side * side * 3];
      for (int i = 0; i < image.length; i++) {
        image[i] = (byte) (int) ((drawn[n * image.length + i] + 1) * 128);
      }
      images.add(image);
    }
    return images;
  }

  private static FloatTensor logits(FloatTensor images, FloatTensor texts, float scale) {
    float[] values = new float[images.rows() * texts.rows()];
    for (int i = 0; i < images.rows(); i++) {
      for (int k = 0; k < texts.rows(); k++) {
        float dot = 0;
        for (int d = 0; d < images.columns(); d++) {
          dot += images.row(i)[d] * texts.row(k)[d];
        }
        values[i * texts.rows() + k] = scale * dot;
      }
    }
    return FloatTensor.matrix(images.rows(), texts.rows(), values);
  }

  private static List<String> strings(JsonNode array) {
    List<String> strings = new ArrayList<>();
    array.forEach(node -> strings.add(node.asText()));
    return strings;
  }

  private static void assertClose(FloatTensor found, JsonNode expected) {
    assertThat(found.values()).hasSize(expected.size());
    for (int i = 0; i < found.values().length; i++) {
      assertThat((double) found.values()[i])
          .as("value %d", i)
          .isEqualTo(expected.get(i).asDouble(), within(TOLERANCE));
    }
  }
}
