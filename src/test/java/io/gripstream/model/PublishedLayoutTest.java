package io.gripstream.model;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.gripstream.clip.ClipConfig;
import io.gripstream.clip.ClipWeights;
import io.gripstream.clip.ComputeDevice;
import io.gripstream.clip.Float16;
import io.gripstream.clip.SafeTensors;
import io.gripstream.clip.TorchClip;
import io.gripstream.workshop.DrawnModel;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Published models have more in their files than is needed, and store their weights in many ways.
 */
class PublishedLayoutTest {
  private static final List<String> TEXTS = List.of("a red circle", "the number seven");

  @TempDir private Path folder;

  @Test
  void aConfigurationWithAllThatTransformersWritesIsUnderstood() throws IOException {
    ClipConfig config =
        ClipConfig.parse(config(512, 12, 8, 2048, 49408, 77, 768, 12, 12, 3072, 224, 32, 512), "x");

    assertThat(config).isEqualTo(ofLaion());
  }

  private static ClipConfig ofLaion() {
    ClipConfig openai = DrawnModel.Shapes.VIT_B_32.config();
    return new ClipConfig(
        new ClipConfig.Vision(gelu(openai.vision().tower()), 224, 32),
        new ClipConfig.Text(gelu(openai.text().tower()), 49408, 77),
        512);
  }

  private static ClipConfig.Tower gelu(ClipConfig.Tower tower) {
    return new ClipConfig.Tower(
        tower.width(), tower.layers(), tower.heads(), tower.hidden(), false, tower.epsilon());
  }

  @ParameterizedTest
  @EnumSource(names = {"F32", "F16", "BF16"})
  void weightsInAnyPrecisionBesidePositionIdsLoadAndAreTakenAsTheyAre(SafeTensors.Type type)
      throws IOException {
    ClipConfig small =
        ClipConfig.parse(config(32, 3, 4, 64, 1030, 32, 48, 2, 4, 96, 32, 16, 24), "x");
    DrawnModel.write(folder, small, 1, SafeTensors.Type.F32);
    Path weights = folder.resolve("model.safetensors");
    export(weights, small, type);
    Files.writeString(
        folder.resolve("config.json"), config(32, 3, 4, 64, 1030, 32, 48, 2, 4, 96, 32, 16, 24));

    try (TorchClip clip = TorchClip.load(folder, "export", ComputeDevice.cpu())) {
      float[] stored = stored(weights, small);
      // The embedding of a text's tokens: rows of one of the tensors, and so nothing but copied.
      float[] row = clip.embed("red").row(0);
      boolean found = false;
      for (int at = 0; at < stored.length && !found; at += row.length) {
        found = Arrays.equals(stored, at, at + row.length, row, 0, row.length);
      }
      assertThat(found).isTrue();
      assertThat(clip.encodeTexts(TEXTS).shape()).containsExactly(2, 24);
      assertThat(clip.encodeImages(List.of(new byte[32 * 32 * 3])).shape()).containsExactly(1, 24);
    }
  }

  private static float[] stored(Path weights, ClipConfig config) throws IOException {
    return SafeTensors.map(weights)
        .get(
            "text_model.embeddings.token_embedding.weight",
            config.text().vocabulary(),
            config.text().tower().width())
        .floats();
  }

  /** Stores the same weights as an older transformers would have, position ids included. */
  static void export(Path weights, ClipConfig config, SafeTensors.Type type) throws IOException {
    SafeTensors drawn = SafeTensors.map(weights);
    ObjectNode header = new ObjectMapper().createObjectNode();
    header.putObject("__metadata__").put("format", "pt");
    ByteArrayOutputStream data = new ByteArrayOutputStream();
    positions(header, data, "text_model.embeddings.position_ids", config.text().length());
    positions(header, data, "vision_model.embeddings.position_ids", config.vision().tokens());
    for (Map.Entry<String, long[]> tensor : ClipWeights.shapes(config).entrySet()) {
      float[] values = drawn.get(tensor.getKey(), tensor.getValue()).floats();
      ByteBuffer bytes =
          ByteBuffer.allocate(values.length * (type == SafeTensors.Type.F32 ? 4 : 2))
              .order(ByteOrder.LITTLE_ENDIAN);
      for (float value : values) {
        switch (type) {
          case F32 -> bytes.putFloat(value);
          case F16 -> bytes.put(Float16.encode(new float[] {value}));
          default -> bytes.putShort((short) (Float.floatToRawIntBits(value) >>> 16));
        }
      }
      entry(header, tensor.getKey(), type.name(), tensor.getValue(), data.size(), bytes.capacity());
      data.writeBytes(bytes.array());
    }
    byte[] text = header.toString().getBytes(StandardCharsets.UTF_8);
    byte[] lead =
        ByteBuffer.allocate(Long.BYTES).order(ByteOrder.LITTLE_ENDIAN).putLong(text.length).array();
    ByteArrayOutputStream file = new ByteArrayOutputStream();
    file.writeBytes(lead);
    // Not padded, as older files are not: tensors then begin on any byte.
    file.writeBytes(text);
    file.writeBytes(data.toByteArray());
    // Another file: the first one is mapped.
    Files.delete(weights);
    Files.write(weights, file.toByteArray());
  }

  private static void positions(
      ObjectNode header, ByteArrayOutputStream data, String name, int count) {
    ByteBuffer ids = ByteBuffer.allocate(count * Long.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    for (int i = 0; i < count; i++) {
      ids.putLong(i);
    }
    entry(header, name, "I64", new long[] {1, count}, data.size(), ids.capacity());
    data.writeBytes(ids.array());
  }

  private static void entry(
      ObjectNode header, String name, String type, long[] shape, int from, int length) {
    ObjectNode entry = header.putObject(name).put("dtype", type);
    for (long extent : shape) {
      entry.withArray("shape").add(extent);
    }
    if (shape.length == 0) {
      entry.putArray("shape");
    }
    entry.putArray("data_offsets").add(from).add(from + length);
  }

  /** All keys of a {@code config.json} as transformers writes it from an open_clip checkpoint. */
  static String config(
      int textWidth,
      int textLayers,
      int textHeads,
      int textHidden,
      int vocabulary,
      int length,
      int width,
      int layers,
      int heads,
      int hidden,
      int imageSize,
      int patchSize,
      int features) {
    String both =
        """
        "_name_or_path": "", "add_cross_attention": false, "architectures": null,
        "attention_dropout": 0.0, "bad_words_ids": null, "begin_suppress_tokens": null,
        "chunk_size_feed_forward": 0, "diversity_penalty": 0.0, "do_sample": false,
        "dropout": 0.0, "early_stopping": false, "finetuning_task": null, "hidden_act": "gelu",
        "id2label": {"0": "LABEL_0", "1": "LABEL_1"}, "initializer_factor": 1.0,
        "initializer_range": 0.02, "is_decoder": false, "is_encoder_decoder": false,
        "label2id": {"LABEL_0": 0, "LABEL_1": 1}, "layer_norm_eps": 1e-05, "length_penalty": 1.0,
        "max_length": 20, "min_length": 0, "num_beams": 1, "output_attentions": false,
        "prefix": null, "problem_type": null, "pruned_heads": {}, "return_dict": true,
        "task_specific_params": null, "temperature": 1.0, "tie_word_embeddings": true,
        "top_k": 50, "top_p": 1.0, "torch_dtype": null, "torchscript": false,
        "transformers_version": "4.24.0", "typical_p": 1.0, "use_bfloat16": false""";
    return """
        {"_commit_hash": null, "architectures": ["CLIPModel"], "initializer_factor": 1.0,
         "logit_scale_init_value": 2.6592, "model_type": "clip", "projection_dim": %d,
         "text_config": {%s, "bos_token_id": 0, "eos_token_id": 2, "pad_token_id": 1,
           "hidden_size": %d, "num_hidden_layers": %d, "num_attention_heads": %d,
           "intermediate_size": %d, "vocab_size": %d, "max_position_embeddings": %d,
           "model_type": "clip_text_model", "projection_dim": 512},
         "text_config_dict": {"hidden_act": "gelu", "hidden_size": %d},
         "torch_dtype": "float32", "transformers_version": null,
         "vision_config": {%s, "bos_token_id": null, "eos_token_id": null, "pad_token_id": null,
           "hidden_size": %d, "num_hidden_layers": %d, "num_attention_heads": %d,
           "intermediate_size": %d, "image_size": %d, "patch_size": %d, "num_channels": 3,
           "model_type": "clip_vision_model", "projection_dim": 512},
         "vision_config_dict": {"hidden_act": "gelu", "patch_size": %d}}
        """
        .formatted(
            features,
            both,
            textWidth,
            textLayers,
            textHeads,
            textHidden,
            vocabulary,
            length,
            textWidth,
            both,
            width,
            layers,
            heads,
            hidden,
            imageSize,
            patchSize,
            patchSize);
  }
}
