package io.gripstream.prompt;

import static org.assertj.core.api.Assertions.assertThat;

import io.gripstream.clip.ComputeDevice;
import io.gripstream.clip.FloatTensor;
import io.gripstream.clip.TorchClip;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class MultimodalPromptTest {
  private static final ClassTexts DIGITS =
      new ClassTexts(new PromptTemplate("a photo of the number {}"), List.of("one", "two"));

  private static TorchClip clip;

  @BeforeAll
  static void load() throws IOException, URISyntaxException {
    Path folder =
        Path.of(MultimodalPromptTest.class.getResource("/models/pico/config.json").toURI());
    clip = TorchClip.load(folder.getParent(), "pico", ComputeDevice.cpu());
  }

  @AfterAll
  static void close() {
    clip.close();
  }

  /** The same prompt with one number of one of the vectors that go in changed. */
  private static MultimodalPrompt touched(MultimodalPrompt prompt, int tensor, int vector) {
    List<FloatTensor> parameters = new ArrayList<>(prompt.parameters());
    float[] values = parameters.get(tensor).values().clone();
    values[vector * parameters.get(tensor).columns()] += 1;
    parameters.set(tensor, new FloatTensor(parameters.get(tensor).shape(), values));
    return prompt.with(parameters);
  }

  @Test
  void eachOfTheEightVectorsSeesAllTheOthers() {
    MultimodalPrompt prompt = MultimodalPrompt.random(4, 4, clip.textWidth(), clip.imageWidth(), 1);
    List<FloatTensor> before = clip.fuse(prompt.parameters());
    assertThat(before.get(0).shape()).containsExactly(1, 4, clip.textWidth());
    assertThat(before.get(1).shape()).containsExactly(4, clip.imageWidth());
    for (int in = 0; in < 8; in++) {
      List<FloatTensor> after = clip.fuse(touched(prompt, in / 4, in % 4).parameters());
      for (int out = 0; out < 8; out++) {
        assertThat(vector(after, out))
            .as("vector %d after a change of vector %d", out, in)
            .isNotEqualTo(vector(before, out));
      }
    }
  }

  private static float[] vector(List<FloatTensor> fused, int index) {
    FloatTensor half = fused.get(index / 4);
    int width = half.values().length / 4;
    return java.util.Arrays.copyOfRange(half.values(), index % 4 * width, (index % 4 + 1) * width);
  }

  @Test
  void whatComesOutBeginsAsSmallAsACoopContext() {
    MultimodalPrompt prompt = MultimodalPrompt.random(4, 4, clip.textWidth(), clip.imageWidth(), 2);
    for (FloatTensor out : clip.fuse(prompt.parameters())) {
      double square = 0;
      for (float value : out.values()) {
        square += value * value;
      }
      assertThat(Math.sqrt(square / out.values().length)).isBetween(0.005, 0.06);
    }
  }

  @Test
  void aVersionCarriesWhatIsTunedAndWhatItAmountsTo() {
    MultimodalPrompt prompt = MultimodalPrompt.random(4, 4, clip.textWidth(), clip.imageWidth(), 3);
    Prompt.Realized realized = prompt.realized(clip, DIGITS);
    assertThat(realized.tensors().keySet())
        .containsAll(MultimodalPrompt.NAMES)
        .contains(TextPrompt.CONTEXT, VisualPrompt.PREFIX);
    assertThat(realized.prefix()).contains(realized.tensors().get(VisualPrompt.PREFIX));
    assertThat(realized.classFeatures())
        .isEqualTo(clip.encodeClasses(realized.tensors().get(TextPrompt.CONTEXT), DIGITS.tails()));
  }

  @Test
  void aVisualPromptLeavesTheClassesAsTheTemplateSaysThem() {
    VisualPrompt prompt = VisualPrompt.random(16, clip.imageWidth(), 4);
    assertThat(prompt.realized(clip, DIGITS).classFeatures())
        .isEqualTo(clip.encodeTexts(DIGITS.sentences()));
    double square = 0;
    for (float value : prompt.prefix().values()) {
      square += value * value;
    }
    assertThat(square / 16).isBetween(0.7, 1.3);
  }
}
