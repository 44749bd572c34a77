package io.gripstream.kafka.registry;

import org.apache.kafka.common.errors.RetriableException;

/**
 * The schema registry cannot answer now, or answers nonsense. It says nothing of the record in
 * hand, which must wait and not become a dead letter; hence a {@link RetriableException}.
 */
public final class RegistryUnavailableException extends RetriableException {
  private static final long serialVersionUID = 1;

  public RegistryUnavailableException(String message) {
    super(message);
  }

  public RegistryUnavailableException(String message, Throwable cause) {
    super(message, cause);
  }
}
