package io.gripstream.gateway.board;

import io.gripstream.kafka.Position;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * How far a topic was read, per partition: the same for every process that reads it. As a text, one
 * {@code partition:offset} of the latest record after the other: {@code 0:1207,3:98}. Immutable.
 */
public record Positions(Map<Integer, Long> latest) {
  /** Nothing was read. */
  public static final Positions NONE = new Positions(Map.of());

  private static final int LONGEST = 20_000;
  private static final Pattern ONE = Pattern.compile("(\\d{1,9}):(\\d{1,18})");
  private static final Pattern TEXT = Pattern.compile(ONE + "(," + ONE + ")*+");

  public Positions {
    latest = Map.copyOf(latest);
  }

  /** What a client sends back; empty when it is none of ours. */
  public static Optional<Positions> parse(String text) {
    if (text.length() > LONGEST || !TEXT.matcher(text).matches()) {
      return Optional.empty();
    }
    Map<Integer, Long> latest = new TreeMap<>();
    ONE.matcher(text)
        .results()
        .forEach(each -> latest.put(Integer.valueOf(each.group(1)), Long.valueOf(each.group(2))));
    return Optional.of(new Positions(latest));
  }

  /** Whether a record was read. */
  boolean covers(Position position) {
    return position.offset() <= latest.getOrDefault(position.partition(), -1L);
  }

  @Override
  public String toString() {
    return new TreeMap<>(latest)
        .entrySet().stream()
            .map(each -> each.getKey() + ":" + each.getValue())
            .collect(Collectors.joining(","));
  }
}
