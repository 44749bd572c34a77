package io.gripstream.gateway.rest;

import io.gripstream.clip.Float16;
import io.gripstream.clip.FloatTensor;
import io.gripstream.event.BatchSample;
import io.gripstream.event.PromptVersion;
import io.gripstream.prompt.Tensors;
import java.util.List;

/**
 * What the zero-shot prompt says of a batch's samples. Neither pseudolabels nor predictions are
 * written to a batch, but its features and class features are.
 */
final class BatchGuess {
  private final List<String> classes;
  private final FloatTensor features;

  /**
   * @param base the prompt that the round began with
   */
  BatchGuess(PromptVersion base) {
    this.classes = base.getClasses();
    this.features = Tensors.decode(base.getZeroShotFeatures());
  }

  /** The most similar class; null where the feature is not of the classes' length. */
  String of(BatchSample sample) {
    int columns = features.columns();
    if (sample.getFeature().remaining() != columns * Float16.BYTES
        || classes.size() != features.rows()) {
      return null;
    }
    float[] feature = Float16.decode(sample.getFeature());
    int best = 0;
    double highest = Double.NEGATIVE_INFINITY;
    for (int row = 0; row < features.rows(); row++) {
      double similarity = 0;
      for (int i = 0; i < columns; i++) {
        similarity += (double) feature[i] * features.values()[row * columns + i];
      }
      if (similarity > highest) {
        highest = similarity;
        best = row;
      }
    }
    return classes.get(best);
  }
}
