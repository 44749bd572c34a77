package io.gripstream.sample;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/**
 * What a hand means to draw, before it does: ideal lines for each class, in a box of 100 by 100.
 */
sealed interface Drawing {
  /** Class names. */
  List<String> classes();

  /**
   * The lines for a class.
   *
   * @param habit which of the usual forms this writer uses; any number
   */
  List<Line> lines(int label, int habit, SplittableRandom random);

  /** Handwritten digits: two to four forms of each. */
  final class Digits implements Drawing {
    private static final List<List<List<Line>>> FORMS = parse();

    @Override
    public List<String> classes() {
      return List.of(
          "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine");
    }

    @Override
    public List<Line> lines(int label, int habit, SplittableRandom random) {
      List<List<Line>> forms = FORMS.get(label);
      return forms.get(Math.floorMod(habit, forms.size()));
    }

    private static List<List<List<Line>>> parse() {
      List<List<List<Line>>> forms = new ArrayList<>();
      for (int digit = 0; digit < 10; digit++) {
        forms.add(new ArrayList<>());
      }
      for (String line : PATHS.split("\n")) {
        forms.get(line.charAt(0) - '0').add(Line.parse(line.substring(1)));
      }
      return forms;
    }

    private static final String PATHS =
        """
        0 M 50 8 C 20 8 15 40 15 52 C 15 75 28 94 50 94 C 74 94 86 72 86 50 C 86 25 74 8 46 9
        0 M 62 12 C 38 2 14 30 16 58 C 18 86 40 98 60 90 C 84 78 88 40 74 20 C 68 12 56 8 48 14
        0 M 46 6 C 30 14 24 36 26 60 C 28 86 42 96 54 94 C 72 88 76 56 72 34 C 68 12 58 4 44 8
        1 M 50 6 L 50 95
        1 M 34 24 L 54 6 L 54 95
        1 M 32 26 Q 46 18 52 6 L 52 94 M 32 94 L 72 94
        1 M 58 6 Q 54 50 44 95
        2 M 20 28 C 24 4 76 0 76 30 C 76 52 40 72 18 92 L 82 92
        2 M 22 24 C 34 2 78 4 72 34 C 66 58 40 76 28 86 C 16 96 18 74 34 80 C 52 86 64 96 84 88
        2 M 18 22 Q 44 -4 68 14 Q 86 34 58 60 L 20 92 Q 50 84 84 94
        3 M 22 16 C 40 0 78 4 72 28 C 68 44 52 48 42 48 C 60 48 82 56 78 76 C 74 98 36 98 20 84
        3 M 22 8 L 76 8 L 46 44 C 70 42 84 60 76 78 C 68 96 36 98 18 84
        3 M 24 18 C 48 -4 84 14 66 36 Q 58 46 44 46 Q 60 46 72 58 C 90 84 50 106 22 86
        4 M 30 6 L 18 54 L 84 52 M 66 28 L 62 96
        4 M 64 96 L 64 6 L 14 66 L 88 66
        4 M 28 8 Q 14 40 20 52 Q 40 60 80 48 M 70 10 Q 68 60 58 96
        5 M 78 8 L 30 8 L 26 44 C 44 34 80 38 78 66 C 76 94 40 100 20 86
        5 M 32 8 L 28 44 Q 54 34 70 50 C 86 74 56 104 22 90 M 30 10 L 76 6
        5 M 74 10 Q 50 4 36 12 Q 28 26 30 42 C 60 36 80 48 76 68 C 70 94 40 98 22 88
        6 M 68 6 C 36 24 18 54 24 76 C 32 100 74 98 76 72 C 76 50 40 46 26 70
        6 M 58 4 C 30 30 18 60 26 80 C 36 100 64 96 68 78 C 70 58 44 52 28 72
        6 M 76 14 Q 56 0 36 24 C 10 62 26 100 54 94 C 88 86 80 46 50 52 Q 30 56 24 74
        7 M 16 10 L 80 10 Q 56 46 44 96
        7 M 16 10 L 80 10 Q 56 46 44 96 M 32 52 L 70 50
        7 M 18 22 L 20 10 L 80 8 L 42 96
        7 M 16 14 Q 34 4 48 10 Q 64 16 80 8 Q 60 40 50 94
        8 M 70 20 C 58 0 22 6 28 28 C 34 46 76 52 76 76 C 74 100 22 100 24 74 C 26 54 72 44 72 22
        8 M 50 48 C 20 40 24 6 50 6 C 78 6 78 40 50 48 C 14 58 16 96 50 96 C 84 96 86 58 50 48
        8 M 62 10 C 34 2 20 30 44 44 C 78 60 82 92 50 96 C 18 96 20 66 48 50 C 76 36 78 12 58 8
        9 M 76 30 C 70 4 26 4 24 30 C 24 56 66 58 76 28 Q 78 66 70 96
        9 M 70 14 C 40 0 18 22 28 42 C 40 60 68 46 72 20 L 66 96
        9 M 74 26 C 64 0 22 8 24 34 C 28 60 70 54 76 26 C 84 70 64 104 30 90
        """;
  }

  /** Shapes scribbled by hand, some shaded with a zigzag. */
  final class Shapes implements Drawing {
    private static final List<String> CLASSES =
        List.of(
            "circle",
            "square",
            "triangle",
            "star",
            "heart",
            "hexagon",
            "cross",
            "arrow",
            "ring",
            "crescent",
            "diamond",
            "oval");

    @Override
    public List<String> classes() {
      return CLASSES;
    }

    @Override
    public List<Line> lines(int label, int habit, SplittableRandom random) {
      double from = 7 * random.nextDouble();
      double overlap = .02 + .1 * random.nextDouble();
      List<Line> lines =
          new ArrayList<>(
              switch (CLASSES.get(label)) {
                case "circle" -> List.of(Line.ellipse(50, 50, 44, 44, from, overlap));
                case "square" -> List.of(Line.closed(10, 10, 90, 10, 90, 90, 10, 90));
                case "triangle" -> List.of(Line.closed(50, 8, 94, 88, 6, 88));
                case "star" ->
                    Math.floorMod(habit, 2) == 0
                        ? List.of(star(5, 20))
                        : List.of(Line.closed(22, 94, 50, 4, 78, 94, 4, 38, 96, 38));
                case "heart" ->
                    Line.parse(
                        "M 50 28 C 44 4 6 0 6 34 C 6 60 40 78 50 96 C 60 78 94 60 94 34 C 94 0 56 4"
                            + " 50 28");
                case "hexagon" ->
                    List.of(Line.closed(28, 10, 72, 10, 96, 50, 72, 90, 28, 90, 4, 50));
                case "cross" ->
                    List.of(
                        Line.closed(
                            35, 5, 65, 5, 65, 35, 95, 35, 95, 65, 65, 65, 65, 95, 35, 95, 35, 65, 5,
                            65, 5, 35, 35, 35));
                case "arrow" -> List.of(arrow(random.nextInt(4)));
                case "ring" ->
                    List.of(
                        Line.ellipse(50, 50, 46, 46, from, overlap),
                        Line.ellipse(50, 50, 25, 25, from + 2, overlap));
                case "crescent" ->
                    Line.parse(
                        "M 66 6 C 14 -2 -4 62 34 88 C 50 98 70 96 84 84 C 56 84 38 64 42 40 C 44 24"
                            + " 52 12 66 6");
                case "diamond" -> List.of(Line.closed(50, 4, 84, 50, 50, 96, 16, 50));
                default -> List.of(Line.ellipse(50, 50, 47, 28, from, overlap));
              });
      if (Math.floorMod(habit, 5) < 3) {
        lines.addAll(shading(List.copyOf(lines), 5 + Math.floorMod(habit, 4), random));
      }
      return lines;
    }

    private static Line star(int points, double inner) {
      double[] p = new double[4 * points];
      for (int i = 0; i < 2 * points; i++) {
        double radius = i % 2 == 0 ? 48 : inner;
        double angle = Math.PI * i / points - Math.PI / 2;
        p[2 * i] = 50 + radius * Math.cos(angle);
        p[2 * i + 1] = 52 + radius * Math.sin(angle);
      }
      return Line.closed(p);
    }

    private static Line arrow(int quarters) {
      double[] p = {2, 38, 56, 38, 56, 16, 98, 50, 56, 84, 56, 62, 2, 62};
      for (int turn = 0; turn < quarters; turn++) {
        for (int i = 0; i < p.length; i += 2) {
          double x = p[i];
          p[i] = 100 - p[i + 1];
          p[i + 1] = x;
        }
      }
      return Line.closed(p);
    }

    /**
     * Zigzags of diagonal strokes within the outlines, by the even-odd rule; the pen is lifted over
     * gaps.
     */
    private static List<Line> shading(
        List<Line> outlines, double spacing, SplittableRandom random) {
      double angle = Math.PI / 4 + .5 * (random.nextDouble() - .5);
      double cos = Math.cos(angle);
      double sin = Math.sin(angle);
      List<Line> strokes = new ArrayList<>();
      List<double[]> stroke = new ArrayList<>();
      double direction = 1;
      for (double row = -70 + spacing * random.nextDouble(); row < 70; row += spacing) {
        for (double along = -75; along <= 75; along += 2) {
          double x = 50 + direction * along * cos - row * sin;
          double y = 50 + direction * along * sin + row * cos;
          if (!contains(outlines, x, y)) {
            continue;
          }
          if (!stroke.isEmpty() && far(stroke.get(stroke.size() - 1), x, y, 3 * spacing)) {
            finish(stroke, strokes);
          }
          stroke.add(new double[] {x, y});
        }
        direction = -direction;
      }
      finish(stroke, strokes);
      return strokes;
    }

    private static boolean far(double[] point, double x, double y, double distance) {
      return Math.hypot(point[0] - x, point[1] - y) > distance;
    }

    private static void finish(List<double[]> stroke, List<Line> strokes) {
      if (stroke.size() > 1) {
        strokes.add(Line.through(stroke));
      }
      stroke.clear();
    }

    private static boolean contains(List<Line> outlines, double x, double y) {
      boolean inside = false;
      for (Line line : outlines) {
        for (int i = 0, j = line.size() - 1; i < line.size(); j = i++) {
          if (line.y()[i] > y != line.y()[j] > y
              && x
                  < (line.x()[j] - line.x()[i]) * (y - line.y()[i]) / (line.y()[j] - line.y()[i])
                      + line.x()[i]) {
            inside = !inside;
          }
        }
      }
      return inside;
    }
  }
}
