package io.gripstream.workshop.experiment.drift;

import io.gripstream.workshop.experiment.Part;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.stream.IntStream;

/**
 * What is reported of a stream that was played, once for each seed.
 *
 * @param what the data set and the model
 * @param contenders in order, zero-shot first
 */
public record DriftSummary(
    String what, List<Part> parts, List<DriftRun> runs, List<Standing> contenders) {
  /** Of the windows whose worst is told. */
  public static final List<Integer> WINDOWS = List.of(240, 500);

  /**
   * A contender over all seeds.
   *
   * @param accuracy over the whole stream, mean over seeds
   * @param perPart {@code [P]}, accuracy in each part, mean over seeds
   * @param worst for each of {@link #WINDOWS}, the worst of any seed against zero-shot; null where
   *     the stream is shorter
   * @param recoveries {@code [P][seeds]}; null where there is nothing to gain
   */
  public record Standing(
      String name,
      double accuracy,
      List<Double> perPart,
      List<WorstWindow> worst,
      List<List<Recovery>> recoveries) {}

  /**
   * A window.
   *
   * @param change of accuracy against zero-shot
   * @param end the image behind it
   */
  public record WorstWindow(int window, double change, long seed, int end) {}

  /**
   * @param runs of the same parts and contenders
   */
  public static DriftSummary of(String what, List<Part> parts, List<DriftRun> runs) {
    List<Standing> contenders = new ArrayList<>();
    for (int c = 0; c < runs.get(0).courses().size(); c++) {
      int course = c;
      contenders.add(
          new Standing(
              runs.get(0).courses().get(c).name(),
              runs.stream()
                  .mapToDouble(run -> accuracy(run, course, 0, run.parts().length))
                  .average()
                  .orElseThrow(),
              IntStream.range(0, parts.size())
                  .mapToObj(
                      part ->
                          runs.stream()
                              .mapToDouble(
                                  run ->
                                      accuracy(run, course, run.start(part), run.start(part + 1)))
                              .average()
                              .orElseThrow())
                  .toList(),
              WINDOWS.stream().map(window -> worst(runs, course, window)).toList(),
              IntStream.range(0, parts.size())
                  .mapToObj(
                      part ->
                          // Not List.of, which takes no null.
                          runs.stream().map(run -> Recovery.of(run, course, part)).toList())
                  .toList()));
    }
    return new DriftSummary(what, parts, List.copyOf(runs), contenders);
  }

  private static double accuracy(DriftRun run, int course, int from, int to) {
    return Windows.mean(run.courses().get(course).right(), from, to);
  }

  private static WorstWindow worst(List<DriftRun> runs, int course, int window) {
    return runs.stream()
        .map(
            run -> {
              Windows.Worst worst =
                  Windows.worst(
                      run.courses().get(course).right(), run.courses().get(0).right(), window);
              return worst == null
                  ? null
                  : new WorstWindow(window, worst.change(), run.seed(), worst.end());
            })
        .filter(Objects::nonNull)
        .min(Comparator.comparingDouble(WorstWindow::change))
        .orElse(null);
  }
}
