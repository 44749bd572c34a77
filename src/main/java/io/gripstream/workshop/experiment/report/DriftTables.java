package io.gripstream.workshop.experiment.report;

import io.gripstream.workshop.experiment.Part;
import io.gripstream.workshop.experiment.drift.Contender;
import io.gripstream.workshop.experiment.drift.DriftRun;
import io.gripstream.workshop.experiment.drift.DriftSummary;
import io.gripstream.workshop.experiment.drift.Recovery;
import io.gripstream.workshop.experiment.drift.Windows;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.stream.Collectors;

/** A played stream as comma-separated values (shares from 0 to 1) and as Markdown (percent). */
public final class DriftTables {
  /** So many images lie between two rows of the course, and its last row is the last image. */
  static final int STEP = 20;

  private DriftTables() {}

  /** Accuracy over time: a row each {@link #STEP} images of a seed. */
  static String course(DriftSummary summary) {
    List<String> columns = new ArrayList<>(List.of("seed", "images", "part"));
    for (DriftSummary.Standing each : summary.contenders()) {
      DriftSummary.WINDOWS.forEach(window -> columns.add(column(each.name()) + "_" + window));
      columns.add(column(each.name()) + "_version");
    }
    List<List<String>> rows = new ArrayList<>();
    for (DriftRun run : summary.runs()) {
      List<List<double[]>> means = new ArrayList<>();
      for (DriftRun.Course course : run.courses()) {
        means.add(
            DriftSummary.WINDOWS.stream()
                .map(window -> Windows.trailing(course.right(), window))
                .toList());
      }
      int n = run.parts().length;
      for (int i = 0; i < n; i++) {
        if ((i + 1) % STEP == 0 || i == n - 1) {
          List<String> row = new ArrayList<>();
          row.add(String.valueOf(run.seed()));
          row.add(String.valueOf(i + 1));
          row.add(summary.parts().get(run.parts()[i]).title());
          for (int c = 0; c < means.size(); c++) {
            for (double[] window : means.get(c)) {
              row.add(Csv.number(window[i]));
            }
            row.add(String.valueOf(run.courses().get(c).versions()[i]));
          }
          rows.add(row);
        }
      }
    }
    return Csv.table(columns, rows);
  }

  /** What happened when. */
  static String events(DriftSummary summary) {
    List<List<String>> rows = new ArrayList<>();
    for (DriftRun run : summary.runs()) {
      for (DriftRun.Course course : run.courses()) {
        for (Contender.Event event : course.events()) {
          rows.add(
              List.of(
                  String.valueOf(run.seed()),
                  course.name(),
                  String.valueOf(event.image()),
                  event.what(),
                  event.message()));
        }
      }
    }
    return Csv.table(List.of("seed", "contender", "images", "what", "message"), rows);
  }

  /** A row a part and contender. */
  static String parts(DriftSummary summary) {
    List<List<String>> rows = new ArrayList<>();
    for (int part = 0; part < summary.parts().size(); part++) {
      for (DriftSummary.Standing each : summary.contenders()) {
        rows.add(
            List.of(
                String.valueOf(part + 1),
                summary.parts().get(part).title(),
                String.valueOf(summary.parts().get(part).images()),
                each.name(),
                Csv.number(each.perPart().get(part)),
                recoveries(each.recoveries().get(part), Recovery::images),
                recoveries(each.recoveries().get(part), Recovery::rounds)));
      }
    }
    return Csv.table(
        List.of("part", "title", "images", "contender", "accuracy", "images_until", "rounds_until"),
        rows);
  }

  /** All of it for people who read plain text. */
  public static String markdown(DriftSummary summary) {
    return SuiteTables.aligned(accuracyHead(summary), accuracy(summary))
        + "\n"
        + SuiteTables.aligned(worstHead(), worst(summary))
        + "\n"
        + SuiteTables.aligned(recoveryHead(summary), recovery(summary));
  }

  static List<String> accuracyHead(DriftSummary summary) {
    List<String> columns = new ArrayList<>(List.of("accuracy"));
    summary.contenders().forEach(each -> columns.add(each.name()));
    return columns;
  }

  /** A row a part, and one for all. */
  static List<List<String>> accuracy(DriftSummary summary) {
    List<List<String>> rows = new ArrayList<>();
    for (int part = 0; part < summary.parts().size(); part++) {
      int p = part;
      List<String> row = new ArrayList<>(List.of(title(summary.parts().get(part), part)));
      summary.contenders().forEach(each -> row.add(SuiteTables.percent(each.perPart().get(p))));
      rows.add(row);
    }
    List<String> all = new ArrayList<>(List.of("all of it"));
    summary.contenders().forEach(each -> all.add(SuiteTables.percent(each.accuracy())));
    rows.add(all);
    return rows;
  }

  static List<String> worstHead() {
    List<String> columns = new ArrayList<>(List.of("against zero-shot"));
    DriftSummary.WINDOWS.forEach(window -> columns.add("worst " + window + " images"));
    return columns;
  }

  static List<List<String>> worst(DriftSummary summary) {
    List<List<String>> rows = new ArrayList<>();
    for (DriftSummary.Standing each :
        summary.contenders().subList(1, summary.contenders().size())) {
      List<String> row = new ArrayList<>(List.of(each.name()));
      for (DriftSummary.WorstWindow worst : each.worst()) {
        row.add(
            worst == null
                ? SuiteTables.points(null)
                : "%s up to image %d, seed %d"
                    .formatted(SuiteTables.points(worst.change()), worst.end(), worst.seed()));
      }
      rows.add(row);
    }
    return rows;
  }

  static List<String> recoveryHead(DriftSummary summary) {
    List<String> columns = new ArrayList<>(List.of("images (rounds) to 80 % of the gain"));
    summary
        .contenders()
        .subList(1, summary.contenders().size())
        .forEach(each -> columns.add(each.name()));
    return columns;
  }

  /** A row a part; a figure a seed. */
  static List<List<String>> recovery(DriftSummary summary) {
    List<List<String>> rows = new ArrayList<>();
    for (int part = 0; part < summary.parts().size(); part++) {
      List<String> row = new ArrayList<>(List.of(title(summary.parts().get(part), part)));
      for (DriftSummary.Standing each :
          summary.contenders().subList(1, summary.contenders().size())) {
        row.add(
            each.recoveries().get(part).stream()
                .map(DriftTables::words)
                .collect(Collectors.joining(", ")));
      }
      rows.add(row);
    }
    return rows;
  }

  private static String words(Recovery recovery) {
    return recovery == null
        ? "no gain"
        : recovery.images() == null
            ? "never"
            : "%d (%d)".formatted(recovery.images(), recovery.rounds());
  }

  private static String recoveries(
      List<Recovery> all, java.util.function.Function<Recovery, Integer> figure) {
    return all.stream()
        .filter(Objects::nonNull)
        .map(each -> figure.apply(each) == null ? "never" : String.valueOf(figure.apply(each)))
        .collect(Collectors.joining(" "));
  }

  static String title(Part part, int index) {
    return "%d. %s, %d images".formatted(index + 1, part.title(), part.images());
  }

  private static String column(String name) {
    return name.toLowerCase(java.util.Locale.ROOT).replaceAll("[^a-z0-9]+", "_");
  }
}
