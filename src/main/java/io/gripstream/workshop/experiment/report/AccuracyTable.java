package io.gripstream.workshop.experiment.report;

import io.gripstream.event.Paradigm;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/** The paper's table: a row a method, a column a paradigm. */
final class AccuracyTable {
  private final List<Group> groups;
  private final int seeds;

  AccuracyTable(List<Group> groups, int seeds) {
    this.groups = groups;
    this.seeds = seeds;
  }

  void write(StringBuilder page) {
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
    return seeds == 1 ? "one seed" : "mean ± standard deviation over " + seeds + " seeds";
  }

  private static String spread(Group.Spread spread) {
    return Markup.percent(spread.mean())
        + (spread.deviation() == null ? "" : " ± " + Markup.percent(spread.deviation()));
  }
}
