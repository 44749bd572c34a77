package io.gripstream.workshop.bench;

/**
 * A median, beside the median of what it is compared to, both of the same run.
 *
 * @param name such as {@code encode.fp32}
 * @param baseline what it is compared to, in words
 * @param baselineValue in the same unit
 * @param ratio {@code value / baselineValue}
 */
public record Figure(
    String name, double value, String unit, String baseline, double baselineValue, double ratio) {

  static Figure of(String name, double value, String unit, String baseline, double baselineValue) {
    return new Figure(name, value, unit, baseline, baselineValue, value / baselineValue);
  }
}
