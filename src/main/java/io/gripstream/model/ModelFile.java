package io.gripstream.model;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.gripstream.clip.ClipConfig;
import io.gripstream.clip.ClipTokenizer;
import io.gripstream.clip.ClipWeights;
import io.gripstream.clip.Preprocessing;
import io.gripstream.clip.SafeTensors;
import io.gripstream.clip.WeightFiles;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/**
 * A file of a model in the Hugging Face CLIP layout.
 *
 * @param maxBytes more than any CLIP's has; what is larger is something else
 * @param check whether the content is what the name says
 */
public record ModelFile(String fileName, long maxBytes, Check check) {
  /** Whether content is of the kind that a name says: a page that tells of an error is not. */
  @FunctionalInterface
  interface Check {
    /**
     * @param file may have another name, and lie elsewhere
     * @param folder holds the model's other files
     * @throws IOException when it is not
     */
    void check(Path file, Path folder) throws IOException;
  }

  private static final ObjectMapper JSON = new ObjectMapper();

  private static final long LARGEST_WEIGHTS = 16L << 30;

  public static final ModelFile CONFIG =
      new ModelFile("config.json", 1L << 20, (file, folder) -> ClipConfig.read(file));

  /** Not every model has one. */
  public static final ModelFile PREPROCESSING =
      new ModelFile(
          Preprocessing.FILE,
          1L << 20,
          (file, folder) ->
              Preprocessing.parse(object(file).toString(), Preprocessing.FILE, imageSize(folder)));

  public static final ModelFile TOKENIZER =
      new ModelFile(
          "tokenizer.json",
          32L << 20,
          (file, folder) -> {
            if (!object(file).path("model").isObject()) {
              throw new RefusedException("it is no tokenizer: it has no model");
            }
            ClipTokenizer.read(file, config(folder).text()).close();
          });

  /** The weights, where they are in one file. */
  public static final ModelFile WEIGHTS =
      new ModelFile(
          WeightFiles.SINGLE,
          LARGEST_WEIGHTS,
          (file, folder) -> ClipWeights.require(SafeTensors.map(file), config(folder)));

  /** Names the files that the weights are in, where they are several. */
  static final ModelFile INDEX =
      new ModelFile(WeightFiles.INDEX, 16L << 20, (file, folder) -> WeightFiles.parts(file));

  /**
   * What every model has whose weights are in one file, the small ones first: what is no CLIP is
   * found out before its weights are fetched.
   */
  static final List<ModelFile> ALWAYS = List.of(CONFIG, TOKENIZER, WEIGHTS);

  /** One of several files of weights; whether they are all is {@link #checkWeights}'s to say. */
  static ModelFile part(String fileName) {
    return new ModelFile(fileName, LARGEST_WEIGHTS, (file, folder) -> SafeTensors.map(file));
  }

  /**
   * Checks the headers of a folder's weights, in however many files.
   *
   * @throws IOException when they are not those of the folder's configuration
   */
  static void checkWeights(Path folder) throws IOException {
    ClipWeights.require(WeightFiles.in(folder).map(), config(folder));
  }

  private static ClipConfig config(Path folder) throws IOException {
    return ClipConfig.read(folder.resolve(CONFIG.fileName));
  }

  private static int imageSize(Path folder) throws IOException {
    return config(folder).vision().imageSize();
  }

  static JsonNode object(Path file) throws IOException {
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
