package io.gripstream.workshop.experiment.report;

import io.gripstream.event.Training;
import io.gripstream.workshop.experiment.Settings;
import java.io.IOException;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;

/** The report of one experiment for people. */
final class Page {
  private final Summary summary;
  private final List<Group> groups;

  Page(Summary summary) {
    this.summary = summary;
    this.groups = Group.of(summary.cells());
  }

  String html() throws IOException {
    StringBuilder page = Frame.open(summary.dataset() + " – Gripstream experiment");
    header(page);
    int seeds = summary.settings().seeds().size();
    if (!groups.isEmpty()) {
      new AccuracyTable(groups, seeds).write(page);
      new RoundCharts(groups, seeds).write(page);
      classes(page);
      new RobinHoodTable(groups).write(page);
    }
    settings(page);
    missing(page);
    return Frame.close(page);
  }

  private void header(StringBuilder page) {
    page.append(
        Markup.format(
            "<header>\n<p class=\"eyebrow\">Gripstream experiment</p>\n<h1>%s</h1>\n"
                + "<p class=\"lead\">%s on %s images of %d classes. Zero-shot prompt: <q>%s</q></p>\n"
                + "</header>\n",
            Markup.text(summary.dataset()),
            Markup.text(summary.model()),
            Markup.format("%,d", summary.trainingImages() + summary.testImages()),
            summary.classes().size(),
            Markup.text(summary.settings().template())));
  }

  private void classes(StringBuilder page) {
    page.append("<section>\n<h2>Class by class</h2>\n")
        .append("<p class=\"legend\"><span><i class=\"before\"></i>zero-shot</span> ")
        .append("<span><i class=\"after\"></i>after the last round</span></p>\n");
    Group best =
        groups.stream()
            .max(Comparator.comparingDouble(group -> group.refined().mean()))
            .orElseThrow();
    for (Group group : groups) {
      page.append(group == best ? "<details open=\"open\">" : "<details>")
          .append(
              Markup.format(
                  "<summary>%s, %s</summary>\n", group.paradigm(), Markup.text(group.method())))
          .append(new ClassChart(group, summary.classes()).svg())
          .append("</details>\n");
    }
    page.append("</section>\n");
  }

  private void settings(StringBuilder page) {
    Settings settings = summary.settings();
    Training training = settings.training();
    page.append("<section>\n<h2>How</h2>\n<dl>\n");
    term(page, "Pool", settings.pool() + " training images, drawn by the seed");
    term(
        page,
        "Test",
        settings.test() == 0 ? "all test images" : settings.test() + " images, drawn by the seed");
    term(page, "Seeds", settings.seeds().toString().replaceAll("[\\[\\]]", ""));
    term(page, "Human labels", settings.labelsPerClass() + " a class for SSL");
    term(page, "Unseen classes", Markup.percent(settings.unseenShare()) + " % for TRZSL");
    term(page, "Gate", settings.gate() ? "between the rounds" : "none, as in the paper");
    training
        .getSchema()
        .getFields()
        .forEach(
            field -> {
              if (!field.name().equals("seed")) {
                term(page, words(field.name()), training.get(field.pos()));
              }
            });
    term(page, "Arithmetic", summary.arithmetic());
    term(page, "Data", "SHA-256 " + summary.dataDigest().substring(0, 16) + "…");
    page.append("</dl>\n</section>\n");
  }

  private static void term(StringBuilder page, String name, Object value) {
    page.append("<div><dt>")
        .append(Markup.text(name))
        .append("</dt><dd>")
        .append(Markup.text(value))
        .append("</dd></div>\n");
  }

  private void missing(StringBuilder page) {
    if (!summary.failures().isEmpty()) {
      page.append("<section>\n<h2>Cells that failed</h2>\n<ul>\n");
      summary
          .failures()
          .forEach(
              failure ->
                  page.append(
                      Markup.format(
                          "<li>%s: %s</li>\n",
                          Markup.text(failure.cell().title()), Markup.text(failure.reason()))));
      page.append("</ul>\n</section>\n");
    }
    if (!summary.unreadable().isEmpty()) {
      page.append(
          Markup.format(
              "<section>\n<h2>Images left out</h2>\n<details><summary>%d images</summary><ul>\n",
              summary.unreadable().size()));
      summary
          .unreadable()
          .forEach(
              (id, reason) ->
                  page.append(
                      Markup.format(
                          "<li><code>%s</code>: %s</li>\n", Markup.text(id), Markup.text(reason))));
      page.append("</ul></details>\n</section>\n");
    }
  }

  /** A name of the contract as words: {@code warmUpEpochs} becomes Warm up epochs. */
  private static String words(String name) {
    String spaced = name.replaceAll("([A-Z])", " $1").toLowerCase(Locale.ROOT);
    return spaced.substring(0, 1).toUpperCase(Locale.ROOT) + spaced.substring(1);
  }
}
