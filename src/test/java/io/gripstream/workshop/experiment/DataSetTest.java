package io.gripstream.workshop.experiment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.gripstream.files.ImageFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DataSetTest {
  private static final Path MNIST = Path.of("../shared/data/mnist.zip");

  @TempDir private Path folder;

  @Test
  void foldersNamedTrainAndTestBelowACommonRootAreTheSplits() throws IOException {
    write("mnist/train/0/a.png", "mnist/train/1/b.png", "mnist/test/1/c.png", "mnist/val/0/d.png");
    DataSet data =
        read(new DataSet.Naming(Map.of("0", "zero", "1", "one"), List.of("one", "zero")));
    assertThat(data.classes()).containsExactly("one", "zero");
    assertThat(data.training())
        .extracting(Picture::id)
        .containsExactly("mnist/train/0/a.png", "mnist/train/1/b.png");
    assertThat(data.training()).extracting(Picture::label).containsExactly(1, 0);
    assertThat(data.test()).extracting(Picture::id).containsExactly("mnist/test/1/c.png");
  }

  @Test
  void classesNamedTrainAndTestAreNoSplitsBelowFoldersOfTheirOwn() throws IOException {
    write("a/train/1.png", "a/test/2.png", "b/3.png");
    DataSet data = read(DataSet.Naming.OF_FOLDERS);
    assertThat(data.hasSplits()).isFalse();
    assertThat(data.classes()).containsExactly("b", "test", "train");
  }

  @Test
  void imagesInNoClassFolderAreRefused() throws IOException {
    write("train/a/1.png", "test/a/2.png", "train/stray.png");
    assertThatThrownBy(() -> read(DataSet.Naming.OF_FOLDERS))
        .isInstanceOf(ExperimentException.class)
        .hasMessageContaining("train/stray.png");
  }

  @Test
  void aFolderThatIsNoneOfTheClassesIsRefusedWithWhatToDo() throws IOException {
    write("0/1.png", "1/2.png");
    assertThatThrownBy(() -> read(new DataSet.Naming(Map.of("0", "zero"), List.of("zero", "one"))))
        .isInstanceOf(ExperimentException.class)
        .hasMessageContaining("--folder-class 1=CLASS");
  }

  @Test
  void oneClassIsNoTask() throws IOException {
    write("cat/1.png", "cat/2.png");
    assertThatThrownBy(() -> read(DataSet.Naming.OF_FOLDERS))
        .isInstanceOf(ExperimentException.class)
        .hasMessageContaining("two classes");
  }

  @Test
  void theDigestChangesWithAnyImagesBytesNameOrClass() throws IOException {
    write("a/1.png", "b/2.png");
    Set<String> digests = new HashSet<>();
    digests.add(read(DataSet.Naming.OF_FOLDERS).digest());
    assertThat(digests).contains(read(DataSet.Naming.OF_FOLDERS).digest());
    digests.add(read(new DataSet.Naming(Map.of("a", "c"), List.of())).digest());
    Files.move(folder.resolve("b/2.png"), folder.resolve("b/3.png"));
    digests.add(read(DataSet.Naming.OF_FOLDERS).digest());
    Files.writeString(folder.resolve("b/3.png"), "other");
    digests.add(read(DataSet.Naming.OF_FOLDERS).digest());
    assertThat(digests).hasSize(4);
  }

  /** Uses MNIST from ../shared/data, which is not part of the repository. */
  @Test
  void mnistIsReadFromItsArchive() throws IOException {
    assumeTrue(Files.exists(MNIST), MNIST + " is not here");
    try (ImageFiles files = ImageFiles.open(MNIST, "")) {
      DataSet data = DataSet.read("mnist", files, DataSet.Naming.OF_FOLDERS);
      assertThat(data.training()).hasSize(60_000);
      assertThat(data.test()).hasSize(10_000);
      assertThat(data.classes()).hasSize(10);
    }
  }

  private void write(String... names) throws IOException {
    for (String name : names) {
      Folders.write(folder, name, name);
    }
  }

  private DataSet read(DataSet.Naming naming) throws IOException {
    try (ImageFiles files = ImageFiles.open(folder, "")) {
      return DataSet.read("data", files, naming);
    }
  }
}
