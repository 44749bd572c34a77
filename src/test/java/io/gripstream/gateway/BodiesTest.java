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
  private int largest = 1000;

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
    Socket large = post(largest, "a");
    Awaitility.await().until(() -> answer(post(1, "a")).startsWith("HTTP/1.1 429 "));
    large.close();
    Awaitility.await().until(() -> answer(post(1, "a")).startsWith("HTTP/1.1 200 "));
  }

  @Test
  void whoSendsNothingTakesNoRoomForBytesFromOthers() throws Exception {
    largest = 10 * (int) Bodies.STEP;
    serve(Duration.ofHours(1));
    for (int i = 0; i < 4; i++) {
      chunked();
      post(largest, "a");
    }
    assertThat(answer(post(1, "a"))).startsWith("HTTP/1.1 200 ");
  }

  @Test
  void whatHasComeTakesRoomAndWhatThereIsNoRoomForIsRefusedOnItsWay() throws Exception {
    largest = 10 * (int) Bodies.STEP;
    serve(Duration.ofHours(1));
    int step = (int) Bodies.STEP;
    Socket first = chunked();
    Socket second = chunked();
    chunked();
    send(first, 6);
    Awaitility.await()
        .until(() -> answer(post(step, "a".repeat(step))).startsWith("HTTP/1.1 429 "));
    send(second, 1);
    assertThat(answer(second)).startsWith("HTTP/1.1 429 ");
    first.getOutputStream().write("0\r\n\r\n".getBytes(US_ASCII));
    assertThat(answer(first)).startsWith("HTTP/1.1 200 ");
    send(chunked(), 3);
    assertThat(answer(post(1, "a"))).startsWith("HTTP/1.1 200 ");
  }

  private Socket chunked() throws IOException {
    return request("POST", "Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n");
  }

  private static void send(Socket socket, int steps) throws IOException {
    String chunk = "%x\r\n%s\r\n".formatted(Bodies.STEP, "a".repeat((int) Bodies.STEP));
    socket.getOutputStream().write(chunk.repeat(steps).getBytes(US_ASCII));
  }

  @Test
  void aBodyThatDoesNotComeInTimeIsNotWaitedFor() throws Exception {
    serve(Duration.ofMillis(100));
    assertThat(answer(post(2, "a"))).startsWith("HTTP/1.1 408 ");
  }

  private void serve(Duration timeout) throws Exception {
    Bodies bodies = new Bodies(largest, 0, timeout);
    Router router = Router.router(vertx);
    router
        .route()
        .handler(
            request -> {
              boolean chunked = request.request().getHeader("Transfer-Encoding") != null;
              String length = request.request().getHeader("Content-Length");
              long bytes = length != null ? Long.parseLong(length) : chunked ? largest : 0;
              if (!bodies.admit(request, bytes, () -> end(request, 408), () -> end(request, 429))) {
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
