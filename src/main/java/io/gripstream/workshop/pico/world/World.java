package io.gripstream.workshop.pico.world;

import java.awt.Font;
import java.util.List;
import java.util.SplittableRandom;

/**
 * An endless source of rendered pictures with captions: digits and letters in typefaces and pen
 * strokes, shapes, textures, colours, counts and arrangements, seen through all kinds of cameras.
 * What is drawn for an index depends on the seed, the index and the typefaces only. Thread-safe.
 */
public final class World {
  /** Side of every picture, in pixels. */
  public static final int SIZE = 64;

  /**
   * The most words and symbols in a caption; with the two special tokens this bounds its length in
   * tokens.
   */
  public static final int LONGEST_CAPTION = 26;

  private static final long TRAINING = 0x7261696eL;
  private static final long HELD_OUT = 0x68656c64L;

  /** How many of a hundred pairs each theme gets, in the order of {@link #themes}. */
  private static final int[] SHARES = {34, 15, 25, 9, 5, 6, 6};

  private final long seed;
  private final List<Theme> themes;
  private final ThreadLocal<Canvas> canvas = ThreadLocal.withInitial(Canvas::new);

  /**
   * @param seed same seed, same world
   * @param fonts typefaces for digits and letters, see {@link Typefaces#load}; without any, all
   *     writing is by pen
   */
  public World(long seed, List<Font> fonts) {
    this.seed = seed;
    Writing writing = new Writing(new Typefaces(fonts));
    this.themes =
        List.of(
            CharacterTheme.digits(writing),
            CharacterTheme.letters(writing),
            new ShapeTheme(),
            new TextureTheme(),
            new ColourTheme(),
            new CountTheme(),
            new PairTheme());
  }

  /**
   * A picture and what someone says about it.
   *
   * @param pixels {@code [64, 64, 3]}, RGB
   */
  public record Pair(byte[] pixels, String caption) {}

  /**
   * A picture of a class.
   *
   * @param pixels {@code [64, 64, 3]}, RGB
   * @param label index into the task's classes
   */
  public record Labelled(byte[] pixels, int label) {}

  /**
   * A zero-shot classification task within this world.
   *
   * @param template a caption with {@code {}} where the class goes
   */
  public record Task(String name, List<String> classes, String template) {}

  /** The training pair of an index. */
  public Pair pair(long index) {
    SplittableRandom random = random(TRAINING, index);
    int choice = random.nextInt(100);
    int theme = 0;
    while (choice >= SHARES[theme]) {
      choice -= SHARES[theme++];
    }
    Theme chosen = themes.get(theme);
    int label = random.nextInt(chosen.classes().size());
    Look look = Look.any(random);
    Canvas mine = canvas.get();
    String caption = chosen.paint(mine, look, label, random);
    return new Pair(mine.finish(look), caption);
  }

  /** The tasks that {@link #labelled} has pictures for. */
  public List<Task> tasks() {
    return themes.stream()
        .map(theme -> new Task(theme.name(), theme.classes(), theme.template()))
        .toList();
  }

  /**
   * A picture for evaluation, from random numbers that no training pair is drawn from; classes take
   * turns.
   *
   * @throws IllegalArgumentException when there is no such task
   */
  public Labelled labelled(String task, long index) {
    for (int i = 0; i < themes.size(); i++) {
      Theme theme = themes.get(i);
      if (theme.name().equals(task)) {
        SplittableRandom random = random(HELD_OUT + i, index);
        int label = (int) Math.floorMod(index, (long) theme.classes().size());
        Look look = Look.any(random);
        Canvas mine = canvas.get();
        theme.paint(mine, look, label, random);
        return new Labelled(mine.finish(look), label);
      }
    }
    throw new IllegalArgumentException("no task " + task + " among " + tasks());
  }

  private SplittableRandom random(long stream, long index) {
    return new SplittableRandom(mix(mix(seed + stream * 0x9E3779B97F4A7C15L) ^ index));
  }

  /** SplitMix64's finaliser: neighbouring indices start far apart. */
  private static long mix(long z) {
    z = (z ^ z >>> 30) * 0xBF58476D1CE4E5B9L;
    z = (z ^ z >>> 27) * 0x94D049BB133111EBL;
    return z ^ z >>> 31;
  }
}
