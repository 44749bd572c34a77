package io.gripstream.refine.select;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import io.gripstream.clip.FloatTensor;
import io.gripstream.refine.head.PredictionPrior;
import io.gripstream.refine.head.Scores;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class SelectorTest {
  private static final float[] EVEN = {0.5f, 0.5f};

  @Test
  void eachClassTakesItsMostProbableImages() {
    FloatTensor probabilities =
        FloatTensor.matrix(
            5, 2, new float[] {0.9f, 0.1f, 0.6f, 0.4f, 0.8f, 0.2f, 0.3f, 0.7f, 0.45f, 0.55f});
    assertThat(Selector.select(probabilities, EVEN, 4, keys(5)))
        .containsExactly(
            new Pseudolabel(0, 0, 0.9f),
            new Pseudolabel(2, 0, 0.8f),
            new Pseudolabel(3, 1, 0.7f),
            new Pseudolabel(4, 1, 0.55f));
  }

  @Test
  void anImageNeverCarriesTwoLabels() {
    Random random = new Random(1);
    for (int trial = 0; trial < 50; trial++) {
      FloatTensor probabilities = probabilities(random, 1 + random.nextInt(80), 7, 3);
      float[] prior = PredictionPrior.estimate(probabilities);
      int n = probabilities.rows();
      List<Pseudolabel> selected = Selector.select(probabilities, prior, n, keys(n));
      assertThat(selected).extracting(Pseudolabel::sample).doesNotHaveDuplicates();
      assertThat(selected).allMatch(label -> label.confidence() * 7 >= 1);
    }
  }

  @Test
  void aPoorClassFindsItsImagesWhereAnotherClassRanksFirst() {
    // Class 1 is first nowhere; images 3 and 4 are the nearest that it has.
    FloatTensor probabilities =
        FloatTensor.matrix(
            5, 2, new float[] {0.99f, 0.01f, 0.98f, 0.02f, 0.9f, 0.1f, 0.5f, 0.5f, 0.5f, 0.5f});
    assertThat(Selector.select(probabilities, EVEN, 4, keys(5)))
        .extracting(Pseudolabel::sample, Pseudolabel::label)
        .containsExactly(tuple(0, 0), tuple(1, 0), tuple(3, 1), tuple(4, 1));
  }

  @Test
  void theClassThatIsSurerOfAnImageHasIt() {
    FloatTensor probabilities =
        FloatTensor.matrix(2, 3, new float[] {0.55f, 0.4f, 0.05f, 0.35f, 0.6f, 0.05f});
    float[] thirds = {1 / 3f, 1 / 3f, 1 / 3f};
    assertThat(Selector.select(probabilities, thirds, 2, keys(2)))
        .extracting(Pseudolabel::sample, Pseudolabel::label)
        .containsExactly(tuple(0, 0), tuple(1, 1));
  }

  @Test
  void theOrderInWhichImagesComeDoesNotMatterEvenWhereConfidencesTie() {
    Random random = new Random(2);
    for (int trial = 0; trial < 50; trial++) {
      int n = 60;
      // Two decimals only, so that many tie.
      FloatTensor probabilities = probabilities(random, n, 4, 2);
      float[] coarse = probabilities.values().clone();
      for (int i = 0; i < coarse.length; i++) {
        coarse[i] = Math.round(coarse[i] * 10) / 10f;
      }
      List<Integer> order = new ArrayList<>(IntStream.range(0, n).boxed().toList());
      Map<String, Integer> first = selected(coarse, 4, order, 20);
      Collections.shuffle(order, random);
      assertThat(selected(coarse, 4, order, 20)).isEqualTo(first);
    }
  }

  @Test
  void aClassThatFewImagesShowGetsFewRatherThanWrongOnes() {
    // 18 of class 0, 2 of class 1, none of class 2, and a prior that would like thirds.
    float[] values = new float[60];
    for (int i = 0; i < 20; i++) {
      values[3 * i + (i < 18 ? 0 : 1)] = 0.8f;
      values[3 * i + 2] = 0.2f;
    }
    FloatTensor probabilities = FloatTensor.matrix(20, 3, values);
    float[] thirds = {1 / 3f, 1 / 3f, 1 / 3f};
    assertThat(counts(Selector.select(probabilities, thirds, 20, keys(20)), 3))
        .containsExactly(7, 2, 0);
  }

  @Test
  void theEstimatedPriorLetsAFrequentClassTakeMore() {
    float[] values = new float[60];
    for (int i = 0; i < 20; i++) {
      values[3 * i + (i < 18 ? 0 : 1)] = 0.8f;
      values[3 * i + 2] = 0.2f;
    }
    FloatTensor probabilities = FloatTensor.matrix(20, 3, values);
    List<Pseudolabel> selected =
        Selector.select(probabilities, PredictionPrior.estimate(probabilities), 20, keys(20));
    assertThat(counts(selected, 3)[0]).isGreaterThanOrEqualTo(14);
    assertThat(counts(selected, 3)[1]).isEqualTo(2);
    assertThat(counts(selected, 3)[2]).isZero();
  }

  @Test
  void noClassTakesMoreThanItsCap() {
    Random random = new Random(3);
    for (int trial = 0; trial < 50; trial++) {
      int n = 1 + random.nextInt(100);
      FloatTensor probabilities = probabilities(random, n, 5, 4);
      float[] prior = PredictionPrior.estimate(probabilities);
      int total = random.nextInt(n + 1);
      int[] counts = counts(Selector.select(probabilities, prior, total, keys(n)), 5);
      for (int j = 0; j < 5; j++) {
        assertThat(counts[j]).isLessThanOrEqualTo(Selector.cap(total, prior[j]));
      }
    }
  }

  @Test
  void aLargerTotalKeepsWhatASmallerOneChose() {
    FloatTensor probabilities = probabilities(new Random(4), 100, 5, 3);
    float[] prior = PredictionPrior.estimate(probabilities);
    List<Pseudolabel> before = List.of();
    for (int total = 0; total <= 100; total += 10) {
      List<Pseudolabel> selected = Selector.select(probabilities, prior, total, keys(100));
      assertThat(selected).containsAll(before);
      before = selected;
    }
  }

  @Test
  void nothingIsChosenOfNothing() {
    assertThat(Selector.select(FloatTensor.matrix(0, 2, new float[0]), EVEN, 0, List.of()))
        .isEmpty();
  }

  @Test
  void whatDoesNotFitTogetherIsRefused() {
    FloatTensor two = FloatTensor.matrix(2, 2, new float[] {1, 0, 0, 1});
    FloatTensor broken = FloatTensor.matrix(1, 2, new float[] {Float.NaN, 1});
    assertThatThrownBy(() -> Selector.select(two, EVEN, 1, List.of("a", "a")))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("twice");
    assertThatThrownBy(() -> Selector.select(two, new float[] {1}, 1, keys(2)))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> Selector.select(broken, EVEN, 1, keys(1)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("image 0");
  }

  /** Which image got which label, with row {@code order[i]} of the values in place {@code i}. */
  private static Map<String, Integer> selected(
      float[] values, int classes, List<Integer> order, int total) {
    float[] rows = new float[values.length];
    for (int i = 0; i < order.size(); i++) {
      System.arraycopy(values, order.get(i) * classes, rows, i * classes, classes);
    }
    float[] prior = new float[classes];
    Arrays.fill(prior, 1f / classes);
    List<String> keys = order.stream().map(i -> "image-" + i).toList();
    Map<String, Integer> labels = new HashMap<>();
    Selector.select(FloatTensor.matrix(order.size(), classes, rows), prior, total, keys)
        .forEach(label -> labels.put(keys.get(label.sample()), label.label()));
    return labels;
  }

  private static int[] counts(List<Pseudolabel> selected, int classes) {
    Map<Integer, Long> counts =
        selected.stream().collect(Collectors.groupingBy(Pseudolabel::label, Collectors.counting()));
    return IntStream.range(0, classes).map(j -> counts.getOrDefault(j, 0L).intValue()).toArray();
  }

  private static FloatTensor probabilities(Random random, int n, int classes, double sharpness) {
    float[] logits = new float[n * classes];
    for (int i = 0; i < logits.length; i++) {
      logits[i] = (float) (sharpness * random.nextGaussian());
    }
    return Scores.softmax(FloatTensor.matrix(n, classes, logits));
  }

  private static List<String> keys(int n) {
    return IntStream.range(0, n).mapToObj(i -> "image-" + i).toList();
  }
}
