package io.gripstream.gateway;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServer;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import java.io.IOException;
import java.net.Socket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Over real connections: what becomes of a body depends on how it comes. */
class BodiesTest {
  private static final int LARGEST = 1000;

  private final Vertx vertx = Vertx.vertx();
  private final List<Socket> open = new ArrayList<>();
  private int port;

  @AfterEach
  void end() throws Exception {
    for (Socket socket : open) {
      socket.close();
    }
    vertx.close().toCompletionStage().toCompletableFuture().get(10, TimeUnit.SECONDS);
  }

  @Test
  void asManyBodiesComeAtOnceAsMay() throws Exception {
    serve(Duration.ofHours(1));
    List<Socket> slow = new ArrayList<>();
    for (int i = 0; i < Bodies.MOST; i++) {
      slow.add(post(2, "a"));
    }
    Awaitility.await().until(() -> answer(post(1, "a")).startsWith("HTTP/1.1 429 "));
    assertThat(answer(request("GET", ""))).startsWith("HTTP/1.1 200 ");
    slow.get(0).close();
    Awaitility.await().until(() -> answer(post(1, "a")).startsWith("HTTP/1.1 200 "));
    // Each leaves its place to others when it is there, whatever came meanwhile.
    for (Socket socket : slow.subList(1, slow.size())) {
      socket.getOutputStream().write('a');
      assertThat(answer(socket)).startsWith("HTTP/1.1 200 ");
    }
  }

  @Test
  void bodiesOfAsManyBytesComeAtOnceAsMay() throws Exception {
    serve(Duration.ofHours(1));
    Socket large = post(LARGEST, "a");
    Awaitility.await().until(() -> answer(post(1, "a")).startsWith("HTTP/1.1 429 "));
    large.close();
    Awaitility.await().until(() -> answer(post(1, "a")).startsWith("HTTP/1.1 200 "));
  }

  @Test
  void aBodyThatDoesNotComeInTimeIsNotWaitedFor() throws Exception {
    serve(Duration.ofMillis(100));
    assertThat(answer(post(2, "a"))).startsWith("HTTP/1.1 408 ");
  }

  private void serve(Duration timeout) throws Exception {
    Bodies bodies = new Bodies(LARGEST, 0, timeout);
    Router router = Router.router(vertx);
    router
        .route()
        .handler(
            request -> {
              String length = request.request().getHeader("Content-Length");
              long bytes = length == null ? 0 : Long.parseLong(length);
              if (!bodies.admit(request, bytes, () -> end(request, 408))) {
                end(request, 429);
              } else {
                request.request().endHandler(any -> end(request, 200));
                request.request().resume();
              }
            });
    HttpServer server =
        vertx
            .createHttpServer()
            .requestHandler(router)
            .listen(0)
            .toCompletionStage()
            .toCompletableFuture()
            .get(10, TimeUnit.SECONDS);
    port = server.actualPort();
  }

  private static void end(RoutingContext request, int status) {
    request
        .response()
        .setStatusCode(status)
        .end()
        .onComplete(any -> request.request().connection().close());
  }

  private Socket post(int length, String begin) throws IOException {
    return request("POST", "Content-Length: %d\r\n\r\n%s".formatted(length, begin));
  }

  private Socket request(String method, String rest) throws IOException {
    Socket socket = new Socket("localhost", port);
    socket.setSoTimeout(20_000);
    open.add(socket);
    String head = method + " / HTTP/1.1\r\nHost: localhost\r\n" + (rest.isEmpty() ? "\r\n" : rest);
    socket.getOutputStream().write(head.getBytes(US_ASCII));
    return socket;
  }

  private static String answer(Socket socket) throws IOException {
    return new String(socket.getInputStream().readAllBytes(), US_ASCII);
  }
}
