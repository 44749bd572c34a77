package io.gripstream.refine.judge;

import io.gripstream.clip.FloatTensor;
import io.gripstream.refine.head.Classifier;
import io.gripstream.refine.head.Metrics;
import io.gripstream.refine.head.Scores;
import io.gripstream.refine.judge.Evidence.Opinion;
import java.util.Map;
import java.util.Optional;

/** The evidence on prompts that are all classifiers of the same image features. */
final class Judged {
  private Judged() {}

  static Map<String, Double> measure(
      FloatTensor features,
      boolean[] heldOut,
      int[] labels,
      Classifier zeroShot,
      Classifier base,
      Classifier candidate) {
    return measure(PoolView.of(features, zeroShot), heldOut, labels, base, candidate);
  }

  static Map<String, Double> measure(
      PoolView view, boolean[] heldOut, int[] labels, Classifier base, Classifier candidate) {
    return measure(new Judges(view, labels, heldOut), view, heldOut, labels, base, candidate);
  }

  /** The same by judges of this view, labels and held-out images. */
  static Map<String, Double> measure(
      Judges judges,
      PoolView view,
      boolean[] heldOut,
      int[] labels,
      Classifier base,
      Classifier candidate) {
    FloatTensor features = view.features();
    Classifier zeroShot = view.zeroShot();
    return Evidence.measure(
            judges,
            heldOut,
            labels,
            zeroShot.classes(),
            opinion(zeroShot, features),
            opinion(base, features),
            Optional.empty(),
            candidate.isFinite() ? Optional.of(opinion(candidate, features)) : Optional.empty())
        .figures();
  }

  private static Opinion opinion(Classifier classifier, FloatTensor features) {
    FloatTensor probabilities = classifier.probabilities(features);
    return new Opinion(Scores.argmax(probabilities), Metrics.meanConfidence(probabilities));
  }
}
