package io.gripstream.workshop.experiment.suite;

import java.util.List;
import java.util.function.Predicate;

/**
 * How a judge does on candidates whose worth is known. Changes are shares from -1 to 1.
 *
 * @param candidates all that were judged
 * @param promoted those let through
 * @param right those let through that are better by a point or more
 * @param harmful those let through that are worse by a point or more
 * @param worse all that are worse by a point or more
 * @param better all that are better by three points or more
 * @param betterPromoted those of them let through
 * @param worstHarm the most that one let through loses, 0 or more
 * @param meanHarm what those let through lose, over all candidates, 0 or more
 * @param gainKept the share of all that better candidates gain that those let through gain; not a
 *     number where none gains
 */
public record JudgeCounts(
    int candidates,
    int promoted,
    int right,
    int harmful,
    int worse,
    int better,
    int betterPromoted,
    double worstHarm,
    double meanHarm,
    double gainKept) {
  private static final double HARM = 0.01;
  private static final double CLEARLY = 0.03;

  /** Shares of few images are not exact. */
  private static final double ROUNDING = 1e-9;

  /**
   * @param promote the judge
   */
  public static JudgeCounts of(List<Candidate> candidates, Predicate<Candidate> promote) {
    int promoted = 0;
    int right = 0;
    int harmful = 0;
    int worse = 0;
    int better = 0;
    int betterPromoted = 0;
    double worstHarm = 0;
    double harm = 0;
    double gain = 0;
    double kept = 0;
    for (Candidate each : candidates) {
      double change = each.change();
      boolean passes = promote.test(each);
      boolean isWorse = change <= -HARM + ROUNDING;
      boolean isBetter = change >= CLEARLY - ROUNDING;
      worse += isWorse ? 1 : 0;
      better += isBetter ? 1 : 0;
      gain += Math.max(0, change);
      if (passes) {
        promoted++;
        right += change >= HARM - ROUNDING ? 1 : 0;
        harmful += isWorse ? 1 : 0;
        betterPromoted += isBetter ? 1 : 0;
        worstHarm = Math.max(worstHarm, -change);
        harm += Math.max(0, -change);
        kept += Math.max(0, change);
      }
    }
    return new JudgeCounts(
        candidates.size(),
        promoted,
        right,
        harmful,
        worse,
        better,
        betterPromoted,
        worstHarm,
        candidates.isEmpty() ? 0 : harm / candidates.size(),
        gain > 0 ? kept / gain : Double.NaN);
  }

  /** The share of the worse ones let through; not a number where none is worse. */
  public double worsePromotedShare() {
    return (double) harmful / worse;
  }

  /** The share of the clearly better ones let through; not a number where none is better. */
  public double betterPromotedShare() {
    return (double) betterPromoted / better;
  }
}
