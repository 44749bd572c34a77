package io.gripstream.workshop.pico.world;

import java.awt.Color;
import java.util.SplittableRandom;

/**
 * What one picture is painted with: two named colours and the shades chosen for them, far enough
 * apart to be told from each other.
 */
record Palette(Colour ink, Color inkShade, Colour ground, Color groundShade) {
  private static final int LEAST_DISTANCE = 110;

  /** Any two colours. */
  static Palette any(SplittableRandom random) {
    return of(Colour.any(random), random);
  }

  /** The given ink on any ground. */
  static Palette of(Colour ink, SplittableRandom random) {
    Color inkShade = ink.shade(random);
    while (true) {
      // Most things are seen on something white, gray or black.
      Colour ground =
          switch (random.nextInt(5)) {
            case 0, 1 -> Colour.WHITE;
            case 2 -> Colour.BLACK;
            default -> Colour.any(random);
          };
      Color groundShade = ground.shade(random);
      if (ground != ink && distance(inkShade, groundShade) > LEAST_DISTANCE) {
        return new Palette(ink, inkShade, ground, groundShade);
      }
    }
  }

  /** Half of all writing is dark on light or light on dark, without any hue. */
  static Palette forWriting(SplittableRandom random) {
    double choice = random.nextDouble();
    if (choice < .3) {
      return of(Colour.WHITE, Colour.BLACK, random);
    }
    if (choice < .55) {
      return of(Colour.BLACK, Colour.WHITE, random);
    }
    return any(random);
  }

  private static Palette of(Colour ink, Colour ground, SplittableRandom random) {
    return new Palette(ink, ink.shade(random), ground, ground.shade(random));
  }

  /** Whether people tell the two from each other at a glance. */
  static boolean tellable(Color a, Color b) {
    return distance(a, b) > LEAST_DISTANCE;
  }

  private static double distance(Color a, Color b) {
    double red = a.getRed() - b.getRed();
    double green = a.getGreen() - b.getGreen();
    double blue = a.getBlue() - b.getBlue();
    return Math.sqrt(red * red + green * green + blue * blue);
  }
}
