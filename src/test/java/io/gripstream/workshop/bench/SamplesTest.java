package io.gripstream.workshop.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.gripstream.workshop.DrawnModel;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class SamplesTest {
  @Test
  void aQuantileLiesBetweenTheTwoNearestRanks() {
    double[] values = {4, 1, 3, 2};
    assertThat(Samples.median(values)).isEqualTo(2.5);
    assertThat(Samples.quantile(values, 0)).isEqualTo(1);
    assertThat(Samples.quantile(values, 1)).isEqualTo(4);
    assertThat(Samples.quantile(values, 0.9)).isCloseTo(3.7, within(1e-12));
    assertThat(Samples.median(new double[] {7})).isEqualTo(7);
  }

  @Test
  void sidesAreMeasuredInTurnsAndTheirFirstMeasurementIsNotCounted() throws Exception {
    List<String> order = new ArrayList<>();
    double[] medians =
        Samples.medians(
            3,
            List.of(
                () -> {
                  order.add("a");
                  return order.size() == 1 ? 1e9 : 10;
                },
                () -> {
                  order.add("b");
                  return 20;
                }));
    assertThat(String.join("", order)).isEqualTo("abababab");
    assertThat(medians).containsExactly(10, 20);
  }

  /** Published figures count 4.4 G multiply-adds. */
  @Test
  void anImageCostsWhatViTB32IsKnownToCost() {
    assertThat(EncodeBench.flops(DrawnModel.Shapes.VIT_B_32.config()))
        .isCloseTo(2 * 4.4e9, within(0.1e9));
  }
}
