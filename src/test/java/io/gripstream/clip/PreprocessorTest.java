package io.gripstream.clip;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.gripstream.clip.pixels.HostileImages;
import io.gripstream.clip.pixels.InvalidImageException;
import io.gripstream.clip.pixels.PixelFixtures;
import java.io.ByteArrayOutputStream;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import java.util.zip.DeflaterOutputStream;
import java.util.zip.ZipFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

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
  void aFirstFrameInsideItsCanvasIsShownThereOnBlack() throws Exception {
    byte[] picture = HostileImages.vp8l(8, 8, 0, 0, new Random(1));
    // On a canvas of 32 x 32 pixels, at 4, 6.
    byte[] frame = new byte[16 + picture.length - 12];
    frame[0] = 2;
    frame[3] = 3;
    frame[6] = 7;
    frame[9] = 7;
    System.arraycopy(picture, 12, frame, 16, picture.length - 12);
    byte[] canvas = {2, 0, 0, 0, 31, 0, 0, 31, 0, 0};
    ByteArrayOutputStream chunks = new ByteArrayOutputStream();
    chunks.writeBytes(HostileImages.riff("VP8X", canvas));
    chunks.writeBytes(HostileImages.riff("ANMF", frame));

    byte[] pixels = preprocessor.pixels(HostileImages.webp(chunks.toByteArray()));

    byte[] expected = new byte[32 * 32 * 3];
    for (int y = 6; y < 14; y++) {
      for (int x = 4; x < 12; x++) {
        expected[3 * (32 * y + x) + 1] = 7;
      }
    }
    assertThat(pixels).isEqualTo(expected);
  }

  @Test
  void anOrientationInXmpTurnsAPictureThatHasNoneInExif() throws Exception {
    String six = "<x tiff:Orientation=\"6\"/>";
    String eight = "<tiff:Orientation>8</tiff:Orientation>";
    String segment = "\u00E1http://ns.adobe.com/xap/1.0/\0" + six;
    byte[] text = ("XML:com.adobe.xmp\0\0\0\0\0" + six).getBytes(StandardCharsets.ISO_8859_1);
    byte[] jpeg = PixelFixtures.encoded("turned-6.jpg");
    byte[] png = without("eXIf", PixelFixtures.encoded("turned-6.png"));
    byte[] webp = without("EXIF", PixelFixtures.encoded("turned-8.webp"));
    ByteArrayOutputStream packed = new ByteArrayOutputStream();
    packed.writeBytes("XML:com.adobe.xmp\0\1\0en\0XMP\0".getBytes(StandardCharsets.ISO_8859_1));
    try (DeflaterOutputStream deflater = new DeflaterOutputStream(packed)) {
      deflater.write(six.getBytes(StandardCharsets.ISO_8859_1));
    }
    ByteArrayOutputStream chunks = new ByteArrayOutputStream();
    chunks.write(webp, 12, webp.length - 12);
    chunks.writeBytes(HostileImages.riff("XMP ", eight.getBytes(StandardCharsets.ISO_8859_1)));

    assertThat(preprocessor.pixels(withSegment(without("Exif", jpeg), segment)))
        .isEqualTo(PixelFixtures.pixels("turned-6.jpg"));
    for (byte[] described : List.of(text, packed.toByteArray())) {
      byte[] chunk = HostileImages.chunk("iTXt", described);
      assertThat(preprocessor.pixels(withChunk(png, chunk)))
          .isEqualTo(PixelFixtures.pixels("turned-6.png"));
    }
    assertThat(preprocessor.pixels(HostileImages.webp(chunks.toByteArray())))
        .isEqualTo(PixelFixtures.pixels("turned-8.webp"));
    // Exif has the first word.
    assertThat(preprocessor.pixels(withSegment(PixelFixtures.encoded("turned-1.jpg"), segment)))
        .isEqualTo(PixelFixtures.pixels("turned-1.jpg"));
  }

  @Test
  void anOrientationInARawProfileTurnsAPng() throws Exception {
    byte[] png = without("eXIf", PixelFixtures.encoded("turned-6.png"));
    // Exif's header, little-endian TIFF, one entry: 0x0112 is 6.
    String digits =
        "457869660000" + "49492a0008000000" + "0100" + "120103000100000006000000\n00000000\n";
    for (String type : List.of("exif", "APP1")) {
      byte[] keyword = ("Raw profile type " + type + "\0").getBytes(StandardCharsets.ISO_8859_1);
      byte[] text = ("\n" + type + "\n      32\n" + digits).getBytes(StandardCharsets.ISO_8859_1);
      ByteArrayOutputStream packed = new ByteArrayOutputStream();
      packed.writeBytes(keyword);
      packed.write(0);
      try (DeflaterOutputStream deflater = new DeflaterOutputStream(packed)) {
        deflater.write(text);
      }
      ByteArrayOutputStream plain = new ByteArrayOutputStream();
      plain.writeBytes(keyword);
      plain.writeBytes(text);

      for (byte[] chunk :
          List.of(
              HostileImages.chunk("tEXt", plain.toByteArray()),
              HostileImages.chunk("zTXt", packed.toByteArray()))) {
        assertThat(preprocessor.pixels(withChunk(png, chunk)))
            .isEqualTo(PixelFixtures.pixels("turned-6.png"));
      }
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {16, 20, 36, 64})
  void aBitmapOfOs2IsReadHoweverLongItsHeader(int size) throws Exception {
    byte[] windows = PixelFixtures.encoded("rgb.bmp");
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.writeBytes(Arrays.copyOf(Arrays.copyOf(windows, 14 + Math.min(40, size)), 14 + size));
    out.write(windows, 54, windows.length - 54);
    byte[] os2 = out.toByteArray();
    ByteBuffer.wrap(os2).order(ByteOrder.LITTLE_ENDIAN).putInt(10, 14 + size).putInt(14, size);

    assertThat(preprocessor.pixels(os2)).isEqualTo(PixelFixtures.pixels("rgb.bmp"));
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

  /** The file with another name in place of the first such one. */
  private static byte[] without(String name, byte[] file) {
    String latin = new String(file, StandardCharsets.ISO_8859_1);
    return latin.replaceFirst(name, "spAm").getBytes(StandardCharsets.ISO_8859_1);
  }

  /** Puts a chunk behind a PNG's header. */
  private static byte[] withChunk(byte[] png, byte[] chunk) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.write(png, 0, 33);
    out.writeBytes(chunk);
    out.write(png, 33, png.length - 33);
    return out.toByteArray();
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
