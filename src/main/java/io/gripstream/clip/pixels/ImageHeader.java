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
      throw new InvalidImageException("TIFF is not read: send it as PNG or JPEG");
    }
    throw new InvalidImageException("neither JPEG, PNG, GIF, BMP nor WebP");
  }
}
