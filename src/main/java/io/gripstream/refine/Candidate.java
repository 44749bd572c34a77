package io.gripstream.refine;

import io.gripstream.clip.FloatTensor;
import io.gripstream.event.Modality;
import io.gripstream.event.Strategy;
import io.gripstream.refine.head.Classifier;
import java.util.Map;
import java.util.Optional;

/**
 * A prompt that a round made, before it is judged.
 *
 * @param madeBy never AUTO
 * @param modality what was tuned; TEXT where nothing was
 * @param prefix {@code [V, W]}, what images are to be encoded behind; empty: as they are
 * @param tensors by their names in a prompt version; empty where nothing was tuned
 * @param figures what its making measured, by name
 */
public record Candidate(
    Strategy madeBy,
    Modality modality,
    Classifier classifier,
    Optional<FloatTensor> prefix,
    Map<String, FloatTensor> tensors,
    Map<String, Double> figures) {

  /** A head in closed form, on the images as they are. */
  static Candidate head(Strategy madeBy, Classifier classifier) {
    return new Candidate(madeBy, Modality.TEXT, classifier, Optional.empty(), Map.of(), Map.of());
  }
}
