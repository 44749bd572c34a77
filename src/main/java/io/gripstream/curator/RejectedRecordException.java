package io.gripstream.curator;

import io.gripstream.kafka.LetterCounts;

/**
 * An input that breaks the contract. Thrown before anything was changed on its behalf, so that the
 * record can go to the dead letters and the stream can go on.
 */
final class RejectedRecordException extends RuntimeException {
  private static final long serialVersionUID = 1;

  private final LetterCounts.Reason reason;

  /**
   * @param cause a sentence for whoever reads the dead letter
   */
  RejectedRecordException(String cause) {
    this(LetterCounts.Reason.MALFORMED, cause);
  }

  /** For one that does not break the contract. */
  RejectedRecordException(LetterCounts.Reason reason, String cause) {
    super(cause);
    this.reason = reason;
  }

  LetterCounts.Reason reason() {
    return reason;
  }
}
