package io.gripstream.refine.select;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.gripstream.clip.FloatTensor;
import org.junit.jupiter.api.Test;

class LabelEvidenceTest {
  /** Images 0 and 1 lie alike, as do 2 and 3. */
  private static final FloatTensor FEATURES =
      FloatTensor.matrix(4, 2, new float[] {1, 0, 0.96f, 0.28f, 0, 1, 0.28f, 0.96f});

  private static final FloatTensor UNDECIDED =
      FloatTensor.matrix(4, 2, new float[] {0.5f, 0.5f, 0.5f, 0.5f, 0.5f, 0.5f, 0.5f, 0.5f});

  @Test
  void anImageNearALabelledOneIsLikelierToBeOfItsClass() {
    FloatTensor told = LabelEvidence.added(FEATURES, UNDECIDED, new int[] {0, -1, 1, -1});
    assertThat(told.row(1)[0]).isGreaterThan(0.8f);
    assertThat(told.row(3)[1]).isGreaterThan(0.8f);
    for (int i = 0; i < 4; i++) {
      assertThat(told.row(i)[0] + told.row(i)[1]).isEqualTo(1, within(1e-5f));
    }
  }

  @Test
  void aClassIsNotMoreProbableForHavingMoreLabels() {
    FloatTensor once = LabelEvidence.added(FEATURES, UNDECIDED, new int[] {0, -1, 1, -1});
    FloatTensor doubled =
        LabelEvidence.added(
            FloatTensor.matrix(5, 2, new float[] {1, 0, 0.96f, 0.28f, 0, 1, 0.28f, 0.96f, 1, 0}),
            FloatTensor.matrix(
                5, 2, new float[] {0.5f, 0.5f, 0.5f, 0.5f, 0.5f, 0.5f, 0.5f, 0.5f, 0.5f, 0.5f}),
            new int[] {0, -1, 1, -1, 0});
    assertThat(doubled.row(1)).containsExactly(once.row(1), within(1e-5f));
  }

  @Test
  void unlessEveryClassHasALabelNothingChanges() {
    assertThat(LabelEvidence.added(FEATURES, UNDECIDED, new int[] {0, -1, -1, -1}))
        .isEqualTo(UNDECIDED);
  }
}
