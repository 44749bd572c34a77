package io.gripstream.refine.judge;

import io.gripstream.refine.head.Metrics;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * What is measured of a candidate, on held-out images, for {@link Gate} to decide on: how {@link
 * Judges} compare it with the live prompt and with the zero-shot one, and the live prompt with what
 * could be gone back to.
 *
 * <p>Mostly nobody knows what the held-out images show. A prompt's <em>score</em> is the
 * probability that the judges' mixtures give its predictions, on average: its expected accuracy. It
 * looks at predictions only, so being surer earns nothing. It is for people to read; the gate
 * decides on the comparisons.
 *
 * <p>{@code PromptVersion.evidence} holds these figures under these names, those of a comparison
 * after its own ({@code gainShare}), and what the trainer adds. Figures that cannot be had, as
 * those over no images or of a candidate that exploded, are {@code NaN} here and left out there.
 *
 * @param heldOut held-out images
 * @param heldOutLabelled held-out images with a human label
 * @param classes of the task
 * @param heldOutLabelledClasses classes that a held-out human label names
 * @param zeroShotScore expected accuracy of the zero-shot prompt on the held-out images
 * @param baseScore expected accuracy of the prompt that was live when the batch was closed
 * @param candidateScore expected accuracy of the candidate
 * @param scoreError standard error of the difference of the candidate's and the live prompt's
 *     scores
 * @param zeroShotAccuracy of the zero-shot prompt by held-out human labels, where there are any
 * @param baseAccuracy of the live prompt by them
 * @param candidateAccuracy of the candidate by them
 * @param accuracyError standard error of the difference of the last two
 * @param baseEffectiveClasses how many equally frequent classes would be as diverse as the live
 *     prompt's predictions
 * @param candidateEffectiveClasses the same of the candidate's predictions
 * @param shownClasses the same of what the pool shows, where it clearly shows few of the classes;
 *     otherwise all
 * @param agreement the share of held-out images that candidate and live prompt label alike
 * @param baseConfidence the mean probability of the live prompt's predictions
 * @param candidateConfidence the mean probability of the candidate's predictions
 * @param poolWorth so many independent images would say as much of what comes next as the pool's,
 *     in the order in which they came; the curator knows it. Images of one class after another say
 *     little of the next class
 * @param gain how the candidate compares with the live prompt
 * @param overZeroShot how the candidate compares with the zero-shot prompt
 * @param zeroShotBack how the zero-shot prompt compares with the live one
 * @param predecessorBack how the live prompt's predecessor compares with it, where it has one
 */
public record Evidence(
    double heldOut,
    double heldOutLabelled,
    double classes,
    double heldOutLabelledClasses,
    double zeroShotScore,
    double baseScore,
    double candidateScore,
    double scoreError,
    double zeroShotAccuracy,
    double baseAccuracy,
    double candidateAccuracy,
    double accuracyError,
    double baseEffectiveClasses,
    double candidateEffectiveClasses,
    double shownClasses,
    double agreement,
    double baseConfidence,
    double candidateConfidence,
    double poolWorth,
    Comparison gain,
    Comparison overZeroShot,
    Comparison zeroShotBack,
    Comparison predecessorBack) {

  /** The name of {@link #poolWorth}. */
  public static final String POOL_WORTH = "poolWorth";

  private static final List<String> COUNTS =
      List.of("heldOut", "heldOutLabelled", "classes", "heldOutLabelledClasses");

  private static final List<String> SCORES =
      List.of(
          "zeroShotScore",
          "baseScore",
          "candidateScore",
          "scoreError",
          "baseEffectiveClasses",
          "candidateEffectiveClasses");

  private static final List<String> ACCURACIES =
      List.of("baseAccuracy", "candidateAccuracy", "accuracyError");

  /**
   * What a prompt says of a pool's images.
   *
   * @param labels {@code [N]}, -1 for images that it was not asked about
   * @param confidence the mean probability of its predictions on held-out images
   */
  public record Opinion(int[] labels, double confidence) {}

  /** As {@link #figures} wrote it; what is not finite is missing. */
  public static Evidence of(Map<String, Double> figures) {
    return NamedFigures.read(Evidence.class, figures, "");
  }

  /** The figures there are, by name. */
  public Map<String, Double> figures() {
    return NamedFigures.of(this, "");
  }

  /** The first of the counts that is missing. */
  Optional<String> missingCount() {
    return missing(COUNTS);
  }

  /** The first of the scores that is missing. */
  Optional<String> missingScore() {
    return missing(SCORES);
  }

  /** The first of the accuracies by human labels that is missing. */
  Optional<String> missingAccuracy() {
    return missing(ACCURACIES);
  }

  private Optional<String> missing(List<String> names) {
    Map<String, Double> there = figures();
    return names.stream().filter(name -> !there.containsKey(name)).findFirst();
  }

  /** Whether people labelled held-out images of every class. */
  boolean everyClassLabelled() {
    return heldOutLabelledClasses >= classes;
  }

  /**
   * Compares a candidate with the live prompt, and the live prompt with what was before it.
   *
   * @param heldOut {@code [N]}, which images never train: only these are judged by
   * @param truth {@code [N]}, the human labels, -1 where there is none
   * @param classes {@code C}
   * @param zeroShot of the task's version 0
   * @param base of the prompt that was live when the batch was closed
   * @param predecessor of the one that was live before it
   * @param candidate empty for one that exploded
   */
  public static Evidence measure(
      Judges judges,
      boolean[] heldOut,
      int[] truth,
      int classes,
      Opinion zeroShot,
      Opinion base,
      Optional<Opinion> predecessor,
      Optional<Opinion> candidate) {
    int[] judged = IntStream.range(0, truth.length).filter(i -> heldOut[i]).toArray();
    int[] known =
        Arrays.stream(judged).map(i -> truth[i]).filter(each -> each != Metrics.UNKNOWN).toArray();
    Asked asked = new Asked(truth, judged, known.length > 0, classes);
    Comparison gain =
        candidate
            .map(after -> judges.compare(base.labels(), after.labels()))
            .orElse(Comparison.NONE);
    return new Evidence(
        judged.length,
        known.length,
        classes,
        Arrays.stream(known).distinct().count(),
        judges.score(zeroShot.labels()),
        judges.score(base.labels()),
        candidate.map(after -> judges.score(after.labels())).orElse(Double.NaN),
        candidate.map(after -> judges.scoreError(base.labels(), after.labels())).orElse(Double.NaN),
        asked.accuracy(zeroShot),
        asked.accuracy(base),
        candidate.map(asked::accuracy).orElse(Double.NaN),
        gain.accuracyError(),
        asked.effectiveClasses(base),
        candidate.map(asked::effectiveClasses).orElse(Double.NaN),
        judges.shownClasses(),
        candidate
            .map(after -> Metrics.agreement(asked.of(after), asked.of(base)))
            .orElse(Double.NaN),
        base.confidence(),
        candidate.map(Opinion::confidence).orElse(Double.NaN),
        Double.NaN,
        gain,
        candidate
            .map(after -> judges.compare(zeroShot.labels(), after.labels()))
            .orElse(Comparison.NONE),
        judges.compare(base.labels(), zeroShot.labels()),
        predecessor
            .map(before -> judges.compare(base.labels(), before.labels()))
            .orElse(Comparison.NONE));
  }

  /**
   * The held-out images, and what opinions are worth on them.
   *
   * @param judged {@code [H]}, their rows
   */
  private record Asked(int[] truth, int[] judged, boolean anyKnown, int classes) {
    int[] of(Opinion opinion) {
      return Arrays.stream(judged).map(i -> opinion.labels()[i]).toArray();
    }

    double accuracy(Opinion opinion) {
      return anyKnown
          ? Metrics.accuracy(of(opinion), Arrays.stream(judged).map(i -> truth[i]).toArray())
          : Double.NaN;
    }

    double effectiveClasses(Opinion opinion) {
      return Metrics.effectiveClasses(of(opinion), classes);
    }
  }
}
