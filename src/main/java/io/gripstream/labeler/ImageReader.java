package io.gripstream.labeler;

import io.gripstream.clip.InvalidImageException;
import io.gripstream.clip.Preprocessor;
import io.gripstream.event.ImageEvent;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executor;
import org.jboss.logging.Logger;

/**
 * From an image event to what the image tower takes: fetches, checks and decodes, many images at a
 * time.
 */
final class ImageReader {
  private static final Logger LOG = Logger.getLogger(ImageReader.class);

  private final ImageFetcher fetcher;
  private final Preprocessor preprocessor;
  private final int maxBytes;
  private final Executor workers;

  /**
   * @param maxBytes the largest encoded image
   * @param workers runs what takes computing
   */
  ImageReader(ImageFetcher fetcher, Preprocessor preprocessor, int maxBytes, Executor workers) {
    this.fetcher = fetcher;
    this.preprocessor = preprocessor;
    this.maxBytes = maxBytes;
    this.workers = workers;
  }

  /**
   * An image that was read.
   *
   * @param pixels {@code [S, S, 3]} bytes, RGB
   * @param sha256 of the encoded bytes, in lower-case hexadecimal
   */
  record Image(byte[] pixels, String sha256) {}

  /** The image; fails with a {@link RejectedEventException} when there is none. */
  CompletableFuture<Image> read(ImageEvent event) {
    CompletableFuture<byte[]> encoded =
        event.getContent() != null
            ? CompletableFuture.completedFuture(bytes(event.getContent()))
            : fetcher.fetch(event.getUri());
    return encoded.thenApplyAsync(
        bytes -> {
          try {
            return decode(bytes, event.getSha256());
          } catch (RejectedEventException e) {
            throw new CompletionException(e);
          }
        },
        workers);
  }

  private Image decode(byte[] encoded, String expectedSha256) throws RejectedEventException {
    if (encoded.length > maxBytes) {
      throw new RejectedEventException(ImageFetcher.tooLarge(maxBytes));
    }
    String sha256 = sha256(encoded);
    if (expectedSha256 != null && !expectedSha256.equals(sha256)) {
      throw new RejectedEventException(
          "the image's sha256 is %s, not %s".formatted(sha256, expectedSha256));
    }
    try {
      return new Image(preprocessor.pixels(encoded), sha256);
    } catch (InvalidImageException e) {
      throw new RejectedEventException(e.getMessage(), e);
    } catch (RuntimeException e) {
      // A decoder's own slip over hostile bytes; without this the same image would stop the stream
      // for ever.
      LOG.warnf(e, "a decoder failed on an image with sha256 %s", sha256);
      throw new RejectedEventException("cannot be decoded: " + e, e);
    }
  }

  private static byte[] bytes(ByteBuffer content) {
    byte[] bytes = new byte[content.remaining()];
    content.duplicate().get(bytes);
    return bytes;
  }

  private static String sha256(byte[] bytes) {
    try {
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }
}
