package io.gripstream.gateway.board;

import java.util.List;

/**
 * Accuracy where the truth is known to this process. A prediction that abstained counts as wrong;
 * the zero-shot prompt never abstains.
 *
 * @param source where the truth comes from
 * @param overall all images scored since this process started
 * @param window the images that were labelled last
 * @param liveVersion the images that the live version labelled
 * @param versions every version's own images
 * @param classes the images that the live version labelled, by true class, poorest zero-shot
 *     accuracy first
 * @param poorHalf mean change of accuracy over the poorer half of {@code classes}; null with fewer
 *     than two classes
 * @param richHalf the same for the richer half
 * @param series accuracy over the latest images, in the order in which they were labelled
 */
public record ScoreView(
    String task,
    String source,
    Accuracy overall,
    Accuracy window,
    VersionAccuracy liveVersion,
    List<VersionAccuracy> versions,
    List<ClassAccuracy> classes,
    Double poorHalf,
    Double richHalf,
    List<Point> series) {

  /** What one version made of the images that it labelled. */
  public record VersionAccuracy(int version, long scored, Double zeroShot, Double live) {}

  /** What became of the images of one class. */
  public record ClassAccuracy(String label, long scored, double zeroShot, double live) {}

  /**
   * Accuracy over the images before a moment.
   *
   * @param at milliseconds since the epoch
   * @param version the version that labelled the last of them
   */
  public record Point(long at, long scored, double zeroShot, double live, int version) {}
}
