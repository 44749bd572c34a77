package io.gripstream.gateway.stream;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/**
 * The kinds of image that are taken and handed out, told by their first bytes alone: what a sender
 * claims counts for nothing.
 */
public enum ImageType {
  JPEG("image/jpeg"),
  PNG("image/png"),
  GIF("image/gif"),
  BMP("image/bmp"),
  WEBP("image/webp"),
  /** Few browsers show it. */
  TIFF("image/tiff");

  private final String mediaType;

  ImageType(String mediaType) {
    this.mediaType = mediaType;
  }

  public String mediaType() {
    return mediaType;
  }

  /** The kind that the bytes begin like. */
  public static Optional<ImageType> of(byte[] bytes) {
    if (begins(bytes, 0, "\u00ff\u00d8\u00ff")) {
      return Optional.of(JPEG);
    }
    if (begins(bytes, 0, "\u0089PNG\r\n\u001a\n")) {
      return Optional.of(PNG);
    }
    if (begins(bytes, 0, "GIF87a") || begins(bytes, 0, "GIF89a")) {
      return Optional.of(GIF);
    }
    if (begins(bytes, 0, "RIFF") && begins(bytes, 8, "WEBP")) {
      return Optional.of(WEBP);
    }
    if (begins(bytes, 0, "II*\0") || begins(bytes, 0, "MM\0*")) {
      return Optional.of(TIFF);
    }
    // BMP's two letters are too few; the size of the header that follows tells more.
    if (begins(bytes, 0, "BM")
        && bytes.length > 18
        && dibSize(bytes) <= 124
        && dibSize(bytes) >= 12) {
      return Optional.of(BMP);
    }
    return Optional.empty();
  }

  private static int dibSize(byte[] bytes) {
    return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).getInt(14);
  }

  private static boolean begins(byte[] bytes, int from, String magic) {
    byte[] expected = magic.getBytes(StandardCharsets.ISO_8859_1);
    if (bytes.length < from + expected.length) {
      return false;
    }
    for (int i = 0; i < expected.length; i++) {
      if (bytes[from + i] != expected[i]) {
        return false;
      }
    }
    return true;
  }
}
