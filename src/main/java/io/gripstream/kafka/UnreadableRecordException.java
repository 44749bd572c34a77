package io.gripstream.kafka;

/** A record cannot be read again; the message says why, in words for people. */
public final class UnreadableRecordException extends Exception {
  private static final long serialVersionUID = 1;

  private final Why why;

  /** The reasons that callers tell apart. */
  public enum Why {
    /** There is no such record, or not any more for other reasons than age. */
    MISSING,
    /** Retention removed it. */
    GONE,
    /** It could not be read in time. */
    LATE
  }

  UnreadableRecordException(Why why, String message) {
    super(message);
    this.why = why;
  }

  /** There is no such record. */
  public static UnreadableRecordException missing(String topic, int partition, long offset) {
    return new UnreadableRecordException(
        Why.MISSING, "no record at %s-%d@%d".formatted(topic, partition, offset));
  }

  static UnreadableRecordException gone(String topic, int partition, long offset) {
    return new UnreadableRecordException(
        Why.GONE,
        "retention has removed the record at %s-%d@%d".formatted(topic, partition, offset));
  }

  static UnreadableRecordException late(String topic) {
    return new UnreadableRecordException(Why.LATE, "reading " + topic + " took too long");
  }

  public Why why() {
    return why;
  }
}
