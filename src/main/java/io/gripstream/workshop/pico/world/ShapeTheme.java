package io.gripstream.workshop.pico.world;

import java.util.List;
import java.util.SplittableRandom;

/** One shape. */
final class ShapeTheme implements Theme {
  @Override
  public String name() {
    return "shapes";
  }

  @Override
  public List<String> classes() {
    return Figure.words();
  }

  @Override
  public String template() {
    return "a photo of a {}";
  }

  @Override
  public String paint(Canvas canvas, Look look, int label, SplittableRandom random) {
    Figure figure = Figure.all().get(label);
    Palette palette = Palette.any(random);
    canvas.clear(look.resolution(), palette.groundShade());
    Grounds.paint(canvas, palette, random);
    boolean small = random.nextInt(5) == 0;
    double turn = Hand.tilt(random);
    String direction = "";
    if (figure == Figure.ARROW) {
      int quarter = random.nextInt(4);
      turn += quarter * Math.PI / 2;
      direction =
          List.of(" pointing right", " pointing down", " pointing left", " pointing up")
              .get(quarter);
    }
    String style =
        Shapes.paint(
            canvas, figure, small ? .22 : .5, small ? .34 : .95, turn, palette.inkShade(), random);
    StringBuilder phrase = new StringBuilder(random.nextInt(8) == 0 ? "the" : "a");
    if (random.nextInt(3) == 0) {
      phrase.append(small ? pick(random, " small", " tiny") : pick(random, " large", " big"));
    }
    if (random.nextInt(2) == 0) {
      phrase.append(' ').append(palette.ink().word());
    }
    if (random.nextInt(4) == 0) {
      phrase.append(' ').append(style);
    }
    phrase.append(' ').append(figure.word());
    if (figure == Figure.LIGHTNING && random.nextBoolean()) {
      phrase.append(" bolt");
    }
    if (random.nextInt(3) > 0) {
      phrase.append(direction);
    }
    switch (random.nextInt(12)) {
      case 0 -> phrase.append(" shape");
      case 1 -> phrase.append(" ").append(pick(random, "symbol", "icon"));
      case 2 -> phrase.append(" sign");
      default -> {}
    }
    if (random.nextInt(4) == 0) {
      phrase.append(" on a ").append(palette.ground().word()).append(" background");
    }
    String said = phrase.toString();
    if (style.matches("sketched|hand-drawn|scribbled") && random.nextInt(3) == 0) {
      said = pick(random, "a drawing of ", "a sketch of ") + said;
    }
    if (random.nextInt(6) == 0) {
      return figure.word();
    }
    return Captions.frame(said, look, random);
  }

  private static String pick(SplittableRandom random, String one, String other) {
    return random.nextBoolean() ? one : other;
  }
}
