package io.gripstream.workshop.experiment.suite;

import io.gripstream.event.Strategy;
import java.util.Map;

/**
 * A candidate that the gate judged, and what the test images say of it, which no gate knows.
 *
 * @param promoted what the gate said
 * @param zeroShot accuracy of the zero-shot prompt
 * @param live accuracy of the prompt that was live
 * @param candidate accuracy of the candidate
 */
public record Candidate(
    Condition condition,
    Strategy strategy,
    long seed,
    int round,
    boolean promoted,
    double zeroShot,
    double live,
    double candidate,
    Map<String, Double> evidence) {

  /** What promoting it gains, as a share from -1 to 1. */
  public double change() {
    return candidate - live;
  }
}
