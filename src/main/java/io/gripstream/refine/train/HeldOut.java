package io.gripstream.refine.train;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;

/**
 * Splits images into those that train and those that only judge, by a hash of task and image id:
 * for good, and everywhere alike.
 *
 * <p>To find an image's side in another language: take SHA-256 over the task's UTF-8 bytes and then
 * the image id's, each preceded by its length in bytes as a 32-bit big-endian integer; read the
 * digest's first 53 bits, big-endian, as an integer and divide it by 2^53. The image is held out
 * when that fraction is below the share. So an image that is held out at one share is held out at
 * every larger one.
 */
public final class HeldOut {
  private static final double UNIT = 0x1p-53;

  private HeldOut() {}

  /**
   * Whether the image is among the {@code share} that never trains.
   *
   * @param share from 0, none, to 1, all
   */
  public static boolean contains(String task, String imageId, double share) {
    if (!(share >= 0 && share <= 1)) {
      throw new IllegalArgumentException("a share of " + share);
    }
    return fraction(task, imageId) < share;
  }

  /** Where the image lies in [0, 1). */
  static double fraction(String task, String imageId) {
    MessageDigest sha256 = sha256();
    update(sha256, task);
    update(sha256, imageId);
    return (ByteBuffer.wrap(sha256.digest()).getLong() >>> 11) * UNIT;
  }

  private static void update(MessageDigest digest, String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    digest.update(ByteBuffer.allocate(Integer.BYTES).putInt(0, bytes.length));
    digest.update(bytes);
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }
}
