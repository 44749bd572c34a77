package io.gripstream.workshop.experiment.report;

import io.gripstream.workshop.experiment.suite.Frontier;
import io.gripstream.workshop.experiment.suite.JudgeCounts;
import java.util.ArrayList;
import java.util.List;
import java.util.function.ToDoubleFunction;

/**
 * Judges over their settings: to the right the harm that they let through, in points, and upward
 * the share of the gain that they keep.
 */
final class FrontierChart {
  private static final double WIDTH = 420;
  private static final double HEIGHT = 260;
  private static final double LEFT = 44;
  private static final double RIGHT = 16;
  private static final double TOP = 14;
  private static final double BOTTOM = 40;
  private static final double LEAST_SPAN = 0.01;
  private static final int STEPS = 5;

  private final String axis;
  private final List<Frontier> frontiers;
  private final ToDoubleFunction<JudgeCounts> harm;
  private final double most;

  /**
   * @param axis what harm is shown
   */
  FrontierChart(String axis, List<Frontier> frontiers, ToDoubleFunction<JudgeCounts> harm) {
    this.axis = axis;
    this.frontiers = frontiers;
    this.harm = harm;
    this.most =
        Math.max(
            LEAST_SPAN,
            frontiers.stream()
                .flatMap(frontier -> frontier.points().stream())
                .mapToDouble(point -> harm.applyAsDouble(point.counts()))
                .max()
                .orElse(0));
  }

  String svg() {
    StringBuilder svg = new StringBuilder();
    svg.append(
        Markup.format(
            "<svg viewBox=\"0 0 %.0f %.0f\" role=\"img\" aria-label=\"gain kept against %s\">",
            WIDTH, HEIGHT, Markup.text(axis)));
    for (int i = 0; i <= STEPS; i++) {
      double share = (double) i / STEPS;
      svg.append(
          Markup.format(
              "<line class=\"grid\" x1=\"%.1f\" x2=\"%.1f\" y1=\"%.1f\" y2=\"%.1f\"/>"
                  + "<text class=\"axis\" x=\"%.1f\" y=\"%.1f\" text-anchor=\"end\">%.0f</text>"
                  + "<text class=\"axis\" x=\"%.1f\" y=\"%.1f\" text-anchor=\"middle\">%.1f</text>",
              LEFT,
              WIDTH - RIGHT,
              y(share),
              y(share),
              LEFT - 6,
              y(share) + 4,
              100 * share,
              x(most * share),
              HEIGHT - BOTTOM + 16,
              100 * most * share));
    }
    svg.append(
        Markup.format(
            "<text class=\"axis\" x=\"%.1f\" y=\"%.1f\" text-anchor=\"end\">%s, points</text>",
            WIDTH - RIGHT, HEIGHT - 4, Markup.text(axis)));
    for (int i = 0; i < frontiers.size(); i++) {
      line(svg, frontiers.get(i), i % 8);
    }
    return svg.append("</svg>\n").toString();
  }

  private void line(StringBuilder svg, Frontier frontier, int color) {
    List<String> corners = new ArrayList<>();
    StringBuilder dots = new StringBuilder();
    for (Frontier.Point point : frontier.points()) {
      JudgeCounts counts = point.counts();
      if (Double.isNaN(counts.gainKept())) {
        continue;
      }
      double x = x(harm.applyAsDouble(counts));
      double y = y(counts.gainKept());
      corners.add(Markup.format("%.1f,%.1f", x, y));
      dots.append(
          Markup.format(
              "<circle class=\"dot c%d\" cx=\"%.1f\" cy=\"%.1f\" r=\"3\">"
                  + "<title>%s, %s: keeps %s %%, %d of %d promoted, %d harmful, worst %s</title>"
                  + "</circle>",
              color,
              x,
              y,
              Markup.text(frontier.name()),
              Markup.text(point.setting()),
              Markup.percent(counts.gainKept()),
              counts.promoted(),
              counts.candidates(),
              counts.harmful(),
              Markup.points(-counts.worstHarm())));
    }
    svg.append(
            Markup.format(
                "<polyline class=\"line c%d\" points=\"%s\"/>", color, String.join(" ", corners)))
        .append(dots);
  }

  private double x(double harmful) {
    return LEFT + (WIDTH - LEFT - RIGHT) * harmful / most;
  }

  private double y(double share) {
    return TOP + (HEIGHT - TOP - BOTTOM) * (1 - share);
  }
}
