package io.gripstream.labeler;

/**
 * An image event that cannot be labelled, now or ever; the message says why, in words fit for a
 * dead letter.
 */
final class RejectedEventException extends Exception {
  private static final long serialVersionUID = 1L;

  RejectedEventException(String reason) {
    super(reason);
  }

  RejectedEventException(String reason, Throwable cause) {
    super(reason, cause);
  }
}
