package io.gripstream.refine;

import io.gripstream.event.GateLimits;
import io.gripstream.refine.judge.Evidence;
import io.gripstream.refine.judge.Evidence.Opinion;
import io.gripstream.refine.judge.Gate;
import io.gripstream.refine.judge.Judges;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/**
 * The candidate of a round that is put before the gate.
 *
 * @param evidence what the judges say of it, and of the prompts that are there
 */
record Choice(Candidate candidate, Evidence evidence) {
  /**
   * The best of those that the gate would promote; if there is none, of those that the judges find
   * clearly better than the zero-shot prompt; if there is none, of all that did not explode. The
   * best is right most often by people's labels of held-out images, where there are enough to
   * decide by; otherwise its expected accuracy is the highest.
   *
   * @param candidates at least one
   */
  static Choice among(List<Candidate> candidates, Round round, Judges judges) {
    GateLimits limits = round.definition().getGate();
    boolean byLabels = judges.labelled() >= limits.getMinimumEvidence() && judges.labelled() > 0;
    Opinion zeroShot = round.zeroShotSays();
    Opinion live = round.liveSays();
    Optional<Opinion> predecessor = round.predecessorSays();
    return candidates.stream()
        .map(
            each ->
                new Choice(
                    each,
                    Evidence.measure(
                        judges,
                        round.data().heldOut(),
                        round.data().labels(),
                        round.classes(),
                        zeroShot,
                        live,
                        predecessor,
                        each.classifier().isFinite()
                            ? Optional.of(round.says(each.classifier(), each.prefix()))
                            : Optional.empty())))
        .max(
            Comparator.comparing((Choice choice) -> choice.candidate().classifier().isFinite())
                .thenComparing(choice -> Gate.judge(limits, choice.evidence()).promote())
                .thenComparing(
                    choice -> !byLabels && choice.evidence().overZeroShot().convincing(0))
                .thenComparing(
                    choice ->
                        byLabels
                            ? choice.evidence().candidateAccuracy()
                            : choice.evidence().candidateScore()))
        .orElseThrow();
  }
}
