package io.gripstream.labeler;

import org.apache.kafka.common.errors.RetriableException;

/** A batch cannot be labelled yet: what it needs is not there, and may not wait aside. */
final class AwaitedException extends RetriableException {
  private static final long serialVersionUID = 1L;

  AwaitedException(String reason) {
    super(reason);
  }
}
