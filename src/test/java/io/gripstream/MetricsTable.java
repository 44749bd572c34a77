package io.gripstream;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;

/** The metrics that {@code docs/operations.md} names, as Prometheus knows them. */
public record MetricsTable(Set<String> names) {
  private static final Path PAGE = Path.of("docs/operations.md");
  private static final Pattern ROW = Pattern.compile("(?m)^\\| `((?:gripstream|kafka)_\\w+)` \\|");
  private static final Pattern PARTS = Pattern.compile("(.*)_(?:bucket|count|sum|max)");

  public static MetricsTable read() throws IOException {
    Set<String> names = new TreeSet<>();
    ROW.matcher(Files.readString(PAGE)).results().forEach(row -> names.add(row.group(1)));
    if (names.isEmpty()) {
      throw new IllegalStateException(PAGE + " has no metrics");
    }
    return new MetricsTable(names);
  }

  /** The name in the table that a sample of this name belongs to. */
  public Optional<String> of(String sample) {
    var parts = PARTS.matcher(sample);
    return Optional.of(sample)
        .filter(names::contains)
        .or(
            () ->
                parts.matches()
                    ? Optional.of(parts.group(1)).filter(names::contains)
                    : Optional.empty());
  }
}
