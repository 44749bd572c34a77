package io.gripstream.clip;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.CRC32;

/**
 * A CLIP of any size whose weights come from a hash; {@code src/test/python/clip_parity.py} draws
 * the same.
 */
public final class DrawnClip {
  private DrawnClip() {}

  /** Numbers in [-1, 1): the upper 24 bits of splitmix64 over (CRC-32 of the name, index). */
  public static float[] draw(String name, int count) {
    CRC32 crc = new CRC32();
    crc.update(name.getBytes(StandardCharsets.UTF_8));
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      long z = ((crc.getValue() << 32) + i + 1) * 0x9E3779B97F4A7C15L;
      z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
      z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
      z = z ^ (z >>> 31);
      values[i] = (float) ((z >>> 40) / 0x1p23 - 1);
    }
    return values;
  }

  /** Writes a model folder whose tokenizer knows just {@code words}. */
  public static Path write(Path folder, ClipConfig config, List<String> words, float logitScale)
      throws IOException {
    Map<String, FloatTensor> tensors = new LinkedHashMap<>();
    List<ClipWeights.Named> layout = new ArrayList<>(ClipWeights.imageLayout(config));
    layout.addAll(ClipWeights.textLayout(config));
    for (ClipWeights.Named named : layout) {
      for (String name : named.names()) {
        int[] shape = new int[named.shape().length];
        int count = 1;
        for (int i = 0; i < shape.length; i++) {
          shape[i] = (int) named.shape()[i] / (i == 0 ? named.names().size() : 1);
          count *= shape[i];
        }
        tensors.put(name, new FloatTensor(shape, weights(name, count)));
      }
    }
    tensors.put(
        "logit_scale", new FloatTensor(new int[0], new float[] {(float) Math.log(logitScale)}));
    SafeTensors.write(folder.resolve("model.safetensors"), tensors, SafeTensors.Type.F32);
    Files.writeString(folder.resolve("config.json"), config.toJson());
    Files.writeString(folder.resolve("tokenizer.json"), tokenizer(words));
    return folder;
  }

  private static float[] weights(String name, int count) {
    float[] values = draw(name, count);
    boolean norm = name.contains("norm") || name.contains("layrnorm");
    for (int i = 0; i < count; i++) {
      double value = values[i] * (norm ? 0.2 : 0.3);
      values[i] = (float) (norm && name.endsWith("weight") ? value + 1 : value);
    }
    return values;
  }

  private static String tokenizer(List<String> words) throws IOException {
    List<String> tokens = new ArrayList<>(words);
    tokens.add("<start>");
    tokens.add("<end>");
    Map<String, Object> vocabulary = new LinkedHashMap<>();
    tokens.forEach(token -> vocabulary.put(token, vocabulary.size()));
    int end = tokens.size() - 1;
    return new ObjectMapper()
        .writeValueAsString(
            Map.of(
                "version", "1.0",
                "added_tokens", List.of(special("<start>", end - 1), special("<end>", end)),
                "pre_tokenizer", Map.of("type", "Whitespace"),
                "post_processor",
                    Map.of(
                        "type",
                        "RobertaProcessing",
                        "sep",
                        List.of("<end>", end),
                        "cls",
                        List.of("<start>", end - 1),
                        "trim_offsets",
                        false,
                        "add_prefix_space",
                        false),
                "model",
                    Map.of("type", "WordLevel", "vocab", vocabulary, "unk_token", words.get(0))));
  }

  private static Map<String, Object> special(String token, int id) {
    return Map.of(
        "id",
        id,
        "content",
        token,
        "single_word",
        false,
        "lstrip",
        false,
        "rstrip",
        false,
        "normalized",
        false,
        "special",
        true);
  }
}
