package io.gripstream.workshop.experiment.report;

import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Comma-separated values (RFC 4180). */
final class Csv {
  private Csv() {}

  static String table(List<String> columns, List<List<String>> rows) {
    return Stream.concat(Stream.of(columns), rows.stream())
        .map(row -> row.stream().map(Csv::field).collect(Collectors.joining(",")) + "\n")
        .collect(Collectors.joining());
  }

  /** Empty where there is no figure. */
  static String number(Double value) {
    return value == null || value.isNaN() ? "" : String.format(Locale.ROOT, "%.6f", value);
  }

  /** Quoted where it must be. */
  private static String field(String text) {
    return text.matches("(?s).*[\",\r\n].*") ? '"' + text.replace("\"", "\"\"") + '"' : text;
  }
}
