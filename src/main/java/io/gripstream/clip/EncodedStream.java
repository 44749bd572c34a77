package io.gripstream.clip;

import java.io.IOException;
import javax.imageio.stream.ImageInputStreamImpl;

/**
 * A file's bytes as the readers want them, without a copy or a cache. It notes when a reader wants
 * more than there is, and stops one that goes on wanting: some make up the rest of a large image
 * from nothing, at microseconds a pixel.
 */
final class EncodedStream extends ImageInputStreamImpl {
  /** Reads past the end that may be mere looking ahead. */
  private static final int PATIENCE = 64;

  private final byte[] bytes;
  private int missing;

  EncodedStream(byte[] bytes) {
    this.bytes = bytes;
  }

  @Override
  public int read() throws IOException {
    bitOffset = 0;
    if (streamPos >= bytes.length) {
      return ended();
    }
    return bytes[(int) streamPos++] & 0xFF;
  }

  @Override
  public int read(byte[] target, int offset, int length) throws IOException {
    bitOffset = 0;
    if (length == 0) {
      return 0;
    }
    if (streamPos >= bytes.length) {
      return ended();
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

  private int ended() throws IOException {
    if (++missing > PATIENCE) {
      // Not an EOFException, which readers take as an invitation to guess.
      throw new IOException("cut off");
    }
    return -1;
  }

  /** Whether a byte was asked for that the file does not have. */
  boolean ranOut() {
    return missing > 0;
  }
}
