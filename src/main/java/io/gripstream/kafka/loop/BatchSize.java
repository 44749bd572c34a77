package io.gripstream.kafka.loop;

import java.time.Duration;

/**
 * How many records make a micro-batch: as many as the handler does in a tenth of a second, as far
 * as can be told from the last ones. So what waits behind a micro-batch, a new prompt above all,
 * waits no longer with a slow model than with a fast one. For one thread.
 */
final class BatchSize {
  private static final Duration TARGET = Duration.ofMillis(100);

  /** Fewer would leave a processor's width unused. */
  private static final int LEAST = 8;

  /** Of the newest observation. */
  private static final double WEIGHT = 0.3;

  private final int most;
  private double nanosEach;

  BatchSize(int most) {
    this.most = most;
  }

  int now() {
    if (nanosEach == 0) {
      return most;
    }
    double fitting = TARGET.toNanos() / nanosEach;
    return (int) Math.max(Math.min(LEAST, most), Math.min(most, fitting));
  }

  void handled(int records, Duration taken) {
    double each = (double) taken.toNanos() / records;
    nanosEach = nanosEach == 0 ? each : WEIGHT * each + (1 - WEIGHT) * nanosEach;
  }
}
