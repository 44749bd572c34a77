package io.gripstream.workshop.experiment.report;

import io.gripstream.event.Strategy;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;
import java.util.stream.Collectors;

/** Learning curves: a chart a paradigm and modality, a line a strategy. */
final class RoundCharts {
  private final List<Group> groups;
  private final int seeds;

  RoundCharts(List<Group> groups, int seeds) {
    this.groups = groups;
    this.seeds = seeds;
  }

  void write(StringBuilder page) {
    page.append("<section>\n<h2>Over the rounds</h2>\n")
        .append("<p>Accuracy on the test images after each round, which no round sees")
        .append(seeds > 1 ? "; bands span all seeds" : "")
        .append(".</p>\n");
    legend(page);
    charts(page, Group::curve, 0);
    if (groups.stream()
        .anyMatch(group -> group.pseudolabelCurve().stream().anyMatch(Objects::nonNull))) {
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
                    LinkedHashMap::new,
                    Collectors.toList()));
    panels.forEach(
        (key, panel) -> {
          String title =
              key.get(0) + ", " + key.get(1).toString().toLowerCase(Locale.ROOT) + " prompts";
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
}
