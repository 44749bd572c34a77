package io.gripstream.gateway.rest;

import jakarta.ws.rs.core.Response.Status;

/** What names and ids from outside may look like. */
final class Names {
  static final int LONGEST_ID = 512;

  private Names() {}

  /** Returns the image id, or throws a 400. */
  static String imageId(String id) {
    if (id == null || id.isBlank()) {
      throw ProblemException.of(Status.BAD_REQUEST, "the image id must not be blank");
    }
    if (id.length() > LONGEST_ID) {
      throw ProblemException.of(
          Status.BAD_REQUEST, "the image id must have at most " + LONGEST_ID + " characters");
    }
    if (id.codePoints().anyMatch(Character::isISOControl)) {
      throw ProblemException.of(
          Status.BAD_REQUEST, "the image id must not contain control characters");
    }
    return id;
  }
}
