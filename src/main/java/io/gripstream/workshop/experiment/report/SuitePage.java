package io.gripstream.workshop.experiment.report;

import io.gripstream.event.Strategy;
import io.gripstream.workshop.experiment.Experiment;
import io.gripstream.workshop.experiment.suite.Candidate;
import io.gripstream.workshop.experiment.suite.JudgeCounts;
import io.gripstream.workshop.experiment.suite.SuiteRow;
import io.gripstream.workshop.experiment.suite.SuiteSettings;
import io.gripstream.workshop.experiment.suite.SuiteSummary;
import java.io.IOException;
import java.util.List;
import java.util.Locale;

/** The report of a suite for people. */
final class SuitePage {
  private final SuiteSummary summary;

  SuitePage(SuiteSummary summary) {
    this.summary = summary;
  }

  String html() throws IOException {
    StringBuilder page = Frame.open("Gripstream suite");
    SuiteSettings settings = summary.settings();
    page.append(
        Markup.format(
            "<header>\n<p class=\"eyebrow\">Gripstream experiment</p>\n<h1>Suite</h1>\n"
                + "<p class=\"lead\">%d conditions, seeds %s; pools of %d images and %s test images"
                + " at most; text prompts without labels.</p>\n</header>\n",
            summary.rows().size(),
            settings.seeds().toString().replaceAll("[\\[\\]]", ""),
            settings.pool(),
            settings.test() == 0 ? "all" : settings.test()));
    conditions(page);
    Rows.write(
        page,
        "Strategies",
        "Gains over zero-shot in points, with the gate between the rounds and without.",
        SuiteTables.SUMMARY,
        SuiteTables.summaries(summary));
    Rows.write(
        page,
        "The judge",
        "All candidates that the gate judged, held ones too, by what the test images say of them.",
        SuiteTables.JUDGE,
        SuiteTables.judges(summary));
    frontier(page);
    failures(page);
    return Frame.close(page);
  }

  private void conditions(StringBuilder page) {
    List<Strategy> strategies = summary.settings().strategies();
    page.append("<section>\n<h2>Accuracy</h2>\n<p>In percent of the test images, means over the")
        .append(" seeds. Small: what the last prompt is worth without the gate, the worst seed")
        .append(" with the gate in points, and the share of the gap to true labels that the gate's")
        .append(" prompts close. True labels: a linear head that was told all of the pool.</p>\n")
        .append("<div class=\"scroll\"><table>\n<thead><tr>");
    for (String column : List.of("Set", "Model", "Mix", "Corruption")) {
      page.append("<th scope=\"col\">").append(column).append("</th>");
    }
    numberHead(page, "zero-shot");
    strategies.forEach(each -> numberHead(page, SuiteTables.name(each)));
    numberHead(page, "true labels");
    numberHead(page, "promoted");
    numberHead(page, "harmful");
    page.append("</tr></thead>\n<tbody>\n");
    for (SuiteRow row : summary.rows()) {
      page.append("<tr>");
      SuiteTables.condition(row.condition())
          .forEach(each -> page.append("<td>").append(Markup.text(each)).append("</td>"));
      number(page, SuiteTables.percent(row.zeroShot()));
      strategies.forEach(each -> strategy(page, row, each));
      number(page, SuiteTables.percent(row.bound()));
      JudgeCounts judge = JudgeCounts.of(row.candidates(), Candidate::promoted);
      number(page, judge.promoted() + " of " + judge.candidates());
      number(page, String.valueOf(judge.harmful()));
      page.append("</tr>\n");
    }
    page.append("</tbody>\n</table></div>\n</section>\n");
  }

  private static void strategy(StringBuilder page, SuiteRow row, Strategy strategy) {
    Double gain = row.gatedGain(strategy);
    if (gain == null) {
      number(page, SuiteTables.percent(null));
      return;
    }
    Double worst = SuiteTables.worst(row, strategy, true);
    page.append(
        Markup.format(
            "<td class=\"number\">%s <span class=\"%s\">%s</span><small>free %s · worst"
                + " <span class=\"%s\">%s</span> · gap %s</small></td>",
            SuiteTables.percent(row.gated(strategy)),
            Markup.direction(gain),
            Markup.points(gain),
            SuiteTables.percent(row.free(strategy)),
            Markup.direction(worst),
            Markup.points(worst),
            SuiteTables.percent(row.gapClosed(strategy))));
  }

  private void frontier(StringBuilder page) {
    page.append("<section>\n<h2>Gain kept against harm let through</h2>\n<p>Each dot is a judge")
        .append(" with one setting, asked of every candidate: upward the share of all gain that it")
        .append(" keeps, in percent. The gate is asked with tolerances from −0.20 to 0.20.</p>\n")
        .append("<p class=\"legend\">");
    for (int i = 0; i < summary.frontiers().size(); i++) {
      page.append(
          Markup.format(
              "<span><i class=\"c%d\"></i>%s</span> ",
              i % 8, Markup.text(summary.frontiers().get(i).name())));
    }
    page.append("</p>\n<div class=\"charts\">\n<figure><figcaption>Worst harm</figcaption>")
        .append(new FrontierChart("worst harm", summary.frontiers(), JudgeCounts::worstHarm).svg())
        .append("</figure>\n<figure><figcaption>Mean harm of all candidates</figcaption>")
        .append(new FrontierChart("mean harm", summary.frontiers(), JudgeCounts::meanHarm).svg())
        .append("</figure>\n</div>\n</section>\n");
  }

  private void failures(StringBuilder page) {
    if (summary.rows().stream().allMatch(row -> row.failures().isEmpty())) {
      return;
    }
    page.append("<section>\n<h2>Cells that failed</h2>\n<ul>\n");
    for (SuiteRow row : summary.rows()) {
      for (Experiment.Failure failure : row.failures()) {
        page.append(
            Markup.format(
                "<li>%s, %s: %s</li>\n",
                Markup.text(row.condition().title()),
                Markup.text(failure.cell().title().toLowerCase(Locale.ROOT)),
                Markup.text(failure.reason())));
      }
    }
    page.append("</ul>\n</section>\n");
  }

  private static void numberHead(StringBuilder page, String text) {
    page.append("<th scope=\"col\" class=\"number\">").append(text).append("</th>");
  }

  private static void number(StringBuilder page, String text) {
    page.append("<td class=\"number\">").append(text).append("</td>");
  }
}
