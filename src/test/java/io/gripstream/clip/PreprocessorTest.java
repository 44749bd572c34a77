package io.gripstream.clip;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.ByteArrayOutputStream;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import java.util.zip.ZipFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class PreprocessorTest {
  private final Preprocessor preprocessor = new Preprocessor(PixelFixtures.SIZE);

  static Stream<String> exactFixtures() {
    return PixelFixtures.names().stream().filter(name -> !APPROXIMATE.containsKey(name));
  }

  /**
   * Where decoders differ, and by how many grey levels in the mean over these deliberately harsh
   * images. TwelveMonkeys repeats the chroma samples of a lossy WebP that libwebp interpolates (0.6
   * levels in the mean over photographs). Libjpeg 6b, which most JDKs carry, does the same with
   * chroma halved vertically only; libjpeg-turbo interpolates.
   */
  private static final Map<String, Double> APPROXIMATE =
      Map.of(
          "lossy.webp", 4.0,
          "lossy-alpha.webp", 4.0,
          "lossy-coarse.webp", 4.0,
          "ycc-440.jpg", 3.0);

  @ParameterizedTest
  @MethodSource("exactFixtures")
  void pixelsEqualPillowsBitForBit(String name) throws Exception {
    byte[] pixels = preprocessor.pixels(PixelFixtures.encoded(name));

    assertThat(pixels).isEqualTo(PixelFixtures.pixels(name));
  }

  @Test
  void whereDecodersDifferPixelsAreCloseToPillows() throws Exception {
    Map<String, Double> means = new TreeMap<>();
    for (String name : APPROXIMATE.keySet()) {
      byte[] pixels = preprocessor.pixels(PixelFixtures.encoded(name));
      means.put(name, meanDifference(pixels, PixelFixtures.pixels(name)));
    }

    assertThat(means)
        .allSatisfy((name, mean) -> assertThat(mean).isLessThan(APPROXIMATE.get(name)));
  }

  @Test
  void photographsEqualPillowsBitForBit() throws Exception {
    Path archive =
        Stream.of("../shared/data/photos.zip", "../../shared/data/photos.zip")
            .map(Path::of)
            .filter(Files::exists)
            .findFirst()
            .orElse(null);
    assumeTrue(archive != null, "no shared/data/photos.zip beside this repository");
    Preprocessor ofModel = new Preprocessor(224);
    List<String> expected =
        new String(PixelFixtures.read("photos.sha256"), StandardCharsets.UTF_8).lines().toList();
    List<String> actual;
    try (ZipFile photos = new ZipFile(archive.toFile())) {
      actual =
          expected.stream()
              .map(line -> line.substring(line.indexOf(' ') + 2))
              .map(name -> digest(ofModel, photos, name) + "  " + name)
              .toList();
    }

    assertThat(actual).isEqualTo(expected);
  }

  @Test
  void readersAreFoundWhateverTheContextClassLoader() throws Exception {
    Thread thread = Thread.currentThread();
    ClassLoader usual = thread.getContextClassLoader();
    byte[] pixels;
    try (URLClassLoader empty = new URLClassLoader(new URL[0], null)) {
      thread.setContextClassLoader(empty);
      pixels = new Preprocessor(PixelFixtures.SIZE).pixels(PixelFixtures.encoded("lossless.webp"));
    } finally {
      thread.setContextClassLoader(usual);
    }

    assertThat(pixels).isEqualTo(PixelFixtures.pixels("lossless.webp"));
  }

  @Test
  void manyThreadsShareOnePreprocessor() {
    List<String> names = exactFixtures().toList();

    List<String> wrong =
        IntStream.range(0, 20 * names.size())
            .parallel()
            .mapToObj(i -> names.get(i % names.size()))
            .filter(name -> !equalsExpected(name))
            .toList();

    assertThat(wrong).isEmpty();
  }

  @Test
  void descriptionsWithNonsenseDoNotKeepAPictureFromBeingRead() throws Exception {
    byte[] plain = PixelFixtures.encoded("ycc-444.jpg");
    List<String> nonsense =
        List.of(
            "\u00E1Exif\0\0II*\0",
            "\u00E1Exif\0\0MM\0*\0\0\0\u0008\u00FF\u00FF",
            "\u00E1Exif\0\0II*\0\u00FF\u00FF\u00FF\u007F",
            "\u00E0JFXX\0\u0010",
            "\u00EEAdobe\0",
            "\u00E2ICC_PROFILE\0\0\0");
    for (String segment : nonsense) {
      byte[] pixels = preprocessor.pixels(withSegment(plain, segment));

      assertThat(pixels).isEqualTo(PixelFixtures.pixels("ycc-444.jpg"));
    }
  }

  @Test
  void sizeAndLimitMustBePositive() {
    assertThatThrownBy(() -> new Preprocessor(0)).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> new Preprocessor(32, 0)).isInstanceOf(IllegalArgumentException.class);
  }

  private boolean equalsExpected(String name) {
    try {
      byte[] pixels = preprocessor.pixels(PixelFixtures.encoded(name));
      return Arrays.equals(pixels, PixelFixtures.pixels(name));
    } catch (InvalidImageException e) {
      return false;
    }
  }

  /**
   * Puts a segment, its marker's second byte first, behind the start of image and the JFIF segment.
   */
  private static byte[] withSegment(byte[] jpeg, String markerAndPayload) {
    byte[] segment = markerAndPayload.getBytes(StandardCharsets.ISO_8859_1);
    int at = 4 + ((jpeg[4] & 0xFF) << 8 | jpeg[5] & 0xFF);
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.write(jpeg, 0, at);
    out.write(0xFF);
    out.write(segment[0]);
    out.write(segment.length + 1 >> 8);
    out.write(segment.length + 1);
    out.write(segment, 1, segment.length - 1);
    out.write(jpeg, at, jpeg.length - at);
    return out.toByteArray();
  }

  private static double meanDifference(byte[] one, byte[] other) {
    return IntStream.range(0, one.length)
        .map(i -> Math.abs((one[i] & 0xFF) - (other[i] & 0xFF)))
        .average()
        .orElseThrow();
  }

  private static String digest(Preprocessor preprocessor, ZipFile photos, String name) {
    try {
      byte[] encoded = photos.getInputStream(photos.getEntry(name)).readAllBytes();
      byte[] pixels = preprocessor.pixels(encoded);
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(pixels));
    } catch (Exception e) {
      throw new AssertionError(name, e);
    }
  }
}
