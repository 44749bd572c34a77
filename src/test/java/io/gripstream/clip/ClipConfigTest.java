package io.gripstream.clip;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.gripstream.clip.ClipConfig.Text;
import io.gripstream.clip.ClipConfig.Tower;
import io.gripstream.clip.ClipConfig.Vision;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ClipConfigTest {
  private static final ClipConfig VIT_B_32 =
      new ClipConfig(
          new Vision(new Tower(768, 12, 12, 3072, true, 1e-5), 224, 32),
          new Text(new Tower(512, 12, 8, 2048, true, 1e-5), 49408, 77),
          512);

  @Test
  void whatIsLeftOutIsThatOfVitB32() throws IOException {
    assertThat(ClipConfig.parse("{}", "config.json")).isEqualTo(VIT_B_32);
    assertThat(ClipConfig.parse("{\"vision_config\": {}, \"text_config\": {}}", "config.json"))
        .isEqualTo(VIT_B_32);
  }

  @Test
  void theConfigurationOfVitB32IsRead() throws IOException {
    String json =
        """
        {"architectures": ["CLIPModel"], "initializer_factor": 1.0, "logit_scale_init_value": 2.6592,
         "model_type": "clip", "projection_dim": 512, "torch_dtype": "float32",
         "text_config": {"attention_dropout": 0.0, "bos_token_id": 0, "eos_token_id": 2,
           "hidden_act": "quick_gelu", "hidden_size": 512, "intermediate_size": 2048,
           "layer_norm_eps": 1e-05, "max_position_embeddings": 77, "num_attention_heads": 8,
           "num_hidden_layers": 12, "pad_token_id": 1, "vocab_size": 49408},
         "vision_config": {"attention_dropout": 0.0, "hidden_act": "quick_gelu", "hidden_size": 768,
           "image_size": 224, "intermediate_size": 3072, "layer_norm_eps": 1e-05,
           "num_attention_heads": 12, "num_hidden_layers": 12, "patch_size": 32}}
        """;
    ClipConfig config = ClipConfig.parse(json, "config.json");
    assertThat(config).isEqualTo(VIT_B_32);
    assertThat(config.vision().tokens()).isEqualTo(50);
  }

  @Test
  void whatIsWrittenIsReadAgain(@TempDir Path folder) throws IOException {
    ClipConfig small =
        new ClipConfig(
            new Vision(new Tower(24, 2, 3, 96, false, 1e-6), 32, 8),
            new Text(new Tower(16, 3, 2, 64, false, 1e-6), 10, 14),
            12);
    Path file = Files.writeString(folder.resolve("config.json"), small.toJson());
    assertThat(ClipConfig.read(file)).isEqualTo(small);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "null", "[]", "7", "{", "nonsense", "\"clip\""})
  void whatIsNoJsonObjectIsRefused(String json) {
    assertRefused(json, "is no JSON");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "0",
        "-1",
        "1048577",
        "2147483648",
        // Is 32 to whoever looks at its lower half only.
        "4294967328",
        "18446744073709551648",
        "1e300",
        "32.5",
        "\"32\"",
        "\"many\"",
        "null",
        "true",
        "[32]",
        "{}"
      })
  void aSizeThatIsNoneIsRefused(String value) {
    assertRefused("{\"projection_dim\": " + value + "}", "projection_dim is");
    assertRefused("{\"vision_config\": {\"patch_size\": " + value + "}}", "patch_size is");
    assertRefused("{\"text_config\": {\"vocab_size\": " + value + "}}", "vocab_size is");
  }

  @ParameterizedTest
  @ValueSource(strings = {"0", "-1e-5", "1", "1e400", "null", "\"small\""})
  void anEpsilonThatIsNoneIsRefused(String value) {
    assertRefused("{\"text_config\": {\"layer_norm_eps\": " + value + "}}", "layer_norm_eps is");
  }

  @Test
  void sizesThatDoNotGoTogetherAreRefused() {
    assertRefused("{\"vision_config\": {\"image_size\": 225}}", "no multiple of patch_size 32");
    assertRefused("{\"vision_config\": {\"patch_size\": 448}}", "no multiple of patch_size 448");
    assertRefused(
        "{\"vision_config\": {\"image_size\": 1048576, \"patch_size\": 1}}",
        "more than 1024 times patch_size 1");
    assertRefused(
        "{\"text_config\": {\"num_attention_heads\": 7}}",
        "hidden_size 512 is no multiple of num_attention_heads 7");
  }

  @Test
  void anotherActivationIsRefusedAndSoAreTwoDifferentOnes() {
    assertRefused("{\"text_config\": {\"hidden_act\": \"relu\"}}", "relu is neither gelu nor");
    assertRefused("{\"text_config\": {\"hidden_act\": \"gelu\"}}", "the towers differ");
    assertRefused("{\"text_config\": {\"layer_norm_eps\": 1e-6}}", "the towers differ");
  }

  private static void assertRefused(String json, String message) {
    assertThatThrownBy(() -> ClipConfig.parse(json, "the file"))
        .isInstanceOf(IOException.class)
        .hasMessageStartingWith("the file")
        .hasMessageContaining(message);
  }
}
