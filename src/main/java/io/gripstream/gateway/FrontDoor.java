package io.gripstream.gateway;

import io.quarkus.vertx.http.runtime.filters.Filters;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.ext.web.RoutingContext;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;

/**
 * Every request passes here first. Without the gateway role only health, metrics and the API's
 * description ({@code /q}) answer. With it, every answer forbids the browser what the page does not
 * need: the page loads nothing from elsewhere, and nothing that flows through a topic can become
 * script.
 */
@ApplicationScoped
final class FrontDoor {
  private static final String MANAGEMENT = "/q/";
  private static final int LONGEST_BODY = 4 << 20;
  private static final String POLICY =
      "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
          + "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

  private final Gateway gateway;

  FrontDoor(Gateway gateway) {
    this.gateway = gateway;
  }

  void guard(@Observes Filters filters) {
    filters.register(this::pass, 500);
  }

  private void pass(RoutingContext request) {
    HttpServerResponse response = request.response();
    response.putHeader("X-Content-Type-Options", "nosniff");
    response.putHeader("Referrer-Policy", "no-referrer");
    boolean management = request.normalizedPath().startsWith(MANAGEMENT);
    if (!management) {
      response.putHeader("Content-Security-Policy", POLICY);
      response.putHeader("Cross-Origin-Opener-Policy", "same-origin");
      response.putHeader("Cross-Origin-Resource-Policy", "same-origin");
    }
    if (!management && !gateway.enabled()) {
      refuse(response, 404, "Not Found", "this process has no gateway role");
    } else if (tooLong(request.request())) {
      refuse(response, 413, "Request Entity Too Large", "all but images may have 4 MiB");
    } else {
      request.next();
    }
  }

  /** The server's own limit lets the largest image through; nothing else needs as much. */
  private static boolean tooLong(HttpServerRequest request) {
    String type = request.getHeader("Content-Type");
    String length = request.getHeader("Content-Length");
    boolean image =
        type != null && (type.startsWith("image/") || type.startsWith("application/octet-stream"));
    // A length of eight digits or more is beyond the limit; HTTP has made sure that it is digits.
    return !image
        && length != null
        && (length.length() > 7 || Integer.parseInt(length) > LONGEST_BODY);
  }

  private static void refuse(HttpServerResponse response, int status, String title, String detail) {
    response
        .setStatusCode(status)
        // The body is not read: the connection cannot be used again.
        .putHeader("Connection", "close")
        .putHeader("Content-Type", "application/problem+json")
        .end("{\"title\":\"%s\",\"status\":%d,\"detail\":\"%s\"}".formatted(title, status, detail));
  }
}
