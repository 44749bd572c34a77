package io.gripstream.workshop.experiment.report;

import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;

/** Zero-shot against refined accuracy of each class, the poorest class first. */
final class ClassChart {
  private static final double WIDTH = 760;
  private static final double ROW = 30;
  private static final double BAR = 10;
  private static final double LEFT = 190;
  private static final double RIGHT = 110;
  private static final double TOP = 8;
  private static final int LONGEST_NAME = 26;

  private final Group group;
  private final List<String> classes;

  ClassChart(Group group, List<String> classes) {
    this.group = group;
    this.classes = classes;
  }

  String svg() {
    List<Integer> order =
        IntStream.range(0, classes.size())
            .boxed()
            .sorted(Comparator.comparingDouble(group::zeroShotOf))
            .toList();
    double height = TOP + ROW * order.size() + 24;
    StringBuilder svg = new StringBuilder();
    svg.append(
        Markup.format(
            "<svg viewBox=\"0 0 %.0f %.0f\" role=\"img\" aria-label=\"%s, accuracy of each class\">",
            WIDTH, height, Markup.text(group.method())));
    for (int tenth = 0; tenth <= 10; tenth += 2) {
      double x = x(tenth / 10.0);
      svg.append(
          Markup.format(
              "<line class=\"grid\" x1=\"%.1f\" x2=\"%.1f\" y1=\"%.1f\" y2=\"%.1f\"/>"
                  + "<text class=\"axis\" x=\"%.1f\" y=\"%.1f\" text-anchor=\"middle\">%d</text>",
              x, x, TOP, height - 22, x, height - 6, 10 * tenth));
    }
    for (int i = 0; i < order.size(); i++) {
      row(svg, order.get(i), TOP + i * ROW);
    }
    return svg.append("</svg>\n").toString();
  }

  private void row(StringBuilder svg, int label, double top) {
    double before = group.zeroShotOf(label);
    double after = group.refinedOf(label);
    String name = classes.get(label);
    svg.append(
        Markup.format(
            "<text class=\"name\" x=\"%.1f\" y=\"%.1f\" text-anchor=\"end\">%s<title>%s</title></text>",
            LEFT - 10, top + ROW / 2 + 4, Markup.text(shortened(name)), Markup.text(name)));
    svg.append(
        Markup.format(
            "<rect class=\"before\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" rx=\"2\"/>"
                + "<rect class=\"after\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" rx=\"2\"/>",
            LEFT,
            top + ROW / 2 - BAR - 0.5,
            x(before) - LEFT,
            BAR,
            LEFT,
            top + ROW / 2 + 0.5,
            x(after) - LEFT,
            BAR));
    svg.append(
        Markup.format(
            "<text class=\"change %s\" x=\"%.1f\" y=\"%.1f\">%s</text>"
                + "<text class=\"axis\" x=\"%.1f\" y=\"%.1f\" text-anchor=\"end\">%s</text>",
            Markup.direction(after - before),
            WIDTH - RIGHT + 12,
            top + ROW / 2 + 4,
            Markup.points(after - before),
            WIDTH - 4,
            top + ROW / 2 + 4,
            Markup.percent(after)));
  }

  private static String shortened(String name) {
    return name.codePointCount(0, name.length()) <= LONGEST_NAME
        ? name
        : name.substring(0, name.offsetByCodePoints(0, LONGEST_NAME - 1)) + "…";
  }

  private static double x(double share) {
    return LEFT + (WIDTH - LEFT - RIGHT) * share;
  }
}
