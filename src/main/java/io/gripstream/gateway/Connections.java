package io.gripstream.gateway;

import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpVersion;

/** Ends what is of no more use to a request. */
public final class Connections {
  private Connections() {}

  /** Closes the request's connection, or resets its stream of one. */
  public static void end(HttpServerRequest request) {
    if (request.version() == HttpVersion.HTTP_2) {
      request.response().reset(0);
    } else {
      request.connection().close();
    }
  }
}
