package io.gripstream.gateway;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServer;
import java.net.Socket;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class ConnectionsTest {
  @Test
  void aClientThatReadsNothingDoesNotKeepItsConnection() throws Exception {
    Vertx vertx = Vertx.vertx();
    CountDownLatch closed = new CountDownLatch(1);
    try {
      HttpServer server =
          vertx
              .createHttpServer()
              .requestHandler(
                  request -> {
                    request.response().closeHandler(any -> closed.countDown());
                    request.response().setChunked(true).write(Buffer.buffer(new byte[64 << 20]));
                    Connections.end(request);
                  })
              .listen(0)
              .toCompletionStage()
              .toCompletableFuture()
              .get(10, TimeUnit.SECONDS);
      try (Socket socket = new Socket("localhost", server.actualPort())) {
        socket
            .getOutputStream()
            .write("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n".getBytes(US_ASCII));
        assertThat(closed.await(10, TimeUnit.SECONDS)).isTrue();
      }
    } finally {
      vertx.close().toCompletionStage().toCompletableFuture().get(10, TimeUnit.SECONDS);
    }
  }
}
