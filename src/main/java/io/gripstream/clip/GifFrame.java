package io.gripstream.clip;

import java.awt.image.IndexColorModel;

/**
 * Where a GIF's first frame stands on its screen.
 *
 * @param screenWidth of the logical screen, widened to hold the frame as Pillow does
 * @param screenHeight likewise
 * @param left of the frame on the screen
 * @param top of the frame on the screen
 * @param transparent index that shows where the frame does not reach; 0 where the file names none
 */
record GifFrame(
    int screenWidth, int screenHeight, int left, int top, int width, int height, int transparent) {
  private static final int EXTENSION = 0x21;
  private static final int IMAGE = 0x2C;
  private static final int GRAPHIC_CONTROL = 0xF9;

  /**
   * @throws InvalidImageException when there is no frame
   */
  static GifFrame first(Bytes bytes) throws InvalidImageException {
    int transparent = 0;
    int at = 13 + colourTableLength(bytes.at(10));
    while (bytes.at(at) == EXTENSION) {
      if (bytes.at(at + 1) == GRAPHIC_CONTROL && (bytes.at(at + 3) & 1) != 0) {
        transparent = bytes.at(at + 6);
      }
      at += 2;
      while (bytes.at(at) != 0) {
        at += 1 + bytes.at(at);
      }
      at++;
    }
    if (bytes.at(at) != IMAGE) {
      throw new InvalidImageException("GIF without a frame");
    }
    int left = bytes.littleShort(at + 1);
    int top = bytes.littleShort(at + 3);
    int width = bytes.littleShort(at + 5);
    int height = bytes.littleShort(at + 7);
    if (width == 0 || height == 0) {
      throw new InvalidImageException("GIF with an empty frame");
    }
    return new GifFrame(
        Math.max(bytes.littleShort(6), left + width),
        Math.max(bytes.littleShort(8), top + height),
        left,
        top,
        width,
        height,
        transparent);
  }

  /**
   * The whole screen, with the frame where it belongs.
   *
   * @param frame of this width and height
   * @param colours of the frame's indices
   */
  RgbView onScreen(RgbView frame, IndexColorModel colours) {
    if (frame.width() == screenWidth && frame.height() == screenHeight) {
      return frame;
    }
    byte[] screen = new byte[Math.multiplyExact(3 * screenWidth, screenHeight)];
    int shown = transparent < colours.getMapSize() ? colours.getRGB(transparent) : 0;
    for (int i = 0; i < screen.length; i += 3) {
      screen[i] = (byte) (shown >> 16);
      screen[i + 1] = (byte) (shown >> 8);
      screen[i + 2] = (byte) shown;
    }
    for (int y = 0; y < frame.height(); y++) {
      System.arraycopy(
          frame.data(),
          frame.origin() + y * frame.rowStep(),
          screen,
          3 * ((top + y) * screenWidth + left),
          3 * frame.width());
    }
    return RgbView.interleaved(screenWidth, screenHeight, screen);
  }

  private static int colourTableLength(int flags) {
    return (flags & 0x80) == 0 ? 0 : 3 << (flags & 7) + 1;
  }
}
