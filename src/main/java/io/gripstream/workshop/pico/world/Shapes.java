package io.gripstream.workshop.pico.world;

import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.Shape;
import java.awt.geom.AffineTransform;
import java.util.SplittableRandom;

/** Draws figures in the styles that captions have words for. */
final class Shapes {
  private Shapes() {}

  /**
   * Paints a figure somewhere on the canvas.
   *
   * @param smallest least size of the figure, as a share of the picture
   * @param largest greatest size
   * @param turn around its middle, in radians
   * @return the style's name
   */
  static String paint(
      Canvas canvas,
      Figure figure,
      double smallest,
      double largest,
      double turn,
      Color ink,
      SplittableRandom random) {
    Shape outline = Hand.bend(figure.outline(), random.nextInt(3) == 0 ? .05 : .02, random);
    AffineTransform place = Hand.place(outline, smallest, largest, turn, .35, random);
    return paint(canvas.graphics(), figure, place, outline, largest, ink, random);
  }

  /** Paints a plain figure in a given place: filled, or now and then as an outline. */
  static void fill(
      Canvas canvas,
      Figure figure,
      double x,
      double y,
      double size,
      Color ink,
      SplittableRandom random) {
    Graphics2D g = canvas.graphics();
    AffineTransform place = AffineTransform.getTranslateInstance(x, y);
    place.scale(size, size);
    place.rotate(Hand.tilt(random));
    g.setColor(ink);
    Shape placed = place.createTransformedShape(figure.outline());
    if (figure.hasOutline() && size > .25 && random.nextInt(5) == 0) {
      g.setStroke(Hand.pen(.025 + .02 * random.nextDouble()));
      g.draw(placed);
    } else {
      g.fill(placed);
    }
  }

  private static String paint(
      Graphics2D g,
      Figure figure,
      AffineTransform place,
      Shape outline,
      double size,
      Color ink,
      SplittableRandom random) {
    Shape placed = place.createTransformedShape(outline);
    g.setColor(ink);
    int style = random.nextInt(20);
    if (size < .4 || !figure.hasOutline()) {
      style = 0;
    }
    if (style < 8) {
      g.fill(placed);
      return random.nextBoolean() ? "filled" : "solid";
    }
    if (style < 13) {
      g.setStroke(Hand.pen(.018 + .05 * random.nextDouble()));
      g.draw(placed);
      return random.nextBoolean() ? "outlined" : "hollow";
    }
    if (style == 13) {
      float width = (float) (.02 + .02 * random.nextDouble());
      g.setStroke(
          new BasicStroke(
              width,
              BasicStroke.CAP_BUTT,
              BasicStroke.JOIN_ROUND,
              1,
              new float[] {3 * width, 2 * width},
              0));
      g.draw(placed);
      return "dashed";
    }
    if (style < 16) {
      return textured(g, placed, random);
    }
    if (style == 16) {
      g.fill(placed);
      g.setColor(random.nextBoolean() ? Color.BLACK : Color.WHITE);
      g.setStroke(Hand.pen(.015 + .03 * random.nextDouble()));
      g.draw(placed);
      return "outlined";
    }
    return sketched(g, place, outline, random);
  }

  private static String textured(Graphics2D g, Shape placed, SplittableRandom random) {
    Shape clip = g.getClip();
    AffineTransform before = g.getTransform();
    Color ink = g.getColor();
    g.setStroke(Hand.pen(.03));
    g.draw(placed);
    g.clip(placed);
    g.translate(.5, .5);
    String style;
    switch (random.nextInt(3)) {
      case 0 -> {
        Texture.DIAGONAL_STRIPES.paint(g, ink, .1 + .06 * random.nextDouble(), random);
        style = "striped";
      }
      case 1 -> {
        Texture.DOTS.paint(g, ink, .1 + .05 * random.nextDouble(), random);
        style = "dotted";
      }
      default -> {
        Texture.CHECKERBOARD.paint(g, ink, .07 + .05 * random.nextDouble(), random);
        style = "checkered";
      }
    }
    g.setTransform(before);
    g.setClip(clip);
    return style;
  }

  private static String sketched(
      Graphics2D g, AffineTransform place, Shape outline, SplittableRandom random) {
    g.setStroke(Hand.pen(.015 + .03 * random.nextDouble()));
    int strokes = 1 + random.nextInt(3);
    for (int i = 0; i < strokes; i++) {
      g.draw(place.createTransformedShape(Hand.bend(outline, .05, random)));
    }
    return switch (random.nextInt(3)) {
      case 0 -> "sketched";
      case 1 -> "scribbled";
      default -> "hand-drawn";
    };
  }
}
