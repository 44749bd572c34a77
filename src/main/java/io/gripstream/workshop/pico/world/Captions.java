package io.gripstream.workshop.pico.world;

import java.util.List;
import java.util.SortedSet;
import java.util.SplittableRandom;
import java.util.TreeSet;

/**
 * How people say what is in a picture. Every phrase that a caption is made of stands here or is the
 * name of a {@link Colour}, {@link Figure} or {@link Texture}: these are the tokenizer's
 * vocabulary.
 */
final class Captions {
  static final List<String> NUMBERS =
      List.of("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine");

  /**
   * Around a noun phrase; {@code %s} is the phrase, {@code #} an adjective with a space behind it,
   * or nothing.
   */
  private static final List<String> FRAMES =
      List.of(
          "a #photo of %s",
          "a #photo of %s",
          "a #photo of %s",
          "a #picture of %s",
          "a #image of %s",
          "a #photograph of %s",
          "a #close-up of %s",
          "a #scan of %s",
          "this is %s",
          "there is %s",
          "%s");

  /** {@code @} is the word or symbol. */
  static final List<String> DIGIT_PHRASES =
      List.of(
          "@",
          "@",
          "the digit @",
          "the digit @",
          "the number @",
          "the number @",
          "a @",
          "a digit @",
          "a number @",
          "the figure @",
          "the digit: @",
          "the number: @");

  static final List<String> DIGIT_STYLED =
      List.of(
          "a * @",
          "a * digit @",
          "a * number @",
          "the * digit @",
          "the * number @",
          "the * numeral @");

  static final List<String> LETTER_PHRASES =
      List.of("@", "the letter @", "the letter @", "the letter @", "a letter @", "the character @");

  static final List<String> LETTER_STYLED =
      List.of("a * letter @", "the * letter @", "a * @", "the * character @");

  static final List<String> TEXTURE_PHRASES =
      List.of(
          "@",
          "@ texture",
          "a @ texture",
          "a @ pattern",
          "a pattern of @",
          "the texture of @",
          "a surface with @",
          "a wall with @",
          "@ pattern");

  static final List<String> COLOUR_PHRASES =
      List.of(
          "@",
          "the color @",
          "the colour @",
          "something @",
          "a @ thing",
          "a @ object",
          "a @ surface",
          "a @ picture",
          "a @ blob",
          "a @ shape");

  /** Styles and the small words that the themes put between names. */
  private static final List<String> PARTS =
      List.of(
          "handwritten printed written drawn hand-drawn typed bold thin thick small large big tiny",
          "outlined hollow filled solid striped dotted checkered sketched scribbled dashed",
          "capital uppercase lowercase on a background in and with ink an the of at",
          "above below under over inside to left right next beside pointing up down",
          "group some several shapes sketch drawing icon sign symbol shape object objects",
          "blurry noisy low resolution pixelated bright dark black white colorful plain",
          "one two three four five six seven eight nine lightning bolts bolt doodle pen crayon");

  private Captions() {}

  /** A whole caption around a noun phrase. */
  static String frame(String phrase, Look look, SplittableRandom random) {
    // A third of all captions are bare, as class names are.
    if (random.nextInt(3) == 0) {
      return article(phrase, random);
    }
    String frame = FRAMES.get(random.nextInt(FRAMES.size()));
    return article(frame.replace("#", look.adjective(random)).replace("%s", phrase), random);
  }

  static String pick(List<String> phrases, SplittableRandom random) {
    return phrases.get(random.nextInt(phrases.size()));
  }

  /** Says "an" where it is due, mostly: prompt templates often do not. */
  private static String article(String caption, SplittableRandom random) {
    if (random.nextInt(3) == 0) {
      return caption;
    }
    return caption.replaceAll("\\ba (?=[aeiou8][a-z0-9]*\\b(?! (photo|picture)\\b))", "an ");
  }

  /** Every word of every caption, lower case. */
  static SortedSet<String> vocabulary() {
    SortedSet<String> words = new TreeSet<>();
    for (List<String> phrases :
        List.of(
            NUMBERS,
            FRAMES,
            DIGIT_PHRASES,
            DIGIT_STYLED,
            LETTER_PHRASES,
            LETTER_STYLED,
            TEXTURE_PHRASES,
            COLOUR_PHRASES,
            PARTS,
            Colour.words(),
            Figure.words(),
            Figure.all().stream().map(Figure::plural).toList(),
            Texture.words())) {
      for (String phrase : phrases) {
        for (String word : phrase.replace("%s", "").split("[^a-z]+")) {
          if (!word.isEmpty()) {
            words.add(word);
          }
        }
      }
    }
    return words;
  }
}
