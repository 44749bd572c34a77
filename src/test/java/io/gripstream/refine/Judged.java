package io.gripstream.refine;

import io.gripstream.clip.FloatTensor;
import io.gripstream.refine.Evidence.Opinion;
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
    Judges judges = new Judges(PoolView.of(features, zeroShot), labels, heldOut);
    return Evidence.measure(
        judges,
        heldOut,
        labels,
        zeroShot.classes(),
        opinion(zeroShot, features),
        opinion(base, features),
        Optional.empty(),
        candidate.isFinite() ? Optional.of(opinion(candidate, features)) : Optional.empty());
  }

  private static Opinion opinion(Classifier classifier, FloatTensor features) {
    FloatTensor probabilities = classifier.probabilities(features);
    return new Opinion(Scores.argmax(probabilities), Metrics.meanConfidence(probabilities));
  }
}
