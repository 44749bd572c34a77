package io.gripstream.gateway.rest;

import jakarta.ws.rs.core.Response.Status;
import java.util.List;

/** A request that is not served, and why. */
final class ProblemException extends RuntimeException {
  private static final long serialVersionUID = 1;

  private final transient Problem problem;

  private ProblemException(int status, String title, String detail, List<String> errors) {
    super(detail);
    this.problem = new Problem(title, status, detail, errors);
  }

  static ProblemException of(Status status, String detail) {
    return new ProblemException(
        status.getStatusCode(), status.getReasonPhrase(), detail, List.of());
  }

  static ProblemException of(int status, String title, String detail) {
    return new ProblemException(status, title, detail, List.of());
  }

  static ProblemException invalid(List<String> errors) {
    return new ProblemException(400, "Bad Request", "the request is not valid", errors);
  }

  static ProblemException noTask(String task) {
    return of(Status.NOT_FOUND, "there is no task named " + task);
  }

  static ProblemException unfollowed(String task, String fault) {
    return of(Status.NOT_FOUND, "the definition of " + task + " is not followed: " + fault);
  }

  Problem problem() {
    return problem;
  }
}
