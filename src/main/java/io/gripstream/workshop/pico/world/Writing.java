package io.gripstream.workshop.pico.world;

import java.awt.BasicStroke;
import java.awt.Graphics2D;
import java.awt.Shape;
import java.awt.geom.AffineTransform;
import java.awt.geom.Path2D;
import java.util.Optional;
import java.util.SplittableRandom;

/** Single characters, printed in a typeface or drawn with a pen. */
final class Writing {
  private static final double PEN_SHARE = .45;

  private final Typefaces typefaces;

  Writing(Typefaces typefaces) {
    this.typefaces = typefaces;
  }

  /**
   * Paints one character.
   *
   * @return a word for how it is written
   */
  String paint(Canvas canvas, char character, Palette palette, SplittableRandom random) {
    Graphics2D g = canvas.graphics();
    g.setColor(palette.inkShade());
    Optional<Path2D> glyph =
        typefaces.isEmpty() || random.nextDouble() < PEN_SHARE
            ? Optional.empty()
            : typefaces.glyph(character, random);
    return glyph.isPresent() ? print(g, glyph.get(), random) : write(g, character, random);
  }

  private static String print(Graphics2D g, Path2D glyph, SplittableRandom random) {
    Shape outline = random.nextInt(3) == 0 ? glyph : Hand.bend(glyph, .05, random);
    AffineTransform place = Hand.place(outline, .42, .94, Hand.tilt(random), 1, random);
    Shape placed = place.createTransformedShape(outline);
    switch (random.nextInt(10)) {
      case 0 -> {
        g.setStroke(Hand.pen(.015 + .03 * random.nextDouble()));
        g.draw(placed);
        return "outlined";
      }
      case 1, 2, 3 -> {
        g.setStroke(Hand.pen(.01 + .07 * random.nextDouble()));
        g.draw(placed);
        g.fill(placed);
        return random.nextBoolean() ? "bold" : "printed";
      }
      default -> {
        g.fill(placed);
        return random.nextInt(4) == 0 ? "typed" : "printed";
      }
    }
  }

  private static String write(Graphics2D g, char character, SplittableRandom random) {
    double unsteadiness = .035 * random.nextDouble();
    Path2D line = Hand.bend(Pen.draw(character, unsteadiness, random), .06, random);
    AffineTransform place = Hand.place(line, .38, .84, Hand.tilt(random), 1, random);
    double width = .025 + .12 * random.nextDouble() * (.4 + random.nextDouble());
    boolean round = random.nextInt(4) != 0;
    g.setStroke(
        round
            ? Hand.pen(width)
            : new BasicStroke((float) width, BasicStroke.CAP_BUTT, BasicStroke.JOIN_MITER, 2));
    g.draw(place.createTransformedShape(line));
    if (random.nextInt(6) == 0) {
      // A second, thinner go over the same line.
      AffineTransform again =
          AffineTransform.getTranslateInstance(
              .012 * random.nextGaussian(), .012 * random.nextGaussian());
      again.concatenate(place);
      g.setStroke(Hand.pen(width * .6));
      g.draw(again.createTransformedShape(line));
    }
    if (width < .045 && random.nextInt(3) == 0) {
      return "thin";
    }
    if (width > .12 && random.nextInt(3) == 0) {
      return "thick";
    }
    return switch (random.nextInt(5)) {
      case 0 -> "written";
      case 1 -> "hand-drawn";
      default -> "handwritten";
    };
  }
}
