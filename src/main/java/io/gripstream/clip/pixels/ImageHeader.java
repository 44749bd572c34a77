package io.gripstream.clip.pixels;

/**
 * What an image file says of itself before a pixel is decoded. Reading it allocates nothing that
 * depends on the file's claims.
 *
 * @param width in pixels, as stored, before any turning; at least 1
 * @param height in pixels, likewise
 * @param orientation 1 to 8 as in Exif; 0 where the file does not say
 * @param bytesPerPixel of memory that decoding holds, at most
 */
record ImageHeader(
    ImageFormat format, int width, int height, int orientation, double bytesPerPixel) {
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
      JpegSegments jpeg = JpegSegments.of(bytes);
      return new ImageHeader(
          ImageFormat.JPEG, jpeg.width(), jpeg.height(), jpeg.orientation(), jpeg.bytesPerPixel());
    }
    if (bytes.startWith(0, "\u0089PNG\r\n\u001A\n")) {
      PngChunks png = PngChunks.of(bytes);
      return new ImageHeader(
          ImageFormat.PNG, png.width(), png.height(), png.orientation(), png.bytesPerPixel());
    }
    if (bytes.startWith(0, "GIF87a") || bytes.startWith(0, "GIF89a")) {
      GifFrame gif = GifFrame.first(bytes);
      return new ImageHeader(
          ImageFormat.GIF,
          gif.screenWidth(),
          gif.screenHeight(),
          ExifOrientation.UNKNOWN,
          gif.bytesPerPixel());
    }
    if (bytes.startWith(0, "RIFF") && bytes.startWith(8, "WEBP")) {
      WebpChunks webp = WebpChunks.of(bytes);
      return new ImageHeader(
          webp.format(bytes),
          webp.width(),
          webp.height(),
          webp.orientation(),
          webp.bytesPerPixel());
    }
    if (bytes.startWith(0, "BM")) {
      BmpHeader bmp = BmpHeader.of(bytes);
      return new ImageHeader(
          ImageFormat.BMP, bmp.width(), bmp.height(), ExifOrientation.UNKNOWN, bmp.bytesPerPixel());
    }
    if (bytes.startWith(0, "II*\0") || bytes.startWith(0, "MM\0*")) {
      TiffDirectory tiff = TiffDirectory.of(bytes);
      return new ImageHeader(
          ImageFormat.TIFF, tiff.width(), tiff.height(), tiff.orientation(), tiff.bytesPerPixel());
    }
    String known = knownFormat(bytes);
    throw new InvalidImageException(
        known == null
            ? "neither JPEG, PNG, GIF, BMP, WebP nor TIFF"
            : known + " is not read: send it as PNG or JPEG");
  }

  /** Formats that people have images in and that no reader here takes; null: none of them. */
  private static String knownFormat(Bytes bytes) {
    if (bytes.startWith(0, "II+\0") || bytes.startWith(0, "MM\0+")) {
      return "BigTIFF";
    }
    if (bytes.startWith(0, "\0\0\0\fjP  \r\n\u0087\n") || bytes.startWith(0, "\u00FFO\u00FFQ")) {
      return "JPEG 2000";
    }
    if (bytes.startWith(0, "\u00FF\n") || bytes.startWith(0, "\0\0\0\fJXL \r\n\u0087\n")) {
      return "JPEG XL";
    }
    // ISO base media files (ISO/IEC 23008-12): a box named ftyp, and in it the main brand.
    if (bytes.startWith(4, "ftypavi")) {
      return "AVIF";
    }
    if (bytes.startWith(4, "ftyphe") || bytes.startWith(4, "ftypmif1")) {
      return "HEIC";
    }
    return null;
  }
}
