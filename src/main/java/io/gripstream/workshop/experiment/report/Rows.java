package io.gripstream.workshop.experiment.report;

import java.util.List;

/** A section of a page that is a table of words. */
final class Rows {
  private Rows() {}

  static void write(
      StringBuilder page,
      String title,
      String lead,
      List<String> columns,
      List<List<String>> rows) {
    page.append(
        Markup.format(
            "<section>\n<h2>%s</h2>\n<p>%s</p>\n<div class=\"scroll\"><table>\n<thead><tr>",
            Markup.text(title), Markup.text(lead)));
    columns.forEach(
        each -> page.append("<th scope=\"col\">").append(Markup.text(each)).append("</th>"));
    page.append("</tr></thead>\n<tbody>\n");
    for (List<String> row : rows) {
      page.append("<tr>");
      row.forEach(each -> page.append("<td>").append(Markup.text(each)).append("</td>"));
      page.append("</tr>\n");
    }
    page.append("</tbody>\n</table></div>\n</section>\n");
  }
}
