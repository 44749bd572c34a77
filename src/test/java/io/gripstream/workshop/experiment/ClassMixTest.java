package io.gripstream.workshop.experiment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class ClassMixTest {
  private static final int CLASSES = 10;

  @Test
  void zipfGivesEachRankItsShare() {
    double[] shares = ClassMix.ZIPF.shares(CLASSES, 1);
    double[] sorted = Arrays.stream(shares).sorted().toArray();
    for (int rank = 1; rank <= CLASSES; rank++) {
      assertThat(sorted[CLASSES - rank]).isCloseTo(sorted[CLASSES - 1] / rank, within(1e-12));
    }
    assertThat(Arrays.stream(shares).sum()).isCloseTo(1, within(1e-12));
  }

  @Test
  void theSeedOrdersTheClasses() {
    Set<List<Double>> orders = new HashSet<>();
    for (long seed = 1; seed <= 5; seed++) {
      orders.add(Arrays.stream(ClassMix.ZIPF.shares(CLASSES, seed)).boxed().toList());
      assertThat(ClassMix.ZIPF.shares(CLASSES, seed))
          .isEqualTo(ClassMix.ZIPF.shares(CLASSES, seed));
    }
    assertThat(orders).hasSize(5);
  }

  @Test
  void fewShowsFourClassesEvenly() {
    assertThat(Arrays.stream(ClassMix.FEW.shares(CLASSES, 3)).filter(share -> share > 0))
        .containsExactly(0.25, 0.25, 0.25, 0.25);
  }

  @Test
  void aPoolAndItsTestHaveTheSharesOfOneMix() {
    for (ClassMix mix : new ClassMix[] {ClassMix.ZIPF, ClassMix.FEW}) {
      Split split = Split.of(data(100, 50), 500, 0, 7, mix);
      double[] shares = mix.shares(CLASSES, 7);
      for (List<Picture> side : List.of(split.pool(), split.test())) {
        assertThat(side).doesNotHaveDuplicates();
        for (int label = 0; label < CLASSES; label++) {
          int j = label;
          double share =
              (double) side.stream().filter(picture -> picture.label() == j).count() / side.size();
          assertThat(share).isCloseTo(shares[label], within(0.01));
        }
      }
    }
  }

  @Test
  void aMixIsMadeSmallerWhereItsFrequentClassHasTooFewImages() {
    // The first class has a share of 1 / 2.929, and 100 images.
    assertThat(Split.of(data(100, 50), 5000, 0, 1, ClassMix.ZIPF).pool()).hasSizeBetween(290, 296);
    assertThat(Split.of(data(100, 50), 200, 0, 1, ClassMix.ZIPF).pool()).hasSizeBetween(198, 202);
    assertThat(Split.of(data(100, 50), 5000, 0, 1, ClassMix.FEW).pool()).hasSize(400);
  }

  @Test
  void uniformDrawsAsItAlwaysDid() {
    DataSet data = data(100, 50);
    assertThat(Split.of(data, 300, 100, 2, ClassMix.UNIFORM))
        .isEqualTo(Split.of(data, 300, 100, 2));
    assertThat(Split.of(data, 300, 100, 2).pool()).hasSize(300);
  }

  /** So many images of each class. */
  private static DataSet data(int training, int test) {
    List<String> classes = new ArrayList<>();
    for (int label = 0; label < CLASSES; label++) {
      classes.add("class " + label);
    }
    return new DataSet(
        "set", classes, pictures("train", training), pictures("test", test), "0", List.of());
  }

  private static List<Picture> pictures(String split, int each) {
    List<Picture> pictures = new ArrayList<>();
    for (int i = 0; i < each * CLASSES; i++) {
      String id = "%s/%05d".formatted(split, i);
      pictures.add(new Picture(id, i % CLASSES, id));
    }
    return pictures;
  }
}
