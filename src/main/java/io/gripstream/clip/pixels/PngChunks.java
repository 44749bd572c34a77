package io.gripstream.clip.pixels;

import java.io.ByteArrayOutputStream;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.zip.CRC32;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;

/**
 * A PNG's chunks: what size it is, which way up, and which of them are its pixels.
 *
 * @param orientation 1 to 8 as in Exif; 0 where the file does not say
 * @param bytesPerPixel of heap that decoding takes, at most
 */
record PngChunks(int width, int height, int orientation, double bytesPerPixel) {
  private static final int SIGNATURE = 8;
  private static final int FRAME = 12;
  private static final Set<String> NEEDED = Set.of("IHDR", "PLTE", "tRNS");

  /** By colour type; 0 where there is no such type. */
  private static final int[] CHANNELS = {1, 0, 3, 1, 2, 0, 4};

  private static final int PALETTE = 3;

  /** A text chunk with an XMP packet. */
  private static final String XMP_TEXT = "iTXtXML:com.adobe.xmp\0";

  /** The keywords of Exif in a text chunk, of one length. */
  private static final List<String> PROFILES =
      List.of("Raw profile type exif\0", "Raw profile type APP1\0");

  /** Characters of a profile that are looked at; the orientation stands near its start. */
  private static final int MAX_PROFILE = 1 << 17;

  static PngChunks of(Bytes bytes) throws InvalidImageException {
    if (!bytes.startWith(12, "IHDR")) {
      throw new InvalidImageException("PNG without IHDR");
    }
    int depth = bytes.at(24);
    int type = bytes.at(25);
    int channels = type < CHANNELS.length ? CHANNELS[type] : 0;
    // The reader makes a copy of each row of 8 bits; others are turned into RGB of 8 bits here.
    double held =
        depth == 8 && type != PALETTE ? 2 * channels : Math.ceil(channels * depth / 8.0) + 3;
    return new PngChunks(bytes.bigInt(16), bytes.bigInt(20), orientation(bytes), held);
  }

  /**
   * The file with nothing but its pixels and their colours, in one chunk. Texts and profiles unpack
   * to any size, and the reader takes a microsecond for each of a million empty chunks.
   */
  static byte[] bare(Bytes bytes) {
    ByteArrayOutputStream bare = new ByteArrayOutputStream(bytes.length());
    bare.write(bytes.array(), 0, SIGNATURE);
    ByteArrayOutputStream pixels = new ByteArrayOutputStream(bytes.length());
    long at = SIGNATURE;
    boolean inPixels = false;
    while (at + FRAME <= bytes.length()) {
      int data = (int) at + 8;
      int length = bytes.bigInt((int) at);
      boolean pixel = bytes.startWith((int) at + 4, "IDAT");
      if (length < 0 || inPixels && !pixel) {
        break;
      }
      inPixels = pixel;
      int stored = Math.min(length, bytes.length() - data);
      if (pixel) {
        pixels.write(bytes.array(), data, stored);
      } else if (NEEDED.contains(bytes.latin((int) at + 4, 4))) {
        write(bare, bytes.latin((int) at + 4, 4), bytes.array(), data, stored);
      }
      at += FRAME + (long) length;
    }
    byte[] deflated = pixels.toByteArray();
    write(bare, "IDAT", deflated, 0, deflated.length);
    write(bare, "IEND", deflated, 0, 0);
    return bare.toByteArray();
  }

  private static void write(
      ByteArrayOutputStream file, String name, byte[] data, int from, int length) {
    byte[] type = Bytes.ofLatin(name);
    CRC32 crc = new CRC32();
    crc.update(type);
    crc.update(data, from, length);
    writeInt(file, length);
    file.writeBytes(type);
    file.write(data, from, length);
    writeInt(file, (int) crc.getValue());
  }

  private static void writeInt(ByteArrayOutputStream file, int value) {
    for (int shift = 24; shift >= 0; shift -= 8) {
      file.write(value >> shift);
    }
  }

  /** Descriptions may stand after the pixels, so all chunks are walked over. */
  private static int orientation(Bytes bytes) {
    int profile = ExifOrientation.UNKNOWN;
    boolean profiled = false;
    boolean described = false;
    int xmp = ExifOrientation.UNKNOWN;
    long at = SIGNATURE;
    while (at + FRAME <= bytes.length()) {
      int data = (int) at + 8;
      int length = bytes.bigInt((int) at);
      if (length < 0 || at + FRAME + length > bytes.length()) {
        break;
      }
      if (bytes.startWith(data - 4, "eXIf")) {
        int exif = ExifOrientation.of(bytes, data, length);
        if (exif != ExifOrientation.UNKNOWN) {
          return exif;
        }
      } else if (!profiled && isProfile(bytes, data)) {
        // Only one is unpacked, however many there are.
        profiled = true;
        profile = ofProfile(bytes, data, length);
      } else if (!described && bytes.startWith(data - 4, XMP_TEXT)) {
        described = true;
        xmp = ofXmp(bytes, data, length);
      }
      at += FRAME + (long) length;
    }
    return profile == ExifOrientation.UNKNOWN ? xmp : profile;
  }

  /** Behind the keyword: whether it is packed, how, a language, the keyword in that, the packet. */
  private static int ofXmp(Bytes bytes, int data, int length) {
    int flag = data + XMP_TEXT.length() - 4;
    if (flag >= data + length || bytes.at(flag) == 0) {
      return ExifOrientation.ofXmp(bytes, data, length);
    }
    int from = flag + 2;
    for (int ends = 0; ends < 2 && from < data + length; from++) {
      ends += bytes.at(from) == 0 ? 1 : 0;
    }
    byte[] packet = inflated(bytes, from, data + length);
    return ExifOrientation.ofXmp(new Bytes(packet), 0, packet.length);
  }

  private static boolean isProfile(Bytes bytes, int data) {
    boolean text = bytes.startWith(data - 4, "tEXt") || bytes.startWith(data - 4, "zTXt");
    return text && PROFILES.stream().anyMatch(keyword -> bytes.startWith(data, keyword));
  }

  /**
   * ImageMagick's way to keep Exif in a text: behind the keyword a line break, a name, a length,
   * and the bytes as hexadecimal digits in lines.
   */
  private static int ofProfile(Bytes bytes, int data, int length) {
    int text = data + PROFILES.get(0).length();
    byte[] lines =
        bytes.startWith(data - 4, "zTXt")
            ? inflated(bytes, text + 1, data + length)
            : Arrays.copyOfRange(
                bytes.array(), text, Math.max(text, Math.min(data + length, text + MAX_PROFILE)));
    int from = 0;
    for (int breaks = 0; breaks < 3 && from < lines.length; from++) {
      breaks += lines[from] == '\n' ? 1 : 0;
    }
    byte[] exif = new byte[lines.length / 2];
    int digits = 0;
    for (int i = from; i < lines.length && digits / 2 < exif.length; i++) {
      int digit = Character.digit(lines[i], 16);
      if (digit >= 0) {
        exif[digits / 2] |= (byte) (digit << (digits % 2 == 0 ? 4 : 0));
        digits++;
      }
    }
    return ExifOrientation.of(new Bytes(exif), 0, digits / 2);
  }

  /** As much as is wanted of what is packed between the offsets; nothing where it is damaged. */
  private static byte[] inflated(Bytes bytes, int from, int to) {
    Inflater inflater = new Inflater();
    try {
      byte[] out = new byte[MAX_PROFILE];
      inflater.setInput(bytes.array(), from, Math.max(0, to - from));
      return Arrays.copyOf(out, inflater.inflate(out));
    } catch (DataFormatException damaged) {
      // A picture is sound whatever its description is.
      return new byte[0];
    } finally {
      inflater.end();
    }
  }
}
