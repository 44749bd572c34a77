package io.gripstream.refine.judge;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ComparisonTest {
  private static final double HAIR = 1e-9;

  /** Each figure at its bar, for a quarter of the images. */
  private static Map<String, Double> atTheBars() {
    Map<String, Double> figures = new LinkedHashMap<>();
    figures.put("aImages", 100.0);
    figures.put("aShare", 0.25);
    figures.put("aMixtureEffect", 0.3);
    figures.put("aMixtureDeviates", 2.0);
    figures.put("aNeighborEffect", 0.15);
    figures.put("aStructure", 0.03);
    figures.put("aModularity", 0.0075 + HAIR);
    figures.put("aRival", 0.0);
    figures.put("aLikelihood", 0.05);
    figures.put("aPull", 0.3);
    figures.put("aEvenness", 0.15);
    figures.put("aOwnModularity", 0.42);
    figures.put("aOwnInformation", 0.33);
    figures.put("aSupport", 0.1);
    return figures;
  }

  private static Comparison with(String name, double value) {
    Map<String, Double> figures = atTheBars();
    figures.put("a" + name, value);
    return Comparison.of(figures, "a");
  }

  private static Comparison with(String name, double value, String other, double otherValue) {
    Map<String, Double> figures = atTheBars();
    figures.put("a" + name, value);
    figures.put("a" + other, otherValue);
    return Comparison.of(figures, "a");
  }

  @ParameterizedTest
  @CsvSource({
    "Support, 0.1",
    "MixtureEffect, 0.3",
    "MixtureDeviates, 2",
    "NeighborEffect, 0.075",
    "Structure, 0.03",
    "Modularity, 0.0075",
    "Likelihood, 0.05",
    "Pull, 0.3",
    "OwnModularity, 0.42",
    "OwnInformation, 0.33"
  })
  void aCandidateConvincesAtEachBarAndNotJustBelowIt(String name, double bar) {
    assertThat(with(name, bar + HAIR).convincing(0)).isTrue();
    assertThat(with(name, bar - HAIR).convincing(0)).isFalse();
    assertThat(with(name, Double.NaN).convincing(0)).isFalse();
    assertThat(with(name, Double.NEGATIVE_INFINITY).convincing(0)).isFalse();
    assertThat(with(name, Double.POSITIVE_INFINITY).convincing(0)).isFalse();
    assertThat(with(name, Double.NaN).convincing(1)).isFalse();
    Map<String, Double> without = atTheBars();
    without.remove("a" + name);
    assertThat(Comparison.of(without, "a").convincing(0)).isFalse();
  }

  @ParameterizedTest
  @CsvSource({"MixtureDeviates, 2", "NeighborEffect, 0", "Structure, 0.02"})
  void aCandidateIsConsistentAtEachBarAndNotJustBelowIt(String name, double bar) {
    assertThat(with(name, bar, "MixtureEffect", 0.19).inconsistent(0)).isEmpty();
    assertThat(with(name, bar - HAIR, "MixtureEffect", 0.19).inconsistent(0)).isPresent();
    assertThat(with(name, Double.NaN).inconsistent(0)).isPresent();
    assertThat(with(name, Double.POSITIVE_INFINITY).inconsistent(0)).isPresent();
    assertThat(with(name, Double.NaN).inconsistent(1)).isPresent();
  }

  @Test
  void whatIsFarBetterByMixturesAndNeighborsNeedNotGainAsMuchStructure() {
    assertThat(with("Structure", HAIR, "NeighborEffect", 0.1).inconsistent(0)).isEmpty();
    assertThat(with("Structure", 0, "NeighborEffect", 0.1).inconsistent(0)).isPresent();
    assertThat(with("Structure", HAIR, "NeighborEffect", 0.1 - HAIR).inconsistent(0)).isPresent();
    assertThat(with("Structure", HAIR, "MixtureEffect", 0.2 - HAIR).inconsistent(0)).isPresent();
  }

  @ParameterizedTest
  @CsvSource({"Support", "MixtureEffect", "Modularity", "Rival", "OwnModularity"})
  void beingConsistentAsksNothingElse(String name) {
    assertThat(with(name, -1).inconsistent(0)).isEmpty();
  }

  @Test
  void whoeverChangesNothingNeitherConvincesNorIsConsistent() {
    for (double tolerance : new double[] {0, 1}) {
      assertThat(with("Share", 0).convincing(tolerance)).isFalse();
      assertThat(with("Share", 0).inconsistent(tolerance)).isPresent();
      assertThat(with("Share", Double.NaN).convincing(tolerance)).isFalse();
      assertThat(with("Share", Double.NaN).inconsistent(tolerance)).isPresent();
    }
  }

  @Test
  void whoeverChangesMuchMustGainMoreModularity() {
    assertThat(with("Share", 0.5).convincing(0)).isFalse();
    assertThat(with("Share", 0.5, "Modularity", 0.0201).convincing(0)).isTrue();
    assertThat(with("Share", 0.5, "Modularity", 0.0199).convincing(0)).isFalse();
    assertThat(with("Share", 0.01, "Modularity", 0.005).convincing(0)).isTrue();
    assertThat(with("Share", 0.01, "Modularity", 0.005 - HAIR).convincing(0)).isFalse();
  }

  @Test
  void labelsWithFewOfTheClassesMayFitBetterByATenthOfTheGainAndNoMore() {
    assertThat(with("Rival", 0.003).convincing(0)).isTrue();
    assertThat(with("Rival", 0.003 + HAIR).convincing(0)).isFalse();
    assertThat(with("Rival", 0.3, "Structure", 3).convincing(0)).isTrue();
    assertThat(with("Rival", 0.3 + HAIR, "Structure", 3).convincing(0)).isFalse();
    assertThat(with("Rival", -1).convincing(0)).isTrue();
    assertThat(with("Rival", 0.006).convincing(0.5)).isTrue();
    assertThat(with("Rival", 0.006 + HAIR).convincing(0.4)).isFalse();
    assertThat(with("Rival", 100).convincing(1)).isTrue();
    assertThat(with("Rival", Double.NaN).convincing(1)).isFalse();
    assertThat(with("Rival", Double.POSITIVE_INFINITY).convincing(1)).isFalse();
    Map<String, Double> without = atTheBars();
    without.remove("aRival");
    assertThat(Comparison.of(without, "a").convincing(0)).isFalse();
  }

  @Test
  void theMoreEvenTheSharesBecomeTheFurtherTheLikelihoodMustPull() {
    assertThat(with("Evenness", 1, "Pull", 0.3).convincing(0)).isTrue();
    assertThat(with("Evenness", 1, "Pull", 0.3 - HAIR).convincing(0)).isFalse();
    assertThat(with("Evenness", 0.04, "Pull", 0.24 + HAIR).convincing(0)).isTrue();
    assertThat(with("Evenness", 0.04, "Pull", 0.24 - HAIR).convincing(0)).isFalse();
    assertThat(with("Evenness", -0.1, "Pull", 0).convincing(0)).isTrue();
    assertThat(with("Evenness", Double.NaN).convincing(0)).isFalse();
    assertThat(with("Evenness", Double.NEGATIVE_INFINITY).convincing(0)).isFalse();
  }

  @Test
  void fewChangesMayGainLessByTheirNeighbors() {
    assertThat(with("Share", 0.1, "NeighborEffect", 0.03 + HAIR).convincing(0)).isTrue();
    assertThat(with("Share", 0.1, "NeighborEffect", 0.03 - HAIR).convincing(0)).isFalse();
  }

  @Test
  void fewChangesMayGainLessStructure() {
    assertThat(with("Share", 0.05, "Structure", 0.01 + HAIR).convincing(0)).isTrue();
    assertThat(with("Share", 0.05, "Structure", 0.01 - HAIR).convincing(0)).isFalse();
  }

  @ParameterizedTest
  @CsvSource({
    "Support, 0.1",
    "MixtureEffect, 0.3",
    "MixtureDeviates, 2",
    "NeighborEffect, 0.075",
    "Structure, 0.03",
    "Modularity, 0.0075",
    "Likelihood, 0.05",
    "Pull, 0.3",
    "OwnModularity, 0.42",
    "OwnInformation, 0.33"
  })
  void toleranceLowersEachBarInProportionAndOneTakesItAway(String name, double bar) {
    assertThat(with(name, bar / 2).convincing(0)).isFalse();
    assertThat(with(name, bar / 2 + HAIR).convincing(0.5)).isTrue();
    assertThat(with(name, bar * 0.49).convincing(0.5)).isFalse();
    assertThat(with(name, 0).convincing(1)).isTrue();
    assertThat(with(name, -1e-9).convincing(1)).isFalse();
  }

  @ParameterizedTest
  @CsvSource({"MixtureDeviates, 2", "Structure, 0.02"})
  void toleranceLowersTheBarsOfBeingConsistentToo(String name, double bar) {
    assertThat(with(name, bar / 2, "NeighborEffect", 0).inconsistent(0.4)).isPresent();
    assertThat(with(name, bar / 2, "NeighborEffect", 0).inconsistent(0.5)).isEmpty();
    assertThat(with(name, 0, "NeighborEffect", 0).inconsistent(1)).isEmpty();
    assertThat(with(name, -1e-9, "NeighborEffect", 0).inconsistent(1)).isPresent();
  }

  @Test
  void goingBackAsksForAHundredthOfTheLabelsAndThatAllAgree() {
    assertThat(with("Share", 0.01).worthGoingBack()).isTrue();
    assertThat(with("Share", Math.nextDown(0.01)).worthGoingBack()).isFalse();
    assertThat(with("Structure", 1e-9).worthGoingBack()).isTrue();
    assertThat(with("MixtureEffect", 0.15).worthGoingBack()).isTrue();
    assertThat(with("MixtureEffect", Math.nextDown(0.15)).worthGoingBack()).isFalse();
    for (String name : new String[] {"MixtureEffect", "Structure"}) {
      assertThat(with(name, 0).worthGoingBack()).isFalse();
      assertThat(with(name, -0.1).worthGoingBack()).isFalse();
      assertThat(with(name, Double.NaN).worthGoingBack()).isFalse();
      assertThat(with(name, Double.POSITIVE_INFINITY).worthGoingBack()).isFalse();
    }
    assertThat(with("Share", Double.NaN).worthGoingBack()).isFalse();
    assertThat(Comparison.of(Map.of(), "a").worthGoingBack()).isFalse();
  }

  @Test
  void whatIsWrittenAsEvidenceIsReadAgain() {
    Comparison whole = new Comparison(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16);
    assertThat(whole.evidence("b"))
        .containsOnlyKeys(
            "bImages",
            "bShare",
            "bMixtureEffect",
            "bMixtureDeviates",
            "bNeighborEffect",
            "bStructure",
            "bModularity",
            "bRival",
            "bLikelihood",
            "bPull",
            "bEvenness",
            "bOwnModularity",
            "bOwnInformation",
            "bSupport",
            "bAccuracy",
            "bAccuracyError");
    assertThat(Comparison.of(whole.evidence("b"), "b")).isEqualTo(whole);
    Comparison unlabelled =
        new Comparison(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, Double.NaN, Double.NaN);
    assertThat(unlabelled.evidence("b")).hasSize(14).doesNotContainValue(Double.NaN);
    assertThat(Comparison.of(unlabelled.evidence("b"), "b")).isEqualTo(unlabelled);
    Map<String, Double> both = new LinkedHashMap<>(whole.evidence("b"));
    both.putAll(unlabelled.evidence("c"));
    assertThat(Comparison.of(both, "b")).isEqualTo(whole);
    assertThat(Comparison.of(both, "c")).isEqualTo(unlabelled);
  }
}
