package io.gripstream.refine;

import java.util.Arrays;
import java.util.LinkedHashMap;
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
 */
public final class Evidence {
  /** How the candidate compares with the live prompt; names of {@link Comparison} follow. */
  public static final String GAIN = "gain";

  /** How the candidate compares with the zero-shot prompt. */
  public static final String OVER_ZERO_SHOT = "overZeroShot";

  /** How the zero-shot prompt compares with the live one. */
  public static final String ZERO_SHOT_BACK = "zeroShotBack";

  /** How the live prompt's predecessor compares with it, where it has one. */
  public static final String PREDECESSOR_BACK = "predecessorBack";

  /** Held-out images. */
  public static final String HELD_OUT = "heldOut";

  /** Held-out images with a human label. */
  public static final String HELD_OUT_LABELLED = "heldOutLabelled";

  /** Classes. */
  public static final String CLASSES = "classes";

  /** Classes that a held-out human label names. */
  public static final String LABELLED_CLASSES = "heldOutLabelledClasses";

  /** Expected accuracy of the zero-shot prompt on the held-out images. */
  public static final String ZERO_SHOT_SCORE = "zeroShotScore";

  /** Expected accuracy of the prompt that was live when the batch was closed. */
  public static final String BASE_SCORE = "baseScore";

  /** Expected accuracy of the candidate. */
  public static final String CANDIDATE_SCORE = "candidateScore";

  /** Standard error of the difference of the candidate's and the live prompt's scores. */
  public static final String SCORE_ERROR = "scoreError";

  /** Accuracy of the zero-shot prompt by held-out human labels, where there are any. */
  public static final String ZERO_SHOT_ACCURACY = "zeroShotAccuracy";

  /** Accuracy of the live prompt by held-out human labels, where there are any. */
  public static final String BASE_ACCURACY = "baseAccuracy";

  /** Accuracy of the candidate by held-out human labels, where there are any. */
  public static final String CANDIDATE_ACCURACY = "candidateAccuracy";

  /** Standard error of the difference of the two accuracies. */
  public static final String ACCURACY_ERROR = "accuracyError";

  /** How many equally frequent classes would be as diverse as the live prompt's predictions. */
  public static final String BASE_EFFECTIVE_CLASSES = "baseEffectiveClasses";

  /** The same of the candidate's predictions. */
  public static final String CANDIDATE_EFFECTIVE_CLASSES = "candidateEffectiveClasses";

  /** The share of held-out images that candidate and live prompt label alike. */
  public static final String AGREEMENT = "agreement";

  /** The mean probability of the live prompt's predictions. */
  public static final String BASE_CONFIDENCE = "baseConfidence";

  /** The mean probability of the candidate's predictions. */
  public static final String CANDIDATE_CONFIDENCE = "candidateConfidence";

  /** How many pseudolabels the candidate was trained on; the trainer adds it. */
  public static final String PSEUDOLABELS = "pseudolabels";

  /** How many classes had a pseudolabel; the trainer adds it. */
  public static final String PSEUDOLABELLED_CLASSES = "pseudolabelledClasses";

  private Evidence() {}

  /**
   * What a prompt says of a pool's images.
   *
   * @param labels {@code [N]}, -1 for images that it was not asked about
   * @param confidence the mean probability of its predictions on held-out images
   */
  record Opinion(int[] labels, double confidence) {}

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
   * @return by the names above; figures that cannot be had, as those over no images, are not a
   *     number, and comparisons with a candidate that exploded are not there
   */
  static Map<String, Double> measure(
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
    Map<String, Double> evidence = new LinkedHashMap<>();
    evidence.put(HELD_OUT, (double) judged.length);
    evidence.put(HELD_OUT_LABELLED, (double) known.length);
    evidence.put(CLASSES, (double) classes);
    evidence.put(LABELLED_CLASSES, (double) Arrays.stream(known).distinct().count());
    evidence.put(ZERO_SHOT_SCORE, judges.score(zeroShot.labels()));
    evidence.put(BASE_SCORE, judges.score(base.labels()));
    evidence.put(BASE_EFFECTIVE_CLASSES, effectiveClasses(of(base, judged), classes));
    evidence.put(BASE_CONFIDENCE, base.confidence());
    if (known.length > 0) {
      evidence.put(ZERO_SHOT_ACCURACY, accuracy(zeroShot, truth, judged));
      evidence.put(BASE_ACCURACY, accuracy(base, truth, judged));
    }
    evidence.putAll(judges.compare(base.labels(), zeroShot.labels()).evidence(ZERO_SHOT_BACK));
    predecessor.ifPresent(
        before ->
            evidence.putAll(
                judges.compare(base.labels(), before.labels()).evidence(PREDECESSOR_BACK)));
    if (candidate.isEmpty()) {
      for (String name : List.of(CANDIDATE_SCORE, SCORE_ERROR, CANDIDATE_EFFECTIVE_CLASSES)) {
        evidence.put(name, Double.NaN);
      }
      return evidence;
    }
    Opinion after = candidate.get();
    Comparison gain = judges.compare(base.labels(), after.labels());
    evidence.putAll(gain.evidence(GAIN));
    evidence.putAll(judges.compare(zeroShot.labels(), after.labels()).evidence(OVER_ZERO_SHOT));
    evidence.put(CANDIDATE_SCORE, judges.score(after.labels()));
    evidence.put(SCORE_ERROR, judges.scoreError(base.labels(), after.labels()));
    evidence.put(CANDIDATE_EFFECTIVE_CLASSES, effectiveClasses(of(after, judged), classes));
    evidence.put(AGREEMENT, Metrics.agreement(of(after, judged), of(base, judged)));
    evidence.put(CANDIDATE_CONFIDENCE, after.confidence());
    if (known.length > 0) {
      evidence.put(CANDIDATE_ACCURACY, accuracy(after, truth, judged));
      evidence.put(ACCURACY_ERROR, gain.accuracyError());
    }
    return evidence;
  }

  private static int[] of(Opinion opinion, int[] rows) {
    return Arrays.stream(rows).map(i -> opinion.labels()[i]).toArray();
  }

  private static double accuracy(Opinion opinion, int[] truth, int[] judged) {
    return Metrics.accuracy(
        of(opinion, judged), Arrays.stream(judged).map(i -> truth[i]).toArray());
  }

  private static double effectiveClasses(int[] predictions, int classes) {
    double[] shares = new double[classes];
    for (int prediction : predictions) {
      shares[prediction] += 1.0 / predictions.length;
    }
    return Metrics.effectiveClasses(shares);
  }
}
