package io.gripstream.workshop.experiment;

/** An experiment cannot go on, for a reason that its user can act on; the message says what. */
public final class ExperimentException extends RuntimeException {
  private static final long serialVersionUID = 1;

  public ExperimentException(String message) {
    super(message);
  }

  public ExperimentException(String message, Throwable cause) {
    super(message, cause);
  }
}
