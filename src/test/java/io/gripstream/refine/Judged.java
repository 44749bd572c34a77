package io.gripstream.refine;

import io.gripstream.clip.FloatTensor;
import java.util.Map;
import java.util.stream.IntStream;

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
    int[] judges =
        IntStream.range(0, Math.min(heldOut.length, features.rows()))
            .filter(i -> heldOut[i])
            .toArray();
    return Evidence.measure(
        features,
        heldOut,
        labels,
        zeroShot.probabilities(features),
        base.probabilities(features),
        candidate.isFinite() ? candidate.probabilities(Rows.of(features, judges)) : null);
  }
}
