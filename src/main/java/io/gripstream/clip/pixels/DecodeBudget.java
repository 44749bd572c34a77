package io.gripstream.clip.pixels;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;

/**
 * What decoding one image may take of its thread: processor time and allocated bytes. It is the
 * last resort against files that the limits on size and structure do not foresee. Waiting for a
 * busy machine does not count, so that a sound image is not refused for its neighbours' sake.
 *
 * <p>Whatever a reader calls often, its stream, its raster or its listener, calls {@link #spend}.
 */
final class DecodeBudget {
  /** How much is spent between two looks at the clock, in bytes read; a look takes 1 us. */
  private static final int BETWEEN_LOOKS = 1 << 14;

  private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

  private final long nanos;
  private final long bytes;
  private final long startNanos = THREADS.getCurrentThreadCpuTime();
  private final long startBytes = THREADS.getCurrentThreadAllocatedBytes();
  private int spent;
  private String excess;

  /**
   * Starts now, for the current thread.
   *
   * @param nanos of processor time
   * @param bytes of heap, short-lived ones included
   */
  DecodeBudget(long nanos, long bytes) {
    this.nanos = nanos;
    this.bytes = bytes;
  }

  /** Ends a decode; readers have no reason to catch it. */
  static final class ExceededException extends RuntimeException {
    private ExceededException(String excess) {
      super(excess);
    }
  }

  /**
   * @param effort about as much as reading this many bytes
   * @throws ExceededException when the budget is used up
   */
  void spend(int effort) {
    spent += effort;
    if (spent < 0 || spent >= BETWEEN_LOOKS) {
      spent = 0;
      look();
    }
  }

  /** What was too much, or null. */
  String excess() {
    return excess;
  }

  /**
   * Ends the decode.
   *
   * @param what is too much, in words that follow the image's
   */
  void exceed(String what) {
    excess = what;
    throw new ExceededException(what);
  }

  private void look() {
    if (THREADS.getCurrentThreadCpuTime() - startNanos > nanos) {
      exceed("takes more than %.1f s to decode".formatted(nanos / 1e9));
    }
    if (THREADS.getCurrentThreadAllocatedBytes() - startBytes > bytes) {
      exceed("takes more than %d MB to decode".formatted(bytes >> 20));
    }
  }
}
