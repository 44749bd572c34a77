package io.gripstream.clip.pixels;

/**
 * The bytes are no image, or one that is not to be decoded; the message says why, in words fit for
 * a dead letter.
 */
public final class InvalidImageException extends Exception {
  public InvalidImageException(String message) {
    super(message);
  }

  public InvalidImageException(String message, Throwable cause) {
    super(message, cause);
  }
}
