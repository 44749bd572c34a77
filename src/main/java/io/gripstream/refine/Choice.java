package io.gripstream.refine;

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
   * The one that the gate thinks most of, of those that did not explode.
   *
   * @param candidates at least one
   * @see Gate#worth
   */
  static Choice among(List<Candidate> candidates, Round round, Judges judges) {
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
                .thenComparing(Choice::evidence, Gate.worth(round.definition().getGate())))
        .orElseThrow();
  }
}
