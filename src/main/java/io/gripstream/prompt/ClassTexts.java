package io.gripstream.prompt;

import java.util.List;

/** The classes of a task as texts: whole sentences, or what follows a learnt context. */
public record ClassTexts(PromptTemplate template, List<String> classes) {
  public ClassTexts {
    classes = List.copyOf(classes);
  }

  /** The whole sentence for each class. */
  public List<String> sentences() {
    return template.sentences(classes);
  }

  /** What follows a learnt context, for each class. */
  public List<String> tails() {
    return template.tails(classes);
  }
}
