package io.gripstream.workshop.pico.world;

import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.GradientPaint;
import java.awt.Graphics2D;
import java.awt.geom.AffineTransform;
import java.awt.geom.Arc2D;
import java.awt.geom.Ellipse2D;
import java.awt.geom.Line2D;
import java.awt.geom.Path2D;
import java.awt.geom.Rectangle2D;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;

/**
 * A texture with a name; each fills the square from -0.8 to 0.8 around the origin on a ground that
 * is there.
 */
enum Texture {
  HORIZONTAL_STRIPES,
  VERTICAL_STRIPES,
  DIAGONAL_STRIPES,
  CHECKERBOARD,
  DOTS,
  WAVES,
  GRID,
  NOISE,
  GRADIENT,
  BRICKS,
  ZIGZAG,
  RINGS,
  RAYS,
  PLAID,
  SPOTS,
  CROSSHATCH,
  TILES,
  SCALES;

  private static final double REACH = .8;
  private static final List<Texture> ALL = List.of(values());

  /** The name as captions use it. */
  String word() {
    return name().toLowerCase(Locale.ROOT).replace('_', ' ');
  }

  static List<Texture> all() {
    return ALL;
  }

  static List<String> words() {
    return Arrays.stream(values()).map(Texture::word).toList();
  }

  /**
   * Paints the texture, with the origin where it is most itself.
   *
   * @param period distance between repetitions
   */
  void paint(Graphics2D g, Color ink, double period, SplittableRandom random) {
    g.setColor(ink);
    double duty = .3 + .4 * random.nextDouble();
    double phase = period * random.nextDouble();
    double line = period * (.1 + .15 * random.nextDouble());
    switch (this) {
      case HORIZONTAL_STRIPES -> bars(g, period, duty, phase);
      case VERTICAL_STRIPES -> turned(g, Math.PI / 2, () -> bars(g, period, duty, phase));
      case DIAGONAL_STRIPES -> {
        double angle = Math.PI / 4 * (random.nextBoolean() ? 1 : -1);
        turned(g, angle, () -> bars(g, period, duty, phase));
      }
      case CHECKERBOARD -> {
        for (double y = -REACH, row = 0; y < REACH; y += period, row++) {
          for (double x = -REACH + row % 2 * period; x < REACH; x += 2 * period) {
            g.fill(new Rectangle2D.Double(x, y, period, period));
          }
        }
      }
      case DOTS -> {
        double radius = period * (.2 + .15 * random.nextDouble());
        boolean staggered = random.nextBoolean();
        for (double y = -REACH, row = 0; y < REACH; y += period, row++) {
          double shift = staggered && row % 2 == 1 ? period / 2 : 0;
          for (double x = -REACH + shift; x < REACH; x += period) {
            dot(g, x, y, radius);
          }
        }
      }
      case WAVES -> {
        double height = period * (.25 + .2 * random.nextDouble());
        double length = period * (1.6 + random.nextDouble());
        pen(g, line * 1.6);
        for (double y = -REACH + phase; y < REACH; y += period) {
          Path2D path = new Path2D.Double();
          path.moveTo(-REACH, y);
          for (double x = -REACH; x < REACH; x += length) {
            path.curveTo(
                x + length / 4,
                y - height * 1.3,
                x + length / 4,
                y - height * 1.3,
                x + length / 2,
                y);
            path.curveTo(
                x + length * .75,
                y + height * 1.3,
                x + length * .75,
                y + height * 1.3,
                x + length,
                y);
          }
          g.draw(path);
        }
      }
      case GRID -> {
        pen(g, line);
        lines(g, period, phase);
        turned(g, Math.PI / 2, () -> lines(g, period, phase));
      }
      case NOISE -> {
        double grain = .02 + .05 * random.nextDouble();
        for (double y = -.72; y < .72; y += grain) {
          for (double x = -.72; x < .72; x += grain) {
            if (random.nextBoolean()) {
              g.fill(new Rectangle2D.Double(x, y, grain, grain));
            }
          }
        }
      }
      case GRADIENT -> {
        double angle = 2 * Math.PI * random.nextDouble();
        double dx = .5 * Math.cos(angle);
        double dy = .5 * Math.sin(angle);
        Color clear = new Color(ink.getRed(), ink.getGreen(), ink.getBlue(), 0);
        g.setPaint(new GradientPaint((float) -dx, (float) -dy, ink, (float) dx, (float) dy, clear));
        g.fill(new Rectangle2D.Double(-REACH, -REACH, 2 * REACH, 2 * REACH));
      }
      case BRICKS -> {
        pen(g, line);
        double height = period * .75;
        for (double y = -REACH, row = 0; y < REACH; y += height, row++) {
          g.draw(new Line2D.Double(-REACH, y, REACH, y));
          for (double x = -REACH + row % 2 * period * .8; x < REACH; x += period * 1.6) {
            g.draw(new Line2D.Double(x, y, x, y + height));
          }
        }
      }
      case ZIGZAG -> {
        double height = period * (.3 + .2 * random.nextDouble());
        pen(g, line * 1.6);
        for (double y = -REACH + phase; y < REACH; y += period) {
          Path2D path = new Path2D.Double();
          path.moveTo(-REACH, y);
          int i = 0;
          for (double x = -REACH; x < REACH; x += period / 2, i++) {
            path.lineTo(x + period / 2, i % 2 == 0 ? y + height : y - height);
          }
          g.draw(path);
        }
      }
      case RINGS -> {
        pen(g, period * duty);
        for (double radius = phase / 2; radius < REACH; radius += period) {
          g.draw(new Ellipse2D.Double(-radius, -radius, 2 * radius, 2 * radius));
        }
      }
      case RAYS -> {
        int count = 5 + (int) (1 / period);
        for (int i = 0; i < count; i++) {
          double from = 2 * Math.PI * i / count;
          double to = from + Math.PI * 2 * duty / count;
          Path2D ray = new Path2D.Double();
          ray.moveTo(0, 0);
          ray.lineTo(Math.cos(from), Math.sin(from));
          ray.lineTo(Math.cos(to), Math.sin(to));
          ray.closePath();
          g.fill(ray);
        }
      }
      case PLAID -> {
        g.setColor(new Color(ink.getRed(), ink.getGreen(), ink.getBlue(), 120));
        bars(g, period * 1.5, duty, phase);
        turned(g, Math.PI / 2, () -> bars(g, period * 1.5, duty, phase));
        pen(g, line * .7);
        lines(g, period * 1.5, phase + period * .9);
        turned(g, Math.PI / 2, () -> lines(g, period * 1.5, phase + period * .9));
      }
      case SPOTS -> {
        int count = (int) (1.6 / (period * period));
        for (int i = 0; i < Math.min(count, 90); i++) {
          double radius = period * (.12 + .3 * random.nextDouble());
          dot(
              g,
              REACH * (2 * random.nextDouble() - 1),
              REACH * (2 * random.nextDouble() - 1),
              radius);
        }
      }
      case CROSSHATCH -> {
        pen(g, line * .8);
        double angle = Math.PI / 4 + .2 * (random.nextDouble() - .5);
        turned(g, angle, () -> lines(g, period * .8, phase));
        turned(g, -angle, () -> lines(g, period * .8, phase));
      }
      case TILES -> {
        double gap = period * (.1 + .12 * random.nextDouble());
        for (double y = -REACH + phase - period; y < REACH; y += period) {
          for (double x = -REACH; x < REACH; x += period) {
            g.fill(new Rectangle2D.Double(x, y, period - gap, period - gap));
          }
        }
      }
      case SCALES -> {
        pen(g, line);
        for (double y = -REACH, row = 0; y < REACH; y += period / 2, row++) {
          for (double x = -REACH + row % 2 * period / 2; x < REACH; x += period) {
            g.draw(new Arc2D.Double(x, y, period, period, 180, 180, Arc2D.OPEN));
          }
        }
      }
    }
  }

  private static void bars(Graphics2D g, double period, double duty, double phase) {
    for (double y = -1.2 + phase; y < 1.2; y += period) {
      g.fill(new Rectangle2D.Double(-1.2, y, 2.4, period * duty));
    }
  }

  private static void lines(Graphics2D g, double period, double phase) {
    for (double y = -1.2 + phase; y < 1.2; y += period) {
      g.draw(new Line2D.Double(-1.2, y, 1.2, y));
    }
  }

  private static void dot(Graphics2D g, double x, double y, double radius) {
    g.fill(new Ellipse2D.Double(x - radius, y - radius, 2 * radius, 2 * radius));
  }

  private static void pen(Graphics2D g, double width) {
    g.setStroke(new BasicStroke((float) width));
  }

  private static void turned(Graphics2D g, double angle, Runnable painting) {
    AffineTransform before = g.getTransform();
    g.rotate(angle);
    painting.run();
    g.setTransform(before);
  }
}
