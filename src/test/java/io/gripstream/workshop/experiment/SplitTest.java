package io.gripstream.workshop.experiment;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class SplitTest {
  @Test
  void aFifthOfEachClassIsTheTestWhereTheDataSetHasNone() {
    Split split = Split.of(data(pictures("i", 0, 100), List.of()), 1000, 0, 1);
    assertThat(split.test()).hasSize(20);
    assertThat(split.test().stream().filter(p -> p.label() == 0)).hasSize(10);
    assertThat(split.pool()).hasSize(80).isSortedAccordingTo(this::byId);
    assertThat(digests(split.pool())).doesNotContainAnyElementsOf(digests(split.test()));
  }

  @Test
  void bytesUnderTwoNamesGoToOneSide() {
    List<Picture> twice = new ArrayList<>(pictures("first", 0, 200));
    twice.addAll(pictures("second", 0, 200));
    for (long seed = 1; seed <= 5; seed++) {
      Split split = Split.of(data(twice, List.of()), 1000, 0, seed);
      assertThat(split.pool().size() + split.test().size()).isEqualTo(400);
      assertThat(split.test()).hasSize(80);
      assertThat(digests(split.pool())).doesNotContainAnyElementsOf(digests(split.test()));
    }
  }

  @Test
  void testImagesThatLieInTheTrainingFoldersTooDoNotTrain() {
    // As in EuroSAT's usual folders: the whole of the test is part of training.
    Split split = Split.of(data(pictures("train", 0, 100), pictures("test", 60, 100)), 1000, 0, 1);
    assertThat(split.test()).hasSize(40);
    assertThat(split.pool()).hasSize(60);
    assertThat(split.repeated()).isEqualTo(40);
    assertThat(digests(split.pool())).doesNotContainAnyElementsOf(digests(split.test()));
  }

  @Test
  void testImagesThatWereNotDrawnDoNotTrainEither() {
    Split split = Split.of(data(pictures("train", 0, 100), pictures("test", 60, 100)), 1000, 5, 1);
    assertThat(split.test()).hasSize(5);
    assertThat(split.pool()).hasSize(60);
  }

  @Test
  void theSeedDecidesWhatIsDrawn() {
    DataSet data = data(pictures("train", 0, 100), pictures("test", 100, 200));
    assertThat(Split.of(data, 30, 30, 1)).isEqualTo(Split.of(data, 30, 30, 1));
    assertThat(Split.of(data, 30, 30, 1).pool()).isNotEqualTo(Split.of(data, 30, 30, 2).pool());
    assertThat(Split.of(data, 30, 30, 1).test()).isNotEqualTo(Split.of(data, 30, 30, 2).test());
    assertThat(Split.of(data, 30, 0, 1).test()).isEqualTo(Split.of(data, 30, 0, 2).test());
  }

  private int byId(Picture one, Picture other) {
    return one.id().compareTo(other.id());
  }

  /** Two classes in turn; the same number stands for the same bytes. */
  private static List<Picture> pictures(String folder, int from, int to) {
    List<Picture> pictures = new ArrayList<>();
    for (int i = from; i < to; i++) {
      pictures.add(new Picture("%s/%03d.png".formatted(folder, i), i % 2, "%064x".formatted(i)));
    }
    return pictures;
  }

  private static DataSet data(List<Picture> training, List<Picture> test) {
    return new DataSet("data", List.of("even", "odd"), training, test, "digest", List.of());
  }

  private static Set<String> digests(List<Picture> pictures) {
    return new HashSet<>(pictures.stream().map(Picture::sha256).collect(Collectors.toSet()));
  }
}
