package io.gripstream.refine;

import io.gripstream.clip.FloatTensor;
import java.util.Map;

/** What is measured of a candidate, on held-out images, for {@link Gate} to decide on. */
public final class Evidence {
  /** Held-out images. */
  public static final String HELD_OUT = "held-out";

  /** Held-out images with a human label. */
  public static final String HELD_OUT_LABELLED = "held-out-labelled";

  private Evidence() {}

  /**
   * Compares a candidate with the live prompt.
   *
   * @param heldOut {@code [N, D]}, features of the images that never train, rows of unit length
   * @param labels {@code [N]}, the human labels of these images, -1 where there is none
   * @param pool {@code [M, D]}, features of the other images of the batch, whose geometry helps;
   *     may be empty
   * @return by name, what the gate decides on
   */
  public static Map<String, Double> measure(
      FloatTensor heldOut,
      int[] labels,
      FloatTensor pool,
      Classifier zeroShot,
      Classifier base,
      Classifier candidate) {
    throw new IllegalStateException("not built yet");
  }
}
