package io.gripstream.workshop.experiment.drift;

import java.util.List;

/**
 * What came of a stream that was played once.
 *
 * @param parts {@code [N]}, the part of each image, from 0 and never falling
 * @param courses of the contenders, zero-shot first
 */
public record DriftRun(long seed, int[] parts, List<Course> courses) {
  /**
   * A contender's.
   *
   * @param right {@code [N]}, whether each image's label was the truth
   * @param versions {@code [N]}, the version that labeled it
   */
  public record Course(
      String name, boolean[] right, int[] versions, List<Contender.Event> events) {}

  /** The first image of a part; {@code N} for the part behind the last. */
  public int start(int part) {
    int i = 0;
    while (i < parts.length && parts[i] < part) {
      i++;
    }
    return i;
  }
}
