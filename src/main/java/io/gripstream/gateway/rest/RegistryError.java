package io.gripstream.gateway.rest;

import com.fasterxml.jackson.annotation.JsonProperty;
import jakarta.ws.rs.core.Response;
import org.jboss.resteasy.reactive.server.ServerExceptionMapper;

/** An error as Confluent's registry clients understand it: their codes, their field names. */
final class RegistryError extends RuntimeException {
  private static final long serialVersionUID = 1;

  private final int status;
  private final int code;

  RegistryError(int status, int code, String message) {
    super(message);
    this.status = status;
    this.code = code;
  }

  static RegistryError noSubject(String subject) {
    return new RegistryError(404, 40401, "Subject '" + subject + "' not found.");
  }

  static RegistryError badVersion(String version) {
    return new RegistryError(
        422,
        42202,
        "The specified version '"
            + version
            + "' is not a valid version id: a number from 1, or latest");
  }

  /** The body of such an error. */
  public record Body(@JsonProperty("error_code") int errorCode, String message) {}

  /** Answers with it. */
  public static final class Mapper {
    @ServerExceptionMapper
    public Response respond(RegistryError e) {
      return Response.status(e.status)
          .type(RegistryResource.TYPE)
          .entity(new Body(e.code, e.getMessage()))
          .build();
    }
  }
}
