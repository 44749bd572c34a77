package io.gripstream.workshop.experiment.report;

import io.gripstream.event.Modality;
import io.gripstream.event.Paradigm;
import io.gripstream.event.Strategy;
import io.gripstream.refine.RobinHood;
import io.gripstream.workshop.experiment.CellResult;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;

/** Cells that differ in their seed alone. */
record Group(Paradigm paradigm, Modality modality, Strategy strategy, List<CellResult> seeds) {

  /**
   * A figure over seeds.
   *
   * @param deviation the sample's standard deviation; null for one seed
   */
  record Spread(double mean, Double deviation, double least, double most) {
    static Spread of(List<Double> values) {
      double mean = values.stream().mapToDouble(v -> v).average().orElseThrow();
      double squares = values.stream().mapToDouble(v -> (v - mean) * (v - mean)).sum();
      return new Spread(
          mean,
          values.size() < 2 ? null : Math.sqrt(squares / (values.size() - 1)),
          values.stream().mapToDouble(v -> v).min().orElseThrow(),
          values.stream().mapToDouble(v -> v).max().orElseThrow());
    }
  }

  /** In the grid's order. */
  static List<Group> of(List<CellResult> cells) {
    Map<List<Object>, List<CellResult>> groups = new LinkedHashMap<>();
    for (CellResult result : cells) {
      List<Object> key =
          List.of(result.cell().paradigm(), result.cell().modality(), result.cell().strategy());
      groups.computeIfAbsent(key, k -> new ArrayList<>()).add(result);
    }
    return groups.entrySet().stream()
        .map(
            entry ->
                new Group(
                    (Paradigm) entry.getKey().get(0),
                    (Modality) entry.getKey().get(1),
                    (Strategy) entry.getKey().get(2),
                    List.copyOf(entry.getValue())))
        .toList();
  }

  /** Such as {@code GRIP text}. */
  String method() {
    return strategy + " " + modality.toString().toLowerCase(Locale.ROOT);
  }

  Spread zeroShot() {
    return over(result -> result.zeroShot().headline());
  }

  Spread refined() {
    return over(result -> result.last().figures().headline());
  }

  /** Null where no round told its pseudolabels. */
  Spread linearHead() {
    List<Double> values =
        seeds.stream()
            .map(CellResult::linearHead)
            .filter(Objects::nonNull)
            .map(figures -> figures.headline())
            .toList();
    return values.isEmpty() ? null : Spread.of(values);
  }

  /** From zero-shot, round 0, on. */
  List<Spread> curve() {
    List<Spread> curve = new ArrayList<>(List.of(zeroShot()));
    for (int i = 0; i < rounds(); i++) {
      int round = i;
      curve.add(over(result -> result.rounds().get(round).figures().headline()));
    }
    return curve;
  }

  /** From round 1 on; null where none is known. */
  List<Spread> pseudolabelCurve() {
    List<Spread> curve = new ArrayList<>();
    for (int i = 0; i < rounds(); i++) {
      int round = i;
      List<Double> values =
          seeds.stream()
              .map(result -> result.rounds().get(round).pseudolabelAccuracy())
              .filter(Objects::nonNull)
              .toList();
      curve.add(values.isEmpty() ? null : Spread.of(values));
    }
    return curve;
  }

  int rounds() {
    return seeds.stream().mapToInt(result -> result.rounds().size()).min().orElseThrow();
  }

  double zeroShotOf(int label) {
    return over(result -> result.zeroShot().perClass().get(label)).mean();
  }

  double refinedOf(int label) {
    return over(result -> result.last().figures().perClass().get(label)).mean();
  }

  /**
   * The mean of a Robin Hood figure.
   *
   * @return null where there is none
   */
  Double robinHood(Function<CellResult, RobinHood> whose, ToDoubleFunction<RobinHood> figure) {
    List<Double> values =
        seeds.stream()
            .map(whose)
            .filter(Objects::nonNull)
            .map(figures -> figure.applyAsDouble(figures))
            .toList();
    return values.isEmpty() ? null : Spread.of(values).mean();
  }

  private Spread over(ToDoubleFunction<CellResult> figure) {
    return Spread.of(seeds.stream().mapToDouble(figure).boxed().toList());
  }
}
