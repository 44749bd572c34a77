package io.gripstream.kafka;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.common.errors.InterruptException;

/**
 * The pauses between attempts: each twice as long as the one before, up to a limit, and short again
 * after a success. For one thread, but for the end of the wait, which any thread may bring about.
 */
public final class Backoff {
  /** The first pause, where no other is asked for. */
  public static final Duration FIRST = Duration.ofMillis(200);

  /** The longest pause, where no other is asked for. */
  public static final Duration LONGEST = Duration.ofSeconds(10);

  private final CountDownLatch stopping;
  private final Duration first;
  private final Duration longest;
  private int failuresInARow;

  /**
   * @param stopping ends every wait when it reaches zero
   * @param first the first pause
   * @param longest the limit
   */
  public Backoff(CountDownLatch stopping, Duration first, Duration longest) {
    this.stopping = stopping;
    this.first = first;
    this.longest = longest;
  }

  /** Up to {@link #LONGEST}. */
  public Backoff(CountDownLatch stopping, Duration first) {
    this(stopping, first, LONGEST);
  }

  /** With a first pause of a fifth of a second. */
  public Backoff(CountDownLatch stopping) {
    this(stopping, FIRST);
  }

  public void succeeded() {
    failuresInARow = 0;
  }

  /**
   * Waits before the next attempt.
   *
   * @throws InterruptException if the thread is interrupted; its flag is set again
   */
  public void pause() {
    pause(after(failuresInARow, first, longest));
  }

  /**
   * How long the pause is, for who does not wait in it.
   *
   * @param failures in a row, before the one that it comes after
   */
  public static Duration after(int failures, Duration first, Duration longest) {
    Duration pause = first.multipliedBy(1L << Math.min(failures, 16));
    return pause.compareTo(longest) < 0 ? pause : longest;
  }

  /** Waits as long as ever: what would be tried again soon would fail again. */
  public void pauseLong() {
    pause(longest);
  }

  /** Waits as long as is said, and counts as a failure like any other. */
  public void pause(Duration duration) {
    failuresInARow++;
    await(duration);
  }

  private void await(Duration duration) {
    try {
      stopping.await(duration.toMillis(), TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      throw new InterruptException(e);
    }
  }
}
