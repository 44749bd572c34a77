package io.gripstream.clip.pixels;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;

/** The image files that {@code src/test/python/pixel_fixtures.py} makes. */
public final class PixelFixtures {
  /** Side of the expected pixels. */
  public static final int SIZE = 32;

  private static final Path FOLDER = folder();

  private PixelFixtures() {}

  public static List<String> names() {
    try (Stream<Path> files = Files.list(FOLDER)) {
      return files
          .map(file -> file.getFileName().toString())
          .filter(name -> name.matches(".*\\.(jpg|png|gif|bmp|webp|tif)"))
          .sorted()
          .toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  public static byte[] encoded(String name) {
    return read(name);
  }

  public static byte[] pixels(String name) {
    return read(name + ".rgb");
  }

  public static byte[] read(String name) {
    try {
      return Files.readAllBytes(FOLDER.resolve(name));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Path folder() {
    try {
      return Path.of(
          Objects.requireNonNull(PixelFixtures.class.getResource("/clip/pixels")).toURI());
    } catch (URISyntaxException e) {
      throw new IllegalStateException(e);
    }
  }
}
