package io.gripstream.client;

/** A record is not what its topic holds. Reading it again changes nothing. */
public final class UnreadableRecordException extends Exception {
  private static final long serialVersionUID = 1;

  UnreadableRecordException(String message, Throwable cause) {
    super(message, cause);
  }
}
