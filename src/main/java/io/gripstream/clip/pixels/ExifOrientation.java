package io.gripstream.clip.pixels;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Finds which way up a camera was held (Exif 2.3, section 4.6.4, tag 0x0112), in Exif or in XMP. As
 * Pillow, it asks XMP only where Exif does not say.
 */
final class ExifOrientation {
  static final int UPRIGHT = 1;

  /** Not said, or damaged: the pixels are sound whatever their description says. */
  static final int UNKNOWN = 0;

  private static final int TAG = 0x0112;
  private static final int ENTRY_LENGTH = 12;
  private static final int TYPE_SHORT = 3;
  private static final int TYPE_LONG = 4;
  private static final Pattern XMP = Pattern.compile("tiff:Orientation(?:=\"|>)([0-9])");

  private ExifOrientation() {}

  /**
   * @param start offset of the TIFF structure, its byte-order mark, or of an {@code Exif\0\0}
   *     before it
   * @param length of the structure in bytes
   * @return 1 to 8, or {@link #UNKNOWN}
   */
  static int of(Bytes bytes, int start, int length) {
    int end = start + length;
    int tiff = bytes.startWith(start, "Exif\0\0") ? start + 6 : start;
    try {
      boolean big = bytes.startWith(tiff, "MM\0*");
      if (!big && !bytes.startWith(tiff, "II*\0")) {
        return UNKNOWN;
      }
      long directory = tiff + (integer(bytes, tiff + 4, big) & 0xFFFFFFFFL);
      if (directory + 2 > end) {
        return UNKNOWN;
      }
      int entries = half(bytes, (int) directory, big);
      for (int i = 0; i < entries; i++) {
        long entry = directory + 2 + (long) i * ENTRY_LENGTH;
        if (entry + ENTRY_LENGTH > end) {
          return UNKNOWN;
        }
        if (half(bytes, (int) entry, big) == TAG) {
          return value(bytes, (int) entry, big);
        }
      }
    } catch (IndexOutOfBoundsException damaged) {
      return UNKNOWN;
    }
    return UNKNOWN;
  }

  /**
   * @param start offset of the XMP packet
   * @param length of the packet in bytes
   * @return as above
   */
  static int ofXmp(Bytes bytes, int start, int length) {
    if (length < 0 || length > bytes.length() - start) {
      return UNKNOWN;
    }
    Matcher matcher = XMP.matcher(bytes.latin(start, length));
    return matcher.find() ? known(matcher.group(1).charAt(0) - '0') : UNKNOWN;
  }

  private static int value(Bytes bytes, int entry, boolean big) {
    int type = half(bytes, entry + 2, big);
    int value =
        switch (type) {
          case TYPE_SHORT -> half(bytes, entry + 8, big);
          case TYPE_LONG -> integer(bytes, entry + 8, big);
          default -> UPRIGHT;
        };
    return known(value);
  }

  private static int known(int value) {
    return value >= 1 && value <= 8 ? value : UPRIGHT;
  }

  private static int half(Bytes bytes, int offset, boolean big) {
    return big ? bytes.bigShort(offset) : bytes.littleShort(offset);
  }

  private static int integer(Bytes bytes, int offset, boolean big) {
    return big ? bytes.bigInt(offset) : bytes.littleInt(offset);
  }
}
