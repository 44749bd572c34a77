package io.gripstream.workshop.experiment.suite;

import io.gripstream.event.GateLimits;
import io.gripstream.event.Strategy;
import io.gripstream.event.TaskDefinition;
import java.util.List;

/**
 * What is reported of a suite.
 *
 * @param rows finished conditions, in order
 * @param strategies a summary of each strategy
 * @param judge over the candidates of all strategies
 * @param frontiers of the gate, and of other judges that were tried on the same candidates
 */
public record SuiteSummary(
    SuiteSettings settings,
    List<SuiteRow> rows,
    List<StrategySummary> strategies,
    JudgeCounts judge,
    List<Frontier> frontiers) {

  public static SuiteSummary of(SuiteSettings settings, List<SuiteRow> rows) {
    List<Candidate> candidates = candidates(rows);
    GateLimits limits =
        TaskDefinition.newBuilder().setClasses(List.of("one", "other")).build().getGate();
    return new SuiteSummary(
        settings,
        List.copyOf(rows),
        settings.strategies().stream()
            .map((Strategy strategy) -> StrategySummary.of(strategy, rows))
            .toList(),
        JudgeCounts.of(candidates, Candidate::promoted),
        List.of(Frontier.ofGate(candidates, limits)));
  }

  /** Of all strategies. */
  public static List<Candidate> candidates(List<SuiteRow> rows) {
    return rows.stream().flatMap(row -> row.candidates().stream()).toList();
  }
}
