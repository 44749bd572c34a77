package io.gripstream.workshop.experiment.report;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/** Figures over rounds as a drawing: a line a series, in a band from the least seed to the most. */
final class LineChart {
  private static final double WIDTH = 360;
  private static final double HEIGHT = 230;
  private static final double LEFT = 40;
  private static final double RIGHT = 48;
  private static final double TOP = 14;
  private static final double BOTTOM = 30;
  private static final double LEAST_SPAN = 0.05;
  private static final double LABEL_HEIGHT = 12;

  /**
   * A line.
   *
   * @param colour the number of its colour
   * @param points by round; null where there is none
   */
  record Series(String name, int colour, List<Group.Spread> points) {}

  private final String title;
  private final List<Series> series;
  private final int first;
  private final int last;
  private final double low;
  private final double high;

  /**
   * @param first the round of each series' first point
   */
  LineChart(String title, List<Series> series, int first) {
    this.title = title;
    this.series = series;
    this.first = first;
    this.last =
        Math.max(
            first + 1,
            first - 1 + series.stream().mapToInt(each -> each.points().size()).max().orElse(1));
    List<Group.Spread> all =
        series.stream().flatMap(each -> each.points().stream()).filter(Objects::nonNull).toList();
    double least = all.stream().mapToDouble(Group.Spread::least).min().orElse(0);
    double most = all.stream().mapToDouble(Group.Spread::most).max().orElse(1);
    double step = step(Math.max(LEAST_SPAN, most - least));
    this.low = Math.max(0, Math.floor(least / step) * step);
    this.high = Math.min(1, Math.max(low + step, Math.ceil(most / step) * step));
  }

  String svg() {
    StringBuilder svg = new StringBuilder();
    svg.append(
        Markup.format(
            "<svg viewBox=\"0 0 %.0f %.0f\" role=\"img\" aria-label=\"%s\">",
            WIDTH, HEIGHT, Markup.text(title)));
    grid(svg);
    for (Series each : series) {
      band(svg, each);
    }
    for (Series each : series) {
      line(svg, each);
    }
    labels(svg);
    return svg.append("</svg>\n").toString();
  }

  private void grid(StringBuilder svg) {
    double step = step(high - low);
    for (int i = 0; low + i * step <= high + 1e-9; i++) {
      double value = low + i * step;
      svg.append(
          Markup.format(
              "<line class=\"grid\" x1=\"%.1f\" x2=\"%.1f\" y1=\"%.1f\" y2=\"%.1f\"/>"
                  + "<text class=\"axis\" x=\"%.1f\" y=\"%.1f\" text-anchor=\"end\">%.0f</text>",
              LEFT, WIDTH - RIGHT, y(value), y(value), LEFT - 6, y(value) + 4, 100 * value));
    }
    int every = Math.max(1, (last - first + 9) / 10);
    for (int round = first; round <= last; round += every) {
      svg.append(
          Markup.format(
              "<text class=\"axis\" x=\"%.1f\" y=\"%.1f\" text-anchor=\"middle\">%s</text>",
              x(round), HEIGHT - BOTTOM + 18, round == 0 ? "zero-shot" : round));
    }
  }

  private void band(StringBuilder svg, Series line) {
    List<String> upper = new ArrayList<>();
    List<String> lower = new ArrayList<>();
    boolean wide = false;
    for (int i = 0; i < line.points().size(); i++) {
      Group.Spread point = line.points().get(i);
      if (point != null) {
        upper.add(Markup.format("%.1f,%.1f", x(first + i), y(point.most())));
        lower.add(0, Markup.format("%.1f,%.1f", x(first + i), y(point.least())));
        wide |= point.most() > point.least();
      }
    }
    if (wide && upper.size() > 1) {
      svg.append(
          Markup.format(
              "<polygon class=\"band c%d\" points=\"%s %s\"/>",
              line.colour(), String.join(" ", upper), String.join(" ", lower)));
    }
  }

  private void line(StringBuilder svg, Series line) {
    List<String> points = new ArrayList<>();
    StringBuilder dots = new StringBuilder();
    for (int i = 0; i < line.points().size(); i++) {
      Group.Spread point = line.points().get(i);
      if (point != null) {
        points.add(Markup.format("%.1f,%.1f", x(first + i), y(point.mean())));
        dots.append(
            Markup.format(
                "<circle class=\"dot c%d\" cx=\"%.1f\" cy=\"%.1f\" r=\"3\">"
                    + "<title>%s, round %d: %s %%</title></circle>",
                line.colour(),
                x(first + i),
                y(point.mean()),
                Markup.text(line.name()),
                first + i,
                Markup.percent(point.mean())));
      }
    }
    svg.append(
            Markup.format(
                "<polyline class=\"line c%d\" points=\"%s\"/>",
                line.colour(), String.join(" ", points)))
        .append(dots);
  }

  /** Each line's last value beside its end, moved apart where they would overlap. */
  private void labels(StringBuilder svg) {
    record Label(Series series, double x, double wished, double value) {}
    List<Label> labels = new ArrayList<>();
    for (Series each : series) {
      for (int i = each.points().size() - 1; i >= 0; i--) {
        Group.Spread point = each.points().get(i);
        if (point != null) {
          labels.add(new Label(each, x(first + i), y(point.mean()), point.mean()));
          break;
        }
      }
    }
    labels.sort(java.util.Comparator.comparingDouble(Label::wished));
    double free = Double.NEGATIVE_INFINITY;
    for (Label label : labels) {
      double y = Math.max(label.wished(), free);
      free = y + LABEL_HEIGHT;
      svg.append(
          Markup.format(
              "<text class=\"value c%d\" x=\"%.1f\" y=\"%.1f\">%s</text>",
              label.series().colour(), label.x() + 7, y + 4, Markup.percent(label.value())));
    }
  }

  private double x(int round) {
    return LEFT + (WIDTH - LEFT - RIGHT) * (round - first) / (last - first);
  }

  private double y(double value) {
    return TOP + (HEIGHT - TOP - BOTTOM) * (high - value) / (high - low);
  }

  /** A round number that fits three to six times. */
  private static double step(double span) {
    for (double step : new double[] {0.01, 0.02, 0.05, 0.1}) {
      if (span / step <= 6) {
        return step;
      }
    }
    return 0.2;
  }
}
