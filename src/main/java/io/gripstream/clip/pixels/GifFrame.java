package io.gripstream.clip.pixels;

import java.awt.image.IndexColorModel;
import java.io.ByteArrayOutputStream;

/**
 * Where a GIF's first frame stands on its screen.
 *
 * @param screenWidth of the logical screen, widened to hold the frame as Pillow does
 * @param screenHeight likewise
 * @param left of the frame on the screen
 * @param top of the frame on the screen
 * @param transparent index that shows where the frame does not reach; 0 where the file names none
 * @param start offset of the frame's descriptor
 */
record GifFrame(
    int screenWidth,
    int screenHeight,
    int left,
    int top,
    int width,
    int height,
    int transparent,
    int start) {
  private static final int EXTENSION = 0x21;
  private static final int IMAGE = 0x2C;
  private static final int GRAPHIC_CONTROL = 0xF9;
  private static final int TRAILER = 0x3B;

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
        transparent,
        at);
  }

  /** Of heap that decoding takes for each pixel of the screen, at most. */
  double bytesPerPixel() {
    // Indices, their colours, and the screen where the frame does not fill it.
    return width == screenWidth && height == screenHeight ? 4 : 7;
  }

  /**
   * The file up to the end of its first frame, without extensions. The reader joins the blocks of a
   * comment in time that grows with the square of their number.
   */
  byte[] bare(Bytes bytes) {
    ByteArrayOutputStream bare = new ByteArrayOutputStream(bytes.length() - start + 1024);
    bare.write(bytes.array(), 0, 13 + colourTableLength(bytes.at(10)));
    int at = start + 10 + colourTableLength(bytes.at(start + 9)) + 1;
    while (at < bytes.length() && bytes.at(at) != 0) {
      at += 1 + bytes.at(at);
    }
    // One more for the empty block at the end; what is not there is missing in the copy too.
    bare.write(bytes.array(), start, Math.min(at + 1, bytes.length()) - start);
    if (at < bytes.length()) {
      bare.write(TRAILER);
    }
    return bare.toByteArray();
  }

  /**
   * The whole screen, with the frame where it belongs.
   *
   * @param frame of this width and height
   * @param colours of the frame's indices
   */
  RgbView onScreen(RgbView frame, IndexColorModel colours) {
    int shown = transparent < colours.getMapSize() ? colours.getRGB(transparent) : 0;
    return frame.onCanvas(screenWidth, screenHeight, left, top, shown & 0xFFFFFF);
  }

  private static int colourTableLength(int flags) {
    return (flags & 0x80) == 0 ? 0 : 3 << (flags & 7) + 1;
  }
}
