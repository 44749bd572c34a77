package io.gripstream.experiment.drift;

/**
 * How long a contender takes after a change of part to have its gain back. What there is to gain in
 * a part is what the best contender gains over zero-shot in its last {@value #WINDOW} images; it is
 * back at the first image from which on a window gains 80 % of that.
 *
 * @param images from the change on; null where it does not come back within the part
 * @param rounds that were requested meanwhile; null with it
 */
public record Recovery(Integer images, Integer rounds) {
  /** In images. */
  public static final int WINDOW = 240;

  private static final double SHARE = 0.8;

  /** Less than two points are not worth coming back to. */
  private static final double LEAST = 0.02;

  /**
   * @param course of which contender
   * @return null where there is nothing to gain in the part, or the part is too short to tell
   */
  static Recovery of(DriftRun run, int course, int part) {
    int from = run.start(part);
    int to = run.start(part + 1);
    if (to - from < WINDOW) {
      return null;
    }
    double most = 0;
    for (int c = 1; c < run.courses().size(); c++) {
      most = Math.max(most, gain(run, c, to - WINDOW));
    }
    if (most < LEAST) {
      return null;
    }
    for (int i = from; i + WINDOW <= to; i++) {
      if (gain(run, course, i) >= SHARE * most) {
        int begin = i;
        int rounds =
            (int)
                run.courses().get(course).events().stream()
                    .filter(event -> event.what().equals("REQUESTED"))
                    .filter(event -> event.image() > from && event.image() <= begin)
                    .count();
        return new Recovery(i - from, rounds);
      }
    }
    return new Recovery(null, null);
  }

  private static double gain(DriftRun run, int course, int from) {
    return Windows.mean(run.courses().get(course).right(), from, from + WINDOW)
        - Windows.mean(run.courses().get(0).right(), from, from + WINDOW);
  }
}
