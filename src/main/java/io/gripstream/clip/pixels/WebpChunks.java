package io.gripstream.clip.pixels;

import java.util.Arrays;

/**
 * A WebP's chunks: what size it is, which way up, whether it is whole, and which of them is its
 * picture: the only one, or that of the first frame.
 *
 * @param width of the canvas in pixels
 * @param height likewise
 * @param orientation 1 to 8 as in Exif; 0 where the file does not say
 * @param picture the picture chunk's offset; that of the end where there is none
 * @param frame where the picture lies on the canvas
 */
record WebpChunks(int width, int height, int orientation, int picture, Frame frame) {
  private static final int FIRST = 12;
  private static final int HEADER = 8;
  private static final int FRAME_HEADER = 16;

  /** Of the VP8X flags. */
  private static final int ANIMATED = 0x02;

  /** In a VP8L picture's fifth byte: whether its alpha is used. */
  private static final int ALPHA_USED = 0x10;

  private record Extent(int width, int height) {}

  /** In pixels. */
  record Frame(int left, int top, int width, int height) {}

  static WebpChunks of(Bytes bytes) throws InvalidImageException {
    boolean extended = bytes.startWith(FIRST, "VP8X");
    Extent canvas =
        extended
            ? new Extent(1 + littleTriple(bytes, FIRST + 12), 1 + littleTriple(bytes, FIRST + 15))
            : extent(bytes, FIRST);
    if (canvas == null) {
      throw new InvalidImageException("WebP without a picture");
    }
    boolean animated = extended && (bytes.at(FIRST + HEADER) & ANIMATED) != 0;
    Frame frame = new Frame(0, 0, canvas.width, canvas.height);
    int picture = 0;
    int exif = ExifOrientation.UNKNOWN;
    int xmp = ExifOrientation.UNKNOWN;
    int end = end(bytes);
    for (int at = FIRST; at < end; at = next(bytes, at)) {
      if (bytes.startWith(at, "EXIF")) {
        exif = ExifOrientation.of(bytes, at + HEADER, bytes.littleInt(at + 4));
      } else if (bytes.startWith(at, "XMP ")) {
        xmp = ExifOrientation.ofXmp(bytes, at + HEADER, bytes.littleInt(at + 4));
      } else if (picture == 0 && animated && bytes.startWith(at, "ANMF")) {
        frame = frame(bytes, at + HEADER, canvas);
        picture = picture(bytes, at + HEADER + FRAME_HEADER, next(bytes, at));
      } else if (picture == 0 && !animated && extent(bytes, at) != null) {
        picture = at;
      }
    }
    Extent shown = picture == 0 ? null : extent(bytes, picture);
    if (shown != null && (shown.width != frame.width || shown.height != frame.height)) {
      throw new InvalidImageException(
          "WebP whose picture is not of its %s's size".formatted(animated ? "frame" : "canvas"));
    }
    int orientation = exif == ExifOrientation.UNKNOWN ? xmp : exif;
    return new WebpChunks(
        canvas.width, canvas.height, orientation, shown == null ? end : picture, frame);
  }

  ImageFormat format(Bytes bytes) {
    return bytes.startWith(picture, "VP8L") ? ImageFormat.WEBP_LOSSLESS : ImageFormat.WEBP;
  }

  /** Of heap that decoding takes for each pixel of the canvas, at most. */
  double bytesPerPixel() {
    // RGBA, and the canvas where the frame does not fill it.
    return frame.width == width && frame.height == height ? 4 : 7;
  }

  /**
   * The file with nothing but its picture. The reader would convert by the profile, which Pillow,
   * and so the models, ignore; decode alpha, which is dropped; and walk over every frame.
   */
  byte[] bare(Bytes bytes) throws InvalidImageException {
    if (extent(bytes, picture) == null) {
      throw new InvalidImageException("WebP without a picture");
    }
    int end = Math.min(next(bytes, picture), bytes.length());
    byte[] bare = Arrays.copyOf(bytes.array(), FIRST + end - picture);
    System.arraycopy(bytes.array(), picture, bare, FIRST, end - picture);
    for (int i = 0; i < 4; i++) {
      bare[4 + i] = (byte) (bare.length - 8 >> 8 * i);
    }
    if (bytes.startWith(picture, "VP8L")) {
      bare[FIRST + HEADER + 4] |= ALPHA_USED;
    }
    return bare;
  }

  /** A picture chunk between the offsets, or 0. */
  private static int picture(Bytes bytes, int from, int end) throws InvalidImageException {
    for (int at = from; at < end; at = next(bytes, at)) {
      if (extent(bytes, at) != null) {
        return at;
      }
    }
    return 0;
  }

  /** An animation's frame, which must lie on the canvas. */
  private static Frame frame(Bytes bytes, int header, Extent canvas) throws InvalidImageException {
    Frame frame =
        new Frame(
            2 * littleTriple(bytes, header),
            2 * littleTriple(bytes, header + 3),
            1 + littleTriple(bytes, header + 6),
            1 + littleTriple(bytes, header + 9));
    if (frame.left + frame.width > canvas.width || frame.top + frame.height > canvas.height) {
      throw new InvalidImageException("WebP with a frame beyond its canvas");
    }
    return frame;
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
