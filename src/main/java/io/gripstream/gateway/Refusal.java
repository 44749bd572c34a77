package io.gripstream.gateway;

import io.vertx.core.Future;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.core.http.HttpVersion;
import io.vertx.ext.web.RoutingContext;

/** A problem (RFC 9457) that is told before any resource is asked. */
final class Refusal {
  private Refusal() {}

  /**
   * @param detail a sentence without quotes
   * @return when it is sent
   */
  static Future<Void> send(RoutingContext request, int status, String title, String detail) {
    HttpServerResponse response = request.response();
    if (request.request().version() != HttpVersion.HTTP_2) {
      // The body is not read: the connection cannot be used again. HTTP/2 forbids the header.
      response.putHeader("Connection", "close");
    }
    return response
        .setStatusCode(status)
        .putHeader("Content-Type", "application/problem+json")
        .end("{\"title\":\"%s\",\"status\":%d,\"detail\":\"%s\"}".formatted(title, status, detail));
  }
}
