package io.gripstream.workshop.experiment;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/**
 * A part of a played stream, written as {@code CORRUPTION[+CORRUPTION...][/MIX]:IMAGES}, such as
 * {@code asis:1500}, {@code asis+grey:1000} (each image one of the two, at random) or {@code
 * noisy/zipf:800}.
 *
 * @param corruptions each image goes through one of them
 * @param images how many
 */
public record Part(List<Corruption> corruptions, Mix mix, int images) {
  /** How the classes of a part come. */
  public enum Mix {
    /** As frequent as in the data set, in a random order. */
    UNIFORM,
    /** As {@link ClassMix#ZIPF}, in a random order. */
    ZIPF,
    /** As {@link ClassMix#FEW}, in a random order. */
    FEW,
    /** As frequent as in the data set, one class after another. */
    ONEATATIME
  }

  public Part {
    corruptions = List.copyOf(corruptions);
  }

  /**
   * Reads parts separated by commas.
   *
   * @throws IllegalArgumentException when one is not understood
   */
  public static List<Part> parse(String parts) {
    List<Part> parsed = new ArrayList<>();
    for (String part : parts.split(",")) {
      parsed.add(one(part.strip()));
    }
    return List.copyOf(parsed);
  }

  private static Part one(String text) {
    String[] count = text.split(":", -1);
    String[] mix = count[0].split("/", -1);
    if (count.length != 2 || mix.length > 2 || !count[1].matches("[1-9][0-9]{0,7}")) {
      throw new IllegalArgumentException(
          "expected CORRUPTION[+CORRUPTION][/MIX]:IMAGES, not " + text);
    }
    List<Corruption> corruptions =
        Arrays.stream(mix[0].split("\\+", -1)).map(name -> of(Corruption.class, name)).toList();
    if (new HashSet<>(corruptions).size() < corruptions.size()) {
      throw new IllegalArgumentException("a corruption twice in " + text);
    }
    return new Part(
        corruptions,
        mix.length == 2 ? of(Mix.class, mix[1]) : Mix.UNIFORM,
        Integer.parseInt(count[1]));
  }

  private static <E extends Enum<E>> E of(Class<E> type, String name) {
    return Arrays.stream(type.getEnumConstants())
        .filter(each -> each.name().equalsIgnoreCase(name))
        .findFirst()
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    "expected one of %s, not %s"
                        .formatted(
                            Arrays.toString(type.getEnumConstants()).toLowerCase(Locale.ROOT),
                            name)));
  }

  /** As it is written, without the number of images. */
  public String title() {
    String names =
        corruptions.stream()
            .map(each -> each.name().toLowerCase(Locale.ROOT))
            .collect(Collectors.joining("+"));
    return mix == Mix.UNIFORM ? names : names + "/" + mix.name().toLowerCase(Locale.ROOT);
  }
}
