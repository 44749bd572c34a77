package io.gripstream.workshop.pico.world;

import java.awt.geom.Rectangle2D;
import java.util.List;
import java.util.SplittableRandom;

/** Something whose colour is all there is to say about it. */
final class ColourTheme implements Theme {
  @Override
  public String name() {
    return "colors";
  }

  @Override
  public List<String> classes() {
    return Colour.words();
  }

  @Override
  public String template() {
    return "a photo of a {} object";
  }

  @Override
  public String paint(Canvas canvas, Look look, int label, SplittableRandom random) {
    Colour colour = Colour.values()[label];
    Palette palette = Palette.of(colour, random);
    canvas.clear(look.resolution(), palette.groundShade());
    if (random.nextInt(3) == 0) {
      canvas.graphics().setColor(palette.inkShade());
      canvas.graphics().fill(new Rectangle2D.Double(0, 0, 1, 1));
    } else {
      List<Figure> figures = Figure.all();
      Shapes.paint(
          canvas,
          figures.get(random.nextInt(figures.size())),
          .6,
          1.05,
          2 * Math.PI * random.nextDouble(),
          palette.inkShade(),
          random);
    }
    String phrase = Captions.pick(Captions.COLOUR_PHRASES, random).replace("@", colour.word());
    return Captions.frame(phrase, look, random);
  }
}
