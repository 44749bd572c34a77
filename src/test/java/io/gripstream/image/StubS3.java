package io.gripstream.image;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpHandler;
import com.sun.net.httpserver.HttpServer;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * A store of objects that computes each request's signature (AWS Signature Version 4) itself, from
 * what it received, and refuses all others. While it is open the SDK finds its credentials in
 * system properties.
 */
public final class StubS3 implements AutoCloseable {
  public static final String REGION = "eu-test-1";
  public static final String KEY_ID = "AKIATESTTESTTESTTEST";
  public static final String SECRET = "a/secret+of/tests";
  public static final String TOKEN = "a-token//of+a=session";

  private static final Pattern AUTHORIZATION =
      Pattern.compile(
          "AWS4-HMAC-SHA256 Credential=([^/]+)/(\\d{8})/([^/]+)/s3/aws4_request,"
              + " ?SignedHeaders=([a-z0-9;-]+), ?Signature=([0-9a-f]{64})");

  private static final DateTimeFormatter TIME =
      DateTimeFormatter.ofPattern("yyyyMMdd'T'HHmmss'Z'").withZone(ZoneOffset.UTC);

  /** The answer to a request that is signed well. */
  private record Planned(int status, String code) {}

  private final Map<String, String> before = new HashMap<>();
  private final Map<String, HttpHandler> objects = new ConcurrentHashMap<>();
  private final Queue<Planned> planned = new ConcurrentLinkedQueue<>();
  private final List<String> requests = new CopyOnWriteArrayList<>();
  private final ExecutorService threads = Executors.newCachedThreadPool();
  private final HttpServer server;

  public StubS3() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.setExecutor(threads);
    server.createContext("/", this::answer);
    server.start();
    property("aws.accessKeyId", KEY_ID);
    property("aws.secretAccessKey", SECRET);
    property("aws.sessionToken", TOKEN);
  }

  /** Sets a system property, or takes it away, until the store is closed. */
  public void property(String name, String value) {
    String old = value == null ? System.clearProperty(name) : System.setProperty(name, value);
    if (!before.containsKey(name)) {
      before.put(name, old);
    }
  }

  public InetSocketAddress address() {
    return server.getAddress();
  }

  public String endpoint() {
    return "http://127.0.0.1:" + address().getPort();
  }

  /** Keys of {@code gripstream.images} that allow a bucket of this store. */
  public Map<String, String> settings(String prefix, String bucket) {
    return Map.of(
        prefix + "images.allowed-schemes",
        "s3",
        prefix + "images.allowed-buckets",
        bucket,
        prefix + "images.s3.endpoint",
        endpoint(),
        prefix + "images.s3.region",
        REGION,
        prefix + "images.s3.path-style",
        "true");
  }

  public void put(String bucket, String key, byte[] content) {
    put(bucket, key, exchange -> send(exchange, 200, content));
  }

  /** An object that answers in its own way. */
  public void put(String bucket, String key, HttpHandler object) {
    objects.put(bucket + "/" + key, object);
  }

  /** The next requests that are signed well get an error. */
  public void refuse(int times, int status, String code) {
    for (int i = 0; i < times; i++) {
      planned.add(new Planned(status, code));
    }
  }

  public void refuseNoMore() {
    planned.clear();
  }

  /** Host and path of each request, as they came. */
  public List<String> requests() {
    return requests;
  }

  private void answer(HttpExchange exchange) throws IOException {
    String host = exchange.getRequestHeaders().getFirst("Host");
    String path = exchange.getRequestURI().getRawPath();
    requests.add(host + path);
    String fault = fault(exchange, host, path);
    if (!fault.isEmpty()) {
      error(exchange, 403, fault);
      return;
    }
    Planned refusal = planned.poll();
    if (refusal != null) {
      error(exchange, refusal.status(), refusal.code());
      return;
    }
    String place =
        host.startsWith("127.0.0.1")
            ? decoded(path).substring(1)
            : host.substring(0, host.indexOf('.')) + decoded(path);
    HttpHandler object = objects.get(place);
    if (object == null) {
      error(exchange, 404, "NoSuchKey");
    } else {
      object.handle(exchange);
    }
  }

  /** Why the request is not to be trusted, as S3 names it; empty: it is. */
  private static String fault(HttpExchange exchange, String host, String path) {
    var headers = exchange.getRequestHeaders();
    Matcher found =
        AUTHORIZATION.matcher(String.valueOf(headers.getFirst("Authorization")).strip());
    if (!found.matches() || exchange.getRequestURI().getRawQuery() != null) {
      return "AccessDenied";
    }
    String time = headers.getFirst("X-Amz-Date");
    List<String> names = List.of(found.group(4).split(";"));
    if (!found.group(1).equals(KEY_ID)) {
      return "InvalidAccessKeyId";
    }
    if (!found.group(3).equals(REGION)) {
      return "AuthorizationHeaderMalformed";
    }
    Instant at = Instant.from(TIME.parse(time));
    if (Duration.between(at, Instant.now()).abs().compareTo(Duration.ofMinutes(15)) > 0) {
      return "RequestTimeTooSkewed";
    }
    boolean all =
        headers.keySet().stream()
            .map(String::toLowerCase)
            .filter(name -> name.startsWith("x-amz-"))
            .allMatch(names::contains);
    if (!all
        || !names.contains("host")
        || !TOKEN.equals(headers.getFirst("X-Amz-Security-Token"))) {
      return "AccessDenied";
    }
    StringBuilder canonical = new StringBuilder(exchange.getRequestMethod()).append('\n');
    canonical.append(encoded(decoded(path))).append("\n\n");
    for (String name : names) {
      String value = name.equals("host") ? host : headers.getFirst(name);
      canonical.append(name).append(':').append(value.strip()).append('\n');
    }
    canonical.append('\n').append(found.group(4)).append('\n');
    canonical.append(headers.getFirst("X-Amz-Content-Sha256"));
    String scope = "%s/%s/s3/aws4_request".formatted(time.substring(0, 8), REGION);
    try {
      String toSign =
          "AWS4-HMAC-SHA256\n%s\n%s\n%s"
              .formatted(
                  time,
                  scope,
                  HexFormat.of()
                      .formatHex(
                          MessageDigest.getInstance("SHA-256")
                              .digest(canonical.toString().getBytes(UTF_8))));
      byte[] key = ("AWS4" + SECRET).getBytes(UTF_8);
      for (String part : scope.split("/")) {
        key = hmac(key, part);
      }
      String signature = HexFormat.of().formatHex(hmac(key, toSign));
      return signature.equals(found.group(5)) ? "" : "SignatureDoesNotMatch";
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  private static byte[] hmac(byte[] key, String text) throws GeneralSecurityException {
    Mac mac = Mac.getInstance("HmacSHA256");
    mac.init(new SecretKeySpec(key, "HmacSHA256"));
    return mac.doFinal(text.getBytes(UTF_8));
  }

  private static String decoded(String path) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    for (int i = 0; i < path.length(); i++) {
      if (path.charAt(i) == '%') {
        bytes.write(Integer.parseInt(path.substring(i + 1, i + 3), 16));
        i += 2;
      } else {
        bytes.write(path.charAt(i));
      }
    }
    return bytes.toString(UTF_8);
  }

  private static String encoded(String path) {
    StringBuilder encoded = new StringBuilder();
    for (byte each : path.getBytes(UTF_8)) {
      char letter = (char) (each & 0xff);
      boolean plain =
          letter < 128 && (Character.isLetterOrDigit(letter) || "-._~/".indexOf(letter) >= 0);
      encoded.append(plain ? String.valueOf(letter) : "%%%02X".formatted((int) letter));
    }
    return encoded.toString();
  }

  private static void error(HttpExchange exchange, int status, String code) throws IOException {
    // What a store may say of whom it refuses: none of it is for a dead letter.
    String body =
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>%s</Code><Message>no</Message><AWSAccessKeyId>%s</AWSAccessKeyId><StringToSign>%s</StringToSign></Error>"
            .formatted(code, KEY_ID, TOKEN);
    send(exchange, status, code.isEmpty() ? new byte[0] : body.getBytes(US_ASCII));
  }

  static void send(HttpExchange exchange, int status, byte[] body) throws IOException {
    exchange.sendResponseHeaders(status, body.length == 0 ? -1 : body.length);
    try (exchange) {
      exchange.getResponseBody().write(body);
    }
  }

  /** Answers nobody any more; credentials are still found. */
  public void stop() {
    server.stop(0);
  }

  @Override
  public void close() {
    stop();
    threads.shutdownNow();
    before.forEach(
        (name, old) -> {
          if (old == null) {
            System.clearProperty(name);
          } else {
            System.setProperty(name, old);
          }
        });
  }
}
