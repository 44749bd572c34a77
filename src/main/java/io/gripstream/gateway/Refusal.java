package io.gripstream.gateway;

import io.vertx.core.http.HttpServerResponse;

/** A problem (RFC 9457) that is told before any resource is asked. */
final class Refusal {
  private Refusal() {}

  /**
   * @param detail a sentence without quotes
   */
  static void send(HttpServerResponse response, int status, String title, String detail) {
    response
        .setStatusCode(status)
        // The body is not read: the connection cannot be used again.
        .putHeader("Connection", "close")
        .putHeader("Content-Type", "application/problem+json")
        .end("{\"title\":\"%s\",\"status\":%d,\"detail\":\"%s\"}".formatted(title, status, detail));
  }
}
