package io.gripstream.labeler;

import io.gripstream.event.ScoredLabel;
import io.gripstream.labeler.PromptBoard.Served;
import io.gripstream.labeler.Verdicts.Verdict;
import java.util.ArrayList;
import java.util.List;

/**
 * What a task's live prompt says of an image, and what version 0 says.
 *
 * @param probabilities {@code [C]}, of all classes in the prompt's order
 * @param labels the task's top k, best first
 * @param abstains whether the best label is less sure than the task asks; the labels are listed all
 *     the same
 */
record Classification(
    float[] probabilities, List<ScoredLabel> labels, boolean abstains, ScoredLabel zeroShot) {

  static Classification of(Served task, Verdict verdict) {
    LivePrompt prompt = task.prompt();
    List<ScoredLabel> labels = scored(prompt, verdict.live(), task.definition().getTopK());
    return new Classification(
        verdict.live(),
        labels,
        labels.get(0).getConfidence() < task.definition().getAbstainBelow(),
        scored(prompt, verdict.zeroShot(), 1).get(0));
  }

  private static List<ScoredLabel> scored(LivePrompt prompt, float[] probabilities, int k) {
    List<ScoredLabel> labels = new ArrayList<>();
    for (int c : ClassHead.top(probabilities, k)) {
      labels.add(new ScoredLabel(prompt.classes().get(c), probabilities[c]));
    }
    return labels;
  }
}
