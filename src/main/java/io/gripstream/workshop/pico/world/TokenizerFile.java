package io.gripstream.workshop.pico.world;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.PrettyPrinter;
import com.fasterxml.jackson.core.util.DefaultIndenter;
import com.fasterxml.jackson.core.util.DefaultPrettyPrinter;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;

/**
 * Makes the embedded model's {@code tokenizer.json}: CLIP's own scheme, byte-pair encoding over
 * lower-cased words that end in {@code </w>}, with merges learnt from the world's vocabulary until
 * each of its words is one token. Any other text falls back to pieces and bytes, so nothing is
 * unknown. The end token has the highest id: OpenAI's text tower pools there.
 *
 * <p>Ids: 256 bytes, 256 bytes at a word's end, the merges in their order, start, end.
 */
public final class TokenizerFile {
  /** Begins every text. */
  public static final String START = "<|startoftext|>";

  /** Ends every text; the highest id. */
  public static final String END = "<|endoftext|>";

  /** Where the model's resources keep it. */
  public static final Path RESOURCE = Path.of("src/main/resources/models/pico/tokenizer.json");

  private static final String WORD_END = "</w>";

  /** CLIP's own division of text into words, single digits and runs of punctuation. */
  private static final String WORDS =
      "'s|'t|'re|'ve|'m|'ll|'d|[\\p{L}]+|[\\p{N}]|[^\\s\\p{L}\\p{N}]+";

  private TokenizerFile() {}

  /** Writes the file into a source tree, or to the path given. */
  public static void main(String[] arguments) throws IOException {
    Path target = arguments.length == 0 ? RESOURCE : Path.of(arguments[0]);
    Files.createDirectories(target.toAbsolutePath().getParent());
    Files.writeString(target, json());
  }

  /** The file's text; the same on every machine. */
  public static String json() {
    List<String[]> merges = merges(Captions.vocabulary());
    Map<String, Integer> ids = new LinkedHashMap<>();
    for (String unit : alphabet()) {
      ids.put(unit, ids.size());
    }
    for (String unit : alphabet()) {
      ids.put(unit + WORD_END, ids.size());
    }
    for (String[] merge : merges) {
      ids.put(merge[0] + merge[1], ids.size());
    }
    ids.put(START, ids.size());
    ids.put(END, ids.size());

    Map<String, Object> root = new LinkedHashMap<>();
    root.put("version", "1.0");
    root.put("truncation", null);
    root.put("padding", null);
    root.put("added_tokens", List.of(special(START, ids), special(END, ids)));
    root.put(
        "normalizer",
        ordered(
            "type",
            "Sequence",
            "normalizers",
            List.of(
                Map.of("type", "NFC"),
                ordered("type", "Replace", "pattern", Map.of("Regex", "\\s+"), "content", " "),
                Map.of("type", "Lowercase"))));
    root.put(
        "pre_tokenizer",
        ordered(
            "type",
            "Sequence",
            "pretokenizers",
            List.of(
                ordered(
                    "type",
                    "Split",
                    "pattern",
                    Map.of("Regex", WORDS),
                    "behavior",
                    "Removed",
                    "invert",
                    true),
                ordered("type", "ByteLevel", "add_prefix_space", false, "trim_offsets", true))));
    root.put("post_processor", template(ids));
    root.put(
        "decoder", ordered("type", "ByteLevel", "add_prefix_space", true, "trim_offsets", true));
    root.put(
        "model",
        ordered(
            "type",
            "BPE",
            "dropout",
            null,
            "unk_token",
            END,
            "continuing_subword_prefix",
            "",
            "end_of_word_suffix",
            WORD_END,
            "fuse_unk",
            false,
            "vocab",
            ids,
            "merges",
            merges.stream().map(merge -> merge[0] + " " + merge[1]).toList()));
    try {
      return new ObjectMapper().writer(printer()).writeValueAsString(root) + "\n";
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a tree of maps and lists did not serialise", e);
    }
  }

  /** One token and one merge a line: a change of the vocabulary is to be read as one. */
  private static PrettyPrinter printer() {
    DefaultIndenter lines = new DefaultIndenter("  ", "\n");
    return new DefaultPrettyPrinter().withObjectIndenter(lines).withArrayIndenter(lines);
  }

  /** How GPT-2 and CLIP write the bytes as printable characters: 0 to 255, in their order. */
  private static List<String> alphabet() {
    List<String> units = new ArrayList<>();
    int stand = 256;
    for (int b = 0; b < 256; b++) {
      boolean printable = b >= '!' && b <= '~' || b >= 0xA1 && b <= 0xAC || b >= 0xAE;
      units.add(String.valueOf((char) (printable ? b : stand++)));
    }
    return units;
  }

  /**
   * Learns merges, the most frequent pair first, ties by the alphabet, until every word is whole.
   */
  private static List<String[]> merges(SortedSet<String> vocabulary) {
    List<List<String>> words = new ArrayList<>();
    for (String word : vocabulary) {
      List<String> units = new ArrayList<>();
      word.chars().forEach(c -> units.add(String.valueOf((char) c)));
      units.set(units.size() - 1, units.get(units.size() - 1) + WORD_END);
      words.add(units);
    }
    List<String[]> merges = new ArrayList<>();
    while (true) {
      SortedMap<String, Integer> counts = new TreeMap<>();
      for (List<String> word : words) {
        for (int i = 0; i + 1 < word.size(); i++) {
          counts.merge(word.get(i) + " " + word.get(i + 1), 1, Integer::sum);
        }
      }
      if (counts.isEmpty()) {
        return merges;
      }
      String best = counts.firstKey();
      for (Map.Entry<String, Integer> pair : counts.entrySet()) {
        if (pair.getValue() > counts.get(best)) {
          best = pair.getKey();
        }
      }
      String[] merge = best.split(" ");
      merges.add(merge);
      words.forEach(word -> apply(merge, word));
    }
  }

  private static void apply(String[] merge, List<String> word) {
    for (int i = 0; i + 1 < word.size(); i++) {
      if (word.get(i).equals(merge[0]) && word.get(i + 1).equals(merge[1])) {
        word.set(i, merge[0] + merge[1]);
        word.remove(i + 1);
      }
    }
  }

  private static Map<String, Object> special(String token, Map<String, Integer> ids) {
    return ordered(
        "id",
        ids.get(token),
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

  private static Map<String, Object> template(Map<String, Integer> ids) {
    Object start = Map.of("SpecialToken", ordered("id", START, "type_id", 0));
    Object end = Map.of("SpecialToken", ordered("id", END, "type_id", 0));
    Object first = Map.of("Sequence", ordered("id", "A", "type_id", 0));
    Object second = Map.of("Sequence", ordered("id", "B", "type_id", 0));
    Map<String, Object> specials = new LinkedHashMap<>();
    for (String token : List.of(START, END)) {
      specials.put(
          token, ordered("id", token, "ids", List.of(ids.get(token)), "tokens", List.of(token)));
    }
    return ordered(
        "type",
        "TemplateProcessing",
        "single",
        List.of(start, first, end),
        "pair",
        List.of(start, first, end, start, second, end),
        "special_tokens",
        specials);
  }

  private static Map<String, Object> ordered(Object... keysAndValues) {
    Map<String, Object> map = new LinkedHashMap<>();
    for (int i = 0; i < keysAndValues.length; i += 2) {
      map.put((String) keysAndValues[i], keysAndValues[i + 1]);
    }
    return map;
  }
}
