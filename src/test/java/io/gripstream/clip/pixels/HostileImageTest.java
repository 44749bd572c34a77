package io.gripstream.clip.pixels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.gripstream.clip.Preprocessor;
import java.awt.image.BufferedImage;
import java.awt.image.DataBufferByte;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import java.util.zip.CRC32;
import java.util.zip.DeflaterOutputStream;
import javax.imageio.IIOImage;
import javax.imageio.ImageIO;
import javax.imageio.ImageWriteParam;
import javax.imageio.ImageWriter;
import javax.imageio.stream.ImageOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Whatever the bytes, the answer is pixels or an {@link InvalidImageException}. */
@Timeout(120)
class HostileImageTest {
  private final Preprocessor preprocessor = new Preprocessor(PixelFixtures.SIZE);

  static Stream<String> fixtures() {
    return PixelFixtures.names().stream();
  }

  static Stream<Map.Entry<String, byte[]>> files() throws IOException {
    return Stream.of(
        Map.entry("no bytes", new byte[0]),
        Map.entry("neither JPEG, PNG, GIF, BMP, WebP nor TIFF", latin("<svg width='1'/>")),
        Map.entry("BigTIFF is not read: send it as PNG or JPEG", latin("II+\0\u0008\0\0\0")),
        Map.entry("header is cut off", latin("II*\0\u0008\0\0\0")),
        Map.entry("header is cut off", latin("II*\0\u00FF\u00FF\u00FF\u00FF")),
        Map.entry("TIFF of fax compression is not read: send it as PNG", tiff(9, 9, 4)),
        Map.entry("TIFF of JPEG compression is not read", tiff(9, 9, 7)),
        Map.entry("TIFF of compression 34925 is not read", tiff(9, 9, 34925)),
        Map.entry("TIFF of 3 samples a pixel, one of them a color,", grey()),
        Map.entry("TIFF that does not say what its colors are", colorless()),
        Map.entry("TIFF of predictor 3 on 8 bits", tiff(9, 9, 8, 317, 3)),
        Map.entry("TIFF of signed or floating-point samples", tiff(9, 9, 1, 339, 3)),
        Map.entry("TIFF of 0 x 5 pixels is empty", tiff(0, 5, 1, 273, 8)),
        Map.entry("TIFF without pixels", tiff(9, 9, 1)),
        Map.entry("TIFF with empty strips or tiles", tiff(9, 9, 1, 324, 8, 322, 16)),
        Map.entry("TIFF of 99 x 99 pixels is cut off", tiff(99, 99, 1, 273, 8)),
        Map.entry("TIFF of 9 x 9 pixels is cut off", tiff(9, 9, 32773, 273, 8, 279, 9)),
        Map.entry("TIFF of 9 x 9 pixels is damaged", tiff(9, 9, 8, 273, 8, 279, 9)),
        Map.entry("TIFF of 9 x 9 pixels is damaged", tiff(9, 9, 1, 273, 8, 278, 1)),
        Map.entry("TIFF of 20000 x 10000 pixels is larger than", tiff(20000, 10000, 5, 273, 8)),
        Map.entry("TIFF of 2147483647 x 1 pixels is larger than", tiff(-1, 1, 5, 273, 8)),
        Map.entry(
            "TIFF of 1 x 1 pixels is larger than memory",
            tiff(1, 1, 1, 324, 8, 322, 1 << 30, 323, 1 << 30)),
        Map.entry("HEIC is not read: send it", latin("\0\0\0\u0018ftypheic\0\0\0\0")),
        Map.entry("AVIF is not read: send it", latin("\0\0\0\u0018ftypavif\0\0\0\0")),
        Map.entry("JPEG 2000 is not read: send it", latin("\0\0\0\fjP  \r\n\u0087\n")),
        Map.entry("JPEG XL is not read: send it", latin("\u00FF\n\u00FA")),
        Map.entry("neither JPEG, PNG, GIF, BMP, WebP nor TIFF", latin("\0\0\0\u0018ftypisom")),
        Map.entry("neither JPEG, PNG, GIF, BMP, WebP nor TIFF", new byte[100]),
        Map.entry("header is cut off", latin("\u00FF\u00D8\u00FF")),
        Map.entry("header is cut off", latin("GIF89a")),
        Map.entry("header is cut off", latin("BM")),
        Map.entry("PNG without IHDR", latin("\u0089PNG\r\n\u001A\nshort")),
        Map.entry("PNG of 0 x 7 pixels is empty", png(0, 7)),
        Map.entry("PNG of 7 x 0 pixels is empty", png(7, 0)),
        Map.entry("PNG of -1 x 1 pixels is empty", png(-1, 1)),
        Map.entry("BMP of 0 x 5 pixels is empty", bmp(0, 5, 0)),
        Map.entry("BMP of 5 x -2147483648 pixels is empty", bmp(5, Integer.MIN_VALUE, 0)),
        Map.entry("BMP around another format", bmp(9, 9, 5)),
        Map.entry("OS/2 BMP of Huffman codes", os2(3)),
        Map.entry("OS/2 BMP of Huffman codes or 24-bit run lengths", os2(4)),
        Map.entry("GIF with an empty frame", gif(5, 5, 0, 3)),
        Map.entry("JPEG of 0 x 9 pixels is empty", jpeg(0, 9, 3, 0xC0)),
        Map.entry("JPEG of 2 components", jpeg(9, 9, 2, 0xC0)),
        Map.entry("JPEG that is neither baseline nor progressive (SOF3)", jpeg(9, 9, 3, 0xC3)),
        Map.entry("WebP is cut off", Arrays.copyOf(PixelFixtures.encoded("lossless.webp"), 500)),
        // 200 megapixels, in a few bytes
        Map.entry("PNG of 20000 x 10000 pixels is larger than", png(20000, 10000)),
        Map.entry("BMP of 20000 x 10000 pixels is larger than", bmp(20000, 10000, 0)),
        Map.entry("BMP of 20000 x 10000 pixels is larger than", bmp(20000, -10000, 0)),
        Map.entry("GIF of 20000 x 10000 pixels is larger than", gif(20000, 10000, 1, 1)),
        Map.entry("GIF of 20000 x 10000 pixels is larger than", gif(1, 1, 20000, 10000)),
        Map.entry("JPEG of 20000 x 10000 pixels is larger than", jpeg(20000, 10000, 3, 0xC0)),
        Map.entry("WEBP of 20000 x 10000 pixels is larger than", webp(20000, 10000)),
        Map.entry("PNG of 2147483647 x 2147483647", png(Integer.MAX_VALUE, Integer.MAX_VALUE)));
  }

  @ParameterizedTest
  @MethodSource("files")
  void aFileThatIsNoDecentImageIsRefusedWithTheReason(Map.Entry<String, byte[]> file) {
    assertThatThrownBy(() -> preprocessor.pixels(file.getValue()))
        .isInstanceOf(InvalidImageException.class)
        .hasMessageContaining(file.getKey());
  }

  @Test
  void nullIsNoImage() {
    assertThatThrownBy(() -> preprocessor.pixels(null)).isInstanceOf(InvalidImageException.class);
  }

  @Test
  void theLimitOfPixelsIsTheCallers() throws Exception {
    byte[] encoded = PixelFixtures.encoded("rgb.png");

    assertThat(new Preprocessor(32, 61 * 45).pixels(encoded)).hasSize(32 * 32 * 3);
    assertThatThrownBy(() -> new Preprocessor(32, 61 * 45 - 1).pixels(encoded))
        .isInstanceOf(InvalidImageException.class)
        .hasMessage("PNG of 61 x 45 pixels is larger than the 2744 pixels allowed");
  }

  @Test
  void anImageThatTheHeapCannotHoldIsRefused() {
    Preprocessor unlimited = new Preprocessor(32, Long.MAX_VALUE);

    assertThatThrownBy(() -> unlimited.pixels(png(1 << 30, 1 << 30)))
        .isInstanceOf(InvalidImageException.class)
        .hasMessageContaining("larger than memory allows");
  }

  @ParameterizedTest
  @MethodSource("fixtures")
  void aFileThatIsCutOffIsRefusedUnlessAllItsPixelsAreThere(String name) throws Exception {
    byte[] whole = PixelFixtures.encoded(name);
    byte[] pixels = preprocessor.pixels(whole);
    for (int length = 0; length < whole.length; length += 1 + length / 20) {
      byte[] part = Arrays.copyOf(whole, length);
      Throwable thrown =
          catchThrowable(() -> assertThat(preprocessor.pixels(part)).isEqualTo(pixels));
      if (thrown != null) {
        assertThat(thrown).as("cut at %d", length).isInstanceOf(InvalidImageException.class);
      }
    }
    for (int length = whole.length - 1; length > whole.length - 16; length--) {
      byte[] part = Arrays.copyOf(whole, length);
      Throwable thrown =
          catchThrowable(() -> assertThat(preprocessor.pixels(part)).isEqualTo(pixels));
      if (thrown != null) {
        assertThat(thrown).as("cut at %d", length).isInstanceOf(InvalidImageException.class);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("fixtures")
  void aDamagedFileGivesPixelsOrIsRefused(String name) {
    byte[] whole = PixelFixtures.encoded(name);
    Random random = new Random(name.hashCode());
    for (int i = 0; i < 60; i++) {
      byte[] damaged = whole.clone();
      // Headers are where one byte does the most.
      int reach = i % 2 == 0 ? Math.min(64, whole.length) : whole.length;
      for (int hit = random.nextInt(4); hit >= 0; hit--) {
        damaged[random.nextInt(reach)] = (byte) random.nextInt();
      }
      Throwable thrown = catchThrowable(() -> preprocessor.pixels(damaged));
      if (thrown != null) {
        assertThat(thrown).isInstanceOf(InvalidImageException.class);
        assertThat(thrown.getMessage()).isNotBlank();
      }
    }
  }

  @Test
  void aTextChunkThatUnpacksToGigabytesIsNotUnpacked() throws Exception {
    byte[] bomb = deflated(1 << 28);
    byte[] text = ByteBuffer.allocate(bomb.length + 3).put(latin("a\0\0")).put(bomb).array();
    byte[] plain = PixelFixtures.encoded("palette.png");
    ByteArrayOutputStream file = new ByteArrayOutputStream();
    file.write(plain, 0, 33);
    file.writeBytes(chunk("zTXt", text));
    file.writeBytes(chunk("iCCP", text));
    file.write(plain, 33, plain.length - 33);

    byte[] pixels = preprocessor.pixels(file.toByteArray());

    assertThat(pixels).isEqualTo(PixelFixtures.pixels("palette.png"));
  }

  @Test
  void aRibbonCostsNoMoreThanASquare() throws Exception {
    // Resized as a whole it would be 32 x 1,920,000 pixels, and half of the heap.
    byte[] pixels = preprocessor.pixels(png(60_000, 1));

    assertThat(pixels).isEqualTo(new byte[32 * 32 * 3]);
  }

  @Test
  void aJpegOfThousandsOfScansIsRefused() throws Exception {
    byte[] plain = PixelFixtures.encoded("progressive.jpg");
    ByteArrayOutputStream file = new ByteArrayOutputStream();
    file.write(plain, 0, plain.length - 2);
    for (int i = 0; i < 5_000; i++) {
      file.writeBytes(latin("\u00FF\u00DA\0\u0008\1\1\0\0\0\u0010"));
    }
    file.writeBytes(latin("\u00FF\u00D9"));

    assertThatThrownBy(() -> preprocessor.pixels(file.toByteArray()))
        .isInstanceOf(InvalidImageException.class)
        .hasMessage("JPEG of more than 100 scans");
  }

  @Test
  void aWebpWhosePictureIsLargerThanItsCanvasIsRefused() throws Exception {
    byte[] lossless = PixelFixtures.encoded("lossless.webp");
    ByteArrayOutputStream file = new ByteArrayOutputStream();
    file.writeBytes(Arrays.copyOf(webp(9, 9), 30));
    file.write(lossless, 12, lossless.length - 12);
    byte[] disguised = file.toByteArray();
    ByteBuffer.wrap(disguised).order(ByteOrder.LITTLE_ENDIAN).putInt(4, disguised.length - 8);

    assertThatThrownBy(() -> preprocessor.pixels(disguised))
        .isInstanceOf(InvalidImageException.class)
        .hasMessage("WebP whose picture is not of its canvas's size");
  }

  @Test
  void aTiffWhosePagesAreACircleIsReadOfItsFirst() throws Exception {
    byte[] pages = PixelFixtures.encoded("pages.tif");
    ByteBuffer file = ByteBuffer.wrap(pages).order(ByteOrder.LITTLE_ENDIAN);
    int directory = file.getInt(4);
    file.putInt(directory + 2 + 12 * file.getShort(directory), directory);

    assertThat(preprocessor.pixels(pages)).isEqualTo(PixelFixtures.pixels("pages.tif"));
  }

  @Test
  void noiseInLzwIsReadHoweverManyObjectsItsCodesMake() throws Exception {
    BufferedImage noise = new BufferedImage(1200, 800, BufferedImage.TYPE_3BYTE_BGR);
    new Random(1).nextBytes(((DataBufferByte) noise.getRaster().getDataBuffer()).getData());
    ByteArrayOutputStream png = new ByteArrayOutputStream();
    ImageIO.write(noise, "png", png);
    ByteArrayOutputStream tiff = new ByteArrayOutputStream();
    ImageWriter writer = ImageIO.getImageWritersByFormatName("tiff").next();
    ImageWriteParam lzw = writer.getDefaultWriteParam();
    lzw.setCompressionMode(ImageWriteParam.MODE_EXPLICIT);
    lzw.setCompressionType("LZW");
    try (ImageOutputStream out = ImageIO.createImageOutputStream(tiff)) {
      writer.setOutput(out);
      writer.write(null, new IIOImage(noise, null, null), lzw);
    }

    assertThat(preprocessor.pixels(tiff.toByteArray()))
        .isEqualTo(preprocessor.pixels(png.toByteArray()));
  }

  @Test
  void whatATiffHoldsBesideItsPixelsCostsNothing() throws Exception {
    byte[] texts = "a\0".repeat(1 << 20).getBytes(StandardCharsets.ISO_8859_1);
    int[] entries = new int[18];
    entries[0] = 273;
    entries[1] = 8;
    for (int i = 2; i < entries.length; i += 2) {
      entries[i] = 40_000 + i;
      entries[i + 1] = 8;
    }
    byte[] pixels = preprocessor.pixels(HostileImages.tiff(9, 9, 1, texts, 273, 8));
    byte[] bomb = HostileImages.tiff(9, 9, 1, texts, entries);
    int second = 8 + texts.length + 2 + 7 * 12;
    for (int i = 0; i < 8; i++) {
      little(bomb).putShort(second + 12 * i + 2, (short) 2).putInt(second + 12 * i + 4, 2 << 20);
    }

    assertThat(preprocessor.pixels(bomb)).isEqualTo(pixels);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 16, 224, 1920})
  void aLosslessWebpOfOneColorIsReadHoweverFewItsBytes(int side) throws Exception {
    byte[] flat = HostileImages.vp8l(side, side, 0, 0, new Random(1));

    byte[] pixels = preprocessor.pixels(flat);

    byte[] green = new byte[32 * 32 * 3];
    for (int i = 1; i < green.length; i += 3) {
      green[i] = 7;
    }
    assertThat(pixels).isEqualTo(green);
  }

  @Test
  void aLosslessWebpWhosePictureLacksItsEndIsRefusedUnlessAllItsPixelsAreThere() throws Exception {
    byte[] whole = PixelFixtures.encoded("lossless.webp");
    byte[] pixels = preprocessor.pixels(whole);
    byte[] picture = Arrays.copyOfRange(whole, 20, whole.length);
    int refused = 0;
    for (int less = 1; less < 60; less++) {
      byte[] part = Arrays.copyOf(picture, picture.length - less);
      byte[] file = HostileImages.webp(HostileImages.riff("VP8L", part));
      Throwable thrown =
          catchThrowable(() -> assertThat(preprocessor.pixels(file)).isEqualTo(pixels));
      if (thrown != null) {
        assertThat(thrown).as("%d less", less).isInstanceOf(InvalidImageException.class);
        refused++;
      }
    }
    assertThat(refused).isGreaterThan(55);
  }

  @Test
  void aWebpOfHundredsOfTransformsIsRefusedByTheirNumber() {
    byte[] passes = HostileImages.vp8l(300, 300, 100, 0, new Random(1));

    assertThatThrownBy(() -> preprocessor.pixels(passes))
        .isInstanceOf(InvalidImageException.class)
        .hasMessageEndingWith("has more transforms than a WebP may have");
  }

  @Test
  void theScansOfAJpegAreFewerTheLargerItIs() throws Exception {
    byte[] small = HostileImages.jpeg(800, 800, true, 40, new Random(1));
    byte[] large = HostileImages.jpeg(6_000, 6_000, true, 40, new Random(1));

    assertThat(preprocessor.pixels(small)).hasSize(32 * 32 * 3);
    assertThatThrownBy(() -> preprocessor.pixels(large))
        .isInstanceOf(InvalidImageException.class)
        .hasMessage("JPEG of more than 27 scans");
  }

  @Test
  void aCommentOfAMillionBlocksCostsNoMoreThanItsBytes() throws Exception {
    for (int label : new int[] {0xFE, 0xFF, 0x01, 0x99}) {
      byte[] pixels = preprocessor.pixels(HostileImages.gifComment(label, 1 << 20));

      assertThat(pixels).isEqualTo(new byte[32 * 32 * 3]);
    }
  }

  @Test
  void imagesThatOnceFailedAreRead() throws Exception {
    Path folder =
        Stream.of("../shared/cases/images", "../../shared/cases/images")
            .map(Path::of)
            .filter(Files::isDirectory)
            .findFirst()
            .orElse(null);
    assumeTrue(folder != null, "no shared/cases/images beside this repository");
    try (Stream<Path> cases = Files.list(folder)) {
      for (Path image : cases.toList()) {
        byte[] encoded = Files.readAllBytes(image);
        assertThat(catchThrowable(() -> preprocessor.pixels(encoded))).as("%s", image).isNull();
      }
    }
  }

  private static byte[] latin(String text) {
    return text.getBytes(StandardCharsets.ISO_8859_1);
  }

  private static byte[] deflated(int zeros) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (DeflaterOutputStream deflater = new DeflaterOutputStream(out)) {
      byte[] block = new byte[1 << 16];
      for (int i = 0; i < zeros / block.length; i++) {
        deflater.write(block);
      }
    }
    return out.toByteArray();
  }

  private static byte[] chunk(String name, byte[] payload) {
    CRC32 crc = new CRC32();
    crc.update(latin(name));
    crc.update(payload);
    return ByteBuffer.allocate(payload.length + 12)
        .putInt(payload.length)
        .put(latin(name))
        .put(payload)
        .putInt((int) crc.getValue())
        .array();
  }

  private static byte[] png(int width, int height) throws IOException {
    ByteBuffer header = ByteBuffer.allocate(13).putInt(width).putInt(height).put(8, (byte) 8);
    ByteArrayOutputStream file = new ByteArrayOutputStream();
    file.writeBytes(latin("\u0089PNG\r\n\u001A\n"));
    file.writeBytes(chunk("IHDR", header.array()));
    file.writeBytes(chunk("IDAT", deflated(1 << 16)));
    file.writeBytes(chunk("IEND", new byte[0]));
    return file.toByteArray();
  }

  private static ByteBuffer little(int length) {
    return little(new byte[length]);
  }

  private static ByteBuffer little(byte[] bytes) {
    return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }

  private static byte[] bmp(int width, int height, int compression) {
    return little(100)
        .put(latin("BM"))
        .putInt(2, 100)
        .putInt(10, 54)
        .putInt(14, 40)
        .putInt(18, width)
        .putInt(22, height)
        .putShort(26, (short) 1)
        .putShort(28, (short) 24)
        .putInt(30, compression)
        .array();
  }

  private static byte[] os2(int compression) {
    byte[] file = bmp(9, 9, compression);
    file[14] = 64;
    return file;
  }

  private static byte[] gif(int screenWidth, int screenHeight, int width, int height) {
    return little(64)
        .put(latin("GIF89a"))
        .putShort((short) screenWidth)
        .putShort((short) screenHeight)
        .put(13, (byte) 0x2C)
        .putShort(18, (short) width)
        .putShort(20, (short) height)
        .put(23, (byte) 2)
        .array();
  }

  private static byte[] jpeg(int width, int height, int components, int marker) {
    ByteArrayOutputStream file = new ByteArrayOutputStream();
    int length = 8 + 3 * components;
    file.writeBytes(latin("\u00FF\u00D8\u00FF"));
    file.write(marker);
    file.writeBytes(new byte[] {0, (byte) length, 8, (byte) (height >> 8), (byte) height});
    file.writeBytes(new byte[] {(byte) (width >> 8), (byte) width, (byte) components});
    for (int i = 0; i < components; i++) {
      file.writeBytes(new byte[] {(byte) i, 0x11, 0});
    }
    file.writeBytes(latin("\u00FF\u00DA\0\u0008\1\1\0\0\77\0abc\u00FF\u00D9"));
    return file.toByteArray();
  }

  private static byte[] tiff(int width, int height, int compression, int... entries) {
    return HostileImages.tiff(width, height, compression, new byte[9], entries);
  }

  private static byte[] grey() {
    byte[] file = tiff(9, 9, 1, 273, 8);
    file[8 + 9 + 2 + 4 * 12 + 8] = 1;
    return file;
  }

  private static byte[] colorless() {
    byte[] file = tiff(9, 9, 1, 273, 8);
    little(file).putShort(8 + 9 + 2 + 4 * 12, (short) 40_000);
    return file;
  }

  private static byte[] webp(int width, int height) {
    return little(30)
        .put(latin("RIFF"))
        .putInt(22)
        .put(latin("WEBPVP8X"))
        .putInt(10)
        .putInt(0)
        .putInt(24, (width - 1) & 0xFFFFFF)
        .putShort(27, (short) (height - 1))
        .put(29, (byte) (height - 1 >> 16))
        .array();
  }
}
