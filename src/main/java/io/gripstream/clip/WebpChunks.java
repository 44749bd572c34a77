package io.gripstream.clip;

import java.io.ByteArrayOutputStream;
import java.util.Set;

/**
 * A WebP's chunks: what size it is, which way up, and whether it is whole. That every frame fits
 * its canvas is checked here too, since the reader allocates by either.
 *
 * @param extended whether a VP8X header stands in front
 */
record WebpChunks(int width, int height, int orientation, boolean extended) {
  private static final Set<String> DESCRIPTIONS = Set.of("ICCP", "EXIF", "XMP ");

  private static final int FIRST = 12;
  private static final int HEADER = 8;
  private static final int FRAME_HEADER = 16;

  /** Of the VP8X flags, those that announce {@link #DESCRIPTIONS}. */
  private static final int DESCRIBED = 0x20 | 0x08 | 0x04;

  private record Extent(int width, int height) {}

  static WebpChunks of(Bytes bytes) throws InvalidImageException {
    boolean extended = bytes.startWith(FIRST, "VP8X");
    Extent canvas =
        extended
            ? new Extent(1 + littleTriple(bytes, FIRST + 12), 1 + littleTriple(bytes, FIRST + 15))
            : extent(bytes, FIRST);
    if (canvas == null) {
      throw new InvalidImageException("WebP without a picture");
    }
    int orientation = ExifOrientation.UPRIGHT;
    int end = end(bytes);
    for (int at = FIRST; at < end; at = next(bytes, at)) {
      if (bytes.startWith(at, "ANMF")) {
        requireFits(bytes, at + HEADER, next(bytes, at), canvas);
      } else if (bytes.startWith(at, "EXIF")) {
        orientation = ExifOrientation.of(bytes, at + HEADER, bytes.littleInt(at + 4));
      }
    }
    Extent still = extent(bytes, firstPicture(bytes));
    if (still != null && !still.equals(canvas)) {
      throw new InvalidImageException("WebP whose picture is not of its canvas's size");
    }
    return new WebpChunks(canvas.width, canvas.height, orientation, extended);
  }

  /**
   * The file without colour profile and descriptions. The reader would convert by the profile,
   * which Pillow, and so the models, ignore.
   */
  byte[] bare(Bytes bytes) throws InvalidImageException {
    if (!extended) {
      return bytes.array();
    }
    ByteArrayOutputStream chunks = new ByteArrayOutputStream(bytes.length());
    int end = end(bytes);
    for (int at = FIRST; at < end; at = next(bytes, at)) {
      if (!DESCRIPTIONS.contains(bytes.latin(at, 4))) {
        chunks.write(bytes.array(), at, Math.min(next(bytes, at), bytes.length()) - at);
      }
    }
    byte[] kept = chunks.toByteArray();
    kept[HEADER] &= ~DESCRIBED;
    int size = kept.length + 4;
    ByteArrayOutputStream file = new ByteArrayOutputStream(size + HEADER);
    file.writeBytes(new byte[] {'R', 'I', 'F', 'F'});
    for (int shift = 0; shift < 32; shift += 8) {
      file.write(size >> shift);
    }
    file.writeBytes(new byte[] {'W', 'E', 'B', 'P'});
    file.writeBytes(kept);
    return file.toByteArray();
  }

  private static int firstPicture(Bytes bytes) throws InvalidImageException {
    int at = FIRST;
    while (at < end(bytes) && extent(bytes, at) == null) {
      at = next(bytes, at);
    }
    return at;
  }

  /** An animation's frame must lie on the canvas, and its picture be of the frame's size. */
  private static void requireFits(Bytes bytes, int header, int end, Extent canvas)
      throws InvalidImageException {
    long right = 2L * littleTriple(bytes, header) + 1 + littleTriple(bytes, header + 6);
    long bottom = 2L * littleTriple(bytes, header + 3) + 1 + littleTriple(bytes, header + 9);
    Extent frame =
        new Extent(1 + littleTriple(bytes, header + 6), 1 + littleTriple(bytes, header + 9));
    if (right > canvas.width || bottom > canvas.height) {
      throw new InvalidImageException("WebP with a frame beyond its canvas");
    }
    for (int at = header + FRAME_HEADER; at < end; at = next(bytes, at)) {
      Extent picture = extent(bytes, at);
      if (picture != null && !picture.equals(frame)) {
        throw new InvalidImageException("WebP whose picture is not of its frame's size");
      }
    }
  }

  /** Where the last chunk ends; what follows is none of the picture's business. */
  private static int end(Bytes bytes) throws InvalidImageException {
    long end = (bytes.littleInt(4) & 0xFFFFFFFFL) + 8;
    // The padding of the last chunk is often counted and left out.
    if (end > bytes.length() + 1L) {
      throw new InvalidImageException("WebP is cut off");
    }
    return (int) Math.min(end, bytes.length());
  }

  /** Where the chunk after this one starts; chunks are padded to even lengths. */
  private static int next(Bytes bytes, int at) throws InvalidImageException {
    long length = at + HEADER <= bytes.length() ? bytes.littleInt(at + 4) & 0xFFFFFFFFL : 0;
    if (at + HEADER + length > bytes.length()) {
      throw new InvalidImageException("WebP is cut off");
    }
    return (int) (at + HEADER + length + (length & 1));
  }

  /** The size that a picture chunk gives, or null for other chunks. */
  private static Extent extent(Bytes bytes, int at) {
    int data = at + HEADER;
    if (bytes.startWith(at, "VP8 ")) {
      return new Extent(bytes.littleShort(data + 6) & 0x3FFF, bytes.littleShort(data + 8) & 0x3FFF);
    }
    if (bytes.startWith(at, "VP8L")) {
      int bits = bytes.littleInt(data + 1);
      return new Extent((bits & 0x3FFF) + 1, (bits >>> 14 & 0x3FFF) + 1);
    }
    return null;
  }

  private static int littleTriple(Bytes bytes, int offset) {
    return bytes.littleShort(offset) | bytes.at(offset + 2) << 16;
  }
}
