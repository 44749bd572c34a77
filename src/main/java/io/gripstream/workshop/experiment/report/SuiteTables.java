package io.gripstream.workshop.experiment.report;

import io.gripstream.event.Strategy;
import io.gripstream.workshop.experiment.suite.Candidate;
import io.gripstream.workshop.experiment.suite.Condition;
import io.gripstream.workshop.experiment.suite.JudgeCounts;
import io.gripstream.workshop.experiment.suite.StrategySummary;
import io.gripstream.workshop.experiment.suite.SuiteRow;
import io.gripstream.workshop.experiment.suite.SuiteSummary;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.TreeSet;
import java.util.stream.Stream;

/** A suite as comma-separated values (shares from 0 to 1) and as a Markdown table (percent). */
public final class SuiteTables {
  private static final String NONE = "–";

  private SuiteTables() {}

  /** A row a condition. */
  static String csv(SuiteSummary summary) {
    List<String> columns =
        new ArrayList<>(
            List.of("set", "model", "mix", "corruption", "classes", "zero_shot", "true_labels"));
    for (Strategy strategy : summary.settings().strategies()) {
      String name = Condition.word(strategy);
      for (String each :
          List.of(
              "free", "gated", "free_worst_seed", "gated_worst_seed", "worst_seed", "gap_closed")) {
        columns.add(name + "_" + each);
      }
    }
    columns.addAll(List.of("candidates", "promoted", "right", "harmful", "worst_harm"));
    List<List<String>> rows = new ArrayList<>();
    for (SuiteRow row : summary.rows()) {
      List<String> fields = new ArrayList<>(condition(row.condition()));
      fields.add(String.valueOf(row.classes()));
      fields.add(Csv.number(row.zeroShot()));
      fields.add(Csv.number(row.bound()));
      for (Strategy strategy : summary.settings().strategies()) {
        fields.add(Csv.number(row.free(strategy)));
        fields.add(Csv.number(row.gated(strategy)));
        fields.add(Csv.number(worst(row, strategy, false)));
        fields.add(Csv.number(worst(row, strategy, true)));
        fields.add(
            row.worstSeed(strategy, true).map(each -> String.valueOf(each.seed())).orElse(""));
        fields.add(Csv.number(row.gapClosed(strategy)));
      }
      JudgeCounts judge = JudgeCounts.of(row.candidates(), Candidate::promoted);
      for (int count :
          new int[] {judge.candidates(), judge.promoted(), judge.right(), judge.harmful()}) {
        fields.add(String.valueOf(count));
      }
      fields.add(Csv.number(judge.worstHarm()));
      rows.add(fields);
    }
    return Csv.table(columns, rows);
  }

  /** A row a candidate, held ones too, with all of its evidence: for who looks for a judge. */
  static String candidates(SuiteSummary summary) {
    List<Candidate> all = SuiteSummary.candidates(summary.rows());
    TreeSet<String> names = new TreeSet<>();
    all.forEach(each -> names.addAll(each.evidence().keySet()));
    List<String> columns =
        new ArrayList<>(
            List.of(
                "set",
                "model",
                "mix",
                "corruption",
                "strategy",
                "seed",
                "round",
                "promoted",
                "zero_shot",
                "live",
                "candidate"));
    columns.addAll(names);
    List<List<String>> rows = new ArrayList<>();
    for (Candidate each : all) {
      List<String> fields = new ArrayList<>(condition(each.condition()));
      fields.add(Condition.word(each.strategy()));
      fields.add(String.valueOf(each.seed()));
      fields.add(String.valueOf(each.round()));
      fields.add(String.valueOf(each.promoted()));
      fields.add(Csv.number(each.zeroShot()));
      fields.add(Csv.number(each.live()));
      fields.add(Csv.number(each.candidate()));
      names.forEach(name -> fields.add(Csv.number(each.evidence().get(name))));
      rows.add(fields);
    }
    return Csv.table(columns, rows);
  }

  /** All of it for people who read plain text. */
  public static String markdown(SuiteSummary summary) {
    List<Strategy> strategies = summary.settings().strategies();
    List<String> columns =
        new ArrayList<>(List.of("set", "model", "mix", "corruption", "zero-shot"));
    for (Strategy strategy : strategies) {
      columns.addAll(
          List.of(name(strategy), name(strategy) + " gated", "worst seed", "of the gap"));
    }
    columns.addAll(List.of("true labels", "promoted", "harmful"));
    List<List<String>> rows = new ArrayList<>();
    for (SuiteRow row : summary.rows()) {
      List<String> fields = new ArrayList<>(condition(row.condition()));
      fields.add(percent(row.zeroShot()));
      for (Strategy strategy : strategies) {
        fields.add(percent(row.free(strategy)));
        fields.add(percent(row.gated(strategy)));
        fields.add(points(worst(row, strategy, true)));
        fields.add(percent(row.gapClosed(strategy)));
      }
      fields.add(percent(row.bound()));
      JudgeCounts judge = JudgeCounts.of(row.candidates(), Candidate::promoted);
      fields.add("%d of %d".formatted(judge.promoted(), judge.candidates()));
      fields.add(String.valueOf(judge.harmful()));
      rows.add(fields);
    }
    StringBuilder text = new StringBuilder(aligned(columns, rows)).append('\n');
    text.append(aligned(SUMMARY, summaries(summary))).append('\n');
    return text.append(aligned(JUDGE, judges(summary))).toString();
  }

  static final List<String> SUMMARY =
      List.of("strategy", "mean gain, uniform", "mean gain, all", "worst row", "worst seed");

  /** A row a strategy, with the gate and without. */
  static List<List<String>> summaries(SuiteSummary summary) {
    List<List<String>> rows = new ArrayList<>();
    for (StrategySummary each : summary.strategies()) {
      rows.add(side(name(each.strategy()), each.free()));
      rows.add(side(name(each.strategy()) + " gated", each.gated()));
    }
    return rows;
  }

  static final List<String> JUDGE =
      List.of(
          "judge",
          "candidates",
          "promoted",
          "right (+1 and more)",
          "harmful (-1 and less)",
          "-1 and less: promoted",
          "+3 and more: promoted",
          "worst harm let through",
          "gain kept");

  /** A row a strategy, and one for all. */
  static List<List<String>> judges(SuiteSummary summary) {
    List<List<String>> rows = new ArrayList<>();
    summary
        .strategies()
        .forEach(each -> rows.add(judge("gate, " + name(each.strategy()), each.judge())));
    rows.add(judge("gate, all", summary.judge()));
    return rows;
  }

  private static List<String> judge(String name, JudgeCounts counts) {
    return List.of(
        name,
        String.valueOf(counts.candidates()),
        String.valueOf(counts.promoted()),
        String.valueOf(counts.right()),
        String.valueOf(counts.harmful()),
        share(counts.worsePromotedShare(), counts.worse()),
        share(counts.betterPromotedShare(), counts.better()),
        points(-counts.worstHarm()),
        percent(counts.gainKept()));
  }

  private static List<String> side(String name, StrategySummary.Side side) {
    return List.of(
        name,
        points(side.meanUniform()),
        points(side.mean()),
        worst(side.worstCondition()),
        worst(side.worstSeed()));
  }

  private static String worst(StrategySummary.Worst worst) {
    return worst == null ? NONE : points(worst.gain()) + " " + worst.where();
  }

  private static String share(double share, int of) {
    return of == 0 ? "none" : percent(share) + " % of " + of;
  }

  static String name(Strategy strategy) {
    return strategy == Strategy.BALANCE ? "balanced" : strategy.name();
  }

  static List<String> condition(Condition condition) {
    return List.of(
        condition.set(),
        condition.model(),
        Condition.word(condition.mix()),
        Condition.word(condition.corruption()));
  }

  static Double worst(SuiteRow row, Strategy strategy, boolean withGate) {
    return row.worstSeed(strategy, withGate).map(SuiteRow.SeedGain::gain).orElse(null);
  }

  static String percent(Double share) {
    return share == null || share.isNaN() ? NONE : Markup.percent(share);
  }

  static String points(Double change) {
    return change == null || change.isNaN() ? NONE : Markup.points(change);
  }

  /** A Markdown table whose columns stand below each other in plain text, too. */
  static String aligned(List<String> columns, List<List<String>> rows) {
    int[] widths = columns.stream().mapToInt(String::length).toArray();
    rows.forEach(
        row -> {
          for (int i = 0; i < widths.length; i++) {
            widths[i] = Math.max(widths[i], row.get(i).replace("|", "\\|").length());
          }
        });
    List<String> rule = Arrays.stream(widths).mapToObj("-"::repeat).toList();
    StringBuilder text = new StringBuilder();
    Stream.concat(Stream.of(columns, rule), rows.stream())
        .forEach(
            row -> {
              for (int i = 0; i < widths.length; i++) {
                String field = row.get(i).replace("|", "\\|").replaceAll("\\R", " ");
                text.append("| ").append(field).append(" ".repeat(widths[i] + 1 - field.length()));
              }
              text.append("|\n");
            });
    return text.toString();
  }
}
