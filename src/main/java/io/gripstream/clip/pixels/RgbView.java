package io.gripstream.clip.pixels;

/**
 * An upright 8-bit picture as a strided view of somebody's byte array: channel {@code c} of pixel
 * {@code (x, y)} is {@code data[origin + x * columnStep + y * rowStep + channel(c)]}. Turning and
 * mirroring change the steps only; a grey picture has its three channels on the same byte.
 *
 * @param columnStep bytes from a pixel to its right neighbour, negative in a mirrored picture
 * @param rowStep bytes from a pixel to the one below
 */
record RgbView(
    int width,
    int height,
    byte[] data,
    int origin,
    int columnStep,
    int rowStep,
    int red,
    int green,
    int blue) {

  /** A view of {@code [height, width, 3]} bytes. */
  static RgbView interleaved(int width, int height, byte[] rgb) {
    return new RgbView(width, height, rgb, 0, 3, 3 * width, 0, 1, 2);
  }

  boolean grey() {
    return red == green && green == blue;
  }

  /**
   * The picture as its Exif orientation wants it seen: what Pillow's {@code
   * ImageOps.exif_transpose} does.
   *
   * @param orientation 1 to 8 as in Exif 2.3, section 4.6.4; 1 is upright
   */
  RgbView oriented(int orientation) {
    return switch (orientation) {
      case 2 -> mirrored();
      case 3 -> mirrored().flipped();
      case 4 -> flipped();
      case 5 -> transposed();
      case 6 -> transposed().mirrored();
      case 7 -> mirrored().flipped().transposed();
      case 8 -> transposed().flipped();
      default -> this;
    };
  }

  /**
   * The picture on a larger one.
   *
   * @param left of the picture on the canvas, which holds all of it
   * @param top likewise
   * @param color of the canvas: red, green and blue in the lower three bytes
   */
  RgbView onCanvas(int canvasWidth, int canvasHeight, int left, int top, int color) {
    if (width == canvasWidth && height == canvasHeight) {
      return this;
    }
    byte[] canvas = new byte[Math.multiplyExact(3 * canvasWidth, canvasHeight)];
    for (int i = 0; color != 0 && i < canvas.length; i += 3) {
      canvas[i] = (byte) (color >> 16);
      canvas[i + 1] = (byte) (color >> 8);
      canvas[i + 2] = (byte) color;
    }
    for (int y = 0; y < height; y++) {
      int from = origin + y * rowStep;
      int to = 3 * ((top + y) * canvasWidth + left);
      for (int end = to + 3 * width; to < end; to += 3, from += columnStep) {
        canvas[to] = data[from + red];
        canvas[to + 1] = data[from + green];
        canvas[to + 2] = data[from + blue];
      }
    }
    return interleaved(canvasWidth, canvasHeight, canvas);
  }

  private RgbView mirrored() {
    int last = origin + (width - 1) * columnStep;
    return new RgbView(width, height, data, last, -columnStep, rowStep, red, green, blue);
  }

  private RgbView flipped() {
    int last = origin + (height - 1) * rowStep;
    return new RgbView(width, height, data, last, columnStep, -rowStep, red, green, blue);
  }

  private RgbView transposed() {
    return new RgbView(height, width, data, origin, rowStep, columnStep, red, green, blue);
  }
}
