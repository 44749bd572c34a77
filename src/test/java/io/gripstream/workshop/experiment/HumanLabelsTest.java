package io.gripstream.workshop.experiment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.gripstream.event.Paradigm;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class HumanLabelsTest {
  private static final List<String> CLASSES =
      List.of("a", "b", "c", "d", "e", "f", "g", "h", "i", "j");

  @Test
  void nobodyLabelsAnythingForUl() {
    HumanLabels labels = of(Paradigm.UL, 1);
    assertThat(labels.count()).isZero();
    assertThat(labels.unseen()).containsOnly(false);
  }

  @Test
  void aFewImagesOfEachClassAreLabelledForSsl() {
    HumanLabels labels = of(Paradigm.SSL, 1);
    int[] count = new int[CLASSES.size()];
    for (int i = 0; i < labels.labelled().length; i++) {
      count[pool().get(i).label()] += labels.labelled()[i] ? 1 : 0;
    }
    assertThat(count).containsOnly(2);
    assertThat(labels).isEqualTo(of(Paradigm.SSL, 1)).isNotEqualTo(of(Paradigm.SSL, 2));
  }

  @Test
  void everyImageOfASeenClassIsLabelledForTrzslAndNoneOfAnUnseenOne() {
    HumanLabels labels = of(Paradigm.TRZSL, 1);
    int unseen = 0;
    for (boolean each : labels.unseen()) {
      unseen += each ? 1 : 0;
    }
    assertThat(unseen).isEqualTo(4);
    for (int i = 0; i < labels.labelled().length; i++) {
      assertThat(labels.labelled()[i]).isEqualTo(!labels.unseen()[pool().get(i).label()]);
    }
    assertThat(labels).isEqualTo(of(Paradigm.TRZSL, 1)).isNotEqualTo(of(Paradigm.TRZSL, 2));
  }

  @Test
  void atLeastOneClassIsUnseenAndOneSeenWhateverTheShare() {
    for (double share : new double[] {0.001, 0.999}) {
      boolean[] unseen =
          HumanLabels.of(Paradigm.TRZSL, pool().subList(0, 2), CLASSES.subList(0, 2), 2, share, 1)
              .unseen();
      assertThat(unseen).containsExactlyInAnyOrder(true, false);
    }
  }

  @Test
  void moreLabelsThanAClassHasImagesAreRefused() {
    assertThatThrownBy(() -> HumanLabels.of(Paradigm.SSL, pool(), CLASSES, 31, 0.38, 1))
        .isInstanceOf(ExperimentException.class)
        .hasMessageContaining("--pool");
  }

  private static HumanLabels of(Paradigm paradigm, long seed) {
    return HumanLabels.of(paradigm, pool(), CLASSES, 2, 0.38, seed);
  }

  private static List<Picture> pool() {
    List<Picture> pool = new ArrayList<>();
    for (int i = 0; i < 300; i++) {
      pool.add(new Picture("%03d".formatted(i), i % CLASSES.size(), "%064x".formatted(i)));
    }
    return pool;
  }
}
