package io.gripstream.model;

import java.io.IOException;

/** What a hub gave, or was asked for, is not acceptable; asking again would change nothing. */
final class RefusedException extends IOException {
  private static final long serialVersionUID = 1;

  RefusedException(String message) {
    super(message);
  }

  RefusedException(String message, Throwable cause) {
    super(message, cause);
  }
}
