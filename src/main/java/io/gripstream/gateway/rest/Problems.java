package io.gripstream.gateway.rest;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.exc.MismatchedInputException;
import io.gripstream.kafka.Fault;
import io.gripstream.kafka.UnreadableRecordException;
import io.gripstream.kafka.registry.RegistryRefusedException;
import io.gripstream.kafka.registry.RegistryUnavailableException;
import io.quarkus.hibernate.validator.runtime.jaxrs.ResteasyReactiveViolationException;
import io.quarkus.security.ForbiddenException;
import io.quarkus.security.identity.SecurityIdentity;
import io.quarkus.vertx.http.runtime.CurrentVertxRequest;
import io.vertx.core.http.HttpServerRequest;
import jakarta.validation.ConstraintViolation;
import jakarta.ws.rs.WebApplicationException;
import jakarta.ws.rs.core.Response;
import jakarta.ws.rs.core.Response.Status;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.apache.kafka.common.errors.SerializationException;
import org.jboss.logging.Logger;
import org.jboss.resteasy.reactive.server.ServerExceptionMapper;
import org.jboss.resteasy.reactive.server.core.multipart.FormData;

/**
 * Turns what went wrong into problems that say why, and keeps to itself what is nobody's business
 * outside.
 */
public final class Problems {
  private static final Logger LOG = Logger.getLogger(Problems.class);

  private static final String FORMS = FormData.class.getPackageName() + ".";

  private final SecurityIdentity identity;
  private final CurrentVertxRequest routing;

  Problems(SecurityIdentity identity, CurrentVertxRequest routing) {
    this.identity = identity;
    this.routing = routing;
  }

  @ServerExceptionMapper
  public Response problem(ProblemException e) {
    return respond(e.problem());
  }

  @ServerExceptionMapper
  public Response forbidden(ForbiddenException e) {
    return respond(
        ProblemException.of(
                Status.FORBIDDEN,
                "the role of the key %s does not allow this"
                    .formatted(identity.getPrincipal().getName()))
            .problem());
  }

  @ServerExceptionMapper
  public Response invalid(ResteasyReactiveViolationException e) {
    return respond(
        ProblemException.invalid(
                e.getConstraintViolations().stream().map(Problems::sentence).sorted().toList())
            .problem());
  }

  @ServerExceptionMapper
  public Response mismatched(MismatchedInputException e) {
    return unreadable(e);
  }

  @ServerExceptionMapper
  public Response unreadable(JsonProcessingException e) {
    return respond(ProblemException.invalid(List.of(Unreadable.sentence(e))).problem());
  }

  @ServerExceptionMapper
  public Response unreadable(UnreadableRecordException e) {
    Status status =
        switch (e.why()) {
          case MISSING -> Status.NOT_FOUND;
          case GONE -> Status.GONE;
          case LATE -> Status.SERVICE_UNAVAILABLE;
        };
    return respond(ProblemException.of(status, e.getMessage()).problem());
  }

  /** Somebody else's record is not what its topic holds; reading it again changes nothing. */
  @ServerExceptionMapper
  public Response undecodable(SerializationException e) {
    LOG.debug("A record is none of its topic", e);
    return respond(
        ProblemException.of(422, "Unprocessable Content", "the record is none that its topic holds")
            .problem());
  }

  @ServerExceptionMapper
  public Response tooLarge(RecordTooLargeException e) {
    return respond(
        ProblemException.of(
                Status.REQUEST_ENTITY_TOO_LARGE, "the brokers take no record of this size")
            .problem());
  }

  @ServerExceptionMapper
  public Response brokers(KafkaException e) {
    if (Fault.of(e) == Fault.CLOCK) {
      LOG.warn(Fault.line(e));
      return respond(
          ProblemException.of(Status.SERVICE_UNAVAILABLE, "nothing was written: " + Fault.line(e))
              .problem());
    }
    // One line: while the brokers are away there is one for each request.
    LOG.warnf("The brokers did not take a record: %s", Fault.line(e));
    LOG.debug("The brokers did not take a record", e);
    return respond(
        ProblemException.of(
                Status.SERVICE_UNAVAILABLE,
                Fault.of(e) == Fault.FATAL
                    ? "the brokers refuse this gateway, and nothing was written; the log tells more"
                    : "the brokers did not answer in time; it is not known whether it was written")
            .problem());
  }

  @ServerExceptionMapper
  public Response registry(RegistryUnavailableException e) {
    LOG.warn(Fault.line(e));
    LOG.debug("The registry did not answer", e);
    return respond(
        ProblemException.of(Status.SERVICE_UNAVAILABLE, "the schema registry did not answer")
            .problem());
  }

  @ServerExceptionMapper
  public Response refused(RegistryRefusedException e) {
    LOG.warn(Fault.line(e));
    return respond(
        ProblemException.of(Status.BAD_GATEWAY, "the schema registry refuses; the log tells more")
            .problem());
  }

  @ServerExceptionMapper
  public Response web(WebApplicationException e) {
    // Unreadable JSON reaches here wrapped.
    if (e.getCause() instanceof JsonProcessingException json) {
      return unreadable(json);
    }
    if (e.getCause() instanceof IOException broken) {
      return broken(broken);
    }
    Response.StatusType status = e.getResponse().getStatusInfo();
    String detail =
        switch (status.getStatusCode()) {
          case 404 -> "there is nothing at this address";
          case 405 -> "this method is none of this address";
          case 406 -> "this address does not answer in this media type";
          case 413 -> "the body is too large";
          case 415 -> "this address does not read this media type";
          default -> "the server does not serve this request";
        };
    return respond(
        new Problem(status.getReasonPhrase(), status.getStatusCode(), detail, List.of()));
  }

  /** Who sent a body has gone, or was too slow: nothing failed here, and mostly nobody reads it. */
  @ServerExceptionMapper
  public Response broken(IOException e) {
    HttpServerRequest request = routing.getCurrent().request();
    if (request.isEnded() && !request.response().closed()) {
      return unexpected(e);
    }
    if (ofForms(e, 1)) {
      return unreadableForm(e);
    }
    LOG.debug("A body was broken off", e);
    return request.response().ended()
        ? Response.status(Status.REQUEST_TIMEOUT).build()
        : respond(
            ProblemException.of(Status.REQUEST_TIMEOUT, "the body did not come in time").problem());
  }

  @ServerExceptionMapper
  public Response unexpected(Throwable e) {
    if (e instanceof RuntimeException failure && ofForms(e, Integer.MAX_VALUE)) {
      return unreadableForm(failure);
    }
    LOG.error("A request failed unexpectedly", e);
    return respond(
        ProblemException.of(
                Status.INTERNAL_SERVER_ERROR, "something unexpected; the log tells more")
            .problem());
  }

  /**
   * Whether who reads forms failed: for most of what may be wrong with one he has no exception of
   * his own.
   *
   * @param depth how many of the latest calls may be his
   */
  private static boolean ofForms(Throwable e, int depth) {
    return Arrays.stream(e.getStackTrace())
        .limit(depth)
        .anyMatch(call -> call.getClassName().startsWith(FORMS));
  }

  private static Response unreadableForm(Exception e) {
    LOG.debug("A form cannot be read", e);
    return respond(
        ProblemException.of(Status.BAD_REQUEST, "the body is no form that can be read").problem());
  }

  private static Response respond(Problem problem) {
    Response.ResponseBuilder response =
        Response.status(problem.status()).type(Problem.MEDIA_TYPE).entity(problem);
    if (problem.status() == 429) {
      response.header("Retry-After", 1);
    }
    return response.build();
  }

  private static String sentence(ConstraintViolation<?> violation) {
    String path = violation.getPropertyPath().toString();
    // The first two steps name the method and its parameter, which mean nothing outside.
    String[] steps = path.split("\\.", 3);
    String where = steps.length == 3 ? steps[2] : steps[steps.length - 1];
    return where + " " + violation.getMessage();
  }
}
