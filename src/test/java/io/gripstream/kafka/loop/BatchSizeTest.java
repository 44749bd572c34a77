package io.gripstream.kafka.loop;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class BatchSizeTest {
  @Test
  void aFastHandlerIsGivenAllThatFits() {
    BatchSize size = new BatchSize(64);
    assertThat(size.now()).isEqualTo(64);
    size.handled(64, Duration.ofMillis(30));
    assertThat(size.now()).isEqualTo(64);
  }

  @Test
  void aSlowOneIsGivenWhatItDoesInATenthOfASecondButNeverNextToNothing() {
    BatchSize size = new BatchSize(64);
    size.handled(64, Duration.ofMillis(320));
    assertThat(size.now()).isEqualTo(20);
    size.handled(20, Duration.ofSeconds(20));
    assertThat(size.now()).isEqualTo(8);
    assertThat(new BatchSize(4).now()).isEqualTo(4);
  }

  @Test
  void aPauseIsForgottenAfterSomeMicroBatches() {
    BatchSize size = new BatchSize(64);
    size.handled(1, Duration.ofSeconds(1));
    for (int i = 0; i < 20; i++) {
      size.handled(size.now(), Duration.ofNanos(size.now() * 500_000L));
    }
    assertThat(size.now()).isEqualTo(64);
  }
}
