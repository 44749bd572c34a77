package io.gripstream.clip;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * A CLIP's sizes, as its {@code config.json} gives them in the Hugging Face layout.
 *
 * @param featureSize length of a feature, {@code projection_dim}
 */
public record ClipConfig(Vision vision, Text text, int featureSize) {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final int LARGEST = 1 << 20;
  private static final int MOST_PATCHES = 1 << 10;

  /** The image tower: square images of {@code imageSize} pixels a side in square patches. */
  public record Vision(Tower tower, int imageSize, int patchSize) {
    public int tokens() {
      return 1 + (imageSize / patchSize) * (imageSize / patchSize);
    }
  }

  /** The text tower. */
  public record Text(Tower tower, int vocabulary, int length) {}

  /** What both towers have. */
  public record Tower(
      int width, int layers, int heads, int hidden, boolean quickGelu, double epsilon) {}

  public ClipConfig {
    if (vision.imageSize() % vision.patchSize() != 0) {
      throw new IllegalArgumentException(
          "image_size %d is no multiple of patch_size %d"
              .formatted(vision.imageSize(), vision.patchSize()));
    }
    if (vision.imageSize() / vision.patchSize() > MOST_PATCHES) {
      throw new IllegalArgumentException(
          "image_size %d has more than %d times patch_size %d"
              .formatted(vision.imageSize(), MOST_PATCHES, vision.patchSize()));
    }
    if (vision.tower().quickGelu() != text.tower().quickGelu()
        || vision.tower().epsilon() != text.tower().epsilon()) {
      throw new IllegalArgumentException("the towers differ in activation or epsilon");
    }
  }

  /** Reads a {@code config.json}. */
  public static ClipConfig read(Path file) throws IOException {
    return parse(Files.readString(file), file.toString());
  }

  /**
   * @param origin names the text in error messages
   * @throws IOException when it is not the configuration of a CLIP
   */
  public static ClipConfig parse(String json, String origin) throws IOException {
    JsonNode root = object(json, origin);
    requireClip(root, origin);
    // Defaults are those of transformers' CLIPConfig, which leaves out what equals them.
    JsonNode vision = root.path("vision_config");
    JsonNode text = root.path("text_config");
    try {
      if (size(vision, "num_channels", 3) != 3) {
        throw new IllegalArgumentException("num_channels is not 3");
      }
      return new ClipConfig(
          new Vision(
              tower(vision, 768, 12, 12, 3072),
              size(vision, "image_size", 224),
              size(vision, "patch_size", 32)),
          new Text(
              tower(text, 512, 12, 8, 2048),
              size(text, "vocab_size", 49408),
              size(text, "max_position_embeddings", 77)),
          size(root, "projection_dim", 512));
    } catch (IllegalArgumentException e) {
      throw new IOException(origin + " does not describe a CLIP: " + e.getMessage(), e);
    }
  }

  /** Others have other towers, and no tensor of theirs would tell before the weights are there. */
  private static void requireClip(JsonNode root, String origin) throws IOException {
    JsonNode type = root.path("model_type");
    if (!type.isMissingNode() && !type.asText().equals("clip")) {
      throw new IOException(
          "%s has the model_type %s, not clip: no other is supported"
              .formatted(origin, printable(type)));
    }
    // open_clip and timm keep files of this name, too.
    for (String foreign : List.of("model_cfg", "architecture")) {
      if (type.isMissingNode() && root.has(foreign)) {
        throw new IOException(
            "%s is a configuration of open_clip or timm, which is not supported: a CLIP in the layout of transformers has model_type clip"
                .formatted(origin));
      }
    }
  }

  /** Of a value that somebody else wrote, enough to find it by. */
  static String printable(JsonNode value) {
    String text = value.toString();
    return text.length() > 100 ? text.substring(0, 100) + "..." : text;
  }

  private static JsonNode object(String json, String origin) throws IOException {
    try {
      JsonNode root = JSON.readTree(json);
      if (root.isObject()) {
        return root;
      }
    } catch (JsonProcessingException e) {
      throw new IOException(origin + " is no JSON: " + e.getOriginalMessage(), e);
    }
    throw new IOException(origin + " is no JSON object");
  }

  /** The opposite of {@link #parse}, for models that this project trains. */
  public String toJson() {
    var root = JSON.createObjectNode();
    root.put("model_type", "clip").put("projection_dim", featureSize);
    root.putArray("architectures").add("CLIPModel");
    write(root.putObject("vision_config"), vision.tower())
        .put("image_size", vision.imageSize())
        .put("patch_size", vision.patchSize());
    write(root.putObject("text_config"), text.tower())
        .put("vocab_size", text.vocabulary())
        .put("max_position_embeddings", text.length());
    return root.toPrettyString();
  }

  private static ObjectNode write(ObjectNode node, Tower tower) {
    return node.put("hidden_size", tower.width())
        .put("num_hidden_layers", tower.layers())
        .put("num_attention_heads", tower.heads())
        .put("intermediate_size", tower.hidden())
        .put("hidden_act", tower.quickGelu() ? "quick_gelu" : "gelu")
        .put("layer_norm_eps", tower.epsilon());
  }

  private static Tower tower(JsonNode node, int width, int layers, int heads, int hidden) {
    String activation = node.path("hidden_act").asText("quick_gelu");
    if (!List.of("quick_gelu", "gelu").contains(activation)) {
      throw new IllegalArgumentException(
          "hidden_act " + activation + " is neither gelu nor quick_gelu");
    }
    Tower tower =
        new Tower(
            size(node, "hidden_size", width),
            size(node, "num_hidden_layers", layers),
            size(node, "num_attention_heads", heads),
            size(node, "intermediate_size", hidden),
            activation.equals("quick_gelu"),
            epsilon(node.path("layer_norm_eps")));
    if (tower.width() % tower.heads() != 0) {
      throw new IllegalArgumentException(
          "hidden_size %d is no multiple of num_attention_heads %d"
              .formatted(tower.width(), tower.heads()));
    }
    return tower;
  }

  private static int size(JsonNode node, String field, int otherwise) {
    JsonNode given = node.path(field);
    if (given.isMissingNode()) {
      return otherwise;
    }
    if (!given.isIntegralNumber()
        || !given.canConvertToInt()
        || given.asInt() < 1
        || given.asInt() > LARGEST) {
      throw new IllegalArgumentException(field + " is " + given);
    }
    return given.asInt();
  }

  private static double epsilon(JsonNode given) {
    if (given.isMissingNode()) {
      return 1e-5;
    }
    double value = given.asDouble();
    if (!given.isNumber() || !(value > 0 && value < 1)) {
      throw new IllegalArgumentException("layer_norm_eps is " + given);
    }
    return value;
  }
}
