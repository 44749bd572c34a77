package io.gripstream.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class PaceTest {
  @Test
  void imagesAreLetThroughAtTheRateAskedFor() {
    Pace pace = new Pace(100);
    long start = System.nanoTime();
    for (int i = 0; i < 30; i++) {
      pace.await();
    }
    assertThat(Duration.ofNanos(System.nanoTime() - start)).isGreaterThan(Duration.ofMillis(280));
  }

  @Test
  void anInterruptEndsTheWait() {
    Pace pace = new Pace(1e-3);
    pace.await();
    Thread.currentThread().interrupt();
    pace.await();
    assertThat(Thread.interrupted()).isTrue();
  }
}
