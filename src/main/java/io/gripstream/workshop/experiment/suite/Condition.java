package io.gripstream.workshop.experiment.suite;

import io.gripstream.workshop.experiment.ClassMix;
import io.gripstream.workshop.experiment.Corruption;
import java.util.Locale;

/**
 * A row of the suite's table: under what the strategies are tried.
 *
 * @param set the data set's name
 * @param model the model's name
 */
public record Condition(String set, String model, ClassMix mix, Corruption corruption) {
  /** Such as {@code aerial16 pico zipf dark}. */
  public String title() {
    return "%s %s %s %s".formatted(set, model, word(mix), word(corruption));
  }

  /** A constant as people write it. */
  public static String word(Enum<?> constant) {
    return constant.name().toLowerCase(Locale.ROOT);
  }
}
