package io.gripstream.refine.judge;

import static org.assertj.core.api.Assertions.assertThat;

import io.gripstream.event.GateLimits;
import io.gripstream.refine.judge.Gate.Action;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class GateTest {
  private static final GateLimits LIMITS = new GateLimits(0.2f, 0f, 20);
  private static final Comparison CLEARLY = comparison(0.3, 0.4, 5, 0.3, 0.1, 0.05, 0.3, 0.6);
  private static final Comparison WORSE = comparison(0.3, -0.4, -5, -0.3, -0.1, -0.05, -0.3, 0.6);
  private static final Comparison NOTHING = comparison(0, 0, 0, 0, 0, 0, 0, 0.6);

  /** Of labels that cluster, where the images ask for more even shares. */
  private static Comparison comparison(
      double share,
      double mixtureEffect,
      double mixtureDeviates,
      double neighborEffect,
      double structure,
      double modularity,
      double likelihood,
      double support) {
    return new Comparison(
        100,
        share,
        mixtureEffect,
        mixtureDeviates,
        neighborEffect,
        structure,
        modularity,
        0,
        likelihood,
        0.6,
        0.15,
        0.6,
        0.5,
        support,
        Double.NaN,
        Double.NaN);
  }

  /** Of a candidate that all judges find clearly better; there is nothing to go back to. */
  private static Map<String, Double> better() {
    Map<String, Double> evidence = new HashMap<>();
    evidence.put("heldOut", 100.0);
    evidence.put("heldOutLabelled", 0.0);
    evidence.put("classes", 10.0);
    evidence.put("heldOutLabelledClasses", 0.0);
    evidence.put("zeroShotScore", 0.55);
    evidence.put("baseScore", 0.6);
    evidence.put("candidateScore", 0.72);
    evidence.put("scoreError", 0.02);
    evidence.put("baseEffectiveClasses", 9.0);
    evidence.put("candidateEffectiveClasses", 8.0);
    evidence.putAll(CLEARLY.evidence("gain"));
    evidence.putAll(CLEARLY.evidence("overZeroShot"));
    evidence.putAll(WORSE.evidence("zeroShotBack"));
    evidence.putAll(WORSE.evidence("predecessorBack"));
    return evidence;
  }

  private static Map<String, Double> better(String name, double value) {
    Map<String, Double> evidence = better();
    evidence.put(name, value);
    return evidence;
  }

  /** The judges find nothing; the labels of people do. */
  private static Map<String, Double> labelled(int classes, double before, double after) {
    Map<String, Double> evidence = better();
    evidence.putAll(WORSE.evidence("gain"));
    evidence.putAll(WORSE.evidence("overZeroShot"));
    evidence.put("candidateScore", 0.6);
    evidence.put("heldOutLabelled", 40.0);
    evidence.put("heldOutLabelledClasses", (double) classes);
    evidence.put("baseAccuracy", before);
    evidence.put("candidateAccuracy", after);
    evidence.put("accuracyError", 0.04);
    return evidence;
  }

  /** Of a candidate that is no better, where all judges would go back to these. */
  private static Map<String, Double> back(String... names) {
    Map<String, Double> evidence = better();
    evidence.putAll(WORSE.evidence("gain"));
    for (String name : names) {
      evidence.putAll(CLEARLY.evidence(name));
    }
    return evidence;
  }

  private static Gate.Verdict judge(Map<String, Double> evidence) {
    Gate.Verdict verdict = Gate.judge(LIMITS, evidence);
    assertThat(verdict.promote()).isEqualTo(verdict.action() == Action.PROMOTE);
    return verdict;
  }

  @Test
  void aCandidateThatAllJudgesFindClearlyBetterIsPromoted() {
    Gate.Verdict verdict = judge(better());
    assertThat(verdict.action()).isEqualTo(Action.PROMOTE);
    assertThat(verdict.reason())
        .isEqualTo(
            "Better: expected accuracy on 100 held-out images 72.0 % after 60.0 %,"
                + " a change of +12.0 ± 2.0 points. 30 % of the labels change; each gains +0.40"
                + " by the mixtures, +0.30 by its neighbors; the labels' structure gains +0.10.");
  }

  @ParameterizedTest
  @CsvSource({
    "Support, 0.09",
    "MixtureEffect, 0.19",
    "MixtureDeviates, 1.9",
    "NeighborEffect, 0.089",
    "Structure, 0.029",
    "Modularity, 0.009",
    "Rival, 0.011",
    "Likelihood, 0.049",
    "Pull, 0.29",
    "OwnModularity, 0.419",
    "OwnInformation, 0.329"
  })
  void aCandidateThatOneJudgeDoesNotFindClearlyBetterThanZeroShotIsHeld(String name, double value) {
    Gate.Verdict verdict = judge(better("overZeroShot" + name, value));
    assertThat(verdict.action()).isEqualTo(Action.HOLD);
    assertThat(verdict.reason())
        .startsWith("Not clearly better than zero-shot by ")
        .contains(
            " asked): expected accuracy on 100 held-out images 72.0 %, zero-shot's 55.0 %, the live"
                + " prompt's 60.0 %. In place of zero-shot 30 % of the labels change; each gains ");
  }

  @ParameterizedTest
  @CsvSource({"MixtureDeviates, 1.9", "NeighborEffect, -0.01", "Structure, 0"})
  void aCandidateThatIsNoBetterThanTheLivePromptBeyondNoiseIsHeld(String name, double value) {
    Gate.Verdict verdict = judge(better("gain" + name, value));
    assertThat(verdict.action()).isEqualTo(Action.HOLD);
    assertThat(verdict.reason())
        .startsWith("Not clearly better by ")
        .contains(" asked): expected accuracy on 100 held-out images 72.0 % after 60.0 %,")
        .contains(" 30 % of the labels change; each gains ");
  }

  @Test
  void aCandidateThatLabelsWithFewClassesOutdoIsHeldAndSaysSo() {
    Gate.Verdict verdict = judge(better("overZeroShot" + "Rival", 0.05));
    assertThat(verdict.action()).isEqualTo(Action.HOLD);
    assertThat(verdict.reason())
        .endsWith("; labels with few of the classes would gain 0.05 more, as if few were shown.");
    assertThat(judge(better("gain" + "Rival", 0.05)).action()).isEqualTo(Action.PROMOTE);
  }

  @Test
  void aCandidateNeedNotGainSoMuchOverTheLivePromptAsOverZeroShot() {
    Map<String, Double> evidence = better();
    evidence.putAll(comparison(0.05, 0.05, 2.5, 0.02, 0.021, 0.001, 0.1, 0.6).evidence("gain"));
    assertThat(judge(evidence).action()).isEqualTo(Action.PROMOTE);
  }

  @Test
  void aCandidateThatLabelsAsTheLivePromptDoesIsHeldAndSaysSo() {
    Map<String, Double> evidence = better();
    evidence.putAll(NOTHING.evidence("gain"));
    Gate.Verdict verdict = judge(evidence);
    assertThat(verdict.action()).isEqualTo(Action.HOLD);
    assertThat(verdict.reason())
        .isEqualTo(
            "Nothing would change: it labels all images as the live prompt does, 100 held-out ones"
                + " among them.");
  }

  @Test
  void tooLittleEvidenceHolds() {
    Gate.Verdict verdict = judge(better("heldOut", 19));
    assertThat(verdict.action()).isEqualTo(Action.HOLD);
    assertThat(verdict.reason()).isEqualTo("19 held-out images that differ, and 20 are needed.");
    assertThat(judge(better("heldOut", 20)).action()).isEqualTo(Action.PROMOTE);
    Map<String, Double> little = back("zeroShotBack");
    little.put("heldOut", 19.0);
    assertThat(judge(little).action()).isEqualTo(Action.HOLD);
  }

  @Test
  void whoNeedsNoEvidenceHasTheJudgesDecideWhereNobodyLabelled() {
    GateLimits none = new GateLimits(0.2f, 0f, 0);
    assertThat(Gate.judge(none, better()).action()).isEqualTo(Action.PROMOTE);
    assertThat(worthMore(none, better("candidateScore", 0.73), better())).isTrue();
  }

  @Test
  void ofARoundsCandidatesOneThatWouldBePromotedIsWorthMost() {
    Map<String, Double> inconsistent = better("candidateScore", 0.9);
    inconsistent.putAll(WORSE.evidence("gain"));
    Map<String, Double> unconvincing = better("candidateScore", 0.95);
    unconvincing.putAll(NOTHING.evidence("overZeroShot"));
    assertThat(worthMore(LIMITS, better(), inconsistent)).isTrue();
    assertThat(worthMore(LIMITS, inconsistent, unconvincing)).isTrue();
    assertThat(worthMore(LIMITS, better("candidateScore", 0.73), better())).isTrue();
    assertThat(worthMore(LIMITS, labelled(10, 0.6, 0.8), labelled(10, 0.6, 0.7))).isTrue();
    Map<String, Double> scored = labelled(10, 0.6, 0.5);
    scored.put("candidateScore", 0.9);
    assertThat(worthMore(LIMITS, labelled(10, 0.6, 0.55), scored)).isTrue();
  }

  private static boolean worthMore(
      GateLimits limits, Map<String, Double> one, Map<String, Double> other) {
    return Gate.worth(limits).compare(Evidence.of(one), Evidence.of(other)) > 0;
  }

  @Test
  void aPoolThatCameInStretchesSaysTooLittleOfWhatComesNext() {
    assertThat(judge(better("poolWorth", 40)).promote()).isTrue();
    assertThat(judge(better("poolWorth", 39)).reason())
        .isEqualTo(
            "The pool's images came in stretches that are alike: they say as much of what comes next"
                + " as 39 independent ones, and 40 are needed.");
    assertThat(Gate.judge(new GateLimits(0.2f, 0.5f, 20), better("poolWorth", 20)).promote())
        .isTrue();
    assertThat(judge(better("poolWorth", Double.NaN)).promote()).isTrue();
  }

  @Test
  void toleranceLowersTheBarsAndNoneLeavesThem() {
    Map<String, Double> nearly = better();
    nearly.putAll(
        comparison(0.1, 0.22, 2.1, 0.12, 0.016, 0.004, 0.1, 0.08).evidence("overZeroShot"));
    nearly.putAll(comparison(0.1, 0.1, 1.5, 0, 0.016, 0, 0.1, 0.08).evidence("gain"));
    assertThat(Gate.judge(LIMITS, nearly).action()).isEqualTo(Action.HOLD);
    assertThat(Gate.judge(new GateLimits(0.2f, 0.3f, 20), nearly).action())
        .isEqualTo(Action.PROMOTE);
    assertThat(Gate.judge(new GateLimits(0.2f, 0.1f, 20), nearly).action()).isEqualTo(Action.HOLD);
    assertThat(Gate.judge(new GateLimits(0.2f, 1f, 20), nearly).action()).isEqualTo(Action.PROMOTE);
    Map<String, Double> worse = better();
    worse.putAll(WORSE.evidence("overZeroShot"));
    assertThat(Gate.judge(new GateLimits(0.2f, 1f, 20), worse).action()).isEqualTo(Action.HOLD);
  }

  @Test
  void aCollapseIsHeldWhateverTheJudgesAndPeopleSay() {
    for (Map<String, Double> evidence : List.of(better(), labelled(10, 0.6, 0.9))) {
      evidence.put("candidateEffectiveClasses", 4.4);
      Gate.Verdict verdict = judge(evidence);
      assertThat(verdict.action()).isEqualTo(Action.HOLD);
      assertThat(verdict.reason())
          .isEqualTo("Its labels collapse from 9.0 to 4.4 effective classes.");
      evidence.put("candidateEffectiveClasses", 4.5);
      assertThat(judge(evidence).action()).isEqualTo(Action.PROMOTE);
    }
  }

  /** Labels with few of the classes are no collapse where few are shown. */
  @Test
  void whereFewClassesAreShownThatManyAreEnough() {
    Map<String, Double> evidence = better();
    evidence.put("candidateEffectiveClasses", 3.0);
    evidence.put("shownClasses", 9.0);
    assertThat(judge(evidence).action()).isEqualTo(Action.HOLD);
    evidence.put("shownClasses", 3.5);
    assertThat(judge(evidence).action()).isEqualTo(Action.PROMOTE);
    evidence.put("candidateEffectiveClasses", 1.7);
    assertThat(judge(evidence).action()).isEqualTo(Action.HOLD);
  }

  @Test
  void enoughHumanLabelsOverruleTheJudges() {
    Gate.Verdict verdict = judge(labelled(10, 0.6, 0.7));
    assertThat(verdict.action()).isEqualTo(Action.PROMOTE);
    assertThat(verdict.reason())
        .isEqualTo(
            "Better: accuracy on 40 held-out images that people labelled 70.0 % after 60.0 %,"
                + " a change of +10.0 ± 4.0 points.");
    Map<String, Double> notBetter = better();
    notBetter.putAll(labelled(10, 0.6, 0.6));
    notBetter.putAll(CLEARLY.evidence("gain"));
    notBetter.putAll(CLEARLY.evidence("overZeroShot"));
    assertThat(judge(notBetter).action()).isEqualTo(Action.HOLD);
    assertThat(judge(notBetter).reason())
        .isEqualTo(
            "Not clearly better: accuracy on 40 held-out images that people labelled 60.0 % after"
                + " 60.0 %, a change of +0.0 ± 4.0 points.");
  }

  @Test
  void byHumanLabelsTheGainMustExceedOneStandardErrorLessTheTolerance() {
    assertThat(judge(labelled(10, 0.6, 0.639)).action()).isEqualTo(Action.HOLD);
    assertThat(judge(labelled(10, 0.6, 0.641)).action()).isEqualTo(Action.PROMOTE);
    GateLimits tolerant = new GateLimits(0.2f, 0.03f, 20);
    assertThat(Gate.judge(tolerant, labelled(10, 0.6, 0.611)).action()).isEqualTo(Action.PROMOTE);
    assertThat(Gate.judge(tolerant, labelled(10, 0.6, 0.609)).action()).isEqualTo(Action.HOLD);
  }

  @Test
  void fewHumanLabelsDoNotDecide() {
    Map<String, Double> evidence = labelled(10, 0.6, 0.9);
    evidence.put("heldOutLabelled", 19.0);
    assertThat(judge(evidence).action()).isEqualTo(Action.HOLD);
    Map<String, Double> judged = better("heldOutLabelled", 19);
    judged.put("baseAccuracy", 0.9);
    judged.put("candidateAccuracy", 0.1);
    judged.put("accuracyError", 0.01);
    assertThat(judge(judged).action()).isEqualTo(Action.PROMOTE);
  }

  @Test
  void classesThatNobodyLabelledMayNotPayForThoseThatPeopleDid() {
    Map<String, Double> evidence = labelled(5, 0.6, 0.9);
    evidence.put("candidateScore", 0.57);
    evidence.put("gain" + "MixtureEffect", 0.14);
    Gate.Verdict verdict = judge(evidence);
    assertThat(verdict.action()).isEqualTo(Action.HOLD);
    assertThat(verdict.reason())
        .isEqualTo(
            "Better where people labelled, but not clearly over all classes: expected accuracy 57.0 %"
                + " after 60.0 %, a change of -3.0 ± 2.0 points.");
    evidence.put("gain" + "MixtureEffect", 0.15);
    assertThat(judge(evidence).action()).isEqualTo(Action.PROMOTE);
    evidence.put("gain" + "MixtureEffect", 0.14);
    evidence.put("heldOutLabelledClasses", 10.0);
    assertThat(judge(evidence).action()).isEqualTo(Action.PROMOTE);
  }

  @ParameterizedTest
  @ValueSource(strings = {"zeroShotBack", "predecessorBack"})
  void norMayTheyPayForTheWayBack(String way) {
    Map<String, Double> evidence = labelled(2, 0.6, 0.6);
    evidence.put(way + "Accuracy", 0.3);
    evidence.put(way + "AccuracyError", 0.04);
    evidence.put(way + "MixtureEffect", 0.14);
    assertThat(judge(evidence).action()).isEqualTo(Action.HOLD);
    evidence.put(way + "MixtureEffect", Double.NaN);
    assertThat(judge(evidence).action()).isEqualTo(Action.HOLD);
    evidence.put(way + "MixtureEffect", 0.15);
    assertThat(judge(evidence).action()).isNotEqualTo(Action.HOLD);
    evidence.put(way + "MixtureEffect", 0.14);
    evidence.put("heldOutLabelledClasses", 10.0);
    assertThat(judge(evidence).action()).isNotEqualTo(Action.HOLD);
  }

  @Test
  void aCandidateThatIsNotPromotedBringsTheWayBackToZeroShot() {
    Gate.Verdict verdict = judge(back("zeroShotBack"));
    assertThat(verdict.action()).isEqualTo(Action.BACK_TO_ZERO_SHOT);
    assertThat(verdict.back())
        .isEqualTo(
            "The zero-shot prompt is better than the live one: 30 % of the labels change; each"
                + " gains +0.40 by the mixtures, +0.30 by its neighbors; the labels' structure"
                + " gains +0.10.");
  }

  @Test
  void orToThePromptBeforeTheLiveOne() {
    Gate.Verdict verdict = judge(back("predecessorBack"));
    assertThat(verdict.action()).isEqualTo(Action.BACK_TO_PREDECESSOR);
    assertThat(verdict.back())
        .startsWith("The prompt before it is better than the live one: 30 % of the labels change;");
  }

  @Test
  void whereBothAreBetterItIsZeroShot() {
    assertThat(judge(back("zeroShotBack", "predecessorBack")).action())
        .isEqualTo(Action.BACK_TO_ZERO_SHOT);
  }

  @Test
  void aPromotedCandidateBringsNoWayBack() {
    Map<String, Double> evidence = better();
    evidence.putAll(CLEARLY.evidence("zeroShotBack"));
    evidence.putAll(CLEARLY.evidence("predecessorBack"));
    assertThat(judge(evidence).action()).isEqualTo(Action.PROMOTE);
  }

  @Test
  void byHumanLabelsTheWayBackIsTheirsToo() {
    Map<String, Double> evidence = labelled(10, 0.6, 0.6);
    for (String name : new String[] {"zeroShotBack", "predecessorBack"}) {
      Map<String, Double> worth = new HashMap<>(evidence);
      worth.put(name + "Accuracy", 0.05);
      worth.put(name + "AccuracyError", 0.04);
      Gate.Verdict verdict = judge(worth);
      assertThat(verdict.action())
          .isEqualTo(
              name.equals("zeroShotBack") ? Action.BACK_TO_ZERO_SHOT : Action.BACK_TO_PREDECESSOR);
      assertThat(verdict.back())
          .endsWith(
              " is better than the live one: +5.0 ± 4.0 points on held-out images that people"
                  + " labelled.");
      worth.put(name + "Accuracy", 0.04);
      assertThat(judge(worth).action()).isEqualTo(Action.HOLD);
    }
    // What the judges find does not count then.
    evidence.putAll(CLEARLY.evidence("zeroShotBack"));
    assertThat(judge(evidence).action()).isEqualTo(Action.HOLD);
  }

  @Test
  void aCandidateThatExplodedStillBringsTheWayBack() {
    Map<String, Double> evidence = back("zeroShotBack");
    evidence.put("candidateScore", Double.NaN);
    evidence.put("scoreError", Double.NaN);
    evidence.put("candidateEffectiveClasses", Double.NaN);
    evidence.keySet().removeIf(name -> name.startsWith("gain"));
    evidence.keySet().removeIf(name -> name.startsWith("overZeroShot"));
    assertThat(judge(evidence).action()).isEqualTo(Action.BACK_TO_ZERO_SHOT);
    evidence.putAll(WORSE.evidence("zeroShotBack"));
    assertThat(judge(evidence).action()).isEqualTo(Action.HOLD);
    assertThat(judge(evidence).reason())
        .isEqualTo("The evidence has no usable " + "candidateScore" + ".");
  }

  @ParameterizedTest
  @ValueSource(doubles = {Double.NaN, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY, 0})
  void figuresThatAreMissingOrNoNumberHoldAndRollNothingBack(double value) {
    List<String> needed =
        new ArrayList<>(
            List.of(
                "heldOut",
                "heldOutLabelled",
                "classes",
                "heldOutLabelledClasses",
                "baseScore",
                "candidateScore",
                "scoreError",
                "baseEffectiveClasses",
                "candidateEffectiveClasses"));
    List<String> figures = new ArrayList<>(needed);
    for (String name :
        List.of(
            "Share",
            "MixtureEffect",
            "MixtureDeviates",
            "NeighborEffect",
            "Structure",
            "Modularity",
            "Rival",
            "Likelihood",
            "Pull",
            "Evenness",
            "Support")) {
      figures.add("overZeroShot" + name);
    }
    for (String name : List.of("Share", "MixtureDeviates", "NeighborEffect", "Structure")) {
      figures.add("gain" + name);
    }
    for (String name : figures) {
      Gate.Verdict verdict = judge(broken(better(), name, value));
      assertThat(verdict.action()).as(name).isEqualTo(Action.HOLD);
      if (needed.contains(name)) {
        assertThat(verdict.reason()).isEqualTo("The evidence has no usable " + name + ".");
      }
    }
    List<String> byLabels = new ArrayList<>(needed);
    byLabels.addAll(List.of("baseAccuracy", "candidateAccuracy", "accuracyError"));
    for (String name : byLabels) {
      Gate.Verdict verdict = judge(broken(labelled(10, 0.6, 0.9), name, value));
      assertThat(verdict.action()).as(name).isEqualTo(Action.HOLD);
      assertThat(verdict.reason()).isEqualTo("The evidence has no usable " + name + ".");
    }
    for (String way : List.of("zeroShotBack", "predecessorBack")) {
      for (String name : List.of("Share", "MixtureEffect", "Structure")) {
        assertThat(judge(broken(back(way), way + name, value)).action())
            .as(way + name)
            .isEqualTo(Action.HOLD);
      }
      for (String name : List.of("heldOut", "classes")) {
        assertThat(judge(broken(back(way), name, value)).action()).isEqualTo(Action.HOLD);
      }
      for (String name : List.of("Accuracy", "AccuracyError")) {
        Map<String, Double> evidence = labelled(10, 0.6, 0.6);
        evidence.put(way + "Accuracy", 0.05);
        evidence.put(way + "AccuracyError", 0.04);
        assertThat(judge(broken(evidence, way + name, value)).action())
            .as(way + name)
            .isEqualTo(Action.HOLD);
      }
    }
    assertThat(judge(Map.of()).action()).isEqualTo(Action.HOLD);
  }

  /** 0 stands for a figure that is not there. */
  private static Map<String, Double> broken(
      Map<String, Double> evidence, String name, double value) {
    if (value == 0) {
      evidence.remove(name);
    } else {
      evidence.put(name, value);
    }
    return evidence;
  }

  @Test
  void aReasonIsOneSentenceOrTwoWithNumbersWhateverTheEvidence() {
    Random random = new Random(1);
    for (int trial = 0; trial < 2000; trial++) {
      Map<String, Double> evidence = random.nextBoolean() ? better() : labelled(5, 0.6, 0.7);
      for (String name : List.copyOf(evidence.keySet())) {
        if (random.nextInt(10) == 0) {
          evidence.put(name, random.nextGaussian());
        }
      }
      String reason = judge(evidence).reason();
      assertThat(reason.split("\\.( |$)").length).as(reason).isBetween(1, 2);
      assertThat(reason).endsWith(".").doesNotContain("NaN").doesNotContain("null");
      assertThat(reason).containsPattern("[0-9]|no usable");
      assertThat(reason.codePointAt(0))
          .matches(c -> Character.isUpperCase(c) || c == '-' || Character.isDigit(c));
    }
  }

  @Test
  void whateverTheEvidenceNothingIsPromotedThatAJudgeFindsWorse() {
    List<String> mustGain =
        List.of("MixtureEffect", "NeighborEffect", "Structure", "Modularity", "Likelihood", "Pull");
    Random random = new Random(2);
    int promoted = 0;
    for (int trial = 0; trial < 20000; trial++) {
      Map<String, Double> evidence = better();
      evidence.put("overZeroShotShare", 0.5 + random.nextGaussian());
      evidence.put("gainShare", random.nextGaussian());
      for (String name : mustGain) {
        evidence.put("overZeroShot" + name, 0.5 + random.nextGaussian());
        evidence.put("gain" + name, random.nextGaussian());
      }
      if (judge(evidence).promote()) {
        promoted++;
        for (String name : mustGain) {
          assertThat(evidence.get("overZeroShot" + name)).isPositive();
        }
        assertThat(evidence.get("gain" + "NeighborEffect")).isNotNegative();
        assertThat(evidence.get("gain" + "Structure")).isPositive();
      }
    }
    assertThat(promoted).isGreaterThan(20);
  }
}
