package io.gripstream.workshop.experiment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.gripstream.files.ImageFiles;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PartStreamTest {
  private static final int CLASSES = 5;

  @TempDir private Path folder;

  @Test
  void partsAreReadAsTheyAreWritten() {
    List<Part> parts = Part.parse("asis:1500, asis+grey:10,noisy/zipf:7, DARK/OneAtATime:1");
    assertThat(parts)
        .containsExactly(
            new Part(List.of(Corruption.ASIS), Part.Mix.UNIFORM, 1500),
            new Part(List.of(Corruption.ASIS, Corruption.GREY), Part.Mix.UNIFORM, 10),
            new Part(List.of(Corruption.NOISY), Part.Mix.ZIPF, 7),
            new Part(List.of(Corruption.DARK), Part.Mix.ONEATATIME, 1));
    assertThat(parts)
        .extracting(Part::title)
        .containsExactly("asis", "asis+grey", "noisy/zipf", "dark/oneatatime");
  }

  @Test
  void whatIsNoPartIsRefused() {
    for (String text :
        List.of(
            "",
            "asis",
            "asis:0",
            "asis:x",
            "asis:1:2",
            "foggy:1",
            "asis/most:1",
            "asis/few/zipf:1",
            "asis+asis:1",
            "asis+:1",
            "asis:5,,grey:5")) {
      assertThatThrownBy(() -> Part.parse(text))
          .as(text)
          .isInstanceOf(IllegalArgumentException.class);
    }
  }

  @Test
  void sharesBecomeWholeNumbersThatSumToThePart() {
    assertThat(PartStream.counts(new double[] {0.5, 0.3, 0.2}, 10)).containsExactly(5, 3, 2);
    assertThat(PartStream.counts(new double[] {0.34, 0.33, 0.33}, 10)).containsExactly(4, 3, 3);
    assertThat(PartStream.counts(new double[] {1 / 3.0, 1 / 3.0, 1 / 3.0}, 11))
        .containsExactly(4, 4, 3);
  }

  @Test
  void aPartHasTheSharesOfItsMix() {
    assertThat(counts(drawn("asis:100"))).containsExactly(20, 20, 20, 20, 20);
    assertThat(counts(drawn("asis/few:100")).stream().filter(count -> count > 0))
        .containsExactly(25, 25, 25, 25);
    // 1, 1/2, 1/3, 1/4 and 1/5 of 60 / 137 of the images.
    assertThat(counts(drawn("asis/zipf:137")).stream().sorted())
        .containsExactly(12, 15, 20, 30, 60);
  }

  @Test
  void oneClassComesAfterAnotherAndEachOnce() {
    List<Integer> labels = drawn("asis/oneatatime:100").stream().map(Picture::label).toList();
    List<Integer> runs = new ArrayList<>();
    for (int i = 0; i < labels.size(); i++) {
      if (i == 0 || !labels.get(i).equals(labels.get(i - 1))) {
        runs.add(labels.get(i));
      }
    }
    assertThat(runs).hasSize(CLASSES).doesNotHaveDuplicates();
    assertThat(drawn("asis:100").stream().map(Picture::label).limit(20).distinct())
        .hasSizeGreaterThan(1);
  }

  @Test
  void noImageComesAgainBeforeAllOfItsClassHaveCome() {
    // 40 images a class.
    assertThat(drawn("asis:200")).doesNotHaveDuplicates();
    List<Picture> few = drawn("asis/few:200");
    assertThat(new HashSet<>(few)).hasSize(160);
  }

  @Test
  void imagesComePartAfterPartEachThroughOneOfItsCorruptions() throws Exception {
    Model model = Folders.model();
    Folders.digits(folder.resolve("digits"), 60, 20);
    Folders.write(folder, "digits/train/one/broken.png", "no image at all");
    try (ImageFiles files = ImageFiles.open(folder.resolve("digits"), "")) {
      DataSet data = DataSet.read("digits", files, DataSet.Naming.OF_FOLDERS);
      List<Part> parts = Part.parse("asis:81,grey:30,asis+grey:40");
      List<Shown> stream = stream(model, data, files, parts, 1);
      // All 81 images are in the first part, and one of them cannot be read.
      assertThat(stream.stream().filter(each -> each.part() == 0)).hasSize(80);
      assertThat(stream).extracting(Shown::part).isSorted().endsWith(2);
      assertThat(stream)
          .allMatch(
              each -> each.part() != 1 || each.imageId().startsWith("grey/"),
              "the second part is grey");
      assertThat(
              stream.stream()
                  .filter(each -> each.part() == 2)
                  .map(each -> each.imageId().substring(0, 4))
                  .collect(Collectors.toSet()))
          .containsExactlyInAnyOrder("asis", "grey");
      for (Shown each : stream) {
        String path = each.imageId().substring(5);
        assertThat(path.split("/")[1]).isEqualTo(data.classes().get(each.label()));
      }
      assertThat(stream(model, data, files, parts, 1)).usingRecursiveComparison().isEqualTo(stream);
      assertThat(stream(model, data, files, parts, 2).get(0).imageId())
          .isNotEqualTo(stream.get(0).imageId());
      Shown grey = stream.stream().filter(each -> each.part() == 1).findFirst().orElseThrow();
      Shown asIs =
          stream.stream()
              .filter(each -> each.sha256().equals(grey.sha256()))
              .findFirst()
              .orElseThrow();
      assertThat(asIs.imageId()).startsWith("asis/");
      assertThat(grey.feature()).isNotEqualTo(asIs.feature());
      try (var caches = Files.list(folder.resolve("cache"))) {
        assertThat(caches).hasSize(2);
      }
    } finally {
      model.clip().close();
    }
  }

  private List<Shown> stream(
      Model model, DataSet data, ImageFiles files, List<Part> parts, long seed) throws Exception {
    return PartStream.of(
        model, data, files, folder.resolve("cache"), parts, seed, (done, total) -> {});
  }

  private static List<Integer> counts(List<Picture> pictures) {
    int[] counts = new int[CLASSES];
    pictures.forEach(picture -> counts[picture.label()]++);
    return Arrays.stream(counts).boxed().toList();
  }

  private static List<Picture> drawn(String part) {
    List<Picture> all = new ArrayList<>();
    for (int i = 0; i < 40 * CLASSES; i++) {
      all.add(new Picture("image " + i, i % CLASSES, "sha " + i));
    }
    return PartStream.drawn(all, CLASSES, Part.parse(part).get(0), new Random(3));
  }
}
