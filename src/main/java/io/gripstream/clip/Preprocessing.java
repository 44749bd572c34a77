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
import java.util.Set;

/**
 * How a model wants its images: what its {@code preprocessor_config.json} says, and OpenAI's values
 * where there is no such file. An image is resized to {@link #resize}, its center of {@link #crop}
 * pixels a side is cut out, and a channel's value {@code v} of 0 to 255 becomes {@code (v / divisor
 * - mean) / deviation}.
 *
 * @param resize length in pixels of the shorter side after resizing, or of both
 * @param keepsAspect whether the image keeps its aspect ratio; otherwise it is squeezed to a square
 * @param crop side {@code S} of the square that the model takes, in pixels
 * @param divisor what 0 to 255 is divided by
 * @param mean {@code [3]}, of red, green and blue
 * @param deviation {@code [3]}, as above
 */
public record Preprocessing(
    int resize,
    boolean keepsAspect,
    int crop,
    double divisor,
    List<Double> mean,
    List<Double> deviation) {
  /** The file's name in the Hugging Face layout. */
  public static final String FILE = "preprocessor_config.json";

  // What transformers' CLIPImageProcessor takes where the file is silent.
  private static final int DEFAULT_SIZE = 224;
  private static final double DEFAULT_DIVISOR = 255;
  private static final List<Double> DEFAULT_MEAN = List.of(0.48145466, 0.4578275, 0.40821073);
  private static final List<Double> DEFAULT_DEVIATION = List.of(0.26862954, 0.26130258, 0.27577711);

  /** More pixels a side than any image tower's input is cut from. */
  private static final int LARGEST = 1 << 14;

  /** Pillow's number for the bicubic filter. */
  private static final int BICUBIC = 3;

  /** Files that went through 32-bit numbers differ from the usual values behind the 7th digit. */
  private static final double ROUNDING = 1e-6;

  private static final Set<String> PROCESSORS =
      Set.of("CLIPImageProcessor", "CLIPImageProcessorFast", "CLIPFeatureExtractor");
  private static final ObjectMapper JSON = new ObjectMapper();

  public Preprocessing {
    mean = List.copyOf(mean);
    deviation = List.copyOf(deviation);
  }

  /** OpenAI's preprocessing for a model that takes {@code size} pixels a side. */
  public static Preprocessing usual(int size) {
    return new Preprocessing(size, true, size, DEFAULT_DIVISOR, DEFAULT_MEAN, DEFAULT_DEVIATION);
  }

  /** Whether a model without a file of its own would be given images so. */
  public boolean isUsual() {
    return equals(usual(crop));
  }

  /** Tells preprocessings apart in a model's id: eight hexadecimal digits. */
  String digest() {
    return Digests.sha256(toString().getBytes(StandardCharsets.UTF_8)).substring(0, 8);
  }

  /**
   * Reads a model folder's preprocessing.
   *
   * @param size side of the square that the model takes, in pixels
   * @return the usual one where the folder has no {@link #FILE}
   * @throws IOException when the file asks for what is not supported
   */
  public static Preprocessing in(Path folder, int size) throws IOException {
    Path file = folder.resolve(FILE);
    return Files.exists(file) ? parse(Files.readString(file), file.toString(), size) : usual(size);
  }

  /**
   * @param origin names the text in error messages
   * @param size side of the square that the model takes, in pixels
   * @throws IOException when it asks for what is not supported
   */
  public static Preprocessing parse(String json, String origin, int size) throws IOException {
    try {
      JsonNode root = JSON.readTree(json);
      if (!root.isObject()) {
        throw new IOException(origin + " is no JSON object");
      }
      return of(root, size);
    } catch (JsonProcessingException e) {
      throw new IOException(origin + " is no JSON: " + e.getOriginalMessage(), e);
    } catch (IllegalArgumentException e) {
      throw new IOException(origin + " is not supported: " + e.getMessage(), e);
    }
  }

  private static Preprocessing of(JsonNode root, int size) {
    for (String field : List.of("image_processor_type", "feature_extractor_type")) {
      String type = root.path(field).asText("");
      require(type.isEmpty() || PROCESSORS.contains(type), root, field, "must be CLIP's");
    }
    require(is(root, "do_resize"), root, "do_resize", "must be true");
    JsonNode filter = root.path("resample");
    require(
        absent(filter) || filter.isIntegralNumber() && filter.asInt() == BICUBIC,
        root,
        "resample",
        "must be 3, which is bicubic");
    JsonNode resized = root.path("size");
    boolean squeezed = resized.has("height") || resized.has("width");
    int resize = squeezed ? square(root, "size") : shorter(root);
    boolean cropped = is(root, "do_center_crop");
    require(cropped || squeezed, root, "do_center_crop", "must be true where size is one number");
    int crop = cropped ? square(root, "crop_size") : resize;
    require(crop == size, root, cropped ? "crop_size" : "size", "must be the model's " + size);
    require(crop <= resize, root, "crop_size", "must not be above size " + resize);
    boolean rescales = is(root, "do_rescale");
    boolean normalizes = is(root, "do_normalize");
    return new Preprocessing(
        resize,
        !squeezed,
        crop,
        rescales ? divisor(root) : 1,
        normalizes ? channels(root, "image_mean", DEFAULT_MEAN) : List.of(0.0, 0.0, 0.0),
        normalizes ? deviation(root) : List.of(1.0, 1.0, 1.0));
  }

  private static int shorter(JsonNode root) {
    JsonNode size = root.path("size");
    return extent(root, "size", size.isObject() ? size.path("shortest_edge") : size);
  }

  private static int square(JsonNode root, String field) {
    JsonNode size = root.path(field);
    if (!size.isObject()) {
      return extent(root, field, size);
    }
    int height = extent(root, field, size.path("height"));
    require(
        height == extent(root, field, size.path("width")), root, field, "must have equal sides");
    return height;
  }

  private static int extent(JsonNode root, String field, JsonNode given) {
    if (absent(root.path(field))) {
      return DEFAULT_SIZE;
    }
    require(
        given.isIntegralNumber()
            && given.canConvertToInt()
            && given.asInt() >= 1
            && given.asInt() <= LARGEST,
        root,
        field,
        "must be pixels");
    return given.asInt();
  }

  private static double divisor(JsonNode root) {
    JsonNode factor = root.path("rescale_factor");
    if (absent(factor)) {
      return DEFAULT_DIVISOR;
    }
    double divisor = 1 / factor.asDouble();
    require(
        factor.isNumber() && divisor > 0 && divisor < 1e6,
        root,
        "rescale_factor",
        "must be a factor");
    return Math.abs(divisor - DEFAULT_DIVISOR) < 1e-3 ? DEFAULT_DIVISOR : divisor;
  }

  private static List<Double> deviation(JsonNode root) {
    List<Double> deviation = channels(root, "image_std", DEFAULT_DEVIATION);
    require(
        deviation.stream().allMatch(value -> value > ROUNDING),
        root,
        "image_std",
        "must be positive");
    return deviation;
  }

  private static List<Double> channels(JsonNode root, String field, List<Double> otherwise) {
    JsonNode given = root.path(field);
    if (absent(given)) {
      return otherwise;
    }
    List<Double> values = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      JsonNode value = given.isArray() ? given.path(i) : given;
      double number = value.asDouble();
      require(value.isNumber() && Math.abs(number) < 1e6, root, field, "must be three numbers");
      values.add(Math.abs(number - otherwise.get(i)) < ROUNDING ? otherwise.get(i) : number);
    }
    require(!given.isArray() || given.size() == 3, root, field, "must be three numbers");
    return values;
  }

  /** A switch, which is on where it is not given. */
  private static boolean is(JsonNode root, String field) {
    JsonNode given = root.path(field);
    require(absent(given) || given.isBoolean(), root, field, "must be true or false");
    return given.asBoolean(true);
  }

  private static boolean absent(JsonNode node) {
    return node.isMissingNode() || node.isNull();
  }

  private static void require(boolean holds, JsonNode root, String field, String rule) {
    if (!holds) {
      throw new IllegalArgumentException(
          "%s %s, not %s".formatted(field, rule, shown(root.path(field))));
    }
  }

  private static String shown(JsonNode value) {
    return value.isMissingNode() ? "the default" : ClipConfig.printable(value);
  }
}
