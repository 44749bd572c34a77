package io.gripstream.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.gripstream.clip.ClipConfig;
import io.gripstream.clip.ClipWeights;
import io.gripstream.clip.ComputeDevice;
import io.gripstream.clip.SafeTensors;
import io.gripstream.clip.TorchClip;
import io.gripstream.workshop.DrawnModel;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a folder of somebody's is refused for, without a model being loaded. */
class ModelFolderTest {
  private static final String CONFIG =
      PublishedLayoutTest.config(32, 3, 4, 64, 1030, 32, 48, 2, 4, 96, 32, 16, 24);

  @TempDir private Path folder;

  @BeforeEach
  void draw() throws IOException {
    DrawnModel.write(folder, ClipConfig.parse(CONFIG, "x"), 1, SafeTensors.Type.F32);
    Files.writeString(folder.resolve("config.json"), CONFIG);
  }

  @ParameterizedTest
  @ValueSource(ints = {2, 1029, 49407})
  void theEndTokenIsTheTokenizersWhateverTheConfigurationCallsIt(int eos) throws IOException {
    float[] before = features();
    write("config.json", CONFIG.replace("\"eos_token_id\": 2", "\"eos_token_id\": " + eos));

    assertThat(features()).isEqualTo(before);
  }

  private float[] features() throws IOException {
    try (TorchClip clip = model().load(ComputeDevice.cpu())) {
      return clip.encodeTexts(List.of("a red circle")).row(0);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"siglip", "siglip2", "chinese_clip", "clip_vision_model", "clipseg"})
  void anotherKindOfModelIsRefusedByItsName(String type) throws IOException {
    write(
        "config.json",
        CONFIG.replace("\"model_type\": \"clip\"", "\"model_type\": \"" + type + "\""));

    assertRefused("has the model_type \"" + type + "\", not clip");
  }

  @Test
  void otherLayoutsAreRefused() throws IOException {
    write("config.json", "{\"architecture\": \"vit_base_patch16_clip_224\", \"num_classes\": 0}");
    assertRefused("a configuration of open_clip or timm");
    Files.delete(folder.resolve("config.json"));
    assertRefused("has no config.json");
    write("open_clip_config.json", "{}");
    assertRefused("has no config.json, and open_clip's is not supported");
  }

  @Test
  void weightsThatAreNoneAreRefused() throws IOException {
    Files.delete(folder.resolve("model.safetensors"));
    assertRefused("has no model.safetensors");
    write("pytorch_model.bin", "x");
    assertRefused("pickled weights are not read: convert pytorch_model.bin");
    write(
        "model.safetensors",
        "version https://git-lfs.github.com/spec/v1\noid sha256:" + "0".repeat(64) + "\nsize 9\n");
    assertRefused("is a Git LFS pointer and not the weights");
  }

  @ParameterizedTest
  @ValueSource(strings = {"visual_projection.weight", "text_projection.weight", "logit_scale"})
  void aTensorThatIsMissingIsNamed(String name) throws IOException {
    Map<String, long[]> shapes = ClipWeights.shapes(ClipConfig.parse(CONFIG, "x"));
    shapes.remove(name);
    SafeTensors.write(
        folder.resolve("model.safetensors"), shapes, SafeTensors.Type.F16, any -> () -> 0);

    assertRefused("the weights have no tensor " + name);
  }

  @Test
  void weightsOfAnotherSizeAreRefused() throws IOException {
    write("config.json", CONFIG.replace("\"image_size\": 32", "\"image_size\": 48"));

    assertRefused("vision_model.embeddings.position_embedding.weight is [5, 48]", "[10, 48]");
  }

  @Test
  void aTokenizerWithoutAnEndTokenIsRefused() throws IOException {
    ObjectMapper json = new ObjectMapper();
    ObjectNode tokenizer = (ObjectNode) json.readTree(folder.resolve("tokenizer.json").toFile());
    write("tokenizer.json", tokenizer.putNull("post_processor").toString());
    assertRefused("no start and end token");
    write("tokenizer.json", tokenizer.put("post_processor", "none").toString());
    assertRefused("tokenizer.json is no tokenizer");
  }

  private void write(String name, String content) throws IOException {
    // Another file: the first one may be mapped.
    Files.deleteIfExists(folder.resolve(name));
    Files.writeString(folder.resolve(name), content);
  }

  private ModelFolder model() throws IOException {
    HubAccess access = StubHub.access(URI.create("http://localhost:1"), true, folder);
    return ModelFolder.of(
        folder.toString(), folder, new ModelHub(access, StubHub.quiet()), Optional.empty());
  }

  private void assertRefused(String... sayings) {
    assertThatThrownBy(this::model)
        .isInstanceOf(IOException.class)
        .hasMessageContainingAll(sayings);
  }
}
