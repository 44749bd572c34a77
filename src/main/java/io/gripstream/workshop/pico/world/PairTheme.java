package io.gripstream.workshop.pico.world;

import java.awt.Color;
import java.util.List;
import java.util.SplittableRandom;

/** Two shapes, and where one is as seen from the other. */
final class PairTheme implements Theme {
  private static final List<String> RELATIONS =
      List.of("above", "below", "to the left of", "to the right of", "inside", "next to");

  @Override
  public String name() {
    return "arrangements";
  }

  @Override
  public List<String> classes() {
    return RELATIONS;
  }

  @Override
  public String template() {
    return "a shape {} a shape";
  }

  @Override
  public String paint(Canvas canvas, Look look, int label, SplittableRandom random) {
    List<Figure> figures = Figure.all();
    Palette palette = Palette.any(random);
    canvas.clear(look.resolution(), palette.groundShade());
    Colour otherColour = Colour.anyBut(palette.ink(), random);
    Color otherShade = otherColour.shade(random);
    while (otherColour == palette.ground()
        || !Palette.tellable(otherShade, palette.groundShade())
        || !Palette.tellable(otherShade, palette.inkShade())) {
      otherColour = Colour.anyBut(palette.ink(), random);
      otherShade = otherColour.shade(random);
    }
    Figure one = figures.get(random.nextInt(figures.size()));
    boolean inside = label == 4;
    Figure other =
        inside
            ? List.of(Figure.CIRCLE, Figure.SQUARE, Figure.HEXAGON, Figure.OCTAGON)
                .get(random.nextInt(4))
            : figures.get(random.nextInt(figures.size()));
    String relation = RELATIONS.get(label);
    if (inside) {
      Shapes.fill(canvas, other, .5, .5, .92, otherShade, random);
      Shapes.fill(canvas, one, .5, .5, .36, palette.inkShade(), random);
    } else {
      double angle =
          switch (label) {
            case 0 -> -Math.PI / 2;
            case 1 -> Math.PI / 2;
            case 2 -> Math.PI;
            case 3 -> 0;
            default -> random.nextBoolean() ? 0 : Math.PI;
          };
      angle += .2 * (random.nextDouble() - .5);
      double x = .24 * Math.cos(angle);
      double y = .24 * Math.sin(angle);
      double size = .32 + .12 * random.nextDouble();
      Shapes.fill(canvas, one, .5 + x, .5 + y, size, palette.inkShade(), random);
      Shapes.fill(canvas, other, .5 - x, .5 - y, size, otherShade, random);
      relation =
          switch (label) {
            case 0 -> random.nextInt(3) == 0 ? "over" : relation;
            case 1 -> random.nextInt(3) == 0 ? "under" : relation;
            case 5 -> random.nextInt(3) == 0 ? "beside" : random.nextBoolean() ? "and" : relation;
            default -> relation;
          };
    }
    String phrase =
        "a "
            + palette.ink().word()
            + " "
            + one.word()
            + " "
            + relation
            + " a "
            + otherColour.word()
            + " "
            + other.word();
    return Captions.frame(phrase, look, random);
  }
}
