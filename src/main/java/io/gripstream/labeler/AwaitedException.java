package io.gripstream.labeler;

import org.apache.kafka.common.errors.RetriableException;

/** A batch cannot be labelled yet, because a prompt that it needs is not live yet. */
final class PromptsAwaitedException extends RetriableException {
  private static final long serialVersionUID = 1L;

  PromptsAwaitedException(String reason) {
    super(reason);
  }
}
