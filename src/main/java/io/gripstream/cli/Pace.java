package io.gripstream.cli;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * Lets images through at an even rate. Who comes late catches up for at most a second, so that a
 * stall does not end in a flood. Not thread-safe.
 */
final class Pace {
  private static final long MOST_TO_CATCH_UP = TimeUnit.SECONDS.toNanos(1);

  private final long interval;
  private long next = System.nanoTime();

  /**
   * @param perSecond images a second; 0: as fast as they can be sent
   */
  Pace(double perSecond) {
    this.interval = perSecond == 0 ? 0 : Math.round(TimeUnit.SECONDS.toNanos(1) / perSecond);
  }

  /**
   * Waits for the next image's turn; returns early, with the interrupt flag set, when interrupted.
   */
  void await() {
    if (interval == 0) {
      return;
    }
    long now;
    while ((now = System.nanoTime()) < next && !Thread.currentThread().isInterrupted()) {
      LockSupport.parkNanos(this, next - now);
    }
    next = Math.max(next, now - MOST_TO_CATCH_UP) + interval;
  }
}
