package io.gripstream.workshop.experiment;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class FiguresTest {
  private static final int[] TRUTH = {0, 0, 1, 1, 2, 2, 2, 2};
  private static final int[] PREDICTIONS = {0, 0, 1, 2, 2, 0, 0, 0};

  @Test
  void withoutUnseenClassesOnlyTheAccuracyCounts() {
    Figures figures = Figures.of(PREDICTIONS, TRUTH, new boolean[3]);
    assertThat(figures.accuracy()).isEqualTo(0.5);
    assertThat(figures.headline()).isEqualTo(0.5);
    assertThat(figures.harmonicMean()).isNull();
    assertThat(figures.perClass()).containsExactly(1.0, 0.5, 0.25);
  }

  @Test
  void withUnseenClassesTheHarmonicMeanOfBothSidesCounts() {
    Figures figures = Figures.of(PREDICTIONS, TRUTH, new boolean[] {false, false, true});
    assertThat(figures.seen()).isEqualTo(0.75);
    assertThat(figures.unseen()).isEqualTo(0.25);
    assertThat(figures.headline()).isEqualTo(0.375);
  }

  @Test
  void nothingRightOnOneSideIsAHarmonicMeanOfZero() {
    Figures figures = Figures.of(new int[] {1, 1}, new int[] {0, 1}, new boolean[] {true, false});
    assertThat(figures.headline()).isZero();
  }
}
