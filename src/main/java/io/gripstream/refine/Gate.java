package io.gripstream.refine;

import io.gripstream.event.GateLimits;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Decides from a candidate's evidence alone whether it goes live.
 *
 * <p>A candidate is promoted when it is better by more than one standard error: by human labels
 * where at least {@code minimumEvidence} held-out images have one, by the consensus ({@link
 * Evidence}) otherwise. An improvement on a single image is thus never enough. Where people have
 * labelled some classes only, the consensus must moreover not find the candidate worse by more than
 * one standard error: their labels say nothing of the other classes. {@code tolerance} lowers each
 * bar by as much. Evidence that is too little, missing or not a number holds, always.
 *
 * <p>In the simulation that {@link Evidence} tells of, this promoted 62 candidates: 44 % of the
 * better ones, none that was worse by two points, with a mean gain of 7 points. Without the error
 * bar it would have been 62 % of the better ones, and 2 % truly worse. The settings were chosen on
 * worlds of this kind; on three sets of seeds not looked at before, none of 227 promoted was worse.
 * Real features are no Gaussians, so this says which criterion to prefer, not how often it errs.
 */
public final class Gate {
  /**
   * The consensus notices a collapse by itself. This is for the day that the live prompt has so few
   * classes left that the consensus lost them too.
   */
  private static final double LEAST_DIVERSITY = 0.5;

  /** Rounding errors are no gain. */
  private static final double EPSILON = 1e-9;

  private static final List<String> FIGURES =
      List.of(
          Evidence.BASE_SCORE,
          Evidence.CANDIDATE_SCORE,
          Evidence.SCORE_ERROR,
          Evidence.BASE_EFFECTIVE_CLASSES,
          Evidence.CANDIDATE_EFFECTIVE_CLASSES);

  private static final List<String> LABELLED_FIGURES =
      List.of(
          Evidence.BASE_SCORE,
          Evidence.CANDIDATE_SCORE,
          Evidence.SCORE_ERROR,
          Evidence.BASE_EFFECTIVE_CLASSES,
          Evidence.CANDIDATE_EFFECTIVE_CLASSES,
          Evidence.BASE_ACCURACY,
          Evidence.CANDIDATE_ACCURACY,
          Evidence.ACCURACY_ERROR);

  private Gate() {}

  /** What becomes of the prompts that a round compared. */
  public enum Action {
    /** The candidate goes live. */
    PROMOTE,
    /** The candidate does not go live, and the live prompt stays. */
    HOLD,
    /** The live prompt is worse than the one before it, which goes live again. */
    BACK_TO_PREDECESSOR,
    /** The live prompt is worse than the zero-shot one, which goes live again. */
    BACK_TO_ZERO_SHOT
  }

  /**
   * @param reason a sentence for the task's diary
   */
  public record Verdict(Action action, String reason) {
    /** Whether the candidate goes live. */
    public boolean promote() {
      return action == Action.PROMOTE;
    }
  }

  /**
   * @param evidence {@code PromptVersion.evidence} of the candidate
   */
  public static Verdict judge(GateLimits limits, Map<String, Double> evidence) {
    for (String name :
        List.of(
            Evidence.HELD_OUT,
            Evidence.HELD_OUT_LABELLED,
            Evidence.CLASSES,
            Evidence.LABELLED_CLASSES)) {
      if (!known(evidence, name)) {
        return hold("The evidence has no usable %s.", name);
      }
    }
    double heldOut = evidence.get(Evidence.HELD_OUT);
    if (heldOut < limits.getMinimumEvidence()) {
      return hold("%.0f held-out images, and %d are needed.", heldOut, limits.getMinimumEvidence());
    }
    boolean byLabels = evidence.get(Evidence.HELD_OUT_LABELLED) >= limits.getMinimumEvidence();
    for (String name : byLabels ? LABELLED_FIGURES : FIGURES) {
      if (!known(evidence, name)) {
        return hold("The evidence has no usable %s.", name);
      }
    }
    double before = evidence.get(Evidence.BASE_EFFECTIVE_CLASSES);
    double after = evidence.get(Evidence.CANDIDATE_EFFECTIVE_CLASSES);
    if (after < LEAST_DIVERSITY * before) {
      return hold("Its labels collapse from %.1f to %.1f effective classes.", before, after);
    }
    return byLabels ? byLabels(limits, evidence) : byConsensus(limits, evidence);
  }

  private static Verdict byConsensus(GateLimits limits, Map<String, Double> evidence) {
    double base = evidence.get(Evidence.BASE_SCORE);
    double candidate = evidence.get(Evidence.CANDIDATE_SCORE);
    double error = evidence.get(Evidence.SCORE_ERROR);
    boolean better = better(base, candidate, error, limits);
    if (!better && evidence.getOrDefault(Evidence.AGREEMENT, 0.0) == 1) {
      return hold(
          "Nothing would change: it labels all %.0f held-out images as the live prompt does.",
          evidence.get(Evidence.HELD_OUT));
    }
    String figures =
        figures(
            "expected accuracy on "
                + Math.round(evidence.get(Evidence.HELD_OUT))
                + " held-out images",
            base,
            candidate,
            error);
    return better ? promote("Better: " + figures) : hold("Not clearly better: %s", figures);
  }

  private static Verdict byLabels(GateLimits limits, Map<String, Double> evidence) {
    double base = evidence.get(Evidence.BASE_ACCURACY);
    double candidate = evidence.get(Evidence.CANDIDATE_ACCURACY);
    double error = evidence.get(Evidence.ACCURACY_ERROR);
    String figures =
        figures(
            "accuracy on "
                + Math.round(evidence.get(Evidence.HELD_OUT_LABELLED))
                + " held-out images that people labelled",
            base,
            candidate,
            error);
    if (!better(base, candidate, error, limits)) {
      return hold("Not clearly better: %s", figures);
    }
    double baseScore = evidence.get(Evidence.BASE_SCORE);
    double score = evidence.get(Evidence.CANDIDATE_SCORE);
    double scoreError = evidence.get(Evidence.SCORE_ERROR);
    boolean everyClass = evidence.get(Evidence.LABELLED_CLASSES) >= evidence.get(Evidence.CLASSES);
    if (!everyClass && score - baseScore + scoreError < -limits.getTolerance()) {
      return hold(
          "Better where people labelled, but worse over all classes: %s",
          figures("expected accuracy", baseScore, score, scoreError));
    }
    return promote("Better: " + figures);
  }

  private static boolean better(double base, double candidate, double error, GateLimits limits) {
    return candidate - base - error > EPSILON - limits.getTolerance();
  }

  private static String figures(String what, double base, double candidate, double error) {
    return String.format(
        Locale.ROOT,
        "%s %.1f %% after %.1f %%, a change of %+.1f ± %.1f points.",
        what,
        100 * candidate,
        100 * base,
        100 * (candidate - base),
        100 * error);
  }

  private static boolean known(Map<String, Double> evidence, String name) {
    Double value = evidence.get(name);
    return value != null && Double.isFinite(value);
  }

  private static Verdict promote(String reason) {
    return new Verdict(Action.PROMOTE, reason);
  }

  private static Verdict hold(String format, Object... arguments) {
    return new Verdict(Action.HOLD, String.format(Locale.ROOT, format, arguments));
  }
}
