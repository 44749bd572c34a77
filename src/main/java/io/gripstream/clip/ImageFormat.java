package io.gripstream.clip;

/** The file formats that are read; anything else is refused before a decoder sees it. */
enum ImageFormat {
  /** Baseline and progressive, grey, YCbCr, RGB, CMYK and YCCK. */
  JPEG(6),
  PNG(12),
  /** The first frame, on its logical screen. */
  GIF(8),
  BMP(8),
  /** Lossy and lossless; of an animation, the first frame. */
  WEBP(12);

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
