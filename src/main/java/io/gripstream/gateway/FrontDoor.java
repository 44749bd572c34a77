package io.gripstream.gateway;

import io.quarkus.vertx.http.runtime.filters.Filters;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.ext.web.RoutingContext;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;

/**
 * Every request passes here first. Without the gateway role only health, metrics and the API's description ({@code /q})
 * answer. With it, every answer forbids the browser what the page does not need: the page loads nothing from elsewhere, and
 * nothing that flows through a topic can become script.
 */
@ApplicationScoped
final class FrontDoor {
  private static final String MANAGEMENT = "/q/";
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
    if (management || gateway.enabled()) {
      request.next();
    } else {
      response
          .setStatusCode(404)
          .putHeader("Content-Type", "application/problem+json")
          .end("{\"title\":\"Not found\",\"status\":404,\"detail\":\"this process has no gateway role\"}");
    }
  }
}
