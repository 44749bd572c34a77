package io.gripstream.curator;

/**
 * An input that breaks the contract. Thrown before anything was changed on its behalf, so that the
 * record can go to the dead letters and the stream can go on.
 */
final class RejectedRecordException extends RuntimeException {
  private static final long serialVersionUID = 1;

  /**
   * @param cause a sentence for whoever reads the dead letter
   */
  RejectedRecordException(String cause) {
    super(cause);
  }
}
