package io.gripstream.clip.pixels;

import java.io.IOException;
import java.util.Arrays;
import javax.imageio.stream.ImageInputStreamImpl;

/**
 * A file's bytes as the readers want them, without a copy or a cache. It notes when a reader wants
 * more than there is, and stops one that goes on wanting: some make up the rest of a large image
 * from nothing, at microseconds a pixel. Reading spends the budget.
 *
 * <p>It does not tell its length: TwelveMonkeys takes that for a measure of what a picture may
 * unpack to, and a white page unpacks to more.
 */
final class EncodedStream extends ImageInputStreamImpl {
  /** Reads past the end that may be mere looking ahead. */
  private static final int LOOKS_AHEAD = 64;

  private final byte[] bytes;
  private final int end;
  private final DecodeBudget budget;
  private int missing;

  EncodedStream(byte[] bytes, DecodeBudget budget) {
    this(bytes, 0, budget);
  }

  /**
   * @param padding zeros that follow the bytes, for a reader that always looks so far ahead
   */
  EncodedStream(byte[] bytes, int padding, DecodeBudget budget) {
    this.bytes = bytes;
    this.end = Math.addExact(bytes.length, padding);
    this.budget = budget;
  }

  @Override
  public int read() throws IOException {
    bitOffset = 0;
    budget.spend(1);
    if (streamPos >= end) {
      return ended();
    }
    int at = (int) streamPos++;
    return at < bytes.length ? bytes[at] & 0xFF : 0;
  }

  @Override
  public int read(byte[] target, int offset, int length) throws IOException {
    bitOffset = 0;
    budget.spend(length);
    if (length == 0) {
      return 0;
    }
    if (streamPos >= end) {
      return ended();
    }
    int from = (int) streamPos;
    int count = Math.min(length, end - from);
    int stored = Math.max(0, Math.min(count, bytes.length - from));
    if (stored > 0) {
      System.arraycopy(bytes, from, target, offset, stored);
    }
    Arrays.fill(target, offset + stored, offset + count, (byte) 0);
    streamPos += count;
    return count;
  }

  /** Some readers ask for each pixel where they are, and read nothing when it takes no bits. */
  @Override
  public long getStreamPosition() throws IOException {
    budget.spend(1);
    return super.getStreamPosition();
  }

  private int ended() throws IOException {
    if (++missing > LOOKS_AHEAD) {
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
