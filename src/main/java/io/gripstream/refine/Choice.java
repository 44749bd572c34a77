package io.gripstream.refine;

import io.gripstream.refine.judge.Evidence.Opinion;
import io.gripstream.refine.judge.Judges;
import java.util.List;
import java.util.Optional;

/**
 * The candidate of a round that is put before the gate.
 *
 * @param opinion what it says of the images; empty for one that exploded
 */
record Choice(Candidate candidate, Optional<Opinion> opinion) {
  /**
   * The one that is right most often, by people's labels of held-out images where there are enough
   * to decide by; otherwise the one with the highest expected accuracy among those that the judges
   * find clearly better than the zero-shot prompt; if there is none, among all.
   *
   * @param candidates at least one
   */
  static Choice among(List<Candidate> candidates, Round round, Judges judges) {
    int[] zeroShot = round.zeroShotSays().labels();
    boolean byLabels =
        judges.labelled() >= round.definition().getGate().getMinimumEvidence()
            && judges.labelled() > 0;
    Choice best = new Choice(candidates.get(candidates.size() - 1), Optional.empty());
    boolean convincing = false;
    double score = Double.NEGATIVE_INFINITY;
    for (Candidate candidate : candidates) {
      if (!candidate.classifier().isFinite()) {
        continue;
      }
      Opinion opinion = round.says(candidate.classifier(), candidate.prefix());
      boolean convinces = !byLabels && judges.compare(zeroShot, opinion.labels()).convincing(0);
      double scored = byLabels ? judges.accuracy(opinion.labels()) : judges.score(opinion.labels());
      if (best.opinion().isEmpty()
          || (convinces && !convincing)
          || (convinces == convincing && scored > score)) {
        best = new Choice(candidate, Optional.of(opinion));
        convincing = convinces;
        score = scored;
      }
    }
    return best;
  }
}
