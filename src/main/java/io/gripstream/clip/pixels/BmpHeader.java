package io.gripstream.clip.pixels;

/**
 * What a BMP says of itself in front of its pixels.
 *
 * @param height in pixels; that of an image stored from the top is negative in the file
 * @param bytesPerPixel of heap that decoding takes, at most
 */
record BmpHeader(int width, int height, double bytesPerPixel) {
  private static final int CORE = 12;
  private static final int V4 = 108;
  private static final int UNCOMPRESSED = 0;
  private static final int JPEG = 4;
  private static final int PNG = 5;
  private static final int COLOR_SPACE = 14 + 56;
  private static final byte[] SRGB = {'B', 'G', 'R', 's'};

  static BmpHeader of(Bytes bytes) throws InvalidImageException {
    boolean core = bytes.littleInt(14) == CORE;
    int width = core ? bytes.littleShort(18) : bytes.littleInt(18);
    int height = core ? bytes.littleShort(20) : Math.abs(bytes.littleInt(22));
    int bits = bytes.littleShort(core ? 24 : 28);
    int compression = core ? UNCOMPRESSED : bytes.littleInt(30);
    if (compression == JPEG || compression == PNG) {
      throw new InvalidImageException("BMP around another format");
    }
    // What is not 24 bits is turned into those here.
    return new BmpHeader(width, height, bits == 24 ? 3 : Math.ceil(bits / 8.0) + 3);
  }

  /** The file without a colour profile, which Pillow, and so the models, ignore. */
  static byte[] bare(Bytes bytes) {
    if (bytes.littleInt(14) < V4) {
      return bytes.array();
    }
    byte[] bare = bytes.array().clone();
    System.arraycopy(SRGB, 0, bare, COLOR_SPACE, SRGB.length);
    return bare;
  }
}
