package io.gripstream.refine.select;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import io.gripstream.clip.FloatTensor;
import java.util.List;
import org.junit.jupiter.api.Test;

class CplTest {
  private static final float[] THIRDS = {1 / 3f, 1 / 3f, 1 / 3f};
  private static final FloatTensor PROBABILITIES =
      FloatTensor.matrix(
          4,
          3,
          new float[] {
            0.97f, 0.02f, 0.01f, // sure
            0.50f, 0.45f, 0.05f, // torn between two
            0.05f, 0.90f, 0.05f, // sure
            0.10f, 0.30f, 0.60f // torn, but class 1 is surer of half of the others
          });
  private static final List<String> KEYS = List.of("a", "b", "c", "d");

  @Test
  void anImageKeepsEveryClassThatItMayBeOf() {
    List<Pseudolabel> chosen = new Cpl(10, 0.9, 0.5).select(PROBABILITIES, THIRDS, 6, KEYS);
    assertThat(chosen)
        .extracting(Pseudolabel::sample, Pseudolabel::candidates)
        .containsExactly(
            tuple(0, List.of(0)),
            tuple(1, List.of(0, 1)),
            tuple(2, List.of(1)),
            tuple(3, List.of(2)));
  }

  @Test
  void withoutMassItIsGrip() {
    assertThat(new Cpl(10, 0, 0).select(PROBABILITIES, THIRDS, 6, KEYS))
        .isEqualTo(new Grip(10).select(PROBABILITIES, THIRDS, 6, KEYS));
    for (int round = 1; round <= 12; round++) {
      assertThat(new Cpl(10, 0.9, 0.5).total(round, 996, 12))
          .isEqualTo(new Grip(10).total(round, 996, 12));
    }
  }

  @Test
  void aClassThatMayNotBeGivenIsNoCandidateEither() {
    float[] withoutClassOne = {0.5f, 0, 0.5f};
    assertThat(new Cpl(10, 1, 0).select(PROBABILITIES, withoutClassOne, 4, KEYS))
        .allSatisfy(each -> assertThat(each.candidates()).doesNotContain(1));
  }

  @Test
  void senselessNumbersAreRefused() {
    assertThatThrownBy(() -> new Cpl(10, 1.1, 0)).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> new Cpl(10, 0, Double.NaN))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> new Cpl(0, 0, 0)).isInstanceOf(IllegalArgumentException.class);
  }
}
