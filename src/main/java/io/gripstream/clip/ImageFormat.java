package io.gripstream.clip;

/** The file formats that are read; anything else is refused before a decoder sees it. */
enum ImageFormat {
  /** Baseline and progressive, grey, YCbCr, RGB, CMYK and YCCK. */
  JPEG(12),
  PNG(14),
  /** The first frame, on its logical screen. */
  GIF(6),
  BMP(8),
  /** The decoder keeps its macroblocks as objects: about 45 bytes a pixel. */
  WEBP(64);

  private final int workingBytesPerPixel;

  ImageFormat(int workingBytesPerPixel) {
    this.workingBytesPerPixel = workingBytesPerPixel;
  }

  /**
   * What decoding takes from the heap for each pixel, at most: samples, working copies, the
   * decoder's own state.
   */
  int workingBytesPerPixel() {
    return workingBytesPerPixel;
  }
}
