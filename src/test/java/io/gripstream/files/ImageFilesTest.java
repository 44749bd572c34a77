package io.gripstream.files;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ImageFilesTest {
  @TempDir private Path directory;

  @Test
  void aFoldersImagesAreNamedByTheirRelativePathsAndEverythingElseIsLeftOut() throws IOException {
    for (String name :
        new String[] {
          "b/2.PNG", "a/1.jpg", "a/notes.txt", "a/.hidden", ".git/x", "a/raw", "top.webp"
        }) {
      Files.createDirectories(directory.resolve(name).getParent());
      Files.write(directory.resolve(name), new byte[] {1, 2, 3});
    }
    try (ImageFiles files = ImageFiles.open(directory, "")) {
      assertThat(files.names()).containsExactly("a/1.jpg", "b/2.PNG", "top.webp");
      assertThat(files.otherFiles()).containsExactly("a/notes.txt", "a/raw");
      assertThat(files.read("a/1.jpg", 3)).containsExactly(1, 2, 3);
      assertThat(ImageFiles.folderOf("x/a/1.jpg")).isEqualTo("a");
      assertThat(ImageFiles.folderOf("top.webp")).isNull();
    }
  }

  @Test
  void linkedFoldersAreNamedAndNotLookedInto() throws IOException {
    Path inside = Files.createDirectories(directory.resolve("inside"));
    Path outside = Files.createDirectories(directory.resolve("outside"));
    Files.write(outside.resolve("1.png"), new byte[] {1});
    Files.createSymbolicLink(inside.resolve("linked"), outside);

    assertThatThrownBy(() -> ImageFiles.open(inside, ""))
        .hasMessageContaining("links to folders are not followed: linked");
    Files.createSymbolicLink(inside.resolve("2.png"), outside.resolve("1.png"));
    try (ImageFiles files = ImageFiles.open(inside, "")) {
      assertThat(files.names()).containsExactly("2.png");
      assertThat(files.linkedFolders()).containsExactly("linked");
    }
  }

  @Test
  void whatMacsLeaveBesideImagesIsNoneAndOtherNamesOfFormatsAreKnown() throws IOException {
    try (ImageFiles files =
        ImageFiles.open(zip("a/._1.png", "a/1.jfif", "a/2.TIF", "a/3.heic"), "")) {
      assertThat(files.names()).containsExactly("a/1.jfif", "a/2.TIF");
      assertThat(files.otherFiles()).containsExactly("a/3.heic");
    }
    assertThat(ImageFiles.folderOf("cafe\u0301/1.png")).isEqualTo("caf\u00e9");
  }

  @Test
  void anArchivesImagesCanBeNarrowedDownToAPrefix() throws IOException {
    Path zip = zip("test/7/1.png", "train/7/2.png", "__MACOSX/test/7/._1.png");
    try (ImageFiles files = ImageFiles.open(zip, "test/")) {
      assertThat(files.names()).containsExactly("test/7/1.png");
    }
  }

  @Test
  void shufflingIsTheSameForTheSameSeed() throws IOException {
    try (ImageFiles files = ImageFiles.open(zip("1.png", "2.png", "3.png", "4.png", "5.png"), "")) {
      assertThat(files.shuffled(3)).isEqualTo(files.shuffled(3)).isNotEqualTo(files.names());
      assertThat(files.shuffled(3)).containsExactlyInAnyOrderElementsOf(files.names());
    }
  }

  @Test
  void anEntryThatSwellsBeyondTheLimitIsNotRead() throws IOException {
    Path zip = directory.resolve("bomb.zip");
    try (ZipOutputStream out = new ZipOutputStream(Files.newOutputStream(zip))) {
      out.putNextEntry(new ZipEntry("bomb.png"));
      byte[] zeros = new byte[1 << 20];
      for (int i = 0; i < 64; i++) {
        out.write(zeros);
      }
      out.closeEntry();
    }
    assertThat(Files.size(zip)).isLessThan(1 << 20);
    try (ImageFiles files = ImageFiles.open(zip, "")) {
      assertThat(files.read("bomb.png", 1 << 20)).isNull();
    }
  }

  @Test
  void whatHoldsNoImagesIsRefusedWithTheReason() throws IOException {
    Path text = Files.writeString(directory.resolve("plain.txt"), "not an archive");

    assertThatThrownBy(() -> ImageFiles.open(directory.resolve("nowhere"), ""))
        .isInstanceOf(ImageFilesException.class)
        .hasMessageContaining("no folder or zip archive");
    assertThatThrownBy(() -> ImageFiles.open(text, ""))
        .isInstanceOf(ImageFilesException.class)
        .hasMessageContaining("neither a folder nor a zip archive");
    assertThatThrownBy(() -> ImageFiles.open(directory, "test/"))
        .isInstanceOf(ImageFilesException.class)
        .hasMessageContaining("no images")
        .hasMessageContaining("under test/");
  }

  private Path zip(String... names) throws IOException {
    Path zip = directory.resolve("images.zip");
    try (ZipOutputStream out = new ZipOutputStream(Files.newOutputStream(zip))) {
      for (String name : names) {
        out.putNextEntry(new ZipEntry(name));
        out.write(name.getBytes());
        out.closeEntry();
      }
    }
    return zip;
  }
}
