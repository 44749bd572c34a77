package io.gripstream.workshop.experiment.suite;

import io.gripstream.event.GateLimits;
import io.gripstream.refine.judge.Gate;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Predicate;

/**
 * What a judge keeps of the gain against what harm it lets through, over its settings.
 *
 * @param name of the judge
 * @param points in the order of its settings
 */
public record Frontier(String name, List<Point> points) {
  /** In hundredths: from far above the bar to far below. */
  private static final int MOST_TOLERANCE = 100;

  private static final int STEP = 10;

  /**
   * A judge with one setting.
   *
   * @param promote decides from a candidate's evidence alone
   */
  public record Setting(String name, Predicate<Map<String, Double>> promote) {}

  /** How one setting does. */
  public record Point(String setting, JudgeCounts counts) {}

  /** A judge over its settings. */
  public static Frontier of(String name, List<Candidate> candidates, List<Setting> settings) {
    return new Frontier(
        name,
        settings.stream()
            .map(
                setting ->
                    new Point(
                        setting.name(),
                        JudgeCounts.of(
                            candidates, each -> setting.promote().test(each.evidence()))))
            .toList());
  }

  /** The gate over {@code tolerance}; a negative one raises the bar. */
  public static Frontier ofGate(List<Candidate> candidates, GateLimits limits) {
    List<Setting> settings = new ArrayList<>();
    for (int hundredth = -MOST_TOLERANCE; hundredth <= MOST_TOLERANCE; hundredth += STEP) {
      GateLimits each = GateLimits.newBuilder(limits).setTolerance(hundredth / 100f).build();
      settings.add(
          new Setting(
              String.format(Locale.ROOT, "tolerance %+.2f", hundredth / 100.0),
              evidence -> Gate.judge(each, evidence).promote()));
    }
    return of("gate", candidates, settings);
  }
}
