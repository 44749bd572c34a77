package io.gripstream.workshop.experiment.suite;

import io.gripstream.event.Strategy;
import io.gripstream.workshop.experiment.CellResult;
import io.gripstream.workshop.experiment.Experiment;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.stream.Stream;

/**
 * What came of a condition. Accuracies are shares from 0 to 1, and means over seeds; what was not
 * measured is null.
 *
 * @param classes {@code C}
 * @param free cells without the gate
 * @param gated cells with the gate
 * @param failures cells that are missing
 */
public record SuiteRow(
    Condition condition,
    int classes,
    List<CellResult> free,
    List<CellResult> gated,
    List<Experiment.Failure> failures) {
  /** With less than this to gain, a share of it says nothing. */
  private static final double LEAST_GAP = 0.01;

  public Double zeroShot() {
    return mean(
        Stream.concat(free.stream(), gated.stream()).map(cell -> cell.zeroShot().accuracy()));
  }

  /** Of a linear head that was told the pool's true labels. */
  public Double bound() {
    return mean(
        free.stream()
            .map(CellResult::bound)
            .filter(Objects::nonNull)
            .map(figures -> figures.accuracy()));
  }

  /** After the last round, where every candidate goes live. */
  public Double free(Strategy strategy) {
    return accuracy(free, strategy);
  }

  /** After the last round, where the gate decides. */
  public Double gated(Strategy strategy) {
    return accuracy(gated, strategy);
  }

  public Double freeGain(Strategy strategy) {
    return mean(of(free, strategy).map(SuiteRow::gain));
  }

  public Double gatedGain(Strategy strategy) {
    return mean(of(gated, strategy).map(SuiteRow::gain));
  }

  /** The gain of a seed. */
  public record SeedGain(long seed, double gain) {}

  /** The seed that gains least, with the gate or without. */
  public Optional<SeedGain> worstSeed(Strategy strategy, boolean withGate) {
    return of(withGate ? gated : free, strategy)
        .map(cell -> new SeedGain(cell.cell().seed(), gain(cell)))
        .min(Comparator.comparingDouble(SeedGain::gain));
  }

  /**
   * The share of what true labels gain that the gate's prompts gain; null if that is too little.
   */
  public Double gapClosed(Strategy strategy) {
    Double bound = bound();
    Double zeroShot = zeroShot();
    Double gain = gatedGain(strategy);
    return bound == null || gain == null || bound - zeroShot < LEAST_GAP
        ? null
        : gain / (bound - zeroShot);
  }

  /** All candidates that the gate judged. */
  public List<Candidate> candidates() {
    List<Candidate> candidates = new ArrayList<>();
    for (CellResult cell : gated) {
      for (int i = 0; i < cell.rounds().size(); i++) {
        CellResult.Round round = cell.rounds().get(i);
        if (round.candidateFigures() != null) {
          candidates.add(
              new Candidate(
                  condition,
                  cell.cell().strategy(),
                  cell.cell().seed(),
                  round.round(),
                  round.promoted(),
                  cell.zeroShot().accuracy(),
                  cell.before(i).accuracy(),
                  round.candidateFigures().accuracy(),
                  round.evidence()));
        }
      }
    }
    return candidates;
  }

  static double gain(CellResult cell) {
    return cell.last().figures().accuracy() - cell.zeroShot().accuracy();
  }

  private static Double accuracy(List<CellResult> cells, Strategy strategy) {
    return mean(of(cells, strategy).map(cell -> cell.last().figures().accuracy()));
  }

  private static Stream<CellResult> of(List<CellResult> cells, Strategy strategy) {
    return cells.stream().filter(cell -> cell.cell().strategy() == strategy);
  }

  private static Double mean(Stream<Double> values) {
    OptionalDouble mean = values.mapToDouble(Double::doubleValue).average();
    return mean.isPresent() ? mean.getAsDouble() : null;
  }
}
