package io.gripstream.gateway;

import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpVersion;
import io.vertx.core.net.impl.ConnectionBase;

/** Ends what is of no more use to a request. */
public final class Connections {
  private Connections() {}

  /**
   * Closes the request's connection, or resets its stream of one. What was written and not taken is
   * thrown away: Vert.x's own {@code close} waits for a client that reads nothing, for ever.
   */
  public static void end(HttpServerRequest request) {
    if (request.version() == HttpVersion.HTTP_2) {
      request.response().reset(0);
    } else {
      ((ConnectionBase) request.connection()).channelHandlerContext().close();
    }
  }
}
