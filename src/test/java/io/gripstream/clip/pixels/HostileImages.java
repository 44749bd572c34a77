package io.gripstream.clip.pixels;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.Function;
import java.util.zip.CRC32;
import java.util.zip.DeflaterOutputStream;

/**
 * Makes image files that mean harm, of many kinds: damaged ones, small files of large pictures
 * (bombs), and structures that cost a reader more than their bytes.
 */
public final class HostileImages {
  private static final int LARGE = 1 << 21;
  private static final List<Integer> TIFF_COMPRESSIONS = List.of(1, 5, 8, 32773);
  private static final List<String> WHOLE = PixelFixtures.names();

  /** 256 MB of zeros, deflated: a description that nobody may unpack. */
  private static final byte[] DEFLATED_ZEROS = deflated(1 << 28);

  private HostileImages() {}

  /** Each kind's name, and how one is made. */
  static Map<String, Function<Random, byte[]>> kinds() {
    Map<String, Function<Random, byte[]>> kinds = new LinkedHashMap<>();
    kinds.put("cut off", HostileImages::cutOff);
    kinds.put("bits flipped", random -> flipped(random, Integer.MAX_VALUE));
    kinds.put("bits flipped in the header", random -> flipped(random, 64));
    kinds.put("two files spliced", HostileImages::spliced);
    kinds.put("bytes repeated", HostileImages::repeated);
    kinds.put("noise behind a signature", HostileImages::noise);
    kinds.put("PNG bomb", HostileImages::pngBomb);
    kinds.put("PNG of one column", random -> png(1, 1 + random.nextInt(1 << 22), 8, 2, 0));
    kinds.put("PNG of empty chunks", random -> pngChunks(random, "spAm", new byte[0]));
    kinds.put("PNG of empty pixel chunks", random -> pngChunks(random, "IDAT", new byte[0]));
    kinds.put("PNG of APNG frames", random -> pngChunks(random, "fcTL", new byte[26]));
    kinds.put("PNG texts that unpack", HostileImages::pngTexts);
    kinds.put("GIF bomb", random -> gif(random, side(random, 1 << 16), side(random, 1 << 16)));
    kinds.put("GIF comment of small blocks", HostileImages::gifComment);
    kinds.put("GIF of many frames", HostileImages::gifFrames);
    kinds.put("GIF of clear codes", random -> gifCodes(random, false));
    kinds.put("GIF of long codes", random -> gifCodes(random, true));
    kinds.put("BMP bomb", HostileImages::bmpBomb);
    kinds.put("BMP of jumps", random -> bmpRuns(random, 0, 2, random.nextInt(3), 0));
    kinds.put("BMP of line ends", random -> bmpRuns(random, 0, 0));
    kinds.put("BMP palette and profile", HostileImages::bmpHeader);
    kinds.put("JPEG bomb", random -> jpeg(side(random, 1 << 16), side(random), false, 0, random));
    kinds.put(
        "JPEG of progressive scans",
        random -> jpeg(side(random), side(random), true, random.nextInt(120), random));
    kinds.put("JPEG of segments", random -> jpegSegments(random, segment(0xFE, new byte[0])));
    kinds.put("JPEG of tables", random -> jpegSegments(random, segment(0xDB, new byte[65])));
    kinds.put("JPEG of fill bytes", random -> jpegSegments(random, new byte[] {-1, -1, -1}));
    kinds.put("WebP bomb, lossless", random -> vp8l(side(random), side(random), 0, 0, random));
    kinds.put("WebP bomb, lossy", HostileImages::vp8);
    kinds.put(
        "WebP of transforms",
        random -> vp8l(side(random), side(random), random.nextInt(4000), 0, random));
    kinds.put(
        "WebP of Huffman codes",
        random -> vp8l(side(random), side(random), 0, random.nextInt(1 << 16), random));
    kinds.put("WebP of chunks", random -> webpChunks(random, riff("spAm", new byte[0]), 0));
    kinds.put("WebP of frames", HostileImages::webpFrames);
    kinds.put("TIFF bomb", HostileImages::tiffBomb);
    kinds.put("TIFF of one strip many times", HostileImages::tiffStrips);
    kinds.put("TIFF of entries", HostileImages::tiffEntries);
    return kinds;
  }

  private static byte[] any(Random random) {
    return PixelFixtures.encoded(WHOLE.get(random.nextInt(WHOLE.size()))).clone();
  }

  private static byte[] cutOff(Random random) {
    byte[] whole = any(random);
    return Arrays.copyOf(whole, random.nextInt(whole.length));
  }

  private static byte[] flipped(Random random, int reach) {
    byte[] bytes = any(random);
    for (int flips = random.nextInt(16); flips >= 0; flips--) {
      bytes[random.nextInt(Math.min(reach, bytes.length))] ^= (byte) (1 << random.nextInt(8));
    }
    return bytes;
  }

  private static byte[] spliced(Random random) {
    byte[] head = any(random);
    byte[] tail = any(random);
    int from = random.nextInt(tail.length);
    return new File()
        .add(Arrays.copyOf(head, random.nextInt(head.length)))
        .add(Arrays.copyOfRange(tail, from, tail.length))
        .bytes();
  }

  private static byte[] repeated(Random random) {
    byte[] bytes = any(random);
    int from = random.nextInt(bytes.length);
    byte[] part =
        Arrays.copyOfRange(bytes, from, Math.min(bytes.length, from + 1 + random.nextInt(40)));
    File file = new File().add(Arrays.copyOf(bytes, from));
    for (int size = size(random); size > 0; size -= part.length) {
      file.add(part);
    }
    return file.add(Arrays.copyOfRange(bytes, from, bytes.length)).bytes();
  }

  private static byte[] noise(Random random) {
    byte[] bytes = new byte[size(random)];
    random.nextBytes(bytes);
    byte[] head = any(random);
    System.arraycopy(head, 0, bytes, 0, Math.min(bytes.length, 8 + random.nextInt(60)));
    return bytes;
  }

  /** Mostly small, sometimes {@link #LARGE}. */
  private static int size(Random random) {
    return 100 + random.nextInt(random.nextInt(8) == 0 ? LARGE : LARGE / 64);
  }

  /** Mostly hundreds, sometimes ten thousand: as large as is read, or larger. */
  private static int side(Random random) {
    return 1 + random.nextInt(random.nextInt(8) == 0 ? 10_000 : 800);
  }

  private static int side(Random random, int most) {
    return random.nextInt(8) == 0 ? 1 + random.nextInt(most - 1) : side(random);
  }

  private static byte[] pngBomb(Random random) {
    int[][] kinds = {
      {1, 0}, {8, 0}, {16, 0}, {8, 2}, {16, 2}, {2, 3}, {8, 3}, {8, 4}, {8, 6}, {16, 6}
    };
    int[] kind = kinds[random.nextInt(kinds.length)];
    return png(side(random, 1 << 20), side(random), kind[0], kind[1], random.nextInt(2));
  }

  private static byte[] png(int width, int height, int depth, int type, int interlaced) {
    int channels = new int[] {1, 0, 3, 1, 2, 0, 4}[type];
    long row = 2 + ((long) width * depth * channels + 7) / 8;
    long raw =
        Math.min(400L << 20, 2 * 8 * 7 + (interlaced == 1 ? row * height * 5 / 4 : row * height));
    return pngHead(width, height, depth, type, interlaced)
        .add(chunk("IDAT", deflated(raw)))
        .add(chunk("IEND", new byte[0]))
        .bytes();
  }

  private static File pngHead(int width, int height, int depth, int type, int interlaced) {
    byte[] header =
        ByteBuffer.allocate(13)
            .putInt(width)
            .putInt(height)
            .put((byte) depth)
            .put((byte) type)
            .put(12, (byte) interlaced)
            .array();
    File file = new File().add("\u0089PNG\r\n\u001A\n").add(chunk("IHDR", header));
    return type == 3 ? file.add(chunk("PLTE", new byte[3 << depth])) : file;
  }

  private static byte[] pngChunks(Random random, String name, byte[] payload) {
    byte[] chunk = chunk(name, payload);
    File file = pngHead(9, 9, 8, random.nextBoolean() ? 2 : 3, 0);
    for (int size = size(random); size > 0; size -= chunk.length) {
      file.add(chunk);
    }
    return file.add(chunk("IDAT", deflated(300))).add(chunk("IEND", new byte[0])).bytes();
  }

  private static byte[] pngTexts(Random random) {
    File file = pngHead(9, 9, 8, random.nextBoolean() ? 2 : 3, 0);
    for (int i = random.nextInt(4); i >= 0; i--) {
      String name = List.of("zTXt", "iCCP", "iTXt").get(random.nextInt(3));
      String head = name.equals("iTXt") ? "XML:com.adobe.xmp\0\1\0\0\0" : "a\0\0";
      file.add(chunk(name, new File().add(head).add(DEFLATED_ZEROS).bytes()));
    }
    return file.add(chunk("IDAT", deflated(300))).add(chunk("IEND", new byte[0])).bytes();
  }

  private static File gifHead(int width, int height) {
    return new File()
        .add("GIF89a")
        .little(width, 2)
        .little(height, 2)
        .little(0xF7, 3)
        .add(new byte[768]);
  }

  private static File gifFrame(File file, int width, int height, byte[] codes) {
    file.add(",").little(0, 4).little(width, 2).little(height, 2).little(0, 1).little(8, 1);
    return blocks(file, codes, 255).little(0, 1);
  }

  private static File blocks(File file, byte[] bytes, int length) {
    for (int i = 0; i < bytes.length; i += length) {
      int count = Math.min(length, bytes.length - i);
      file.little(count, 1).add(Arrays.copyOfRange(bytes, i, i + count));
    }
    return file;
  }

  private static byte[] gif(Random random, int width, int height) {
    int frameWidth = random.nextBoolean() ? width : 1 + random.nextInt(width);
    return gifFrame(gifHead(width, height), frameWidth, height, codes((long) frameWidth * height))
        .add(";")
        .bytes();
  }

  /** LZW codes of zeros: each string is one longer than the last. */
  private static byte[] codes(long pixels) {
    Bits bits = new Bits().add(256, 9).add(0, 9);
    int next = 258;
    int width = 9;
    for (long done = 1; done < pixels; ) {
      boolean full = next == 4096;
      bits.add(full ? 4095 : next, width);
      next = full ? next : next + 1;
      done += next - 257;
      width = next == 1 << width && width < 12 ? width + 1 : width;
    }
    return bits.add(257, width).bytes();
  }

  private static byte[] gifComment(Random random) {
    return gifComment(List.of(0xFE, 0xFF, 0x01, 0x99).get(random.nextInt(4)), size(random));
  }

  /** A black picture behind an extension of blocks of one byte. */
  static byte[] gifComment(int label, int length) {
    File file = gifHead(9, 9).add("!").little(label, 1);
    blocks(file, new byte[length], 1).little(0, 1);
    return gifFrame(file, 9, 9, codes(81)).add(";").bytes();
  }

  private static byte[] gifFrames(Random random) {
    File file = gifHead(9, 9);
    byte[] frame = gifFrame(new File(), 1, 1, codes(1)).bytes();
    for (int size = size(random); size > 0; size -= frame.length) {
      file.add(frame);
    }
    return file.bytes();
  }

  private static byte[] gifCodes(Random random, boolean longest) {
    byte[] first = longest ? codes(4096 * 2048) : new byte[0];
    Bits bits = new Bits();
    for (int size = size(random); size > 0; size--) {
      bits.add(longest ? 4095 : 256, longest ? 12 : 9);
    }
    byte[] codes =
        new File()
            .add(Arrays.copyOf(first, Math.max(0, first.length - 3)))
            .add(bits.bytes())
            .bytes();
    return gifFrame(gifHead(9, 9), 1 + random.nextInt(9), 1 + random.nextInt(9), codes).bytes();
  }

  private static byte[] bmp(int width, int height, int bits, int compression, byte[] pixels) {
    int palette = bits > 8 ? 16 : 4 << bits;
    return new File()
        .add("BM")
        .little(54 + palette + pixels.length, 4)
        .little(0, 4)
        .little(54 + palette, 4)
        .little(40, 4)
        .little(width, 4)
        .little(height, 4)
        .little(1, 2)
        .little(bits, 2)
        .little(compression, 4)
        .little(0, 20)
        .add(new byte[palette])
        .add(pixels)
        .bytes();
  }

  private static byte[] bmpBomb(Random random) {
    int[][] kinds = {{8, 1}, {4, 2}, {24, 0}, {32, 0}, {16, 3}, {1, 0}};
    int[] kind = kinds[random.nextInt(kinds.length)];
    byte[] runs = new byte[size(random)];
    Arrays.fill(runs, (byte) 255);
    return bmp(side(random, 1 << 20), side(random), kind[0], kind[1], runs);
  }

  private static byte[] bmpRuns(Random random, int... codes) {
    byte[] runs = new byte[size(random)];
    for (int i = 0; i < runs.length; i++) {
      runs[i] = (byte) codes[i % codes.length];
    }
    boolean eight = random.nextBoolean();
    return bmp(side(random, 1 << 20), side(random), eight ? 8 : 4, eight ? 1 : 2, runs);
  }

  private static byte[] bmpHeader(Random random) {
    byte[] file = bmp(9, 9, 8, 0, new byte[size(random)]);
    ByteBuffer bmp = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN);
    bmp.putInt(10, random.nextInt(1 << random.nextInt(31)));
    bmp.put(14, (byte) (random.nextBoolean() ? 124 : 40));
    bmp.putInt(46, random.nextInt(1 << random.nextInt(31)));
    bmp.position(70);
    bmp.put(Bytes.ofLatin(random.nextBoolean() ? "DEBM" : "KNIL"));
    bmp.putInt(14 + 112, random.nextInt(1 << random.nextInt(31)));
    bmp.putInt(14 + 116, random.nextInt(1 << random.nextInt(31)));
    return bmp.array();
  }

  private static byte[] segment(int marker, byte[] payload) {
    return new File().big(0xFF00 | marker, 2).big(payload.length + 2, 2).add(payload).bytes();
  }

  /** A Huffman table of one code, a zero. */
  private static byte[] table(int kind, int symbol) {
    byte[] table = new byte[18];
    table[0] = (byte) (kind << 4);
    table[1] = 1;
    table[17] = (byte) symbol;
    return segment(0xC4, table);
  }

  private static File jpegHead(int width, int height, boolean progressive) {
    byte[] quantizers = new byte[65];
    Arrays.fill(quantizers, 1, 65, (byte) 1);
    byte[] frame = new File().big(8, 1).big(height, 2).big(width, 2).add("\1\1\u0011\0").bytes();
    return new File()
        .add("\u00FF\u00D8")
        .add(segment(0xDB, quantizers))
        .add(segment(progressive ? 0xC2 : 0xC0, frame));
  }

  /** A grey picture, flat: a bit for each block and scan, or one for 32,767 blocks. */
  static byte[] jpeg(int width, int height, boolean progressive, int scans, Random random) {
    int blocks = (width + 7) / 8 * ((height + 7) / 8);
    File file = jpegHead(width, height, progressive).add(table(0, 0));
    if (!progressive) {
      file.add(table(1, 0)).add(segment(0xDA, Bytes.ofLatin("\1\1\0\0\77\0")));
      return file.add(new byte[blocks / 4 + 1]).add("\u00FF\u00D9").bytes();
    }
    file.add(segment(0xDA, Bytes.ofLatin("\1\1\0\0\0\0"))).add(new byte[blocks / 8 + 1]);
    file.add(table(1, 0xE0));
    int refining = random.nextInt(2);
    for (int scan = 0; scan < scans; scan++) {
      int precision = refining == 0 ? 0 : scan == 0 ? 1 : 0x10;
      file.add(segment(0xDA, new byte[] {1, 1, 0, 1, 63, (byte) precision}));
      // Runs of 16,384 blocks: the code, a zero, and 14 bits of zeros.
      file.add(new byte[(blocks / 16384 + 1) * 15 / 8 + 1]);
    }
    return file.add("\u00FF\u00D9").bytes();
  }

  private static byte[] jpegSegments(Random random, byte[] segment) {
    byte[] whole = PixelFixtures.encoded("progressive.jpg");
    File file = new File().add(Arrays.copyOf(whole, 2));
    for (int size = size(random); size > 0; size -= segment.length) {
      file.add(segment);
    }
    return file.add(Arrays.copyOfRange(whole, 2, whole.length)).bytes();
  }

  private static byte[] tiffBomb(Random random) {
    int width = side(random, 1 << 20);
    int height = side(random);
    int compression = TIFF_COMPRESSIONS.get(random.nextInt(4));
    byte[] packed =
        random.nextBoolean()
            ? deflated(Math.min(400L << 20, 3L * width * height))
            : idle(random, compression);
    int[] strip = {273, 8, 278, height, 279, packed.length};
    int[] tile = {322, side(random, 1 << 20), 323, side(random, 1 << 20), 324, 8, 325};
    int[] entries = random.nextBoolean() ? strip : Arrays.copyOf(tile, 8);
    entries[entries.length - 1] = packed.length;
    return tiff(width, height, compression, packed, entries);
  }

  /** Codes of which nothing comes. */
  private static byte[] idle(Random random, int compression) {
    byte[] codes = new byte[size(random)];
    byte[] block = {0, 0, 0, -1, -1};
    for (int i = 0; i < codes.length; i++) {
      codes[i] =
          switch (compression) {
            // Nine bits each, the highest first: that the table be cleared.
            case 5 -> (byte) (0x80 >> i % 9);
            case 8 -> i < 2 ? (byte) (0x78 + 0x89 * i) : block[(i - 2) % 5];
            default -> Byte.MIN_VALUE;
          };
    }
    return codes;
  }

  private static byte[] tiffStrips(Random random) {
    int compression = TIFF_COMPRESSIONS.get(random.nextInt(4));
    byte[] packed = idle(random, compression);
    int strips = packed.length / 8;
    int samples = 1 + random.nextInt(3);
    File table = new File().add(packed);
    for (int i = 0; i < 2 * strips; i++) {
      table.little(i < strips ? 8 : packed.length - samples, 4);
    }
    File file = tiffHead(1, strips, compression, table.bytes());
    for (int tag : new int[] {273, 279}) {
      int at = 8 + packed.length + (tag == 273 ? 0 : 4 * strips);
      file.little(tag, 2).little(4, 2).little(strips, 4).little(at, 4);
    }
    return file.little(278, 2).little(4, 2).little(1, 4).little(1, 4).add(new byte[200]).bytes();
  }

  private static byte[] tiffEntries(Random random) {
    File file = new File().add("II*\0").little(8, 4).little(0xFFFF, 2);
    for (int i = random.nextInt(0x12000); i > 0; i--) {
      file.little(random.nextInt(2) == 0 ? 273 : 256 + random.nextInt(84), 2);
      file.little(random.nextInt(14), 2).little(random.nextInt(), 4).little(random.nextInt(), 4);
    }
    return file.bytes();
  }

  /**
   * RGB of 8 bits.
   *
   * @param data what stands at offset 8
   * @param entries more or other ones: pairs of a tag and its number
   */
  static byte[] tiff(int width, int height, int compression, byte[] data, int... entries) {
    File file = tiffHead(width, height, compression, data);
    for (int i = 0; i < entries.length; i += 2) {
      file.little(entries[i], 2).little(4, 2).little(1, 4).little(entries[i + 1], 4);
    }
    return file.add(new byte[200]).bytes();
  }

  /** As far as its directory goes on; that ends in entries of zeros. */
  private static File tiffHead(int width, int height, int compression, byte[] data) {
    File file = new File().add("II*\0").little(8 + data.length, 4).add(data).little(16, 2);
    int[] entries = {256, width, 257, height, 258, 8, 259, compression, 262, 2, 277, 3};
    for (int i = 0; i < entries.length; i += 2) {
      file.little(entries[i], 2).little(4, 2).little(1, 4).little(entries[i + 1], 4);
    }
    return file;
  }

  /** A chunk; a file where it is given the rest. */
  public static byte[] riff(String name, byte[] payload) {
    return new File()
        .add(name)
        .little(payload.length, 4)
        .add(payload)
        .add(new byte[payload.length & 1])
        .bytes();
  }

  public static byte[] webp(byte[] chunks) {
    return riff("RIFF", new File().add("WEBP").add(chunks).bytes());
  }

  /**
   * A lossless picture of one colour, which takes no bits a pixel.
   *
   * @param transforms times that green is to be added to red and blue
   * @param groups of Huffman codes, 20 bits each
   */
  public static byte[] vp8l(int width, int height, int transforms, int groups, Random random) {
    Bits bits = new Bits().add(0x2F, 8).add(width - 1, 14).add(height - 1, 14);
    bits.add(random.nextInt(2), 1).add(0, 3);
    for (int i = 0; i < transforms; i++) {
      bits.add(1, 1).add(2, 2);
    }
    bits.add(0, 2);
    if (groups == 0) {
      bits.add(0, 1);
    } else {
      // One group number for all: red and green are its two bytes.
      bits.add(1, 1).add(7, 3).add(0, 1);
      for (int channel : new int[] {groups & 0xFF, groups >> 8, 0, 0}) {
        bits.add(5, 3).add(channel, 8);
      }
      bits.add(1, 4);
    }
    for (int group = 0; group <= groups; group++) {
      bits.add(5, 3).add(7, 8).add(0x1111, 16);
    }
    return webp(riff("VP8L", bits.bytes()));
  }

  private static byte[] vp8(Random random) {
    byte[] picture = PixelFixtures.encoded("lossy.webp");
    byte[] noise = new byte[size(random)];
    random.nextBytes(noise);
    System.arraycopy(picture, 20, noise, 0, 10 + random.nextInt(30));
    int tag = noise[0] & 0x1F | noise.length / 3 << 5;
    ByteBuffer.wrap(noise)
        .order(ByteOrder.LITTLE_ENDIAN)
        .put(0, (byte) tag)
        .put(1, (byte) (tag >> 8))
        .put(2, (byte) (tag >> 16))
        .putShort(6, (short) side(random))
        .putShort(8, (short) side(random));
    return webp(riff("VP8 ", noise));
  }

  private static byte[] webpChunks(Random random, byte[] chunk, int flags) {
    File file =
        new File().add(riff("VP8X", new File().little(flags, 4).little(8, 3).little(8, 3).bytes()));
    for (int size = size(random); size > 0; size -= chunk.length) {
      file.add(chunk);
    }
    byte[] picture = vp8l(9, 9, 0, 0, random);
    return webp(file.add(Arrays.copyOfRange(picture, 12, picture.length)).bytes());
  }

  private static byte[] webpFrames(Random random) {
    byte[] picture = vp8l(9, 9, 0, 0, random);
    byte[] frame =
        new File()
            .little(0, 6)
            .little(8, 3)
            .little(8, 3)
            .little(0, 4)
            .add(Arrays.copyOfRange(picture, 12, picture.length))
            .bytes();
    return webpChunks(random, riff("ANMF", frame), 2);
  }

  public static byte[] chunk(String name, byte[] payload) {
    CRC32 crc = new CRC32();
    crc.update(Bytes.ofLatin(name));
    crc.update(payload);
    return new File()
        .big(payload.length, 4)
        .add(name)
        .add(payload)
        .big((int) crc.getValue(), 4)
        .bytes();
  }

  private static byte[] deflated(long zeros) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (DeflaterOutputStream deflater = new DeflaterOutputStream(out)) {
      byte[] block = new byte[1 << 16];
      for (long left = zeros; left > 0; left -= block.length) {
        deflater.write(block, 0, (int) Math.min(left, block.length));
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return out.toByteArray();
  }

  /** A file in the making. */
  private static final class File {
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();

    File add(byte[] bytes) {
      out.writeBytes(bytes);
      return this;
    }

    File add(String latin) {
      return add(Bytes.ofLatin(latin));
    }

    File little(int value, int length) {
      for (int i = 0; i < length; i++) {
        out.write(i < 4 ? value >> 8 * i : 0);
      }
      return this;
    }

    File big(int value, int length) {
      for (int i = length - 1; i >= 0; i--) {
        out.write(value >> 8 * i);
      }
      return this;
    }

    byte[] bytes() {
      return out.toByteArray();
    }
  }

  /** Bits, the lowest first. */
  private static final class Bits {
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private long waiting;
    private int count;

    Bits add(int value, int length) {
      waiting |= (long) value << count;
      for (count += length; count >= 8; count -= 8) {
        out.write((int) waiting);
        waiting >>>= 8;
      }
      return this;
    }

    byte[] bytes() {
      if (count > 0) {
        out.write((int) waiting);
        waiting = 0;
        count = 0;
      }
      return out.toByteArray();
    }
  }
}
