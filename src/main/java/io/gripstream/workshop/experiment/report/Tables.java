package io.gripstream.workshop.experiment.report;

import io.gripstream.refine.RobinHood;
import io.gripstream.workshop.experiment.CellResult;
import io.gripstream.workshop.experiment.Figures;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;

/**
 * Results as comma-separated values, a row a cell, in the grid's order; empty where there is no
 * figure. What depends on the machine's load has a table of its own, so that the other is the same
 * in every byte for the same seeds.
 */
public final class Tables {
  private static final List<String> ROBIN_HOOD =
      List.of("poor_change", "rich_change", "rich_losing", "deviation", "worst");
  private static final List<String> CELL = List.of("paradigm", "modality", "strategy", "seed");

  private Tables() {}

  /** Accuracies and the like, as shares from 0 to 1. */
  public static String results(Summary summary) {
    List<String> columns = new ArrayList<>(List.of("dataset", "model"));
    columns.addAll(CELL);
    columns.addAll(
        List.of(
            "zero_shot",
            "accuracy",
            "seen",
            "unseen",
            "harmonic_mean",
            "pseudolabel_accuracy",
            "image_encodings",
            "linear_accuracy",
            "linear_harmonic_mean"));
    columns.addAll(ROBIN_HOOD);
    ROBIN_HOOD.forEach(name -> columns.add("linear_" + name));
    List<List<String>> rows = new ArrayList<>();
    for (CellResult result : summary.cells()) {
      Figures refined = result.last().figures();
      Figures linear = result.linearHead();
      List<String> row = new ArrayList<>(List.of(summary.dataset(), summary.model()));
      row.addAll(cell(result));
      row.add(Csv.number(result.zeroShot().headline()));
      row.add(Csv.number(refined.accuracy()));
      row.add(Csv.number(refined.seen()));
      row.add(Csv.number(refined.unseen()));
      row.add(Csv.number(refined.harmonicMean()));
      row.add(Csv.number(result.last().pseudolabelAccuracy()));
      row.add(String.valueOf(result.imageEncodings()));
      row.add(Csv.number(linear == null ? null : linear.accuracy()));
      row.add(Csv.number(linear == null ? null : linear.harmonicMean()));
      row.addAll(robinHood(result.robinHood()));
      row.addAll(robinHood(result.linearRobinHood()));
      rows.add(row);
    }
    return Csv.table(columns, rows);
  }

  /** What each cell cost. */
  public static String timings(Summary summary) {
    List<String> columns = new ArrayList<>(CELL);
    columns.addAll(List.of("seconds", "training_seconds", "peak_resident_kibibytes"));
    List<List<String>> rows = new ArrayList<>();
    for (CellResult result : summary.cells()) {
      CellResult.Timing timing = result.timing();
      List<String> row = new ArrayList<>(cell(result));
      row.add(String.format(Locale.ROOT, "%.3f", timing.seconds()));
      row.add(String.format(Locale.ROOT, "%.3f", timing.trainingSeconds()));
      row.add(
          timing.peakResidentKibibytes() == null
              ? ""
              : String.valueOf(timing.peakResidentKibibytes()));
      rows.add(row);
    }
    return Csv.table(columns, rows);
  }

  private static List<String> cell(CellResult result) {
    return Stream.of(
            result.cell().paradigm(),
            result.cell().modality(),
            result.cell().strategy(),
            result.cell().seed())
        .map(each -> each.toString().toLowerCase(Locale.ROOT))
        .toList();
  }

  private static List<String> robinHood(RobinHood figures) {
    return figures == null
        ? List.of("", "", "", "", "")
        : Stream.of(
                figures.poorChange(),
                figures.richChange(),
                figures.richLosing(),
                figures.deviation(),
                figures.worst())
            .map(Csv::number)
            .toList();
  }
}
