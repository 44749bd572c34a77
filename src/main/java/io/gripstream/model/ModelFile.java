package io.gripstream.model;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.gripstream.clip.ClipConfig;
import io.gripstream.clip.SafeTensors;
import java.io.IOException;
import java.nio.file.Path;

/**
 * The files that make a model in the Hugging Face CLIP layout, the small ones first: what is no
 * CLIP is found out before its weights are fetched.
 */
public enum ModelFile {
  CONFIG("config.json", 1L << 20) {
    @Override
    void check(Path file) throws IOException {
      JsonNode type = object(file).path("model_type");
      if (!type.isMissingNode() && !type.asText().equals("clip")) {
        throw new RefusedException("it describes a model of type " + type + ", not a clip");
      }
      ClipConfig.read(file);
    }
  },
  TOKENIZER("tokenizer.json", 32L << 20) {
    @Override
    void check(Path file) throws IOException {
      if (!object(file).path("model").isObject()) {
        throw new RefusedException("it is no tokenizer: it has no model");
      }
    }
  },
  WEIGHTS("model.safetensors", 16L << 30) {
    @Override
    void check(Path file) throws IOException {
      SafeTensors.map(file);
    }
  };

  private static final ObjectMapper JSON = new ObjectMapper();

  private final String fileName;
  private final long maxBytes;

  ModelFile(String fileName, long maxBytes) {
    this.fileName = fileName;
    this.maxBytes = maxBytes;
  }

  public String fileName() {
    return fileName;
  }

  /** More than any CLIP has; what is larger is something else. */
  long maxBytes() {
    return maxBytes;
  }

  /**
   * Whether the content is of the kind that the name says: a page that tells of an error is not.
   *
   * @throws IOException when it is not
   */
  abstract void check(Path file) throws IOException;

  private static JsonNode object(Path file) throws IOException {
    try {
      JsonNode root = JSON.readTree(file.toFile());
      if (root != null && root.isObject()) {
        return root;
      }
    } catch (JsonProcessingException e) {
      throw new RefusedException("it is no JSON: " + e.getOriginalMessage(), e);
    }
    throw new RefusedException("it is no JSON object");
  }
}
