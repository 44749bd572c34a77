package io.gripstream.labeler;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.function.LongSupplier;
import org.apache.kafka.common.utils.Utils;

/**
 * Keeps a task's pool from turning over faster than its rounds can use. The rule: if more images
 * than the pool holds came by within one window of time, then in the next window only the share
 * that would have just filled the pool once is kept, chosen by a hash of the image id. So a slow
 * stream loses no sample, and an image that is kept at one rate is kept at every lower one.
 *
 * <p>Rates are those of this process. For one thread.
 */
final class SampleThinning {
  private final long window;
  private final LongSupplier nanoTime;
  private final Map<String, Flow> flows = new HashMap<>();

  /**
   * @param window a pool is renewed at most once in this time; zero: all images are sampled
   * @param nanoTime a clock that only goes forward, in nanoseconds
   */
  SampleThinning(Duration window, LongSupplier nanoTime) {
    this.window = window.toNanos();
    this.nanoTime = nanoTime;
  }

  /**
   * Counts an image of a task and says whether its sample goes to the pool, which holds {@code
   * poolSamples}.
   */
  boolean keeps(String task, int poolSamples, String imageId) {
    if (window == 0) {
      return true;
    }
    long now = nanoTime.getAsLong();
    Flow flow = flows.computeIfAbsent(task, name -> new Flow(now));
    flow.advance(now, poolSamples);
    flow.seen++;
    return flow.share >= 1 || position(imageId) < flow.share;
  }

  /**
   * A place from 0 to 1 that follows from the image id. Salted: its partition follows from the same
   * hash.
   */
  private static double position(String imageId) {
    int hash = Utils.murmur2(("sample\0" + imageId).getBytes(StandardCharsets.UTF_8));
    return Integer.toUnsignedLong(hash) * 0x1p-32;
  }

  private final class Flow {
    private long since;
    private long seen;
    private double share = 1;

    Flow(long since) {
      this.since = since;
    }

    void advance(long now, int poolSamples) {
      long elapsed = now - since;
      if (elapsed < window) {
        return;
      }
      // A window that nothing ended in time was followed by quiet: its images came at a lower rate
      // than they seem to.
      share = Math.min(1, poolSamples / (seen * ((double) window / elapsed)));
      since = now;
      seen = 0;
    }
  }
}
