package io.gripstream.clip.pixels;

/** The file formats that are read; anything else is refused before a decoder sees it. */
enum ImageFormat {
  /** Baseline and progressive, grey, YCbCr, RGB, CMYK and YCCK. */
  JPEG(20, 0),
  PNG(30, 0),
  /** The first frame, on its logical screen. */
  GIF(20, 0),
  BMP(30, 0),
  /** Lossy; of an animation, the first frame. The reader makes objects for each macroblock. */
  WEBP(125, 160),
  /** Likewise, but for the objects. */
  WEBP_LOSSLESS(75, 0),
  /**
   * The first page; grey, RGB, palette and CMYK, in strips or tiles, unless by fax or JPEG. The
   * reader makes an object for each LZW code, and buffers for each strip.
   */
  TIFF(60, 256);

  private final int nanosPerPixel;
  private final int passingBytesPerPixel;

  ImageFormat(int nanosPerPixel, int passingBytesPerPixel) {
    this.nanosPerPixel = nanosPerPixel;
    this.passingBytesPerPixel = passingBytesPerPixel;
  }

  /**
   * What decoding takes of a 2026 server's core for each pixel, in the worst file measured; for
   * lossless WebP a quarter more, since a busy core took that file to the limit.
   */
  int nanosPerPixel() {
    return nanosPerPixel;
  }

  /**
   * What the reader allocates for each pixel and drops again at once, in the worst file measured.
   */
  int passingBytesPerPixel() {
    return passingBytesPerPixel;
  }
}
