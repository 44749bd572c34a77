package io.gripstream.sample;

import java.util.ArrayList;
import java.util.List;

/**
 * A pen's way without lifting it: points at short, even distances in a box of 100 by 100, y down.
 *
 * @param x as long as {@code y}, at least two
 */
record Line(double[] x, double[] y) {
  private static final double STEP = 2;

  /**
   * Reads a path: {@code M x y} lifts the pen and moves, {@code L x y} draws a straight line,
   * {@code Q} and {@code C} Beziers with one and two control points; all absolute.
   */
  static List<Line> parse(String path) {
    List<Line> lines = new ArrayList<>();
    Builder builder = new Builder();
    String[] words = path.trim().split("\\s+");
    int i = 0;
    while (i < words.length) {
      int points =
          switch (words[i]) {
            case "M", "L" -> 1;
            case "Q" -> 2;
            case "C" -> 3;
            default -> throw new IllegalArgumentException(words[i] + " in " + path);
          };
      double[] p = new double[2 * points];
      for (int k = 0; k < p.length; k++) {
        p[k] = Double.parseDouble(words[i + 1 + k]);
      }
      if (words[i].equals("M")) {
        builder.finish(lines);
        builder.move(p[0], p[1]);
      } else {
        builder.bezier(p);
      }
      i += 1 + p.length;
    }
    builder.finish(lines);
    return lines;
  }

  /** The way through points of x and y, as they are. */
  static Line through(List<double[]> points) {
    return new Line(
        points.stream().mapToDouble(point -> point[0]).toArray(),
        points.stream().mapToDouble(point -> point[1]).toArray());
  }

  /** A closed way through the points, straight from each to the next. */
  static Line closed(double... points) {
    Builder builder = new Builder();
    builder.move(points[0], points[1]);
    for (int i = 2; i < points.length; i += 2) {
      builder.bezier(points[i], points[i + 1]);
    }
    builder.bezier(points[0], points[1]);
    List<Line> lines = new ArrayList<>();
    builder.finish(lines);
    return lines.get(0);
  }

  /** An ellipse, drawn from a given angle and a bit past its start, as hands do. */
  static Line ellipse(double cx, double cy, double rx, double ry, double from, double overlap) {
    int steps = (int) Math.ceil(2 * Math.PI * Math.max(rx, ry) / STEP);
    int count = (int) Math.ceil(steps * (1 + overlap)) + 1;
    double[] x = new double[count];
    double[] y = new double[count];
    for (int i = 0; i < count; i++) {
      double angle = from + 2 * Math.PI * i / steps;
      x[i] = cx + rx * Math.cos(angle);
      y[i] = cy + ry * Math.sin(angle);
    }
    return new Line(x, y);
  }

  int size() {
    return x.length;
  }

  private static final class Builder {
    private final List<double[]> points = new ArrayList<>();

    void move(double x, double y) {
      points.add(new double[] {x, y});
    }

    /** Control points and the end, from the last point on. */
    void bezier(double... p) {
      double[] start = points.get(points.size() - 1);
      double length = 0;
      double fromX = start[0];
      double fromY = start[1];
      for (int i = 0; i < p.length; i += 2) {
        length += Math.hypot(p[i] - fromX, p[i + 1] - fromY);
        fromX = p[i];
        fromY = p[i + 1];
      }
      int steps = Math.max(1, (int) Math.ceil(length / STEP));
      for (int s = 1; s <= steps; s++) {
        double t = (double) s / steps;
        points.add(new double[] {at(start[0], p, 0, t), at(start[1], p, 1, t)});
      }
    }

    private static double at(double start, double[] p, int axis, double t) {
      double u = 1 - t;
      return switch (p.length) {
        case 2 -> u * start + t * p[axis];
        case 4 -> u * u * start + 2 * u * t * p[axis] + t * t * p[2 + axis];
        default ->
            u * u * u * start
                + 3 * u * u * t * p[axis]
                + 3 * u * t * t * p[2 + axis]
                + t * t * t * p[4 + axis];
      };
    }

    void finish(List<Line> lines) {
      if (points.size() > 1) {
        lines.add(through(points));
      }
      points.clear();
    }
  }
}
