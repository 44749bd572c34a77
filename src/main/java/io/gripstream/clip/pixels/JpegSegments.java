package io.gripstream.clip.pixels;

import java.io.ByteArrayOutputStream;

/**
 * A JPEG's segments up to its first scan: what the frame looks like, and which of libjpeg's colour
 * spaces it is in.
 *
 * @param components 1, 3 or 4
 * @param orientation 1 to 8 as in Exif; 0 where the file does not say
 * @param firstScan offset of the first scan marker's second byte
 * @param bytesPerPixel of memory that decoding holds
 */
record JpegSegments(
    int width,
    int height,
    int components,
    ColorSpace colorSpace,
    int orientation,
    int firstScan,
    double bytesPerPixel) {

  /** As stored, before conversion. */
  enum ColorSpace {
    GREY,
    YCC,
    RGB,
    CMYK,
    YCCK
  }

  private static final int SOF0 = 0xC0;
  private static final int DHT = 0xC4;
  private static final int JPG = 0xC8;
  private static final int DAC = 0xCC;
  private static final int SOF15 = 0xCF;
  private static final int EOI = 0xD9;
  private static final int SOS = 0xDA;
  private static final int APP0 = 0xE0;
  private static final int APP1 = 0xE1;
  private static final int APP14 = 0xEE;
  private static final int APP15 = 0xEF;
  private static final int COM = 0xFE;
  private static final String XMP = "http://ns.adobe.com/xap/1.0/\0";

  /**
   * More than any encoder makes; each scan costs a pass over the whole image, however few its
   * bytes.
   */
  private static final int MAX_SCANS = 100;

  /** Of all scans together: 1 to 2 s. Encoders make about 10 scans. */
  private static final long MAX_SCANNED_PIXELS = 1_000_000_000;

  static JpegSegments of(Bytes bytes) throws InvalidImageException {
    int frame = 0;
    int adobe = -1;
    boolean jfif = false;
    boolean adobeSeen = false;
    boolean described = false;
    int exif = ExifOrientation.UNKNOWN;
    int xmp = ExifOrientation.UNKNOWN;
    int at = nextMarker(bytes, 2);
    while (bytes.at(at) != SOS) {
      int marker = bytes.at(at);
      if (marker == EOI) {
        throw new InvalidImageException("JPEG without a scan");
      }
      if (isFrame(marker)) {
        if (frame != 0) {
          throw new InvalidImageException("JPEG with two frames");
        }
        frame = at;
      } else if (marker == APP0 && bytes.startWith(at + 3, "JFIF\0")) {
        jfif = true;
      } else if (marker == APP1 && !described && bytes.startWith(at + 3, "Exif\0")) {
        exif = ExifOrientation.of(bytes, at + 3, bytes.bigShort(at + 1) - 2);
        described = true;
      } else if (marker == APP1 && xmp == 0 && bytes.startWith(at + 3, XMP)) {
        xmp = ExifOrientation.ofXmp(bytes, at + 3, bytes.bigShort(at + 1) - 2);
      } else if (marker == APP14 && bytes.startWith(at + 3, "Adobe")) {
        adobeSeen = bytes.bigShort(at + 1) >= 14;
        adobe = bytes.at(at + 14);
      }
      at = nextMarker(bytes, segmentEnd(bytes, at));
    }
    if (frame == 0) {
      throw new InvalidImageException("JPEG without a frame header");
    }
    requireDecodable(bytes, frame);
    int components = bytes.at(frame + 8);
    return new JpegSegments(
        bytes.bigShort(frame + 6),
        bytes.bigShort(frame + 4),
        components,
        colorSpace(bytes, frame, components, jfif, adobeSeen ? adobe : -1),
        exif == ExifOrientation.UNKNOWN ? xmp : exif,
        at,
        components + coefficients(bytes, frame, at));
  }

  /**
   * The bytes of coefficients for each pixel that libjpeg holds when a picture comes in several
   * scans: two bytes each, of as many as the components' sampling leaves.
   */
  private static double coefficients(Bytes bytes, int frame, int firstScan) {
    int components = bytes.at(frame + 8);
    boolean oneScan = bytes.at(frame) != SOF0 + 2 && bytes.at(firstScan + 3) == components;
    if (oneScan) {
      return 0;
    }
    int across = 1;
    int down = 1;
    int all = 0;
    for (int at = frame + 10; at < frame + 10 + 3 * components; at += 3) {
      across = Math.max(across, bytes.at(at) >> 4);
      down = Math.max(down, bytes.at(at) & 0xF);
      all += (bytes.at(at) >> 4) * (bytes.at(at) & 0xF);
    }
    return 2.0 * all / (across * down);
  }

  /**
   * The file without application segments and comments. Profiles, thumbnails and maker's notes have
   * no say in what the pixels are, but a damaged one keeps the JDK's reader from reading them.
   */
  byte[] bare(Bytes bytes) throws InvalidImageException {
    ByteArrayOutputStream bare = new ByteArrayOutputStream(bytes.length());
    bare.write(0xFF);
    bare.write(0xD8);
    int at = nextMarker(bytes, 2);
    while (at < firstScan) {
      int end = segmentEnd(bytes, at);
      int marker = bytes.at(at);
      if (end > at + 1 && marker != COM && (marker < APP0 || marker > APP15)) {
        bare.write(0xFF);
        bare.write(bytes.array(), at, end - at);
      }
      at = nextMarker(bytes, end);
    }
    requireFewScans(bytes);
    bare.write(0xFF);
    bare.write(bytes.array(), firstScan, bytes.length() - firstScan);
    return bare.toByteArray();
  }

  private static void requireDecodable(Bytes bytes, int frame) throws InvalidImageException {
    int marker = bytes.at(frame);
    if (marker > SOF0 + 2) {
      throw new InvalidImageException(
          "JPEG that is neither baseline nor progressive (SOF%d)".formatted(marker - SOF0));
    }
    if (bytes.at(frame + 3) != 8) {
      throw new InvalidImageException("JPEG of %d bits a sample".formatted(bytes.at(frame + 3)));
    }
    int components = bytes.at(frame + 8);
    if (components != 1 && components != 3 && components != 4) {
      throw new InvalidImageException("JPEG of %d components".formatted(components));
    }
  }

  private void requireFewScans(Bytes bytes) throws InvalidImageException {
    long affordable = Math.min(MAX_SCANS, MAX_SCANNED_PIXELS / ((long) width * height));
    int scans = 0;
    for (int at = firstScan - 1; at + 1 < bytes.length(); at++) {
      // In coded data 0xFF is followed by a zero or a restart, so this is a marker.
      if (bytes.array()[at] == (byte) 0xFF && bytes.at(at + 1) == SOS && ++scans > affordable) {
        throw new InvalidImageException("JPEG of more than %d scans".formatted(affordable));
      }
    }
  }

  private static boolean isFrame(int marker) {
    return marker >= SOF0 && marker <= SOF15 && marker != DHT && marker != JPG && marker != DAC;
  }

  /**
   * Offset of the next marker's second byte, the one that is not 0xFF; rubbish in between is
   * skipped.
   */
  private static int nextMarker(Bytes bytes, int from) {
    int at = from;
    while (true) {
      while (bytes.at(at) != 0xFF) {
        at++;
      }
      while (bytes.at(at) == 0xFF) {
        at++;
      }
      if (bytes.at(at) != 0) {
        return at;
      }
    }
  }

  private static int segmentEnd(Bytes bytes, int marker) throws InvalidImageException {
    int code = bytes.at(marker);
    boolean standalone = code == 0x01 || code >= 0xD0 && code <= 0xD8;
    if (standalone) {
      return marker + 1;
    }
    int length = bytes.bigShort(marker + 1);
    if (length < 2) {
      throw new InvalidImageException("JPEG segment of length %d".formatted(length));
    }
    return marker + 1 + length;
  }

  /**
   * The rule of libjpeg's {@code default_decompress_parms}.
   *
   * @param adobe the transform that an Adobe segment names, or -1
   */
  private static ColorSpace colorSpace(
      Bytes bytes, int frame, int components, boolean jfif, int adobe) {
    if (components == 1) {
      return ColorSpace.GREY;
    }
    if (components == 4) {
      return adobe == -1 || adobe == 0 ? ColorSpace.CMYK : ColorSpace.YCCK;
    }
    if (jfif) {
      return ColorSpace.YCC;
    }
    if (adobe != -1) {
      return adobe == 0 ? ColorSpace.RGB : ColorSpace.YCC;
    }
    boolean named =
        bytes.at(frame + 9) == 'R' && bytes.at(frame + 12) == 'G' && bytes.at(frame + 15) == 'B';
    return named ? ColorSpace.RGB : ColorSpace.YCC;
  }
}
