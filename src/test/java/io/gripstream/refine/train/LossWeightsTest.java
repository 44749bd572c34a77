package io.gripstream.refine.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.gripstream.event.Paradigm;
import org.junit.jupiter.api.Test;

class LossWeightsTest {
  @Test
  void ofTheSslRoundsOnResisc45TheLabelsWeighSeventyNotOneSeventieth() {
    LossWeights weights = LossWeights.of(Paradigm.SSL, 90, 6300);
    assertThat(weights.gamma()).isEqualTo(70, within(1e-9));
    assertThat(weights.lambda()).isEqualTo(1);
  }

  @Test
  void underTrzslThePseudolabelsAreWeighedByHowManyLabelsThereAre() {
    LossWeights weights = LossWeights.of(Paradigm.TRZSL, 3000, 500);
    assertThat(weights.gamma()).isEqualTo(1);
    assertThat(weights.lambda()).isEqualTo(6, within(1e-9));
  }

  @Test
  void withoutLabelsOnlyPseudolabelsCountAndTheOtherWayRound() {
    for (Paradigm paradigm : new Paradigm[] {Paradigm.UL, Paradigm.SSL, Paradigm.TRZSL}) {
      assertThat(LossWeights.of(paradigm, 0, 5)).isEqualTo(new LossWeights(0, 1));
    }
    assertThat(LossWeights.of(Paradigm.UL, 5, 5)).isEqualTo(new LossWeights(0, 1));
    assertThat(LossWeights.of(Paradigm.TRZSL, 5, 0)).isEqualTo(new LossWeights(1, 0));
  }

  @Test
  void normalizedTheLeastExampleWeighsOne() {
    assertThat(LossWeights.of(Paradigm.SSL, 100, 20).normalized()).isEqualTo(new LossWeights(1, 5));
    assertThat(LossWeights.of(Paradigm.TRZSL, 20, 100).normalized())
        .isEqualTo(new LossWeights(5, 1));
    assertThat(LossWeights.of(Paradigm.UL, 0, 7).normalized()).isEqualTo(new LossWeights(0, 1));
  }

  @Test
  void aParadigmThatIsNotDecidedHasNoWeights() {
    assertThatThrownBy(() -> LossWeights.of(Paradigm.AUTO, 1, 1))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
