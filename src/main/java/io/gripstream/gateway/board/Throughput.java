package io.gripstream.gateway.board;

/** Events a second over the last {@value #SECONDS} seconds. Not thread-safe. */
final class Throughput {
  private static final int SECONDS = 10;

  private final long[] counts = new long[SECONDS + 1];
  private final long[] stamps = new long[SECONDS + 1];

  /**
   * @param now milliseconds since the epoch
   */
  void count(long now) {
    long second = now / 1000;
    int slot = (int) (second % counts.length);
    if (stamps[slot] != second) {
      stamps[slot] = second;
      counts[slot] = 0;
    }
    counts[slot]++;
  }

  /** The second that is still running is left out: it would always look like a fall. */
  double perSecond(long now) {
    long second = now / 1000;
    long sum = 0;
    for (int i = 0; i < counts.length; i++) {
      if (stamps[i] < second && stamps[i] >= second - SECONDS) {
        sum += counts[i];
      }
    }
    return sum / (double) SECONDS;
  }
}
