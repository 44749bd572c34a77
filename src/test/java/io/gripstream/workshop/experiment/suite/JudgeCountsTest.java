package io.gripstream.workshop.experiment.suite;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.gripstream.event.GateLimits;
import io.gripstream.event.Strategy;
import io.gripstream.refine.judge.Comparison;
import io.gripstream.workshop.experiment.ClassMix;
import io.gripstream.workshop.experiment.Corruption;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class JudgeCountsTest {
  private static final Condition CONDITION =
      new Condition("set", "model", ClassMix.UNIFORM, Corruption.ASIS);

  @Test
  void candidatesAreCountedByWhatTheTestImagesSay() {
    JudgeCounts counts =
        JudgeCounts.of(
            List.of(
                candidate(0.10, true),
                candidate(0.03, false),
                candidate(0.02, true),
                candidate(0.0, true),
                candidate(-0.005, true),
                candidate(-0.01, true),
                candidate(-0.20, false)),
            Candidate::promoted);
    assertThat(counts.candidates()).isEqualTo(7);
    assertThat(counts.promoted()).isEqualTo(5);
    assertThat(counts.right()).isEqualTo(2);
    assertThat(counts.harmful()).isEqualTo(1);
    assertThat(counts.worse()).isEqualTo(2);
    assertThat(counts.worsePromotedShare()).isEqualTo(0.5);
    assertThat(counts.better()).isEqualTo(2);
    assertThat(counts.betterPromotedShare()).isEqualTo(0.5);
    assertThat(counts.worstHarm()).isCloseTo(0.01, within(1e-9));
    assertThat(counts.meanHarm()).isCloseTo(0.015 / 7, within(1e-9));
    assertThat(counts.gainKept()).isCloseTo(0.12 / 0.15, within(1e-9));
  }

  @Test
  void aHigherBarKeepsLessGainAndLetsLessHarmThrough() {
    List<Candidate> candidates = new ArrayList<>();
    for (int i = -10; i <= 10; i++) {
      // The evidence is right but for one candidate, which it overrates.
      candidates.add(candidate(i / 100.0, evidence(i == -7 ? 0.07 : i / 100.0)));
    }
    Frontier frontier = Frontier.ofGate(candidates, new GateLimits(0.2f, 0f, 20));
    Frontier.Point least = frontier.points().get(0);
    Frontier.Point most = frontier.points().get(frontier.points().size() - 1);
    assertThat(least.setting()).isEqualTo("tolerance -1.00");
    assertThat(least.counts().promoted()).isZero();
    assertThat(most.setting()).isEqualTo("tolerance +1.00");
    assertThat(most.counts().gainKept()).isEqualTo(1);
    assertThat(most.counts().worstHarm()).isCloseTo(0.07, within(1e-9));
    for (int i = 1; i < frontier.points().size(); i++) {
      JudgeCounts before = frontier.points().get(i - 1).counts();
      JudgeCounts after = frontier.points().get(i).counts();
      assertThat(after.gainKept()).isGreaterThanOrEqualTo(before.gainKept());
      assertThat(after.worstHarm()).isGreaterThanOrEqualTo(before.worstHarm());
    }
    JudgeCounts asItIs =
        frontier.points().stream()
            .filter(point -> point.setting().equals("tolerance +0.00"))
            .findFirst()
            .orElseThrow()
            .counts();
    assertThat(asItIs.harmful()).isEqualTo(1);
    assertThat(asItIs.worstHarm()).isCloseTo(0.07, within(1e-9));
  }

  /** All judges see the same: each figure is so many times its bar. */
  private static Map<String, Double> evidence(double gain) {
    double bars = 19 * gain;
    Comparison comparison =
        new Comparison(
            100,
            0.25,
            0.3 * bars,
            3 * bars,
            0.15 * bars,
            0.03 * bars,
            0.01 * bars,
            0,
            0.05 * bars,
            0.3 * bars,
            0.15,
            0.42 * bars,
            0.33 * bars,
            0.1 * bars,
            Double.NaN,
            Double.NaN);
    Map<String, Double> evidence =
        new HashMap<>(
            Map.of(
                "heldOut", 100.0,
                "heldOutLabelled", 0.0,
                "classes", 2.0,
                "heldOutLabelledClasses", 0.0,
                "zeroShotScore", 0.5,
                "baseScore", 0.5,
                "candidateScore", 0.5 + gain,
                "scoreError", 0.005,
                "baseEffectiveClasses", 2.0,
                "candidateEffectiveClasses", 2.0));
    evidence.putAll(comparison.evidence("gain"));
    evidence.putAll(comparison.evidence("overZeroShot"));
    return evidence;
  }

  private static Candidate candidate(double change, boolean promoted) {
    return new Candidate(
        CONDITION, Strategy.GRIP, 1, 1, promoted, 0.5, 0.5, 0.5 + change, Map.of());
  }

  private static Candidate candidate(double change, Map<String, Double> evidence) {
    return new Candidate(CONDITION, Strategy.GRIP, 1, 1, false, 0.5, 0.5, 0.5 + change, evidence);
  }
}
