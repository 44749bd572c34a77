package io.gripstream.workshop.pico.world;

import java.awt.BasicStroke;
import java.awt.Shape;
import java.awt.geom.AffineTransform;
import java.awt.geom.Path2D;
import java.awt.geom.PathIterator;
import java.awt.geom.Rectangle2D;
import java.util.SplittableRandom;

/**
 * Puts outlines into a picture the way cameras and hands do: bent, turned, slanted, stretched and
 * off centre.
 */
final class Hand {
  private Hand() {}

  /**
   * Where and how large: a random placement of an outline of about unit size on the unit square.
   */
  static AffineTransform place(
      Shape outline,
      double smallest,
      double largest,
      double turn,
      double distortion,
      SplittableRandom random) {
    AffineTransform form = new AffineTransform();
    form.rotate(turn);
    form.shear(.18 * distortion * random.nextGaussian(), 0);
    form.scale(
        1 + .3 * distortion * (random.nextDouble() - .5),
        1 + .3 * distortion * (random.nextDouble() - .5));
    Rectangle2D box = form.createTransformedShape(outline).getBounds2D();
    double size = smallest + (largest - smallest) * random.nextDouble();
    double scale = size / Math.max(.2, Math.max(box.getWidth(), box.getHeight()));
    double spareX = Math.max(0, .98 - box.getWidth() * scale);
    double spareY = Math.max(0, .98 - box.getHeight() * scale);
    AffineTransform placed =
        AffineTransform.getTranslateInstance(.5 + spareX * off(random), .5 + spareY * off(random));
    placed.scale(scale, scale);
    placed.translate(-box.getCenterX(), -box.getCenterY());
    placed.concatenate(form);
    return placed;
  }

  /** From the centre, in -0.5 to 0.5, mostly small. */
  private static double off(SplittableRandom random) {
    return (random.nextDouble() + random.nextDouble() - 1) / 2;
  }

  /** A small turn around upright, in radians; rarely more than 20 degrees. */
  static double tilt(SplittableRandom random) {
    return Math.max(-.35, Math.min(.35, .13 * random.nextGaussian()));
  }

  /** Bends an outline along two random waves. */
  static Path2D bend(Shape outline, double amount, SplittableRandom random) {
    double frequencyX = 2 + 4 * random.nextDouble();
    double frequencyY = 2 + 4 * random.nextDouble();
    double phaseX = 7 * random.nextDouble();
    double phaseY = 7 * random.nextDouble();
    double amountX = amount * random.nextGaussian();
    double amountY = amount * random.nextGaussian();
    Path2D bent = new Path2D.Double();
    double[] p = new double[6];
    double[] from = new double[2];
    double[] start = new double[2];
    for (PathIterator it = outline.getPathIterator(null); !it.isDone(); it.next()) {
      int kind = it.currentSegment(p);
      if (kind == PathIterator.SEG_CLOSE) {
        bent.closePath();
        from[0] = start[0];
        from[1] = start[1];
        continue;
      }
      int last = kind == PathIterator.SEG_CUBICTO ? 4 : kind == PathIterator.SEG_QUADTO ? 2 : 0;
      if (kind == PathIterator.SEG_LINETO) {
        // A straight line bends, too.
        double endX = p[0];
        double endY = p[1];
        p[0] = from[0] + (endX - from[0]) / 3;
        p[1] = from[1] + (endY - from[1]) / 3;
        p[2] = from[0] + (endX - from[0]) * 2 / 3;
        p[3] = from[1] + (endY - from[1]) * 2 / 3;
        p[4] = endX;
        p[5] = endY;
        last = 4;
      }
      from[0] = p[last];
      from[1] = p[last + 1];
      if (kind == PathIterator.SEG_MOVETO) {
        start[0] = from[0];
        start[1] = from[1];
      }
      for (int i = 0; i <= last; i += 2) {
        double x = p[i];
        double y = p[i + 1];
        p[i] = x + amountX * Math.sin(frequencyX * y + phaseX);
        p[i + 1] = y + amountY * Math.sin(frequencyY * x + phaseY);
      }
      switch (kind) {
        case PathIterator.SEG_MOVETO -> bent.moveTo(p[0], p[1]);
        case PathIterator.SEG_QUADTO -> bent.quadTo(p[0], p[1], p[2], p[3]);
        default -> bent.curveTo(p[0], p[1], p[2], p[3], p[4], p[5]);
      }
    }
    return bent;
  }

  /** A round pen, of a width on the unit square. */
  static BasicStroke pen(double width) {
    return new BasicStroke((float) width, BasicStroke.CAP_ROUND, BasicStroke.JOIN_ROUND);
  }
}
