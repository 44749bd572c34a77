package io.gripstream.clip;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import java.util.regex.Pattern;

/**
 * A model folder's weights: {@code model.safetensors}, or the parts that {@code
 * model.safetensors.index.json} names.
 *
 * @param files one, or the parts in the order of their names
 */
public record WeightFiles(List<Path> files) {
  /** The file of weights that are in one. */
  public static final String SINGLE = "model.safetensors";

  /** Says which part a tensor is in, of weights that are in several. */
  public static final String INDEX = "model.safetensors.index.json";

  private static final Pattern PART =
      Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,120}\\.safetensors");
  private static final int MOST_PARTS = 1000;
  private static final ObjectMapper JSON = new ObjectMapper();

  public WeightFiles {
    files = List.copyOf(files);
  }

  /**
   * Finds a folder's weights.
   *
   * @throws IOException when it has neither, or the index is none
   */
  public static WeightFiles in(Path folder) throws IOException {
    Path single = folder.resolve(SINGLE);
    Path index = folder.resolve(INDEX);
    if (Files.exists(single) || !Files.exists(index)) {
      return new WeightFiles(List.of(single));
    }
    return new WeightFiles(parts(index).stream().map(folder::resolve).toList());
  }

  /**
   * The names of the parts that an index names, in order.
   *
   * @throws IOException when it is no index, or a name leads out of its folder
   */
  public static List<String> parts(Path index) throws IOException {
    TreeSet<String> parts = new TreeSet<>();
    try {
      for (JsonNode part : JSON.readTree(index.toFile()).path("weight_map")) {
        if (!PART.matcher(part.asText()).matches()) {
          throw new IOException(index + " names a part that is no safetensors file beside it");
        }
        parts.add(part.asText());
      }
    } catch (JsonProcessingException e) {
      throw new IOException(index + " is no JSON: " + e.getOriginalMessage(), e);
    }
    if (parts.isEmpty() || parts.size() > MOST_PARTS) {
      throw new IOException(
          "%s names %d parts, not 1 to %d".formatted(index, parts.size(), MOST_PARTS));
    }
    return List.copyOf(parts);
  }

  /**
   * Maps all of them as one.
   *
   * @throws IOException when one is no safetensors file, or two have one tensor
   */
  public SafeTensors map() throws IOException {
    List<SafeTensors> mapped = new ArrayList<>();
    for (Path file : files) {
      mapped.add(SafeTensors.map(file));
    }
    return SafeTensors.joined(mapped);
  }

  /**
   * The weights' digest, in lower-case hexadecimal: the file's SHA-256, or the SHA-256 of the
   * parts' digests, one a line in the order of their names.
   */
  public String sha256() throws IOException {
    List<String> digests = new ArrayList<>();
    for (Path file : files) {
      digests.add(Digests.sha256(file));
    }
    return sha256(digests);
  }

  /** The same from the files' digests. */
  public static String sha256(List<String> digests) {
    return digests.size() == 1
        ? digests.get(0)
        : Digests.sha256(String.join("\n", digests).getBytes(StandardCharsets.UTF_8));
  }
}
