package io.gripstream.workshop.experiment;

import io.gripstream.refine.RobinHood;
import java.util.List;
import java.util.Map;

/**
 * What came of a cell.
 *
 * @param pool images that trained
 * @param test images that judged
 * @param humanLabels pool images whose labels the rounds were told
 * @param unseenClasses classes that nobody labelled; empty but for TRZSL
 * @param zeroShot of the zero-shot prompt
 * @param rounds in order
 * @param robinHood of the last round's live prompt against zero-shot
 * @param linearHead of a linear head trained on the last round's labels; null where the round told
 *     none
 * @param linearRobinHood of the linear head against zero-shot; null with it
 * @param bound of a linear head trained on the pool's true labels; null where none was asked for
 */
public record CellResult(
    Cell cell,
    int pool,
    int test,
    int humanLabels,
    List<String> unseenClasses,
    Figures zeroShot,
    List<Round> rounds,
    RobinHood robinHood,
    Figures linearHead,
    RobinHood linearRobinHood,
    Figures bound,
    Timing timing) {

  /**
   * A round.
   *
   * @param promoted whether its candidate went live
   * @param verdict the gate's sentence; null without a gate
   * @param figures of the prompt that was live after it
   * @param candidateFigures of its candidate, whether it went live or not; null for one that
   *     exploded
   * @param pseudolabels that it trained on; null where it did not tell
   * @param pseudolabelAccuracy the share of them that is the truth, which no round knows; null
   *     without any
   * @param evidence the candidate's own
   */
  public record Round(
      int round,
      boolean promoted,
      String verdict,
      Figures figures,
      Figures candidateFigures,
      Integer pseudolabels,
      Double pseudolabelAccuracy,
      Map<String, Double> evidence) {}

  /**
   * What it cost; differs from run to run.
   *
   * @param seconds of all of it
   * @param trainingSeconds of the rounds alone
   * @param peakResidentKibibytes the most memory that the process had had by then; null where the
   *     system does not tell
   */
  public record Timing(double seconds, double trainingSeconds, Long peakResidentKibibytes) {}

  /** After the last round. */
  public Round last() {
    return rounds.get(rounds.size() - 1);
  }

  /** Of the prompt that was live before a round, counted from 0. */
  public Figures before(int index) {
    return index == 0 ? zeroShot : rounds.get(index - 1).figures();
  }

  /** How often an image went through the tower for training, over all rounds. */
  public long imageEncodings() {
    return Math.round(
        rounds.stream()
            .mapToDouble(round -> round.evidence().getOrDefault("imageEncodings", 0.0))
            .sum());
  }
}
