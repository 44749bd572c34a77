package io.gripstream.clip.pixels;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Set;

/**
 * What a BMP says of itself in front of its pixels.
 *
 * @param height in pixels; that of an image stored from the top is negative in the file
 * @param bytesPerPixel of heap that decoding takes, at most
 */
record BmpHeader(int width, int height, double bytesPerPixel) {
  private static final int CORE = 12;
  private static final int INFO = 40;
  private static final int V4 = 108;
  private static final Set<Integer> WINDOWS = Set.of(INFO, 52, 56, V4, 124);

  /** OS/2's second version; a file may end its header after any field from the bits on. */
  private static final int OS2_LEAST = 16;

  private static final int OS2_MOST = 64;
  private static final int START = 14;
  private static final int UNCOMPRESSED = 0;
  private static final int RUNS_OF_4_BITS = 2;
  private static final int JPEG = 4;
  private static final int PNG = 5;
  private static final int COLOR_SPACE = 14 + 56;
  private static final byte[] SRGB = {'B', 'G', 'R', 's'};

  static BmpHeader of(Bytes bytes) throws InvalidImageException {
    int size = bytes.littleInt(START);
    boolean core = size == CORE;
    int width = core ? bytes.littleShort(18) : bytes.littleInt(18);
    int height = core ? bytes.littleShort(20) : Math.abs(bytes.littleInt(22));
    int bits = bytes.littleShort(core ? 24 : 28);
    int compression = size < 20 ? UNCOMPRESSED : bytes.littleInt(30);
    if (isOs2(size)) {
      bytes.at(START + size - 1);
      if (compression > RUNS_OF_4_BITS) {
        throw new InvalidImageException("OS/2 BMP of Huffman codes or 24-bit run lengths");
      }
    }
    if (compression == JPEG || compression == PNG) {
      throw new InvalidImageException("BMP around another format");
    }
    // What is not 24 bits is turned into those here.
    return new BmpHeader(width, height, bits == 24 ? 3 : Math.ceil(bits / 8.0) + 3);
  }

  /**
   * The file with Windows' header for OS/2's, which the reader does not know, and without a colour
   * profile, which Pillow, and so the models, ignore.
   */
  static byte[] bare(Bytes bytes) {
    int size = bytes.littleInt(START);
    if (isOs2(size)) {
      return windows(bytes, size);
    }
    if (size < V4) {
      return bytes.array();
    }
    byte[] bare = bytes.array().clone();
    System.arraycopy(SRGB, 0, bare, COLOR_SPACE, SRGB.length);
    return bare;
  }

  private static boolean isOs2(int size) {
    return size >= OS2_LEAST && size <= OS2_MOST && !WINDOWS.contains(size);
  }

  /** The fields of both are the same as far as the shorter one goes; a field left out is 0. */
  private static byte[] windows(Bytes bytes, int size) {
    int more = INFO - size;
    byte[] file = bytes.array();
    byte[] windows = new byte[file.length + more];
    System.arraycopy(file, 0, windows, 0, START + Math.min(INFO, size));
    System.arraycopy(file, START + size, windows, START + INFO, file.length - START - size);
    ByteBuffer.wrap(windows)
        .order(ByteOrder.LITTLE_ENDIAN)
        .putInt(2, bytes.littleInt(2) + more)
        .putInt(10, bytes.littleInt(10) + more)
        .putInt(START, INFO);
    return windows;
  }
}
