package io.gripstream.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.gripstream.GripstreamConfig;
import io.gripstream.cli.Settings;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ImageFetcherTest {
  private static final int MAX_BYTES = 1000;
  private static final byte[] CONTENT = "an image".getBytes();

  @TempDir private Path folder;

  private final ExecutorService workers = Executors.newCachedThreadPool();
  private final CountDownLatch finished = new CountDownLatch(1);
  private HttpServer server;
  private String origin;
  private ImageFetcher fetcher;

  @BeforeEach
  void open() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.setExecutor(workers);
    server.createContext("/image", exchange -> answer(exchange, 200, CONTENT));
    server.createContext("/large", exchange -> answer(exchange, 200, new byte[MAX_BYTES + 1]));
    server.createContext("/largest", exchange -> answer(exchange, 200, new byte[MAX_BYTES]));
    server.createContext("/missing", exchange -> answer(exchange, 404, CONTENT));
    server.createContext(
        "/elsewhere",
        exchange -> {
          exchange.getResponseHeaders().add("Location", "/image");
          answer(exchange, 302, new byte[0]);
        });
    server.createContext("/drip", this::drip);
    server.start();
    String authority = "127.0.0.1:" + server.getAddress().getPort();
    origin = "http://" + authority;
    Files.createDirectories(folder.resolve("root/sub"));
    fetcher =
        fetcher(
            Map.of(
                "gripstream.images.allowed-schemes",
                "http,FILE",
                "gripstream.images.allowed-hosts",
                authority,
                "gripstream.images.file-root",
                folder.resolve("root").toString()));
  }

  @AfterEach
  void close() {
    finished.countDown();
    server.stop(0);
    workers.shutdownNow();
  }

  @Test
  void anImageIsDownloaded() throws Exception {
    assertThat(fetch(origin + "/image")).isEqualTo(CONTENT);
    assertThat(fetch(origin + "/largest")).hasSize(MAX_BYTES);
  }

  @Test
  void whatTheServerRefusesOrSendsOnIsRefused() {
    refused(origin + "/missing", "answered 404");
    refused(origin + "/elsewhere", "answered 302");
    refused(origin + "/large", "larger than 1000 bytes");
  }

  @Test
  void aServerThatDripsIsNotWaitedFor() {
    long started = System.nanoTime();
    refused(origin + "/drip", "not read within PT2S");
    assertThat(Duration.ofNanos(System.nanoTime() - started)).isLessThan(Duration.ofSeconds(8));
  }

  @Test
  void aServerThatIsNotThereIsAReason() {
    server.stop(0);
    refused(origin + "/image", "cannot be read");
  }

  @Test
  void onlyHostsOfTheListAreAsked() {
    refused("http://localhost:1/image", "host 'localhost:1' is not allowed");
    refused("http://127.0.0.1/image", "host '127.0.0.1' is not allowed");
    refused(origin.replace("//", "//user@") + "/image", "no user");
    refused("http:/image", "must name a host");
    refused("https://127.0.0.1/image", "scheme 'https'");
    refused("ftp://127.0.0.1/image", "scheme 'ftp'");
    refused("image.png", "scheme ''");
    refused("http://127.0.0.1/ image", "not a URI");
  }

  @Test
  void filesInTheFolderAreRead() throws Exception {
    Path file = Files.write(folder.resolve("root/sub/image.png"), CONTENT);
    assertThat(fetch(file.toUri().toString())).isEqualTo(CONTENT);
  }

  @ParameterizedTest
  @CsvSource({"caf\u00e9.png, caf%C3%A9.png", "cafe\u0301.png, cafe%CC%81.png"})
  void lettersBeyondAsciiNeedNoEscapesAndAreTakenAsTheyStand(String raw, String escaped)
      throws Exception {
    Files.write(Path.of(URI.create(folder.toUri() + "root/" + escaped)), CONTENT);

    assertThat(fetch("file://" + folder + "/root/" + raw)).isEqualTo(CONTENT);
    assertThat(fetch(folder.toUri() + "root/" + escaped)).isEqualTo(CONTENT);
  }

  @Test
  void nothingLeadsOutOfTheFolder() throws IOException {
    Path secret = Files.write(folder.resolve("secret"), CONTENT);
    refused(secret.toUri().toString(), "not in the folder");
    refused("file://" + folder + "/root/../secret", "not in the folder");
    refused("file://" + folder + "/root/%2e%2e/secret", "not in the folder");
    Path link = Files.createSymbolicLink(folder.resolve("root/link"), secret);
    refused(link.toUri().toString(), "not in the folder");
    Path door = Files.createSymbolicLink(folder.resolve("root/door"), folder);
    refused(door.resolve("secret").toUri().toString(), "not in the folder");
  }

  @Test
  void whatIsNoFileOrTooLargeIsRefused() throws IOException {
    refused(folder.resolve("root/sub").toUri().toString(), "not a regular file");
    refused(folder.resolve("root/nothing").toUri().toString(), "cannot be read");
    refused("file:relative", "cannot be read");
    refused("file://host/root/image", "cannot be read");
    Path large = Files.write(folder.resolve("root/large"), new byte[MAX_BYTES + 1]);
    refused(large.toUri().toString(), "larger than 1000 bytes");
  }

  @Test
  void aFileSystemThatHangsIsAwayAndItsFileIsNotBegunWithTwice() throws Exception {
    Path file = Files.write(folder.resolve("root/image.png"), CONTENT);
    AtomicInteger begun = new AtomicInteger();
    CountDownLatch hangs = new CountDownLatch(1);
    ImageFetcher hanging =
        fetcher(
            Map.of(
                "gripstream.images.allowed-schemes",
                "file",
                "gripstream.images.file-root",
                folder.resolve("root").toString()),
            read -> {
              begun.incrementAndGet();
              workers.execute(
                  () -> {
                    try {
                      hangs.await();
                      read.run();
                    } catch (InterruptedException e) {
                      Thread.currentThread().interrupt();
                    }
                  });
            });
    for (int i = 0; i < 2; i++) {
      assertThatThrownBy(() -> hanging.fetch(file.toUri().toString()).get(20, TimeUnit.SECONDS))
          .hasCauseInstanceOf(PlaceUnavailableException.class)
          .hasMessageContaining("has not been read within PT2S");
    }
    assertThat(begun).hasValue(1);
    var waits = hanging.fetch(file.toUri().toString());
    hangs.countDown();
    assertThat(waits.get(20, TimeUnit.SECONDS)).isEqualTo(CONTENT);
    assertThat(hanging.fetch(file.toUri().toString()).get(20, TimeUnit.SECONDS)).isEqualTo(CONTENT);
    assertThat(begun).hasValue(2);
  }

  @Test
  void withoutAListNothingIsRead() {
    ImageFetcher closed = fetcher(Map.of());
    assertThatThrownBy(() -> closed.fetch(origin + "/image").get())
        .hasMessageContaining("scheme 'http'");
  }

  private byte[] fetch(String uri) throws Exception {
    return fetcher.fetch(uri).get(20, TimeUnit.SECONDS);
  }

  private void refused(String uri, String reason) {
    assertThatThrownBy(() -> fetch(uri))
        .isInstanceOf(ExecutionException.class)
        .cause()
        .isInstanceOf(RejectedImageException.class)
        .hasMessageContaining(reason);
  }

  private static void answer(HttpExchange exchange, int status, byte[] body) throws IOException {
    exchange.sendResponseHeaders(status, body.length == 0 ? -1 : body.length);
    exchange.getResponseBody().write(body);
    exchange.close();
  }

  /** A head and one byte, and then nothing more. */
  private void drip(HttpExchange exchange) throws IOException {
    exchange.sendResponseHeaders(200, 100);
    exchange.getResponseBody().write(1);
    exchange.getResponseBody().flush();
    try {
      finished.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private ImageFetcher fetcher(Map<String, String> settings) {
    return fetcher(settings, workers);
  }

  private ImageFetcher fetcher(Map<String, String> settings, Executor fileReads) {
    GripstreamConfig.Images config = Settings.load(settings).images();
    Duration timeout = Duration.ofSeconds(2);
    return new ImageFetcher(
        new ImagePlaces(config),
        new S3Store(config.s3(), timeout, workers),
        MAX_BYTES,
        timeout,
        fileReads);
  }
}
