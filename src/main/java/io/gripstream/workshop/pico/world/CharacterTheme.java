package io.gripstream.workshop.pico.world;

import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;
import java.util.stream.IntStream;

/** Digits, or letters in both cases. */
final class CharacterTheme implements Theme {
  private final String name;
  private final List<String> classes;
  private final String template;
  private final boolean digits;
  private final Writing writing;

  private CharacterTheme(
      String name, List<String> classes, String template, boolean digits, Writing writing) {
    this.name = name;
    this.classes = classes;
    this.template = template;
    this.digits = digits;
    this.writing = writing;
  }

  static CharacterTheme digits(Writing writing) {
    return new CharacterTheme(
        "digits", Captions.NUMBERS, "a photo of the number {}", true, writing);
  }

  static CharacterTheme letters(Writing writing) {
    List<String> letters =
        IntStream.rangeClosed('a', 'z').mapToObj(c -> String.valueOf((char) c)).toList();
    return new CharacterTheme("letters", letters, "a photo of the letter {}", false, writing);
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public List<String> classes() {
    return classes;
  }

  @Override
  public String template() {
    return template;
  }

  @Override
  public String paint(Canvas canvas, Look look, int label, SplittableRandom random) {
    Palette palette = Palette.forWriting(random);
    canvas.clear(look.resolution(), palette.groundShade());
    boolean capital = random.nextBoolean();
    char character = digits ? (char) ('0' + label) : (char) ((capital ? 'A' : 'a') + label);
    Grounds.paint(canvas, palette, random);
    String style = writing.paint(canvas, character, palette, random);
    String word =
        digits && random.nextInt(5) < 3
            ? classes.get(label)
            : String.valueOf(character).toLowerCase(Locale.ROOT);
    if (!digits && random.nextInt(3) == 0) {
      style =
          capital
              ? random.nextBoolean() ? "capital" : "uppercase"
              : random.nextBoolean() ? "lowercase" : "small";
    } else if (random.nextInt(3) == 0) {
      style = palette.ink().word();
    }
    String phrase =
        random.nextInt(5) < 3
            ? Captions.pick(digits ? Captions.DIGIT_PHRASES : Captions.LETTER_PHRASES, random)
            : Captions.pick(digits ? Captions.DIGIT_STYLED : Captions.LETTER_STYLED, random)
                .replace("*", style);
    phrase = phrase.replace("@", word);
    switch (random.nextInt(10)) {
      case 0 -> phrase += " on a " + palette.ground().word() + " background";
      case 1 -> phrase += " in " + palette.ink().word();
      case 2 -> phrase += " in " + palette.ink().word() + " on " + palette.ground().word();
      default -> {}
    }
    return Captions.frame(phrase, look, random);
  }
}
