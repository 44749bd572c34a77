package io.gripstream.clip;

/**
 * What an image file says of itself before a pixel is decoded. Reading it allocates nothing that
 * depends on the file's claims.
 *
 * @param width in pixels, as stored, before any turning; at least 1
 * @param height in pixels, likewise
 * @param orientation 1 to 8 as in Exif; 1 where the file does not say
 */
record ImageHeader(ImageFormat format, int width, int height, int orientation) {
  private static final int BMP_JPEG = 4;
  private static final int BMP_PNG = 5;

  /**
   * @throws InvalidImageException when the bytes are of no format that is read, or their header is
   *     damaged
   */
  static ImageHeader of(byte[] encoded) throws InvalidImageException {
    if (encoded == null || encoded.length == 0) {
      throw new InvalidImageException("no bytes");
    }
    Bytes bytes = new Bytes(encoded);
    try {
      ImageHeader header = read(bytes);
      if (header.width < 1 || header.height < 1) {
        throw new InvalidImageException(header + " is empty");
      }
      return header;
    } catch (IndexOutOfBoundsException e) {
      throw new InvalidImageException("header is cut off", e);
    }
  }

  long pixels() {
    return (long) width * height;
  }

  @Override
  public String toString() {
    return "%s of %d x %d pixels".formatted(format, width, height);
  }

  private static ImageHeader read(Bytes bytes) throws InvalidImageException {
    if (bytes.startWith(0, "\u00FF\u00D8\u00FF")) {
      JpegSegments segments = JpegSegments.of(bytes);
      return new ImageHeader(
          ImageFormat.JPEG, segments.width(), segments.height(), segments.orientation());
    }
    if (bytes.startWith(0, "\u0089PNG\r\n\u001A\n")) {
      return png(bytes);
    }
    if (bytes.startWith(0, "GIF87a") || bytes.startWith(0, "GIF89a")) {
      GifFrame frame = GifFrame.first(bytes);
      return new ImageHeader(ImageFormat.GIF, frame.screenWidth(), frame.screenHeight(), 1);
    }
    if (bytes.startWith(0, "RIFF") && bytes.startWith(8, "WEBP")) {
      WebpChunks chunks = WebpChunks.of(bytes);
      return new ImageHeader(
          ImageFormat.WEBP, chunks.width(), chunks.height(), chunks.orientation());
    }
    if (bytes.startWith(0, "BM")) {
      return bmp(bytes);
    }
    throw new InvalidImageException("neither JPEG, PNG, GIF, BMP nor WebP");
  }

  private static ImageHeader png(Bytes bytes) throws InvalidImageException {
    if (!bytes.startWith(12, "IHDR")) {
      throw new InvalidImageException("PNG without IHDR");
    }
    return new ImageHeader(
        ImageFormat.PNG, bytes.bigInt(16), bytes.bigInt(20), pngOrientation(bytes));
  }

  /** The eXIf chunk may stand after the pixels, so all chunks are walked over. */
  private static int pngOrientation(Bytes bytes) {
    long at = 8;
    while (at + 12 <= bytes.length()) {
      int length = bytes.bigInt((int) at);
      if (length < 0 || at + 12 + length > bytes.length()) {
        return ExifOrientation.UPRIGHT;
      }
      if (bytes.startWith((int) at + 4, "eXIf")) {
        return ExifOrientation.of(bytes, (int) at + 8, length);
      }
      at += 12L + length;
    }
    return ExifOrientation.UPRIGHT;
  }

  private static ImageHeader bmp(Bytes bytes) throws InvalidImageException {
    int size = bytes.littleInt(14);
    if (size == 12) {
      return new ImageHeader(ImageFormat.BMP, bytes.littleShort(18), bytes.littleShort(20), 1);
    }
    int compression = bytes.littleInt(30);
    if (compression == BMP_JPEG || compression == BMP_PNG) {
      throw new InvalidImageException("BMP around another format");
    }
    // A negative height is that of an image stored from the top.
    return new ImageHeader(ImageFormat.BMP, bytes.littleInt(18), Math.abs(bytes.littleInt(22)), 1);
  }
}
