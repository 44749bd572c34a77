package io.gripstream.image;

/**
 * There is no image where one was said to be; the message says why, in words fit for a dead letter.
 */
public final class RejectedImageException extends Exception {
  private static final long serialVersionUID = 1L;

  private final Why why;

  /** The reasons that are counted apart. */
  public enum Why {
    /** Its place does not answer, or has none. */
    UNREADABLE,
    /** Its place is not allowed here, and was not asked. Counted with those above. */
    FORBIDDEN,
    /** Its bytes are not those that were promised. */
    CHANGED,
    /** Its bytes are no image, or none that is to be decoded. */
    UNDECODABLE
  }

  public RejectedImageException(Why why, String reason) {
    this(why, reason, null);
  }

  RejectedImageException(Why why, String reason, Throwable cause) {
    super(reason, cause);
    this.why = why;
  }

  public Why why() {
    return why;
  }
}
