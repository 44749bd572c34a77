package io.gripstream.kafka;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.concurrent.atomic.AtomicInteger;

/** Answers whatever it is asked with the same, and counts. */
public final class StubRegistry implements AutoCloseable {
  private final HttpServer server;
  private volatile int status;
  private volatile String body;
  private final AtomicInteger requests = new AtomicInteger();

  public StubRegistry(int status, String body) throws IOException {
    answer(status, body);
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext(
        "/",
        exchange -> {
          requests.incrementAndGet();
          byte[] bytes = this.body.getBytes(UTF_8);
          exchange.sendResponseHeaders(this.status, bytes.length);
          try (exchange) {
            exchange.getResponseBody().write(bytes);
          }
        });
    server.start();
  }

  /** From now on. */
  public void answer(int status, String body) {
    this.status = status;
    this.body = body;
  }

  public String url() {
    return "http://localhost:" + server.getAddress().getPort();
  }

  public int requests() {
    return requests.get();
  }

  @Override
  public void close() {
    server.stop(0);
  }
}
