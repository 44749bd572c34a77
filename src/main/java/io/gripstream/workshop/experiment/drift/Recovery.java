package io.gripstream.workshop.experiment.drift;

/**
 * How long a contender takes after a change of part to have its gain back. What there is to gain in
 * a part is what the best contender gains over zero-shot in its last {@value #WINDOW} images. It is
 * back with the change of part, or with the first change of the version that labels, from which on
 * {@value #WINDOW} images (or as many as the part still has) gain 80 % of that.
 *
 * @param images from the change on; null where it does not come back within the part
 * @param rounds that were requested meanwhile; null with it
 */
public record Recovery(Integer images, Integer rounds) {
  /** In images. */
  public static final int WINDOW = 240;

  private static final double SHARE = 0.8;

  /** Fewer images at the end of a part tell nothing. */
  private static final int LEAST_IMAGES = 60;

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
      most = Math.max(most, gain(run, c, to - WINDOW, to));
    }
    if (most < LEAST) {
      return null;
    }
    int[] versions = run.courses().get(course).versions();
    for (int i = from; i + LEAST_IMAGES <= to; i++) {
      if ((i == from || versions[i] != versions[i - 1])
          && gain(run, course, i, Math.min(to, i + WINDOW)) >= SHARE * most) {
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

  private static double gain(DriftRun run, int course, int from, int to) {
    return Windows.mean(run.courses().get(course).right(), from, to)
        - Windows.mean(run.courses().get(0).right(), from, to);
  }
}
