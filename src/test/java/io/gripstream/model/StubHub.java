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
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/**
 * A hub on this machine with one small real model, {@code owner/tiny}: it has ranges and ETags, and
 * as much bad behaviour as a test asks for. Models that are {@linkplain #publish published} on it
 * are served as Hugging Face serves them: small files by a 307 to a relative address, large ones by
 * a 302 to another server, pull requests by its API.
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

  /**
   * A repository on the hub.
   *
   * @param revisions the commits, newest first, that a branch or a reference stands for
   * @param files by commit and name
   */
  record Repository(Map<String, List<String>> revisions, Map<String, Map<String, byte[]>> files) {}

  private final HttpServer server;
  private final HttpServer store;
  private final Map<String, Repository> repositories = new ConcurrentHashMap<>();
  private final Map<String, String> discussions = new ConcurrentHashMap<>();
  private final List<String> secrets = new CopyOnWriteArrayList<>();
  private final ExecutorService threads = Executors.newCachedThreadPool();
  private final Map<String, byte[]> files = new ConcurrentHashMap<>();
  private final List<String> requests = new CopyOnWriteArrayList<>();
  private volatile Behaviour behaviour = (exchange, file) -> false;

  public StubHub(Path drawn) throws IOException {
    DrawnModel.write(drawn, CONFIG, 1, SafeTensors.Type.F32);
    for (ModelFile file : ModelFile.ALWAYS) {
      files.put(file.fileName(), Files.readAllBytes(drawn.resolve(file.fileName())));
    }
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.setExecutor(threads);
    server.createContext("/", this::handle);
    server.start();
    store = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    store.setExecutor(threads);
    store.createContext("/", this::handleStore);
    store.start();
  }

  /** Puts the small model under another name, too. */
  public void publish(String name) {
    publish(name, "0".repeat(40), Map.copyOf(files));
  }

  /** Puts a model on its main branch. */
  void publish(String name, String commit, Map<String, byte[]> content) {
    repositories.put(
        name,
        new Repository(
            new ConcurrentHashMap<>(Map.of("main", List.of(commit))),
            new ConcurrentHashMap<>(Map.of(commit, content))));
    discussions.putIfAbsent(name, "");
  }

  /** Opens a pull request with one commit on another, which adds files. */
  void pull(
      String name,
      int number,
      String author,
      String status,
      String parent,
      String commit,
      Map<String, byte[]> added) {
    Repository repository = repositories.get(name);
    Map<String, byte[]> content = new HashMap<>(repository.files().getOrDefault(parent, Map.of()));
    content.putAll(added);
    repository.revisions().put("refs/pr/" + number, List.of(commit, parent));
    repository.files().put(commit, content);
    String discussion =
        """
        {"num": %d, "author": {"name": "%s", "type": "user"}, "repo": {"name": "%s"},
         "title": "Adding `safetensors` variant of this model", "status": "%s",
         "isPullRequest": true}"""
            .formatted(number, author, name, status);
    discussions.merge(name, discussion, (old, more) -> old.isEmpty() ? more : old + "," + more);
  }

  /** What was sent as authorization, with the server that it was sent to. */
  List<String> secrets() {
    return secrets;
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

  /** Access without anything of the environment but an empty home of other clients. */
  static HubAccess access(URI url, boolean offline, Path home) {
    return HubAccess.of(Optional.of(url), offline, Map.of("HF_HOME", home.toString()));
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
    note("hub", exchange);
    String file = path.substring(path.lastIndexOf('/') + 1);
    if (behaviour.answer(exchange, file)) {
      return;
    }
    if (answered(exchange, path, file)) {
      return;
    }
    byte[] content = files.get(file);
    if (content == null || !path.startsWith("/owner/tiny/resolve/")) {
      send(exchange, 404, "<html>Entry not found</html>");
    } else {
      send(exchange, content, Integer.MAX_VALUE);
    }
  }

  private void note(String where, HttpExchange exchange) {
    String secret = exchange.getRequestHeaders().getFirst("Authorization");
    if (secret != null) {
      secrets.add(where + " " + secret);
    }
  }

  private boolean answered(HttpExchange exchange, String path, String file) throws IOException {
    for (Map.Entry<String, Repository> each : repositories.entrySet()) {
      String name = each.getKey();
      Repository repository = each.getValue();
      if (path.startsWith("/" + name + "/resolve/")) {
        String revision = path.split("/")[4].replace("%2F", "/");
        String commit = repository.revisions().getOrDefault(revision, List.of(revision)).get(0);
        redirect(exchange, name, commit, file, repository.files().get(commit));
        return true;
      }
      if (path.startsWith("/api/resolve-cache/models/" + name + "/")) {
        byte[] content = repository.files().get(path.split("/")[6]).get(file);
        send(exchange, content, Integer.MAX_VALUE);
        return true;
      }
      if (path.equals("/api/models/" + name + "/discussions")) {
        String all = discussions.get(name);
        int count = all.isEmpty() ? 0 : all.split("\"num\"").length - 1;
        send(
            exchange,
            200,
            "{\"discussions\": [%s], \"count\": %d, \"start\": 0}".formatted(all, count));
        return true;
      }
      if (path.startsWith("/api/models/" + name + "/commits/")) {
        List<String> commits = repository.revisions().get(file.replace("%2F", "/"));
        send(exchange, 200, "[{\"id\": \"" + String.join("\"}, {\"id\": \"", commits) + "\"}]");
        return true;
      }
    }
    return false;
  }

  private void redirect(
      HttpExchange exchange, String name, String commit, String file, Map<String, byte[]> content)
      throws IOException {
    exchange.getResponseHeaders().set("X-Repo-Commit", commit);
    if (content == null || !content.containsKey(file)) {
      exchange.getResponseHeaders().set("X-Error-Code", "EntryNotFound");
      send(exchange, 404, "Entry not found");
      return;
    }
    byte[] bytes = content.get(file);
    String sha256 = Digests.sha256(bytes);
    boolean large = file.endsWith(".safetensors");
    exchange.getResponseHeaders().set("X-Linked-Size", Integer.toString(bytes.length));
    exchange
        .getResponseHeaders()
        .set("X-Linked-ETag", "\"" + (large ? sha256 : sha256.substring(0, 40)) + "\"");
    if (large) {
      files.put(sha256, bytes);
    }
    exchange
        .getResponseHeaders()
        .set(
            "Location",
            large
                ? "http://localhost:%d/xet-bridge/%s?X-Amz-Signature=secret"
                    .formatted(store.getAddress().getPort(), sha256)
                : "/api/resolve-cache/models/%s/%s/%s?etag=x".formatted(name, commit, file));
    send(exchange, large ? 302 : 307, "Temporary Redirect. Redirecting to ...");
  }

  private void handleStore(HttpExchange exchange) throws IOException {
    note("store", exchange);
    String path = exchange.getRequestURI().getRawPath();
    send(exchange, files.get(path.substring(path.lastIndexOf('/') + 1)), Integer.MAX_VALUE);
  }

  @Override
  public void close() {
    store.stop(0);
    server.stop(0);
    threads.shutdownNow();
  }
}
