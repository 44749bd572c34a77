package io.gripstream.kafka;

import java.util.Comparator;

/**
 * Where a record lies in its topic. In order of partitions, and within each in the order that a
 * consumer reads.
 */
public record Coordinates(int partition, long offset) implements Comparable<Coordinates> {
  private static final Comparator<Coordinates> ORDER =
      Comparator.comparingInt(Coordinates::partition).thenComparingLong(Coordinates::offset);

  @Override
  public int compareTo(Coordinates other) {
    return ORDER.compare(this, other);
  }
}
