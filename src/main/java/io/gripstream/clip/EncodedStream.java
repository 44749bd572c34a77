package io.gripstream.clip;

import javax.imageio.stream.ImageInputStreamImpl;

/**
 * A file's bytes as the JDK's readers want them, without a copy or a cache; it notes when a reader
 * wants more.
 */
final class EncodedStream extends ImageInputStreamImpl {
  private final byte[] bytes;
  private boolean ranOut;

  EncodedStream(byte[] bytes) {
    this.bytes = bytes;
  }

  @Override
  public int read() {
    bitOffset = 0;
    if (streamPos >= bytes.length) {
      ranOut = true;
      return -1;
    }
    return bytes[(int) streamPos++] & 0xFF;
  }

  @Override
  public int read(byte[] target, int offset, int length) {
    bitOffset = 0;
    if (length == 0) {
      return 0;
    }
    if (streamPos >= bytes.length) {
      ranOut = true;
      return -1;
    }
    int count = (int) Math.min(length, bytes.length - streamPos);
    System.arraycopy(bytes, (int) streamPos, target, offset, count);
    streamPos += count;
    return count;
  }

  @Override
  public long length() {
    return bytes.length;
  }

  /** Whether a byte was asked for that the file does not have. */
  boolean ranOut() {
    return ranOut;
  }
}
