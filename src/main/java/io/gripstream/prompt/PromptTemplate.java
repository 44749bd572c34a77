package io.gripstream.prompt;

import java.util.List;

/**
 * A sentence with one place for the class name, such as {@code a photo of a {}}. The one formatter:
 * every text that stands for a class, in every round, comes from here.
 */
public record PromptTemplate(String text) {
  private static final String PLACE = "{}";

  public PromptTemplate {
    int at = text.indexOf(PLACE);
    if (at < 0 || text.indexOf(PLACE, at + 1) >= 0) {
      throw new IllegalArgumentException("template \"" + text + "\" must contain {} exactly once");
    }
  }

  /** The whole sentence for each class. */
  public List<String> sentences(List<String> classes) {
    return classes.stream().map(name -> text.replace(PLACE, name)).toList();
  }

  /** What stands before the class name: the words that a learnt context takes the place of. */
  public String lead() {
    return text.substring(0, text.indexOf(PLACE)).strip();
  }

  /** The class name and what stands behind it, for each class: what follows a learnt context. */
  public List<String> tails(List<String> classes) {
    String rest = text.substring(text.indexOf(PLACE) + PLACE.length());
    return classes.stream().map(name -> name + rest).toList();
  }
}
