package io.gripstream.refine;

import io.gripstream.clip.FloatTensor;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * What is measured of a candidate, on held-out images, for {@link Gate} to decide on.
 *
 * <p>Mostly nobody knows what the held-out images show. The live prompt's own pseudolabels cannot
 * judge then: by them it is always right. So the judge is the {@link Consensus} of the zero-shot
 * prompt, the live prompt and the geometry of all the batch's features, human labels included where
 * there are any. The candidate has no say in it. A prompt's <em>score</em> is the probability that
 * the consensus gives the prompt's predictions, on average: its expected accuracy. It looks at
 * predictions only, so being surer earns nothing; giving up a class, moving a boundary into a
 * cluster and swapping two classes all cost.
 *
 * <p>Why so: in simulated worlds where the truth is known ({@code GateSimulationTest}: 416
 * candidates over 16 live prompts, 115 truly better by more than two points, 190 worse by as much,
 * about 100 held-out images each), what would be promoted by a criterion's mere sign was
 *
 * <table>
 * <caption>Unsupervised criteria against the truth</caption>
 * <tr><th>criterion</th><th>truly worse by 2 points</th><th>worst change</th><th>rank correlation</th></tr>
 * <tr><td>consensus</td><td>2 %</td><td>-3 points</td><td>0.83</td></tr>
 * <tr><td>neighbours labelled alike</td><td>11 %</td><td>-56 points</td><td>0.79</td></tr>
 * <tr><td>mutual information</td><td>14 %</td><td>-56 points</td><td>0.64</td></tr>
 * <tr><td>likelihood of live pseudolabels</td><td>19 %</td><td>-29 points</td><td>0.53</td></tr>
 * </table>
 *
 * The two that look at structure alone cannot see that classes were swapped; the last one rewards
 * confidence. The more images are held out, the more of the better candidates pass.
 */
public final class Evidence {
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
   * Compares a candidate with the live prompt.
   *
   * @param features {@code [N, D]}, of all images of the batch, rows of unit length
   * @param heldOut {@code [N]}, which of them never train: only these {@code H} are judged by, the
   *     others merely show where images lie
   * @param labels {@code [N]}, the human labels, -1 where there is none
   * @param zeroShot {@code [N, C]}, what the task's version 0 says
   * @param base {@code [N, C]}, what the prompt says that was live when the batch was closed
   * @param candidate {@code [H, C]}, what the candidate says of the held-out images; null for one
   *     that exploded
   * @return by the names above; figures that cannot be had, as those of a candidate that exploded
   *     or those over no images, are not a number
   * @throws IllegalArgumentException when the sizes do not fit together
   */
  public static Map<String, Double> measure(
      FloatTensor features,
      boolean[] heldOut,
      int[] labels,
      FloatTensor zeroShot,
      FloatTensor base,
      FloatTensor candidate) {
    int n = features.rows();
    if (heldOut.length != n || labels.length != n) {
      throw new IllegalArgumentException(
          "%d marks and %d labels for %s".formatted(heldOut.length, labels.length, features));
    }
    int[] judges = IntStream.range(0, n).filter(i -> heldOut[i]).toArray();
    FloatTensor teacher = Rows.mixed(zeroShot, base, 0.5);
    FloatTensor consensus = Rows.of(Consensus.estimate(features, teacher, labels), judges);
    int[] truth = Arrays.stream(judges).map(i -> labels[i]).toArray();
    FloatTensor before = Rows.of(base, judges);
    int[] zeroShotLabels = Scores.argmax(Rows.of(zeroShot, judges));
    int[] baseLabels = Scores.argmax(before);
    int[] known =
        Arrays.stream(truth).filter(label -> label != Metrics.UNKNOWN).distinct().toArray();

    Map<String, Double> evidence = new LinkedHashMap<>();
    evidence.put(HELD_OUT, (double) truth.length);
    evidence.put(
        HELD_OUT_LABELLED,
        (double) Arrays.stream(truth).filter(label -> label != Metrics.UNKNOWN).count());
    evidence.put(CLASSES, (double) base.columns());
    evidence.put(LABELLED_CLASSES, (double) known.length);
    evidence.put(
        ZERO_SHOT_SCORE,
        Arrays.stream(score(consensus, zeroShotLabels)).average().orElse(Double.NaN));
    double[] baseScore = score(consensus, baseLabels);
    evidence.put(BASE_SCORE, Arrays.stream(baseScore).average().orElse(Double.NaN));
    evidence.put(BASE_EFFECTIVE_CLASSES, effectiveClasses(baseLabels, base.columns()));
    evidence.put(BASE_CONFIDENCE, Metrics.meanConfidence(before));
    if (known.length > 0) {
      evidence.put(ZERO_SHOT_ACCURACY, Metrics.accuracy(zeroShotLabels, truth));
      evidence.put(BASE_ACCURACY, Metrics.accuracy(baseLabels, truth));
    }
    evidence.putAll(ofCandidate(candidate, consensus, truth, baseLabels));
    return evidence;
  }

  private static Map<String, Double> ofCandidate(
      FloatTensor after, FloatTensor consensus, int[] truth, int[] baseLabels) {
    Map<String, Double> evidence = new LinkedHashMap<>();
    if (after == null) {
      for (String name : new String[] {CANDIDATE_SCORE, SCORE_ERROR, CANDIDATE_EFFECTIVE_CLASSES}) {
        evidence.put(name, Double.NaN);
      }
      return evidence;
    }
    int[] labels = Scores.argmax(after);
    double[] baseScore = score(consensus, baseLabels);
    double[] score = score(consensus, labels);
    double[] gain = new double[truth.length];
    for (int i = 0; i < gain.length; i++) {
      gain[i] = score[i] - baseScore[i];
    }
    evidence.put(CANDIDATE_SCORE, Arrays.stream(score).average().orElse(Double.NaN));
    evidence.put(SCORE_ERROR, standardError(gain));
    evidence.put(CANDIDATE_EFFECTIVE_CLASSES, effectiveClasses(labels, consensus.columns()));
    evidence.put(AGREEMENT, Metrics.agreement(labels, baseLabels));
    evidence.put(CANDIDATE_CONFIDENCE, Metrics.meanConfidence(after));
    double[] gainOfLabelled = gainByLabels(labels, baseLabels, truth);
    if (gainOfLabelled.length > 0) {
      evidence.put(CANDIDATE_ACCURACY, Metrics.accuracy(labels, truth));
      evidence.put(ACCURACY_ERROR, standardError(gainOfLabelled));
    }
    return evidence;
  }

  /** The probability that the consensus gives each prediction. */
  private static double[] score(FloatTensor consensus, int[] predictions) {
    double[] score = new double[predictions.length];
    for (int i = 0; i < score.length; i++) {
      score[i] = consensus.values()[i * consensus.columns() + predictions[i]];
    }
    return score;
  }

  private static double[] gainByLabels(int[] labels, int[] baseLabels, int[] truth) {
    double[] gain = new double[truth.length];
    int known = 0;
    for (int i = 0; i < truth.length; i++) {
      if (truth[i] != Metrics.UNKNOWN) {
        gain[known++] = (labels[i] == truth[i] ? 1 : 0) - (baseLabels[i] == truth[i] ? 1 : 0);
      }
    }
    return Arrays.copyOf(gain, known);
  }

  /** The standard error of the mean of paired differences, from the unbiased variance. */
  private static double standardError(double[] differences) {
    int n = differences.length;
    double mean = Arrays.stream(differences).average().orElse(Double.NaN);
    double squares = 0;
    for (double difference : differences) {
      squares += (difference - mean) * (difference - mean);
    }
    return Math.sqrt(squares / (n - 1) / n);
  }

  private static double effectiveClasses(int[] predictions, int classes) {
    double[] shares = new double[classes];
    for (int prediction : predictions) {
      shares[prediction] += 1.0 / predictions.length;
    }
    return Metrics.effectiveClasses(shares);
  }
}
