package io.gripstream.labeler;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.gripstream.event.Tensor;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class ClassHeadTest {
  @Test
  void probabilitiesAreTheSoftmaxOfScaledDotProductsAndTheBias() {
    Random random = new Random(1);
    int classes = 7;
    int size = 33;
    float[][] rows = new float[classes][size];
    float[] features = new float[2 * size];
    for (float[] row : rows) {
      for (int d = 0; d < size; d++) {
        row[d] = (float) random.nextGaussian() / 8;
      }
    }
    for (int i = 0; i < features.length; i++) {
      features[i] = (float) random.nextGaussian() / 8;
    }

    float[] bias = {1, -1, 0, .5f, 2, -2, 0};
    ClassHead head = new ClassHead(Events.tensor(rows), 25);
    assertExpected(head.probabilities(features, 1), rows, features, new float[classes]);
    assertExpected(head.withBias(bias).probabilities(features, 1), rows, features, bias);
    assertExpected(head.probabilities(features, 1), rows, features, new float[classes]);
  }

  /** For the second image, at logit scale 25. */
  private static void assertExpected(
      float[] probabilities, float[][] rows, float[] features, float[] bias) {
    int classes = rows.length;
    int size = rows[0].length;

    double[] expected = new double[classes];
    double sum = 0;
    for (int c = 0; c < classes; c++) {
      double dot = 0;
      for (int d = 0; d < size; d++) {
        dot += (double) rows[c][d] * features[size + d];
      }
      expected[c] = Math.exp(25 * dot + bias[c]);
      sum += expected[c];
    }
    for (int c = 0; c < classes; c++) {
      assertThat((double) probabilities[c]).isCloseTo(expected[c] / sum, within(1e-5));
    }
  }

  @Test
  void logitsThatWouldOverflowAreNoTrouble() {
    ClassHead head = new ClassHead(Events.tensor(new float[] {1}, new float[] {-1}), 1e6f);
    assertThat(head.probabilities(new float[] {1}, 0)).containsExactly(1, 0);
  }

  @Test
  void theBestComeFirstAndOfEqualsTheEarlierOne() {
    float[] probabilities = {0.1f, 0.3f, 0.2f, 0.3f, 0.1f};
    assertThat(ClassHead.top(probabilities, 3)).containsExactly(1, 3, 2);
    assertThat(ClassHead.top(probabilities, 1)).containsExactly(1);
    assertThat(ClassHead.top(probabilities, 99)).containsExactly(1, 3, 2, 0, 4);
  }

  @Test
  void aBiasThatIsNotOneNumberForEachClassIsRefused() {
    ClassHead head = new ClassHead(Events.tensor(new float[] {1}, new float[] {-1}), 1);
    assertThatThrownBy(() -> head.withBias(new float[3]))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("its bias has 3 numbers for 2 classes");
    assertThatThrownBy(() -> head.withBias(new float[] {0, Float.NaN}))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("its bias holds NaN");
  }

  @Test
  void aTensorThatContradictsItselfIsRefused() {
    Tensor broken = new Tensor(List.of(3, 2), Events.tensor(new float[] {1, 2}).getData());
    assertThatThrownBy(() -> new ClassHead(broken, 1))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("[3, 2]");
  }
}
