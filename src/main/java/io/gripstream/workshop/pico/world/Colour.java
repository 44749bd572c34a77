package io.gripstream.workshop.pico.world;

import java.awt.Color;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;

/**
 * A colour with a name: a region of hue, saturation and brightness, from which shades are drawn.
 */
enum Colour {
  RED(356, 12, .78, 1, .65, 1),
  ORANGE(28, 6, .85, 1, .88, 1),
  YELLOW(55, 6, .75, 1, .88, 1),
  GREEN(122, 24, .6, 1, .42, .85),
  CYAN(182, 8, .6, 1, .8, 1),
  BLUE(226, 14, .7, 1, .55, 1),
  PURPLE(278, 12, .55, .95, .45, .8),
  PINK(335, 12, .32, .58, .93, 1),
  BROWN(24, 8, .6, .85, .3, .5),
  BLACK(0, 180, 0, .12, 0, .14),
  WHITE(0, 180, 0, .05, .9, 1),
  GRAY(0, 180, 0, .07, .38, .64);

  private static final List<Colour> ALL = List.of(values());

  private final double hue;
  private final double hueSpread;
  private final double saturationLow;
  private final double saturationHigh;
  private final double brightnessLow;
  private final double brightnessHigh;

  Colour(
      double hue,
      double hueSpread,
      double saturationLow,
      double saturationHigh,
      double brightnessLow,
      double brightnessHigh) {
    this.hue = hue;
    this.hueSpread = hueSpread;
    this.saturationLow = saturationLow;
    this.saturationHigh = saturationHigh;
    this.brightnessLow = brightnessLow;
    this.brightnessHigh = brightnessHigh;
  }

  /** The name as captions use it. */
  String word() {
    return name().toLowerCase(Locale.ROOT);
  }

  static List<String> words() {
    return Arrays.stream(values()).map(Colour::word).toList();
  }

  static Colour any(SplittableRandom random) {
    return ALL.get(random.nextInt(ALL.size()));
  }

  /** Any colour but {@code other}. */
  static Colour anyBut(Colour other, SplittableRandom random) {
    Colour colour = any(random);
    return colour == other ? ALL.get((colour.ordinal() + 1 + random.nextInt(11)) % 12) : colour;
  }

  /** A shade that people would call by this name. */
  Color shade(SplittableRandom random) {
    float h = (float) ((hue + hueSpread * (2 * random.nextDouble() - 1)) / 360);
    float s = (float) between(random, saturationLow, saturationHigh);
    float b = (float) between(random, brightnessLow, brightnessHigh);
    return new Color(Color.HSBtoRGB(h, s, b));
  }

  private static double between(SplittableRandom random, double low, double high) {
    return low + (high - low) * random.nextDouble();
  }
}
