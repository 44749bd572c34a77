package io.gripstream.model;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.gripstream.clip.ClipConfig;
import io.gripstream.clip.Digests;
import io.gripstream.clip.SafeTensors;
import io.gripstream.workshop.DrawnModel;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/**
 * A hub on this machine with one small real model, {@code owner/tiny}: it has ranges and ETags, and
 * as much bad behaviour as a test asks for.
 */
public final class StubHub implements AutoCloseable {
  static final HubModel MODEL = new HubModel("owner", "tiny", HubModel.DEFAULT_REVISION);
  static final ClipConfig CONFIG =
      new ClipConfig(
          new ClipConfig.Vision(new ClipConfig.Tower(32, 1, 2, 64, true, 1e-5), 32, 16),
          new ClipConfig.Text(new ClipConfig.Tower(32, 1, 2, 64, true, 1e-5), 1030, 32),
          16);

  /** Instead of what the hub would do. */
  public interface Behaviour {
    /** Whether the exchange was answered. */
    boolean answer(HttpExchange exchange, String file) throws IOException;
  }

  private final HttpServer server;
  private final ExecutorService threads = Executors.newCachedThreadPool();
  private final Map<String, byte[]> files = new ConcurrentHashMap<>();
  private final List<String> requests = new CopyOnWriteArrayList<>();
  private volatile Behaviour behaviour = (exchange, file) -> false;

  public StubHub(Path drawn) throws IOException {
    DrawnModel.write(drawn, CONFIG, 1, SafeTensors.Type.F32);
    for (ModelFile file : ModelFile.values()) {
      files.put(file.fileName(), Files.readAllBytes(drawn.resolve(file.fileName())));
    }
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.setExecutor(threads);
    server.createContext("/", this::handle);
    server.start();
  }

  public URI url() {
    return URI.create("http://localhost:" + server.getAddress().getPort());
  }

  byte[] content(ModelFile file) {
    return files.get(file.fileName());
  }

  String sha256(ModelFile file) {
    return Digests.sha256(content(file));
  }

  void replace(ModelFile file, byte[] content) {
    files.put(file.fileName(), content);
  }

  public void behave(Behaviour instead) {
    behaviour = instead;
  }

  /** Says nothing to anybody. */
  static FetchProgress quiet() {
    return new FetchProgress() {
      @Override
      public void received(String file, long bytes, long total) {}

      @Override
      public void note(String line) {}
    };
  }

  /** Requests as {@code path}, or {@code path bytes=FROM-} for a range. */
  public List<String> requests() {
    return requests;
  }

  long requests(ModelFile file) {
    return requests.stream().filter(line -> line.contains("/" + file.fileName())).count();
  }

  static String etag(byte[] content) {
    return "\"v-" + Digests.sha256(content).substring(0, 20) + "\"";
  }

  /**
   * Sends a file as a good hub does.
   *
   * @param most how many bytes before the connection breaks
   */
  static void send(HttpExchange exchange, byte[] content, int most) throws IOException {
    boolean same = etag(content).equals(exchange.getRequestHeaders().getFirst("If-Range"));
    send(exchange, content, same ? asked(exchange) : 0, most);
  }

  /** The first byte that is asked for. */
  static int asked(HttpExchange exchange) {
    String range = exchange.getRequestHeaders().getFirst("Range");
    return range == null ? 0 : Integer.parseInt(range.replaceAll("\\D", ""));
  }

  /** Sends a file from some byte on. */
  static void send(HttpExchange exchange, byte[] content, int from, int most) throws IOException {
    exchange.getResponseHeaders().set("ETag", etag(content));
    if (from > 0) {
      exchange
          .getResponseHeaders()
          .set(
              "Content-Range",
              "bytes %d-%d/%d".formatted(from, content.length - 1, content.length));
    }
    exchange.sendResponseHeaders(from > 0 ? 206 : 200, content.length - from);
    int to = (int) Math.min(content.length, (long) from + most);
    exchange.getResponseBody().write(Arrays.copyOfRange(content, from, to));
    exchange.getResponseBody().flush();
    exchange.close();
  }

  static void send(HttpExchange exchange, int status, String text) throws IOException {
    byte[] body = text.getBytes(StandardCharsets.UTF_8);
    exchange.sendResponseHeaders(status, body.length);
    exchange.getResponseBody().write(body);
    exchange.close();
  }

  private void handle(HttpExchange exchange) throws IOException {
    String path = exchange.getRequestURI().getRawPath();
    String range = exchange.getRequestHeaders().getFirst("Range");
    requests.add(range == null ? path : path + " " + range);
    String file = path.substring(path.lastIndexOf('/') + 1);
    if (behaviour.answer(exchange, file)) {
      return;
    }
    byte[] content = files.get(file);
    if (content == null || !path.startsWith("/owner/tiny/resolve/")) {
      send(exchange, 404, "<html>Entry not found</html>");
    } else {
      send(exchange, content, Integer.MAX_VALUE);
    }
  }

  @Override
  public void close() {
    server.stop(0);
    threads.shutdownNow();
  }
}
