package io.gripstream.workshop.pico.world;

import java.awt.geom.Path2D;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;

/** Characters as a pen draws them: skeletons of strokes, each drawn with an unsteady hand. */
final class Pen {
  /** {@link #SKELETONS} uses a box this wide and this high. */
  private static final double WIDTH = 10;

  private static final double HEIGHT = 14;

  /**
   * Skeletons by character: variants, of strokes divided by {@code /}, of points {@code x,y}. A
   * stroke that starts with {@code ~} is smooth, any other has corners.
   */
  private static final Map<Character, List<List<Stroke>>> SKELETONS = skeletons();

  private Pen() {}

  /** Points as x and y in turn, in skeleton units. */
  private record Stroke(boolean smooth, double[] points) {}

  static boolean knows(char character) {
    return SKELETONS.containsKey(character);
  }

  /**
   * The centre line of a character, around the origin, of height 1.
   *
   * @param unsteadiness standard deviation of each point, as a share of the height
   */
  static Path2D draw(char character, double unsteadiness, SplittableRandom random) {
    List<List<Stroke>> variants = SKELETONS.get(character);
    List<Stroke> strokes = variants.get(random.nextInt(variants.size()));
    Path2D path = new Path2D.Double();
    double aspect = .85 + .3 * random.nextDouble();
    for (Stroke stroke : strokes) {
      double[] points = new double[stroke.points.length];
      for (int i = 0; i < points.length; i += 2) {
        points[i] =
            (stroke.points[i] - WIDTH / 2) / HEIGHT * aspect + unsteadiness * random.nextGaussian();
        points[i + 1] =
            (stroke.points[i + 1] - HEIGHT / 2) / HEIGHT + unsteadiness * random.nextGaussian();
      }
      append(path, points, stroke.smooth);
    }
    return path;
  }

  private static void append(Path2D path, double[] p, boolean smooth) {
    path.moveTo(p[0], p[1]);
    int last = p.length - 2;
    for (int i = 0; i < last; i += 2) {
      if (!smooth) {
        path.lineTo(p[i + 2], p[i + 3]);
        continue;
      }
      // Catmull-Rom as cubic Beziers; the ends are their own neighbours.
      int before = Math.max(i - 2, 0);
      int after = Math.min(i + 4, last);
      path.curveTo(
          p[i] + (p[i + 2] - p[before]) / 6,
          p[i + 1] + (p[i + 3] - p[before + 1]) / 6,
          p[i + 2] - (p[after] - p[i]) / 6,
          p[i + 3] - (p[after + 1] - p[i + 1]) / 6,
          p[i + 2],
          p[i + 3]);
    }
  }

  private static Map<Character, List<List<Stroke>>> skeletons() {
    Map<Character, List<List<Stroke>>> skeletons = new HashMap<>();
    for (String line : LINES.split("\n")) {
      List<Stroke> strokes = new ArrayList<>();
      for (String stroke : line.substring(2).split("/")) {
        boolean smooth = stroke.startsWith("~");
        String[] numbers = stroke.substring(smooth ? 1 : 0).trim().split("[ ,]");
        double[] points = new double[numbers.length];
        for (int i = 0; i < points.length; i++) {
          points[i] = Double.parseDouble(numbers[i]);
        }
        strokes.add(new Stroke(smooth, points));
      }
      skeletons.computeIfAbsent(line.charAt(0), c -> new ArrayList<>()).add(strokes);
    }
    return Map.copyOf(skeletons);
  }

  private static final String LINES =
      """
      0 ~5,0 1.5,2.5 0.5,7 1.5,11.5 5,14 8.5,11.5 9.5,7 8.5,2.5 5,0
      0 ~6,0 2.5,3 1.5,8 2.5,12.5 5,14 7.8,11.5 8.6,6 7.5,1.5 5.4,0.2
      0 ~5,0 1.5,2.5 0.5,7 1.5,11.5 5,14 8.5,11.5 9.5,7 8.5,2.5 5,0/8,3 2,11
      1 5,0 5,14
      1 2,3 5,0 5,14
      1 2.2,3 5.2,0 5.2,14/2,14 8.4,14
      1 6,0 4.4,14
      2 ~1,3.5 2.5,0.8 5,0 8,1 9,3.8 7.5,7 4,10.5 1,14/1,14 9.5,14
      2 ~1.5,3 4,0 8,1.5 8,5 4,11 1,13 2.2,11.6 5,12.8 9.5,13.5
      2 ~1,2.5 4.5,0 8.2,2 7.8,5.5 4.5,10 1,13.8/1,13.8 9,13.2
      3 ~1,2 4,0 8,1 8.5,4 4.5,6.7/~4.5,6.7 8.5,8.5 9,11.5 5.5,14 1,12.3
      3 1,0 8.5,0 4.5,5.5/~4.5,5.5 8.5,7.5 8.8,11.5 5,14 1,12.5
      3 ~1.5,1.5 5,0 8,2 7,5.5 4.5,6.5 7.5,7.2 9,10.5 6.5,13.8 1.2,13
      4 7,14 7,0 0.5,9.5 9.5,9.5
      4 1.5,0 1,7.5 9,7.5/7.5,0.5 7.2,14
      4 ~2.5,0.5 1.2,7 2.5,8.2 8.8,7.6/7.4,1 6.8,14
      5 8.5,0 2,0 1.5,6/~1.5,6 5,5 8.8,7.5 8.5,11.5 5,14 1,12.5
      5 ~2.4,0.5 1.8,6.2 5.5,5.6 8.6,8.4 7.6,12.4 4.4,14 1,13/2.4,0.6 8.6,0.2
      6 ~8,0.5 4,3 1.2,8 1.5,12 5,14 8.7,12 8.5,8.5 5.5,7 2.5,8.5 1.4,10.5
      6 ~6.5,0 3,4.5 1.2,9.5 2.5,13.4 6,13.8 8.2,11 6.5,8.4 3.6,8.8 2,11.5
      7 0.5,0 9.5,0 4,14
      7 0.5,0 9.5,0 4,14/3,7 8.8,7
      7 0.8,2 1,0 9,0 4.5,14
      7 0.5,0.4 9,0/~9,0 6,6 4.5,14
      8 ~5,6.7 1.5,4.5 2,1.2 5,0 8,1.2 8.5,4.5 5,6.7 1.2,9 1,12 5,14 9,12 8.8,9 5,6.7
      8 ~8.2,1.6 5,0 1.8,2 3,5.5 7,8.4 8.6,11.6 5,14 1.4,11.6 3,8.4 7,5.5 8.4,2.6 7.8,1.4
      9 ~8.5,4 6.5,7.2 2.5,7 1,4 2.5,0.8 6,0 8.5,2.5 8.5,7 7.5,14
      9 ~8.5,3.8 5,0 1,3.5 4.5,7.3 8.5,3.8/8.5,1 8,14
      9 ~8,2 5,0 1.6,2.6 3,6.6 6.6,6 8.2,2.4 8.4,7 7.4,12 3,14
      A 0.5,14 5,0 9.5,14/2.3,9 7.7,9
      B 1,0 1,14/~1,0 7.5,0.6 8,4.5 6,6.5 1,6.8/~1,6.8 8,7.5 9,11 7,13.6 1,14
      C ~9,2.5 6,0 2,2 0.5,7 2,12 6,14 9,11.8
      D 1,0 1,14/~1,0 6,0.8 9.2,4 9.2,10 6,13.4 1,14
      E 8.5,0 1,0 1,14 8.7,14/1,7 7.2,7
      F 8.8,0 1.2,0 1.2,14/1.2,6.8 7.5,6.8
      G ~9,2.8 6,0 2,2 0.5,7 2,12 6,14 9,11.5/6,8 9,8 9,14
      H 1,0 1,14/9,0 9,14/1,7 9,7
      I 5,0 5,14
      I 2,0 8,0/5,0 5,14/2,14 8,14
      J ~7.5,0 7.5,10.5 5,14 1.5,12.5 1,10
      J 3.5,0 9.5,0/~7,0 7,10.5 4.6,14 1.2,12 1,10.4
      K 1,0 1,14/9,0 1,8/3.8,5.6 9.3,14
      L 1.5,0 1.5,14 9,14
      M 0.5,14 1,0 5,9 9,0 9.5,14
      N 1,14 1,0 9,14 9,0
      O ~5,0 1.2,2.2 0,7 1.2,11.8 5,14 8.8,11.8 10,7 8.8,2.2 5,0
      P 1.2,14 1.2,0/~1.2,0 7.8,0.6 9,4 7.5,7 1.2,7.5
      Q ~5,0 1.2,2.2 0,7 1.2,11.8 5,14 8.8,11.8 10,7 8.8,2.2 5,0/6,10 9.8,14.5
      R 1.2,14 1.2,0/~1.2,0 7.8,0.6 9,4 7.5,7 1.2,7.3/4.5,7.3 9.2,14
      S ~8.8,2.2 5.5,0 1.8,1.5 1.8,5 5.5,7 8.9,9.4 8.5,12.5 4.8,14 1,12
      T 0.5,0 9.5,0/5,0 5,14
      U ~1,0 1,9.5 2.4,13 5,14 7.6,13 9,9.5 9,0
      V 0.5,0 5,14 9.5,0
      W 0,0 2.5,14 5,4 7.5,14 10,0
      X 0.8,0 9.2,14/9.2,0 0.8,14
      Y 0.5,0 5,7 9.5,0/5,7 5,14
      Z 0.8,0 9,0 0.8,14 9.4,14
      a ~8,6 5,5 2,6.5 1.5,10.5 3.5,13.8 6.5,12.5 8,9/8,5 8,12.5 9,14
      b 1.5,0 1.5,14/~1.5,7.5 5,5.4 8.4,7.5 8.4,11.5 5,14 1.5,12
      c ~8.5,6.4 5.5,5 2.2,6.8 1.5,10 3,13.2 6,14 8.7,12.5
      d 8.2,0 8.2,14/~8.2,7.5 5,5.3 1.7,7.5 1.7,11.6 4.8,14 8.2,12
      e ~1.8,9.4 8.4,9.2 8,6.4 5,5 2.2,6.8 1.5,10 3,13.2 6,14 8.6,12.4
      f ~8,1.4 6.2,0 4.4,1.6 4.2,5 4.2,14/1.8,5.4 7.5,5.4
      g ~8,4.6 5,3 1.7,5 1.8,8.3 4.8,9.8 8,7/~8,3 8,10.5 7,13.6 4,14 1.6,12.8
      h 1.6,0 1.6,14/~1.6,8 4.6,5.4 7.8,6.4 8.3,9 8.3,14
      i 5,5 5,14/5,1.4 5,2
      j ~6,4 6,11 4.6,13.8 2,13.2/6,0.6 6,1.2
      k 1.8,0 1.8,14/8,5.4 1.8,10.4/3.8,8.8 8.6,14
      l 5,0 5,14
      l ~4.4,0 4.4,11.5 5.2,13.8 7.2,13.4
      m 0.6,5 0.6,14/~0.6,8 2.6,5.4 4.8,6.4 5,9 5,14/~5,8 7,5.4 9.2,6.4 9.5,9 9.5,14
      n 1.6,5 1.6,14/~1.6,8 4.6,5.4 7.8,6.4 8.3,9 8.3,14
      o ~5,5 2,6.4 1.2,9.5 2,12.6 5,14 8,12.6 8.8,9.5 8,6.4 5,5
      p 1.6,3 1.6,14/~1.6,5 5,2.8 8.4,5 8.4,8 5,10 1.6,8.4
      q 8.2,3 8.2,14/~8.2,5 5,2.8 1.7,5 1.7,8 5,10 8.2,8.4
      r 2.4,5 2.4,14/~2.4,8.4 4.6,5.6 7.6,5.6
      s ~8,6.4 5.2,5 2.4,6.2 3,8.6 7,10 8.2,12 5.4,14 1.8,12.8
      t ~4.6,1.4 4.6,11.4 5.8,13.8 8,13/1.8,5 8,5
      u ~1.6,5 1.6,10.8 3.6,13.8 6.6,12.8 8.2,10/8.2,5 8.2,14
      v 1.2,5 5,14 8.8,5
      w 0.4,5 2.6,14 5,6.5 7.4,14 9.6,5
      x 1.4,5 8.6,14/8.6,5 1.4,14
      y 1.4,3 5.2,9.4/8.6,3 3.4,14
      z 1.6,5 8.2,5 1.4,14 8.6,14
      """;
}
