package io.gripstream.task;

import io.gripstream.event.Modality;
import io.gripstream.event.TaskDefinition;
import java.text.Normalizer;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * Says whether the texts that stand for a task's classes can be told apart. Two classes whose texts
 * have the same tokens have the same features, and every image is of the first.
 */
public final class TaskTexts {
  /** CLIP's pre-tokenizer (openai/CLIP, simple_tokenizer.py): only these pieces become tokens. */
  private static final Pattern PIECE =
      Pattern.compile(
          "'s|'t|'re|'ve|'m|'ll|'d|\\p{L}+|\\p{N}|[^\\s\\p{L}\\p{N}]+",
          Pattern.UNICODE_CHARACTER_CLASS);

  private TaskTexts() {}

  /** A model's tokenizer. */
  public interface Tokens {
    /** How many the text tower takes, start and end included. */
    int most();

    /** The ids of a text, with start and end; empty when they are more than {@link #most}. */
    Optional<long[]> of(String text);
  }

  /**
   * What is wrong for a model: a text that is too long for it, or two classes with the same tokens;
   * empty: nothing.
   */
  public static Optional<String> fault(TaskDefinition definition, Tokens tokens) {
    String template = definition.getTemplate();
    String behindContext = template.substring(template.indexOf("{}"));
    int context =
        definition.getModality() == Modality.VISUAL
            ? 0
            : definition.getTraining().getContextLength();
    for (String name : definition.getClasses()) {
      if (tokens.of(template.replace("{}", name)).isEmpty()) {
        return Optional.of(
            "the template with the class \"%s\" has more than the %d tokens that the model takes"
                .formatted(name, tokens.most()));
      }
      int behind = tokens.of(behindContext.replace("{}", name)).orElseThrow().length;
      if (context > 0 && context + behind > tokens.most()) {
        return Optional.of(
            "training.contextLength of %d and the %d tokens of the class \"%s\" are more than the %d that the model takes"
                .formatted(context, behind, name, tokens.most()));
      }
    }
    return alike(definition, text -> Arrays.toString(tokens.of(text).orElseThrow()));
  }

  /**
   * Two classes that every CLIP's tokenizer takes for one: it normalizes to NFC, lower-cases, and
   * sees spaces only between letters.
   */
  static Optional<String> alike(TaskDefinition definition) {
    return alike(definition, TaskTexts::pieces);
  }

  private static Optional<String> alike(
      TaskDefinition definition, Function<String, String> whatIsSeen) {
    Map<String, String> seen = new HashMap<>();
    List<String> classes = definition.getClasses();
    for (int i = 0; i < classes.size(); i++) {
      String name = classes.get(i);
      String sentence = definition.getTemplate().replace("{}", name);
      String other = seen.putIfAbsent(whatIsSeen.apply(sentence), name);
      if (other != null) {
        return Optional.of(
            "classes[%d] \"%s\" is the same text as \"%s\" to the model".formatted(i, name, other));
      }
    }
    return Optional.empty();
  }

  private static String pieces(String text) {
    String normal = Normalizer.normalize(text, Normalizer.Form.NFC).toLowerCase(Locale.ROOT);
    return PIECE
        .matcher(normal)
        .results()
        .map(MatchResult::group)
        // No piece holds a space.
        .collect(Collectors.joining(" "));
  }
}
