package io.gripstream.refine.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class HeldOutTest {
  /** From Python: int.from_bytes(sha256(...).digest()[:8], "big") >> 11, divided by 2**53. */
  @Test
  void otherLanguagesFindTheSameFraction() {
    assertThat(HeldOut.fraction("flowers", "image-1")).isEqualTo(FLOWERS);
    assertThat(HeldOut.fraction("blumen-ü", "bild/ß/日本")).isEqualTo(UNICODE);
    assertThat(HeldOut.fraction("", "")).isEqualTo(EMPTY);
  }

  private static final double FLOWERS = 0.7713257284796732;
  private static final double UNICODE = 0.6777132995265988;
  private static final double EMPTY = 0.6848974799809221;

  @Test
  void whereTheTaskEndsMatters() {
    assertThat(HeldOut.fraction("ab", "c")).isNotEqualTo(HeldOut.fraction("a", "bc"));
  }

  @Test
  void theShareIsWhatIsAskedFor() {
    for (double share : new double[] {0.05, 0.2, 0.5}) {
      long heldOut =
          IntStream.range(0, 20_000)
              .filter(i -> HeldOut.contains("task", "image-" + i, share))
              .count();
      assertThat(heldOut / 20_000.0).isCloseTo(share, within(0.012));
    }
  }

  @Test
  void whatIsHeldOutStaysSoWhenTheShareGrows() {
    for (int i = 0; i < 1000; i++) {
      if (HeldOut.contains("task", "image-" + i, 0.2)) {
        assertThat(HeldOut.contains("task", "image-" + i, 0.3)).isTrue();
      }
    }
  }

  @Test
  void tasksAreSplitIndependently() {
    long both =
        IntStream.range(0, 10_000)
            .filter(i -> HeldOut.contains("one", "image-" + i, 0.2))
            .filter(i -> HeldOut.contains("other", "image-" + i, 0.2))
            .count();
    assertThat(both / 10_000.0).isCloseTo(0.04, within(0.01));
  }

  @Test
  void noneAndAllArePossibleAndOtherSharesAreNot() {
    assertThat(HeldOut.contains("task", "image", 0)).isFalse();
    assertThat(HeldOut.contains("task", "image", 1)).isTrue();
    for (double share : new double[] {-0.1, 1.1, Double.NaN}) {
      assertThatThrownBy(() -> HeldOut.contains("task", "image", share))
          .isInstanceOf(IllegalArgumentException.class);
    }
  }
}
