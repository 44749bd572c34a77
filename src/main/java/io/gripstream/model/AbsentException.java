package io.gripstream.model;

import java.io.IOException;

/** A hub does not have what it was asked for, which may be at another place. */
final class AbsentException extends IOException {
  private static final long serialVersionUID = 1;

  AbsentException(String message) {
    super(message);
  }
}
