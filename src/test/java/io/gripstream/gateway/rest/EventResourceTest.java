package io.gripstream.gateway.rest;

import static org.assertj.core.api.Assertions.assertThat;

import io.smallrye.mutiny.helpers.test.AssertSubscriber;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;

class EventResourceTest {
  private static final Duration TICK = Duration.ofMillis(10);

  /** Longer than a busy machine stands still. */
  private static final Duration TIMEOUT = Duration.ofSeconds(1);

  private final AtomicInteger unread = new AtomicInteger();

  @Test
  void aViewerThatTakesNothingIsToldOfOnceAndOneThatTakesSomethingNowAndThenIsNot() {
    AssertSubscriber<Long> reads = AssertSubscriber.create(1);
    EventResource.ticks(TICK, TIMEOUT, unread::incrementAndGet).subscribe(reads);
    long began = System.nanoTime();
    for (int i = 2; System.nanoTime() - began < TIMEOUT.multipliedBy(2).toNanos(); i++) {
      int items = i;
      reads.request(1);
      Awaitility.await().until(() -> reads.getItems().size() >= items);
    }
    assertThat(unread).hasValue(0);

    Awaitility.await().until(() -> unread.get() == 1);
    Awaitility.await().pollDelay(TIMEOUT.multipliedBy(2)).until(() -> unread.get() == 1);
    reads.cancel();
  }
}
