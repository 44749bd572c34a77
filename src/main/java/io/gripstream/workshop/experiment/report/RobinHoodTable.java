package io.gripstream.workshop.experiment.report;

import io.gripstream.refine.RobinHood;
import io.gripstream.workshop.experiment.CellResult;
import java.util.List;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;

/** What tuning gives to poor classes and takes from rich ones, by prompts and by linear heads. */
final class RobinHoodTable {
  private final List<Group> groups;

  RobinHoodTable(List<Group> groups) {
    this.groups = groups;
  }

  void write(StringBuilder page) {
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
      row(page, group, "prompt", CellResult::robinHood);
      row(page, group, "linear head", CellResult::linearRobinHood);
    }
    page.append("</tbody>\n</table></div>\n</section>\n");
  }

  private static void row(
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
}
