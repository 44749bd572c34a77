package io.gripstream.kafka;

import java.util.Comparator;

/**
 * Where a record lies in its topic. In order of partitions, and within each in the order that a
 * consumer reads.
 */
public record Position(int partition, long offset) implements Comparable<Position> {
  private static final Comparator<Position> ORDER =
      Comparator.comparingInt(Position::partition).thenComparingLong(Position::offset);

  @Override
  public int compareTo(Position other) {
    return ORDER.compare(this, other);
  }
}
