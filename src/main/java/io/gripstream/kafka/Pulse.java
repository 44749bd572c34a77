package io.gripstream.kafka;

import java.time.Duration;
import java.util.function.BooleanSupplier;

/**
 * Says whether a thread lives and goes on. The thread beats with every turn of its loop, idle ones
 * too; a turn that takes two minutes is one that hangs.
 */
public final class Pulse {
  private static final Duration LONGEST = Duration.ofMinutes(2);

  private final Thread thread;
  private final BooleanSupplier closed;
  private volatile long last = System.nanoTime();

  /**
   * @param closed whether the thread is to end
   */
  public Pulse(Thread thread, BooleanSupplier closed) {
    this.thread = thread;
    this.closed = closed;
  }

  public void beat() {
    last = System.nanoTime();
  }

  /** What is wrong with the thread; empty: nothing, or it was closed. */
  public String fault() {
    if (closed.getAsBoolean() || thread.getState() == Thread.State.NEW) {
      return "";
    }
    if (!thread.isAlive()) {
      return "the thread %s has died".formatted(thread.getName());
    }
    long still = System.nanoTime() - last;
    return still > LONGEST.toNanos()
        ? "the thread %s has hung for %d s".formatted(thread.getName(), still / 1_000_000_000)
        : "";
  }

  /** The first fault of some; empty: there is none. */
  public static String first(String... faults) {
    for (String fault : faults) {
      if (!fault.isEmpty()) {
        return fault;
      }
    }
    return "";
  }
}
