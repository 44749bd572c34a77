package io.gripstream.refine.select;

import java.util.List;

/**
 * A label that a prompt gave and that a round trains on.
 *
 * @param sample the row of the image
 * @param label the class
 * @param confidence the probability that the prompt gives the class
 * @param candidates every class that the image may be of, in ascending order: the label, and for
 *     strategies that do not decide, others
 */
public record Pseudolabel(int sample, int label, float confidence, List<Integer> candidates) {
  public Pseudolabel {
    candidates = List.copyOf(candidates);
  }

  /** A label that stands alone. */
  public Pseudolabel(int sample, int label, float confidence) {
    this(sample, label, confidence, List.of(label));
  }

  /** The same of the image in another row. */
  public Pseudolabel at(int row) {
    return new Pseudolabel(row, label, confidence, candidates);
  }
}
