package io.gripstream.workshop.pico.world;

import java.awt.Color;
import java.awt.GradientPaint;
import java.awt.Graphics2D;
import java.awt.geom.AffineTransform;
import java.awt.geom.Ellipse2D;
import java.awt.geom.Line2D;
import java.awt.geom.Rectangle2D;
import java.util.SplittableRandom;

/** What lies behind a subject without being one: shading, ruled paper and stains. */
final class Grounds {
  private static final Rectangle2D ALL = new Rectangle2D.Double(0, 0, 1, 1);

  private Grounds() {}

  static void paint(Canvas canvas, Palette palette, SplittableRandom random) {
    Graphics2D g = canvas.graphics();
    Color ground = palette.groundShade();
    switch (random.nextInt(12)) {
      case 0, 1 -> {
        double angle = 2 * Math.PI * random.nextDouble();
        float x = (float) (.6 * Math.cos(angle));
        float y = (float) (.6 * Math.sin(angle));
        g.setPaint(
            new GradientPaint(
                .5f - x, .5f - y, shaded(ground, 45, random), .5f + x, .5f + y, ground));
        g.fill(ALL);
      }
      case 2 -> {
        g.setColor(shaded(ground, 40, random));
        g.setStroke(Hand.pen(.008 + .01 * random.nextDouble()));
        double step = .12 + .2 * random.nextDouble();
        boolean squared = random.nextBoolean();
        for (double at = step * random.nextDouble(); at < 1; at += step) {
          g.draw(new Line2D.Double(0, at, 1, at));
          if (squared) {
            g.draw(new Line2D.Double(at, 0, at, 1));
          }
        }
      }
      case 3 -> {
        for (int i = 0; i < 5; i++) {
          g.setColor(shaded(ground, 30, random));
          double radius = .05 + .3 * random.nextDouble();
          g.fill(
              new Ellipse2D.Double(
                  random.nextDouble() - radius,
                  random.nextDouble() - radius,
                  2 * radius,
                  2 * radius));
        }
      }
      case 4 -> {
        AffineTransform before = g.getTransform();
        g.translate(.5, .5);
        Texture texture = Texture.all().get(random.nextInt(Texture.all().size()));
        if (texture != Texture.NOISE) {
          texture.paint(g, shaded(ground, 28, random), .12 + .2 * random.nextDouble(), random);
        }
        g.setTransform(before);
      }
      default -> {}
    }
  }

  private static Color shaded(Color colour, int most, SplittableRandom random) {
    int by = random.nextInt(2 * most + 1) - most;
    return new Color(
        clamp(colour.getRed() + by), clamp(colour.getGreen() + by), clamp(colour.getBlue() + by));
  }

  private static int clamp(int value) {
    return Math.max(0, Math.min(255, value));
  }
}
