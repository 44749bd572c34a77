package io.gripstream.labeler;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class SampleThinningTest {
  private static final Duration WINDOW = Duration.ofSeconds(10);
  private static final int POOL = 100;

  private final AtomicLong now = new AtomicLong();
  private final SampleThinning thinning = new SampleThinning(WINDOW, now::get);

  @Test
  void aSlowStreamLosesNoSample() {
    for (int window = 0; window < 5; window++) {
      assertThat(kept(POOL)).hasSize(POOL);
      now.addAndGet(WINDOW.toNanos());
    }
  }

  @Test
  void aFastStreamFillsThePoolAboutOnceAWindow() {
    kept(10 * POOL);
    now.addAndGet(WINDOW.toNanos());
    assertThat(kept(10 * POOL)).hasSizeBetween(POOL / 2, POOL * 2);
  }

  @Test
  void whatIsKeptAtAHighRateIsKeptAtEveryLowerOne() {
    kept(20 * POOL);
    now.addAndGet(WINDOW.toNanos());
    Set<String> fast = kept(5 * POOL);
    now.addAndGet(WINDOW.toNanos());
    Set<String> slower = kept(5 * POOL);
    assertThat(slower).containsAll(fast).hasSizeGreaterThan(fast.size());
  }

  @Test
  void afterAPauseNothingIsThinned() {
    kept(10 * POOL);
    now.addAndGet(WINDOW.toNanos() * 20);
    assertThat(kept(POOL)).hasSize(POOL);
  }

  @Test
  void withoutAWindowNothingIsThinned() {
    SampleThinning off = new SampleThinning(Duration.ZERO, now::get);
    for (int i = 0; i < 1000; i++) {
      now.incrementAndGet();
      assertThat(off.keeps("task", 1, "i" + i)).isTrue();
    }
  }

  private Set<String> kept(int images) {
    Set<String> kept = new HashSet<>();
    for (int i = 0; i < images; i++) {
      if (thinning.keeps("task", POOL, "image " + i)) {
        kept.add("image " + i);
      }
    }
    return kept;
  }
}
