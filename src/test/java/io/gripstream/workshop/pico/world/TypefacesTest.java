package io.gripstream.workshop.pico.world;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.awt.Font;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TypefacesTest {
  @TempDir Path folder;

  @Test
  void whatIsNoFontIsLeftOut() throws IOException {
    Files.writeString(folder.resolve("broken.ttf"), "not a font");
    Files.writeString(folder.resolve("readme.txt"), "not a font either");
    assertThat(Typefaces.load(folder)).isEmpty();
  }

  @Test
  void aMissingFolderIsAnError() {
    assertThatThrownBy(() -> Typefaces.load(folder.resolve("absent")))
        .isInstanceOf(UncheckedIOException.class)
        .hasMessageContaining("absent");
  }

  @Test
  void tooFewTypefacesAreRefusedWithThePackagesToInstall() {
    List<Font> none = List.of();
    assertThatThrownBy(() -> Typefaces.requireEnough(none))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("fonts-dkg-handwriting");
  }
}
