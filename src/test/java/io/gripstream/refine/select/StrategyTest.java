package io.gripstream.refine.select;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.gripstream.event.Training;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class StrategyTest {
  private static final Training TRAINING =
      Training.newBuilder().setRounds(10).setPerClass(16).build();

  @Test
  void gripGrowsByATenthOfThePoolEachRoundAndThenKeepsAllOfIt() {
    Strategy grip = Strategy.of(io.gripstream.event.Strategy.GRIP, TRAINING);
    assertThat(IntStream.rangeClosed(1, 12).map(round -> grip.total(round, 996, 12)))
        .containsExactly(99, 199, 298, 398, 498, 597, 697, 796, 896, 996, 996, 996);
    assertThat(grip.teacher()).isEqualTo(Strategy.Teacher.LIVE);
  }

  @Test
  void ifplAsksForTheSameNumberOfTheLatestPromptInEveryRound() {
    Strategy ifpl = Strategy.of(io.gripstream.event.Strategy.IFPL, TRAINING);
    assertThat(IntStream.rangeClosed(1, 12).map(round -> ifpl.total(round, 996, 12)))
        .containsOnly(192);
    assertThat(ifpl.teacher()).isEqualTo(Strategy.Teacher.LIVE);
  }

  @Test
  void fplAsksTheZeroShotPromptInEveryRound() {
    Strategy fpl = Strategy.of(io.gripstream.event.Strategy.FPL, TRAINING);
    assertThat(IntStream.rangeClosed(1, 12).map(round -> fpl.total(round, 996, 12)))
        .containsOnly(192);
    assertThat(fpl.teacher()).isEqualTo(Strategy.Teacher.ZERO_SHOT);
  }

  @Test
  void noStrategyAsksForMoreThanThePoolHas() {
    for (Strategy strategy : new Strategy[] {new Grip(1), new Ifpl(16), new Fpl(16)}) {
      assertThat(strategy.total(1, 50, 10)).isEqualTo(50);
      assertThat(strategy.total(1, 0, 10)).isZero();
    }
  }

  @Test
  void senselessNumbersAreRefused() {
    assertThatThrownBy(() -> new Grip(0)).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> new Ifpl(0)).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> new Fpl(0)).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> new Grip(10).total(0, 5, 2))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
