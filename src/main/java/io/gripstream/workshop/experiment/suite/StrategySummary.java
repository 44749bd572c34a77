package io.gripstream.workshop.experiment.suite;

import io.gripstream.event.Strategy;
import io.gripstream.workshop.experiment.ClassMix;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.OptionalDouble;
import java.util.function.Function;

/**
 * What a suite says of a strategy over all conditions. Gains are shares from -1 to 1, over
 * zero-shot; null where nothing was measured.
 *
 * @param judge over all of its candidates, held ones too
 */
public record StrategySummary(Strategy strategy, Side free, Side gated, JudgeCounts judge) {
  /**
   * With the gate or without.
   *
   * @param meanUniform the mean gain over conditions of the uniform mix
   * @param mean the mean gain over all conditions
   * @param worstCondition the one with the least gain
   * @param worstSeed the seed with the least gain, and its condition
   */
  public record Side(Double meanUniform, Double mean, Worst worstCondition, Worst worstSeed) {}

  /** Where it was worst. */
  public record Worst(String where, double gain) {}

  static StrategySummary of(Strategy strategy, List<SuiteRow> rows) {
    List<Candidate> candidates =
        rows.stream()
            .flatMap(row -> row.candidates().stream())
            .filter(each -> each.strategy() == strategy)
            .toList();
    return new StrategySummary(
        strategy,
        side(rows, strategy, false),
        side(rows, strategy, true),
        JudgeCounts.of(candidates, Candidate::promoted));
  }

  private static Side side(List<SuiteRow> rows, Strategy strategy, boolean withGate) {
    Function<SuiteRow, Double> gain =
        row -> withGate ? row.gatedGain(strategy) : row.freeGain(strategy);
    List<SuiteRow> measured = rows.stream().filter(row -> gain.apply(row) != null).toList();
    return new Side(
        mean(
            measured.stream().filter(row -> row.condition().mix() == ClassMix.UNIFORM).toList(),
            gain),
        mean(measured, gain),
        measured.stream()
            .map(row -> new Worst(row.condition().title(), gain.apply(row)))
            .min(Comparator.comparingDouble(Worst::gain))
            .orElse(null),
        measured.stream()
            .map(
                row ->
                    row.worstSeed(strategy, withGate)
                        .map(
                            seed ->
                                new Worst(
                                    row.condition().title() + ", seed " + seed.seed(), seed.gain()))
                        .orElse(null))
            .filter(Objects::nonNull)
            .min(Comparator.comparingDouble(Worst::gain))
            .orElse(null));
  }

  private static Double mean(List<SuiteRow> rows, Function<SuiteRow, Double> gain) {
    OptionalDouble mean = rows.stream().mapToDouble(gain::apply).average();
    return mean.isPresent() ? mean.getAsDouble() : null;
  }
}
