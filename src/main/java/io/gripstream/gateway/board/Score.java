package io.gripstream.gateway.board;

import io.gripstream.event.ScoredLabel;

/** A class and how sure a prompt is of it. */
public record Score(String label, float confidence) {
  static Score of(ScoredLabel scored) {
    return new Score(scored.getLabel(), scored.getConfidence());
  }
}
