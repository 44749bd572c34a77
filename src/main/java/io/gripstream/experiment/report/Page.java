package io.gripstream.experiment.report;

import io.gripstream.event.Modality;
import io.gripstream.event.Paradigm;
import io.gripstream.event.Strategy;
import io.gripstream.event.Training;
import io.gripstream.experiment.CellResult;
import io.gripstream.experiment.Settings;
import io.gripstream.refine.RobinHood;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;
import java.util.stream.Collectors;

/**
 * The report for people: one file that needs no other, no script and no network. It is well-formed
 * XML, too.
 */
final class Page {
  private static final String STYLE = "/experiment/report.css";

  private final Summary summary;
  private final List<Group> groups;

  Page(Summary summary) {
    this.summary = summary;
    this.groups = Group.of(summary.cells());
  }

  String html() throws IOException {
    StringBuilder page = new StringBuilder();
    page.append("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n")
        .append("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n")
        .append("<title>")
        .append(Markup.text(summary.dataset()))
        .append(" – Gripstream experiment</title>\n<style>\n")
        .append(style())
        .append("</style>\n</head>\n<body>\n<main>\n");
    header(page);
    if (!groups.isEmpty()) {
      table(page);
      curves(page);
      classes(page);
      robinHood(page);
    }
    settings(page);
    missing(page);
    return page.append("</main>\n</body>\n</html>\n").toString();
  }

  private static String style() throws IOException {
    try (InputStream in = Page.class.getResourceAsStream(STYLE)) {
      if (in == null) {
        throw new IOException("this build has no " + STYLE);
      }
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }
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

  private void table(StringBuilder page) {
    Set<Paradigm> paradigms = new LinkedHashSet<>();
    Set<String> methods = new LinkedHashSet<>();
    groups.forEach(
        group -> {
          paradigms.add(group.paradigm());
          methods.add(group.method());
        });
    page.append("<section>\n<h2>Accuracy</h2>\n<p>In percent of the test images, ")
        .append(seedsInWords())
        .append(
            "; for TRZSL the harmonic mean of seen and unseen classes. Small: the gain over"
                + " zero-shot, in points, and what a linear head reaches that is trained on the"
                + " labels of the last round.</p>\n")
        .append("<div class=\"scroll\"><table>\n<thead><tr><th scope=\"col\">Method</th>");
    paradigms.forEach(
        each -> page.append("<th scope=\"col\" class=\"number\">").append(each).append("</th>"));
    page.append("</tr></thead>\n<tbody>\n<tr class=\"base\"><th scope=\"row\">CLIP zero-shot</th>");
    for (Paradigm paradigm : paradigms) {
      Group any = groups.stream().filter(g -> g.paradigm() == paradigm).findFirst().orElseThrow();
      page.append("<td class=\"number\">").append(spread(any.zeroShot())).append("</td>");
    }
    page.append("</tr>\n");
    for (String method : methods) {
      page.append("<tr><th scope=\"row\">").append(Markup.text(method)).append("</th>");
      for (Paradigm paradigm : paradigms) {
        page.append("<td class=\"number\">");
        groups.stream()
            .filter(group -> group.paradigm() == paradigm && group.method().equals(method))
            .findFirst()
            .ifPresent(group -> page.append(entry(group)));
        page.append("</td>");
      }
      page.append("</tr>\n");
    }
    page.append("</tbody>\n</table></div>\n</section>\n");
  }

  private String entry(Group group) {
    double best =
        groups.stream()
            .filter(each -> each.paradigm() == group.paradigm())
            .mapToDouble(each -> each.refined().mean())
            .max()
            .orElseThrow();
    double gain = group.refined().mean() - group.zeroShot().mean();
    Group.Spread linear = group.linearHead();
    String value = spread(group.refined());
    return Markup.format(
        "%s<small><span class=\"%s\">%s</span>%s</small>",
        group.refined().mean() == best ? "<strong>" + value + "</strong>" : value,
        Markup.direction(gain),
        Markup.points(gain),
        linear == null ? "" : " · linear " + spread(linear));
  }

  private String seedsInWords() {
    int count = summary.settings().seeds().size();
    return count == 1 ? "one seed" : "mean ± standard deviation over " + count + " seeds";
  }

  private static String spread(Group.Spread spread) {
    return Markup.percent(spread.mean())
        + (spread.deviation() == null ? "" : " ± " + Markup.percent(spread.deviation()));
  }

  private void curves(StringBuilder page) {
    page.append("<section>\n<h2>Over the rounds</h2>\n")
        .append("<p>Accuracy on the test images after each round, which no round sees")
        .append(summary.settings().seeds().size() > 1 ? "; bands span all seeds" : "")
        .append(".</p>\n");
    legend(page);
    charts(page, Group::curve, 0);
    if (groups.stream()
        .anyMatch(group -> group.pseudolabelCurve().stream().anyMatch(p -> p != null))) {
      page.append("<h3>Pseudolabels that are right</h3>\n")
          .append("<p>Of those that each round trained on, in percent.</p>\n");
      charts(page, Group::pseudolabelCurve, 1);
    }
    page.append("</section>\n");
  }

  private void legend(StringBuilder page) {
    page.append("<p class=\"legend\">");
    groups.stream()
        .map(Group::strategy)
        .distinct()
        .forEach(
            strategy ->
                page.append(
                    Markup.format(
                        "<span><i class=\"c%d\"></i>%s</span> ", colour(strategy), strategy)));
    page.append("</p>\n");
  }

  private void charts(
      StringBuilder page, Function<Group, List<Group.Spread>> curve, int firstRound) {
    page.append("<div class=\"charts\">\n");
    Map<List<Object>, List<Group>> panels =
        groups.stream()
            .collect(
                Collectors.groupingBy(
                    group -> List.of(group.paradigm(), group.modality()),
                    java.util.LinkedHashMap::new,
                    Collectors.toList()));
    panels.forEach(
        (key, panel) -> {
          String title = key.get(0) + ", " + lower((Modality) key.get(1)) + " prompts";
          List<LineChart.Series> series = new ArrayList<>();
          for (Group group : panel) {
            series.add(
                new LineChart.Series(
                    group.strategy().toString(), colour(group.strategy()), curve.apply(group)));
          }
          page.append("<figure><figcaption>")
              .append(title)
              .append("</figcaption>")
              .append(new LineChart(title, series, firstRound).svg())
              .append("</figure>\n");
        });
    page.append("</div>\n");
  }

  private static int colour(Strategy strategy) {
    return strategy.ordinal();
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

  private void robinHood(StringBuilder page) {
    page.append("<section>\n<h2>From the rich to the poor</h2>\n")
        .append(
            "<p>Classes in order of their zero-shot accuracy: the lower half is poor, the upper"
                + " half rich. Beside the prompt, the linear head that is trained on the same"
                + " labels. Changes in points, the rest in percent.</p>\n")
        .append("<div class=\"scroll\"><table>\n<thead><tr><th scope=\"col\">Cell</th>")
        .append("<th scope=\"col\">Tuned</th>");
    for (String column :
        List.of("poor, change", "rich, change", "rich that lost", "deviation", "worst class")) {
      page.append("<th scope=\"col\" class=\"number\">").append(column).append("</th>");
    }
    page.append("</tr></thead>\n<tbody>\n");
    for (Group group : groups) {
      robinHood(page, group, "prompt", CellResult::robinHood);
      robinHood(page, group, "linear head", CellResult::linearRobinHood);
    }
    page.append("</tbody>\n</table></div>\n</section>\n");
  }

  private static void robinHood(
      StringBuilder page, Group group, String tuned, Function<CellResult, RobinHood> whose) {
    if (group.robinHood(whose, RobinHood::worst) == null) {
      return;
    }
    page.append("<tr><th scope=\"row\">")
        .append(group.paradigm())
        .append(", ")
        .append(Markup.text(group.method()))
        .append("</th><td>")
        .append(tuned)
        .append("</td>");
    for (ToDoubleFunction<RobinHood> change :
        List.<ToDoubleFunction<RobinHood>>of(RobinHood::poorChange, RobinHood::richChange)) {
      double value = group.robinHood(whose, change);
      page.append(
          Markup.format(
              "<td class=\"number %s\">%s</td>", Markup.direction(value), Markup.points(value)));
    }
    for (ToDoubleFunction<RobinHood> share :
        List.<ToDoubleFunction<RobinHood>>of(
            RobinHood::richLosing, RobinHood::deviation, RobinHood::worst)) {
      page.append(
          Markup.format(
              "<td class=\"number\">%s</td>", Markup.percent(group.robinHood(whose, share))));
    }
    page.append("</tr>\n");
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

  private static String lower(Object name) {
    return name.toString().toLowerCase(Locale.ROOT);
  }

  /** A name of the contract as words: {@code warmUpEpochs} becomes Warm up epochs. */
  private static String words(String name) {
    String spaced = name.replaceAll("([A-Z])", " $1").toLowerCase(Locale.ROOT);
    return spaced.substring(0, 1).toUpperCase(Locale.ROOT) + spaced.substring(1);
  }
}
