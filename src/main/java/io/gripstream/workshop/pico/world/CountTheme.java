package io.gripstream.workshop.pico.world;

import java.util.List;
import java.util.SplittableRandom;

/** One to six of the same shape. */
final class CountTheme implements Theme {
  private static final List<String> COUNTS = Captions.NUMBERS.subList(1, 7);

  @Override
  public String name() {
    return "counts";
  }

  @Override
  public List<String> classes() {
    return COUNTS;
  }

  @Override
  public String template() {
    return "a photo of {} shapes";
  }

  @Override
  public String paint(Canvas canvas, Look look, int label, SplittableRandom random) {
    Figure figure = Figure.all().get(random.nextInt(Figure.all().size()));
    Palette palette = Palette.any(random);
    canvas.clear(look.resolution(), palette.groundShade());
    int count = label + 1;
    int side = count <= 4 && random.nextBoolean() ? 2 : 3;
    double cell = 1.0 / side;
    double size = cell * (.6 + .25 * random.nextDouble());
    int free = side * side;
    int left = count;
    for (int i = 0; i < side * side; i++, free--) {
      if (random.nextInt(free) < left) {
        left--;
        double spare = (cell - size) * .5;
        Shapes.fill(
            canvas,
            figure,
            (i % side + .5) * cell + spare * (2 * random.nextDouble() - 1),
            (i / side + .5) * cell + spare * (2 * random.nextDouble() - 1),
            size,
            palette.inkShade(),
            random);
      }
    }
    String number = random.nextInt(4) == 0 ? String.valueOf(count) : COUNTS.get(label);
    String noun = count == 1 ? figure.word() : figure.plural();
    if (random.nextInt(4) == 0) {
      noun = count == 1 ? "shape" : random.nextBoolean() ? "shapes" : "objects";
    }
    String colour = random.nextInt(5) < 3 ? palette.ink().word() + " " : "";
    String phrase = number + " " + colour + noun;
    if (count > 2 && random.nextInt(8) == 0) {
      phrase = "a group of " + phrase;
    }
    if (random.nextInt(6) == 0) {
      phrase += " on a " + palette.ground().word() + " background";
    }
    return Captions.frame(phrase, look, random);
  }
}
