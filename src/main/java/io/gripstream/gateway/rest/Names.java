package io.gripstream.gateway.rest;

import io.gripstream.task.TaskRules;
import jakarta.ws.rs.core.Response.Status;
import java.util.Optional;

/** What names and ids from outside may look like. */
final class Names {
  static final int LONGEST_ID = 512;

  private Names() {}

  /** Returns the image id, or throws a 400. */
  static String imageId(String id) {
    Optional<String> fault = fault(id);
    if (fault.isPresent()) {
      throw ProblemException.of(Status.BAD_REQUEST, "the image id " + fault.get());
    }
    return id;
  }

  /** What an image's id must be, and is not. */
  static Optional<String> fault(String id) {
    if (id == null || id.isBlank()) {
      return Optional.of("must not be blank");
    }
    if (id.length() > LONGEST_ID) {
      return Optional.of("must have at most " + LONGEST_ID + " characters");
    }
    return id.codePoints().anyMatch(TaskRules::unwritable)
        ? Optional.of("must not contain control or broken characters")
        : Optional.empty();
  }
}
