package io.gripstream.refine;

import static org.assertj.core.api.Assertions.assertThat;

import io.gripstream.event.GateLimits;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

class GateTest {
  private static final GateLimits LIMITS = new GateLimits(0.2f, 0f, 20);

  @Test
  void aCandidateThatIsClearlyBetterIsPromoted() {
    Gate.Verdict verdict = Gate.judge(LIMITS, evidence(0.6, 0.65, 0.02));
    assertThat(verdict.promote()).isTrue();
    assertThat(verdict.reason())
        .isEqualTo(
            "Better: expected accuracy on 100 held-out images 65.0 % after 60.0 %,"
                + " a change of +5.0 ± 2.0 points.");
  }

  @Test
  void aCandidateThatIsWorseOrTheSameOrOnlyPerhapsBetterIsHeld() {
    assertThat(Gate.judge(LIMITS, evidence(0.6, 0.5, 0.02)).promote()).isFalse();
    assertThat(Gate.judge(LIMITS, evidence(0.6, 0.6, 0)).promote()).isFalse();
    assertThat(Gate.judge(LIMITS, evidence(0.6, 0.61, 0.02)).promote()).isFalse();
    assertThat(Gate.judge(LIMITS, evidence(0.6, 0.61, 0.02)).reason())
        .startsWith("Not clearly better");
  }

  @Test
  void aCandidateThatLabelsAsTheLivePromptDoesSaysSo() {
    Map<String, Double> same = evidence(0.6, 0.6, 0);
    same.put(Evidence.AGREEMENT, 1.0);
    Gate.Verdict verdict = Gate.judge(LIMITS, same);
    assertThat(verdict.promote()).isFalse();
    assertThat(verdict.reason())
        .isEqualTo(
            "Nothing would change: it labels all 100 held-out images as the live prompt does.");
    assertThat(Gate.judge(LIMITS, evidence(0.6, 0.6, 0.01)).reason())
        .startsWith("Not clearly better");
  }

  @Test
  void toleranceLowersTheBar() {
    GateLimits tolerant = new GateLimits(0.2f, 0.03f, 20);
    assertThat(Gate.judge(tolerant, evidence(0.6, 0.59, 0.01)).promote()).isTrue();
    assertThat(Gate.judge(tolerant, evidence(0.6, 0.56, 0.01)).promote()).isFalse();
  }

  @Test
  void tooLittleEvidenceHolds() {
    Map<String, Double> evidence = evidence(0.6, 0.9, 0.01);
    evidence.put(Evidence.HELD_OUT, 19.0);
    assertThat(Gate.judge(LIMITS, evidence).promote()).isFalse();
    assertThat(Gate.judge(LIMITS, evidence).reason())
        .isEqualTo("19 held-out images, and 20 are needed.");
    evidence.put(Evidence.HELD_OUT, 20.0);
    assertThat(Gate.judge(LIMITS, evidence).promote()).isTrue();
  }

  @Test
  void evidenceThatIsMissingOrNotFiniteHoldsAndSaysWhich() {
    Map<String, Double> whole = labelled(evidence(0.6, 0.9, 0.01), 10, 0.6, 0.9, 0.01);
    for (int byLabels : new int[] {0, 40}) {
      whole.put(Evidence.HELD_OUT_LABELLED, (double) byLabels);
      assertThat(Gate.judge(LIMITS, whole).promote()).isTrue();
      List<String> needed =
          byLabels == 0
              ? List.of(Evidence.HELD_OUT, Evidence.CANDIDATE_SCORE, Evidence.SCORE_ERROR)
              : List.of(Evidence.HELD_OUT, Evidence.CANDIDATE_ACCURACY, Evidence.CANDIDATE_SCORE);
      for (String name : needed) {
        for (Double value : new Double[] {null, Double.NaN, Double.POSITIVE_INFINITY}) {
          Map<String, Double> broken = new HashMap<>(whole);
          broken.put(name, value);
          Gate.Verdict verdict = Gate.judge(LIMITS, broken);
          assertThat(verdict.promote()).isFalse();
          assertThat(verdict.reason()).contains(name);
        }
      }
    }
    assertThat(Gate.judge(LIMITS, Map.of()).promote()).isFalse();
  }

  @Test
  void enoughHumanLabelsOverruleTheConsensus() {
    Map<String, Double> evidence = labelled(evidence(0.6, 0.5, 0.01), 10, 0.6, 0.7, 0.04);
    assertThat(Gate.judge(LIMITS, evidence).promote()).isTrue();
    evidence = labelled(evidence(0.6, 0.8, 0.01), 10, 0.6, 0.6, 0.04);
    assertThat(Gate.judge(LIMITS, evidence).promote()).isFalse();
  }

  @Test
  void fewHumanLabelsDoNot() {
    Map<String, Double> evidence = labelled(evidence(0.6, 0.5, 0.01), 10, 0.6, 0.9, 0.01);
    evidence.put(Evidence.HELD_OUT_LABELLED, 5.0);
    assertThat(Gate.judge(LIMITS, evidence).promote()).isFalse();
  }

  @Test
  void classesThatNobodyLabelledMayNotPayForThoseThatPeopleDid() {
    Map<String, Double> evidence = labelled(evidence(0.6, 0.5, 0.02), 5, 0.6, 0.9, 0.02);
    assertThat(Gate.judge(LIMITS, evidence).promote()).isFalse();
    evidence = labelled(evidence(0.6, 0.59, 0.02), 5, 0.6, 0.9, 0.02);
    assertThat(Gate.judge(LIMITS, evidence).promote()).isTrue();
  }

  @Test
  void aCollapseIsHeldWhateverTheScoresSay() {
    Map<String, Double> evidence = evidence(0.6, 0.9, 0.01);
    evidence.put(Evidence.CANDIDATE_EFFECTIVE_CLASSES, 2.0);
    assertThat(Gate.judge(LIMITS, evidence).promote()).isFalse();
    assertThat(Gate.judge(LIMITS, evidence).reason()).contains("collapse");
  }

  @Test
  void whateverTheEvidenceNothingIsPromotedThatScoresLower() {
    Random random = new Random(1);
    for (int trial = 0; trial < 5000; trial++) {
      double base = random.nextDouble();
      double candidate = random.nextDouble();
      double error = random.nextInt(4) == 0 ? 0 : random.nextDouble() / 10;
      Map<String, Double> evidence = evidence(base, candidate, error);
      if (Gate.judge(LIMITS, evidence).promote()) {
        assertThat(candidate).isGreaterThan(base);
      }
    }
  }

  private static Map<String, Double> evidence(double base, double candidate, double error) {
    Map<String, Double> evidence = new HashMap<>();
    evidence.put(Evidence.HELD_OUT, 100.0);
    evidence.put(Evidence.HELD_OUT_LABELLED, 0.0);
    evidence.put(Evidence.CLASSES, 10.0);
    evidence.put(Evidence.LABELLED_CLASSES, 0.0);
    evidence.put(Evidence.BASE_SCORE, base);
    evidence.put(Evidence.CANDIDATE_SCORE, candidate);
    evidence.put(Evidence.SCORE_ERROR, error);
    evidence.put(Evidence.BASE_EFFECTIVE_CLASSES, 9.0);
    evidence.put(Evidence.CANDIDATE_EFFECTIVE_CLASSES, 8.0);
    return evidence;
  }

  private static Map<String, Double> labelled(
      Map<String, Double> evidence, int classes, double base, double candidate, double error) {
    evidence.put(Evidence.HELD_OUT_LABELLED, 40.0);
    evidence.put(Evidence.LABELLED_CLASSES, (double) classes);
    evidence.put(Evidence.BASE_ACCURACY, base);
    evidence.put(Evidence.CANDIDATE_ACCURACY, candidate);
    evidence.put(Evidence.ACCURACY_ERROR, error);
    return evidence;
  }
}
