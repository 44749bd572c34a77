package io.gripstream.refine;

import io.gripstream.event.Paradigm;
import io.gripstream.event.TaskDefinition;
import java.util.Collection;
import java.util.HashSet;
import java.util.Set;

/**
 * Which of the paper's learning paradigms a round follows: unsupervised (UL), semi-supervised (SSL)
 * or transductive zero-shot (TRZSL; Menghini, Delworth, Bach, NeurIPS 2023, section 3.1).
 */
public final class Paradigms {
  private Paradigms() {}

  /**
   * The paradigm of a round: the pinned one, or what follows from which classes have human labels.
   * Without any label it is UL whatever is pinned: there is nothing else to be done.
   *
   * @param labels the human labels of the round's samples, held-out ones included; any of no class
   *     of the task do not count
   * @return never {@link Paradigm#AUTO}
   */
  public static Paradigm of(TaskDefinition definition, Collection<String> labels) {
    Set<String> labelled = new HashSet<>(labels);
    labelled.retainAll(definition.getClasses());
    if (labelled.isEmpty()) {
      return Paradigm.UL;
    }
    if (definition.getParadigm() != Paradigm.AUTO) {
      return definition.getParadigm();
    }
    return labelled.size() == definition.getClasses().size() ? Paradigm.SSL : Paradigm.TRZSL;
  }
}
