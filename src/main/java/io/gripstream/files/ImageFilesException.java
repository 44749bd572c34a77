package io.gripstream.files;

/** A source holds no images that can be read; the message says which and why. */
public final class ImageFilesException extends RuntimeException {
  private static final long serialVersionUID = 1;

  ImageFilesException(String message) {
    super(message);
  }

  ImageFilesException(String message, Throwable cause) {
    super(message, cause);
  }
}
