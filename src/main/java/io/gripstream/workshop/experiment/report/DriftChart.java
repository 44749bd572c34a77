package io.gripstream.workshop.experiment.report;

import io.gripstream.workshop.experiment.drift.Contender;
import io.gripstream.workshop.experiment.drift.DriftRun;
import io.gripstream.workshop.experiment.drift.DriftSummary;
import io.gripstream.workshop.experiment.drift.Windows;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * Accuracy over a played stream: a line a contender, the mean of the seeds over the last images,
 * and a stroke where a part begins. Marks below tell what happened to the last contender.
 */
final class DriftChart {
  private static final double WIDTH = 1000;
  private static final double HEIGHT = 360;
  private static final double LEFT = 40;
  private static final double RIGHT = 16;
  private static final double TOP = 26;
  private static final double BOTTOM = 52;
  private static final int MOST_POINTS = 500;
  private static final Set<String> MARKED =
      Set.of("PROMOTED", "HELD", "ROLLED_BACK", "DRIFTED", "FAILED");

  private final DriftSummary summary;
  private final int window;
  private final int images;

  DriftChart(DriftSummary summary, int window) {
    this.summary = summary;
    this.window = window;
    this.images = summary.runs().stream().mapToInt(run -> run.parts().length).min().orElseThrow();
  }

  String svg() {
    StringBuilder svg = new StringBuilder();
    svg.append(
        Markup.format(
            "<svg viewBox=\"0 0 %.0f %.0f\" role=\"img\" aria-label=\"accuracy over the last %d"
                + " images\">",
            WIDTH, HEIGHT, window));
    for (int tenth = 0; tenth <= 10; tenth += 2) {
      double y = y(tenth / 10.0);
      svg.append(
          Markup.format(
              "<line class=\"grid\" x1=\"%.1f\" x2=\"%.1f\" y1=\"%.1f\" y2=\"%.1f\"/>"
                  + "<text class=\"axis\" x=\"%.1f\" y=\"%.1f\" text-anchor=\"end\">%d</text>",
              LEFT, WIDTH - RIGHT, y, y, LEFT - 6, y + 4, 10 * tenth));
    }
    parts(svg);
    for (int c = 0; c < summary.contenders().size(); c++) {
      line(svg, c);
    }
    events(svg);
    return svg.append("</svg>\n").toString();
  }

  private void parts(StringBuilder svg) {
    DriftRun first = summary.runs().get(0);
    for (int part = 0; part < summary.parts().size(); part++) {
      double x = x(first.start(part));
      svg.append(
          Markup.format(
              "<line class=\"grid\" x1=\"%.1f\" x2=\"%.1f\" y1=\"%.1f\" y2=\"%.1f\"/>"
                  + "<text class=\"axis\" x=\"%.1f\" y=\"%.1f\">%s</text>"
                  + "<text class=\"axis\" x=\"%.1f\" y=\"%.1f\">%d</text>",
              x,
              x,
              TOP - 14,
              HEIGHT - BOTTOM,
              x + 4,
              TOP - 8,
              Markup.text(summary.parts().get(part).title()),
              x,
              HEIGHT - 6,
              first.start(part)));
    }
  }

  private void line(StringBuilder svg, int course) {
    double[] mean = new double[images];
    for (DriftRun run : summary.runs()) {
      double[] trailing = Windows.trailing(run.courses().get(course).right(), window);
      for (int i = 0; i < images; i++) {
        mean[i] += trailing[i] / summary.runs().size();
      }
    }
    List<String> points = new ArrayList<>();
    int every = Math.max(1, images / MOST_POINTS);
    for (int i = window - 1; i < images; i += every) {
      points.add(Markup.format("%.1f,%.1f", x(i + 1), y(mean[i])));
    }
    svg.append(
        Markup.format(
            "<polyline class=\"line c%d\" points=\"%s\"/>",
            color(course), String.join(" ", points)));
  }

  /** Of the first seed. */
  private void events(StringBuilder svg) {
    int last = summary.contenders().size() - 1;
    for (Contender.Event event : summary.runs().get(0).courses().get(last).events()) {
      if (MARKED.contains(event.what())) {
        svg.append(
            Markup.format(
                "<circle class=\"dot c%d\" cx=\"%.1f\" cy=\"%.1f\" r=\"4\">"
                    + "<title>%s after %d images: %s</title></circle>",
                mark(event.what()),
                x(event.image()),
                HEIGHT - BOTTOM + 14 + (event.what().equals("DRIFTED") ? 12 : 0),
                Markup.text(event.what()),
                event.image(),
                Markup.text(event.message())));
      }
    }
  }

  /** Zero-shot is grey. */
  static int color(int course) {
    return new int[] {2, 1, 3, 0, 4, 5, 6, 7}[course % 8];
  }

  /** The color of what happened. */
  static int mark(String what) {
    return switch (what) {
      case "PROMOTED" -> 7;
      case "HELD" -> 2;
      case "DRIFTED" -> 5;
      default -> 6;
    };
  }

  private double x(double image) {
    return LEFT + (WIDTH - LEFT - RIGHT) * image / images;
  }

  private static double y(double share) {
    return TOP + (HEIGHT - TOP - BOTTOM) * (1 - share);
  }
}
