package io.gripstream.sample;

import java.util.List;

/** The streams there are. */
public final class SampleStreams {
  private static final long SEED = 1;

  private SampleStreams() {}

  /** Names that {@link #byName} takes. */
  public static List<String> names() {
    return List.of("digits", "shapes");
  }

  /**
   * A stream as it comes: digits in an italic hand, everything else by many hands; all classes
   * equally often.
   *
   * @throws IllegalArgumentException when there is none of that name
   */
  public static SampleStream byName(String name) {
    return byName(name, SEED, name.equals("digits") ? Shift.ITALIC : Shift.DEFAULT, 0);
  }

  /**
   * A stream made to order.
   *
   * @param skew how unequal the classes are: the first is {@code e^skew} times as frequent as the
   *     last; 0 for equal shares
   * @throws IllegalArgumentException when there is none of that name, or for a negative skew
   */
  public static SampleStream byName(String name, long seed, Shift shift, double skew) {
    return switch (name) {
      case "digits" ->
          new DrawnStream(
              name, "a photo of the number {}", new Drawing.Digits(), seed, shift, skew);
      case "shapes" ->
          new DrawnStream(name, "a drawing of a {}", new Drawing.Shapes(), seed, shift, skew);
      default ->
          throw new IllegalArgumentException("no sample stream " + name + ", only " + names());
    };
  }
}
