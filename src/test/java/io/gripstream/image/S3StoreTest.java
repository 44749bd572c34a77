package io.gripstream.image;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.assertj.core.api.Assumptions.assumeThat;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.gripstream.GripstreamConfig;
import io.gripstream.cli.Settings;
import io.gripstream.kafka.Fault;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Proxy;
import java.net.ProxySelector;
import java.net.SocketAddress;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Objects of a store that checks each signature itself. */
class S3StoreTest {
  private static final int MAX_BYTES = 1000;
  private static final byte[] CONTENT = "an image".getBytes(UTF_8);
  private static final Duration SHORT = Duration.ofSeconds(2);

  @TempDir private Path folder;

  private final ExecutorService workers = Executors.newCachedThreadPool();
  private final CountDownLatch finished = new CountDownLatch(1);
  private final ProxySelector usual = ProxySelector.getDefault();
  private StubS3 store;
  private ImageFetcher fetcher;

  @BeforeEach
  void open() throws IOException {
    store = new StubS3();
    store.put("photos", "a.png", CONTENT);
    fetcher = fetcher(Map.of(), SHORT);
  }

  @AfterEach
  void close() {
    finished.countDown();
    fetcher.close();
    store.close();
    workers.shutdownNow();
    ProxySelector.setDefault(usual);
  }

  @ParameterizedTest
  @CsvSource({
    "a.png, a.png",
    "day one/a  b.png, day%20one/a%20%20b.png",
    "größe/ß.png, größe/ß.png",
    "größe/ß.png, gr%C3%B6%C3%9Fe/%C3%9F.png",
    "𝄞.png, 𝄞.png",
    "1+1=2.png, 1+1=2.png",
    "100%.png, 100%25.png",
    "100%25.png, 100%2525.png",
    "what?#.png, what%3F%23.png",
    "a*b~c'(d)!&@:$.png, a*b~c'(d)!&@:$.png",
    "/folder//a.png, /folder//a.png"
  })
  void anObjectIsReadWhateverItsKeyInEitherStyle(String key, String written) throws Exception {
    store.put("photos", key, CONTENT);

    assertThat(fetch("s3://photos/" + written)).isEqualTo(CONTENT);

    ProxySelector.setDefault(allTo(store));
    fetcher = fetcher(Map.of("path-style", "false", "endpoint", "http://s3.test:9000"), SHORT);
    assertThat(fetch("s3://photos/" + written)).isEqualTo(CONTENT);
    assertThat(store.requests().get(0)).startsWith(store.endpoint().substring(7) + "/photos/");
    assertThat(store.requests().get(1)).startsWith("photos.s3.test:9000/");
  }

  @Test
  void withoutAnEndpointItIsAmazons() throws Exception {
    assertThat(address("eu-central-1", "s3://photos/a%20b.png"))
        .isEqualTo("https://photos.s3.eu-central-1.amazonaws.com/a%20b.png");
    assertThat(address("eu-central-1", "s3://photos.of.2026/a.png"))
        .isEqualTo("https://s3.eu-central-1.amazonaws.com/photos.of.2026/a.png");
    assertThat(address("cn-north-1", "s3://photos/a.png"))
        .isEqualTo("https://photos.s3.cn-north-1.amazonaws.com.cn/a.png");
  }

  @ParameterizedTest
  @CsvSource({"404, NoSuchKey", "404, NoSuchBucket", "403, AccessDenied", "400, KeyTooLongError"})
  void whatIsMissingOrDeniedIsRefused(int status, String code) {
    store.refuse(1, status, code);
    refused("s3://photos/a.png", "S3 answered %d (%s)".formatted(status, code));
    refused("s3://photos/b.png", "S3 answered 404 (NoSuchKey)");
  }

  @ParameterizedTest
  @CsvSource({
    "503, SlowDown",
    "500, InternalError",
    "502, ''",
    "429, TooManyRequests",
    "400, RequestTimeout",
    "400, ExpiredToken",
    "403, RequestTimeTooSkewed",
    "403, InvalidAccessKeyId",
    "301, PermanentRedirect"
  })
  void whatPassesOrTellsOfThisProcessIsNoImagesFault(int status, String code) throws Exception {
    store.refuse(1, status, code);
    unavailable("s3://photos/a.png", "S3 answered " + status);
    // Nothing has tried again by itself.
    assertThat(store.requests()).hasSize(1);
    assertThat(fetch("s3://photos/a.png")).isEqualTo(CONTENT);
  }

  @Test
  void aWrongSecretIsNoImagesFaultAndNothingOfItIsTold() {
    store.property("aws.secretAccessKey", "another");
    unavailable("s3://photos/a.png", "S3 answered 403 (SignatureDoesNotMatch)");
  }

  @Test
  void withoutCredentialsImagesWait() {
    assumeThat(System.getenv("AWS_ACCESS_KEY_ID")).isNull();
    for (String name : List.of("aws.accessKeyId", "aws.secretAccessKey", "aws.sessionToken")) {
      store.property(name, null);
    }
    store.property("aws.disableEc2Metadata", "true");
    store.property("aws.sharedCredentialsFile", "target/no-such-file");
    store.property("aws.configFile", "target/no-such-file");
    unavailable("s3://photos/a.png", "the AWS SDK finds no credentials");
    assertThat(store.requests()).isEmpty();
  }

  @Test
  void aWebIdentityWillDo() throws Exception {
    assumeThat(System.getenv("AWS_ACCESS_KEY_ID")).isNull();
    Path token = Files.writeString(folder.resolve("token"), "who-i-am");
    BlockingQueue<String> asked = new LinkedBlockingQueue<>();
    HttpServer sts =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    sts.createContext(
        "/",
        exchange -> {
          asked.add(new String(exchange.getRequestBody().readAllBytes(), UTF_8));
          StubS3.send(exchange, 200, temporary().getBytes(UTF_8));
        });
    sts.start();
    for (String name : List.of("aws.accessKeyId", "aws.secretAccessKey", "aws.sessionToken")) {
      store.property(name, null);
    }
    store.property("aws.webIdentityTokenFile", token.toString());
    store.property("aws.roleArn", "arn:aws:iam::123456789012:role/reader");
    store.property("aws.region", StubS3.REGION);
    store.property("aws.endpointUrlSts", "http://127.0.0.1:" + sts.getAddress().getPort());
    fetcher = fetcher(Map.of(), Duration.ofSeconds(15));
    try {
      assertThat(fetch("s3://photos/a.png")).isEqualTo(CONTENT);
      assertThat(fetch("s3://photos/a.png")).isEqualTo(CONTENT);
      assertThat(asked).hasSize(1);
      assertThat(asked.take()).contains("Action=AssumeRoleWithWebIdentity", "who-i-am");
    } finally {
      sts.stop(0);
    }
  }

  private static String temporary() {
    return """
        <AssumeRoleWithWebIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
          <AssumeRoleWithWebIdentityResult><Credentials>
            <AccessKeyId>%s</AccessKeyId><SecretAccessKey>%s</SecretAccessKey>
            <SessionToken>%s</SessionToken><Expiration>%s</Expiration>
          </Credentials></AssumeRoleWithWebIdentityResult>
        </AssumeRoleWithWebIdentityResponse>
        """
        .formatted(
            StubS3.KEY_ID, StubS3.SECRET, StubS3.TOKEN, Instant.now().plus(Duration.ofHours(1)));
  }

  @Test
  void credentialsAreAskedForOnceForAllWhoWait() {
    Queue<Runnable> tasks = new ArrayDeque<>();
    S3Store one = new S3Store(config(Map.of()).s3(), SHORT, tasks::add);
    for (int i = 0; i < 50; i++) {
      one.get(URI.create("s3://photos/a.png"));
    }
    assertThat(tasks).hasSize(1);
    tasks.remove().run();
    one.get(URI.create("s3://photos/a.png"));
    assertThat(tasks).hasSize(1);
  }

  @Test
  void aStoreThatIsNotThereIsNoImagesFault() {
    store.stop();
    unavailable("s3://photos/a.png", "S3 has no answer for s3://photos/a.png: cannot be read");
  }

  @Test
  void aStoreThatSaysNothingIsNoImagesFaultAndAnObjectThatDripsIsRefused() {
    store.put("photos", "silent", exchange -> hang());
    store.put("photos", "drip", exchange -> drip(exchange, 100));
    unavailable("s3://photos/silent", "S3 has no answer for s3://photos/silent");
    refused("s3://photos/drip", "not read within PT2S");
  }

  @Test
  void aConnectionThatBreaksIsNoImagesFault() {
    store.put(
        "photos",
        "half",
        exchange -> {
          exchange.sendResponseHeaders(200, 100);
          exchange.getResponseBody().write(1);
          exchange.close();
        });
    unavailable("s3://photos/half", "S3 has no answer for s3://photos/half");
  }

  @Test
  void nothingLargerThanAllowedIsReadWhateverItsLengthSays() throws Exception {
    store.put("photos", "largest", new byte[MAX_BYTES]);
    store.put("photos", "large", new byte[MAX_BYTES + 1]);
    store.put("photos", "endless", S3StoreTest::pour);
    // It says too much, and then sends a byte: waiting for the others would take the time limit.
    store.put("photos", "boast", exchange -> drip(exchange, Long.MAX_VALUE));
    fetcher = fetcher(Map.of(), Duration.ofSeconds(15));

    assertThat(fetch("s3://photos/largest")).hasSize(MAX_BYTES);
    for (String key : List.of("large", "endless", "boast")) {
      refused("s3://photos/" + key, "larger than 1000 bytes");
    }
  }

  @Test
  void noRedirectIsFollowed() {
    store.put("photos", "elsewhere", exchange -> redirect(exchange, store.endpoint() + "/other/x"));
    refused("s3://photos/elsewhere", "S3 answered 302");
    assertThat(store.requests()).hasSize(1);
  }

  @Test
  void onlyBucketsOfTheListAreAsked() {
    refused("s3://other/a.png", "bucket 'other' is not allowed");
    refused("s3://photos.evil.test/a.png", "bucket 'photos.evil.test' is not allowed");
    for (String place :
        List.of(
            "//user@photos/a", "//photos:80/a", "//PHOTOS/a", "///a", "//-/a", "/a", "//p_s/a")) {
      refused("s3:" + place, "must begin with s3://bucket/");
    }
    assertThat(store.requests()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"../other/a", "a/%2e%2E/b", "a/./b", "%2E", "a/.."})
  void noKeyLeadsOutOfItsBucket(String key) {
    refused("s3://photos/" + key, "must have no part '.' or '..'");
    assertThat(store.requests()).isEmpty();
  }

  @Test
  void aKeyIsBounded() {
    refused("s3://photos", "a key of S3 has 1 to 1024 bytes");
    refused("s3://photos/", "a key of S3 has 1 to 1024 bytes");
    refused("s3://photos/" + "ß".repeat(513), "a key of S3 has 1 to 1024 bytes");
    refused("s3://photos/" + "ß".repeat(512), "S3 answered 404");
    refused("s3://photos/a?versionId=1", "is written as %3F");
    refused("s3://photos/a#b", "is written as %3F");
  }

  @Test
  void withoutItsSchemeOrItsBucketNothingIsRead() {
    fetcher = fetcher(Map.of("allowed-schemes", "https"), SHORT);
    refused("s3://photos/a.png", "scheme 's3' are not allowed");
    fetcher = fetcher(Map.of("allowed-buckets", "others"), SHORT);
    refused("s3://photos/a.png", "bucket 'photos' is not allowed");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "ftp://host",
        "host:80",
        "https://u:p@host",
        "https://host/base",
        "https://host?a"
      })
  void anEndpointThatIsNoneEndsTheStart(String endpoint) {
    assertThatThrownBy(() -> fetcher(Map.of("endpoint", endpoint), SHORT))
        .hasMessageContaining("endpoint")
        .satisfies(e -> assertThat(Fault.of(e)).isEqualTo(Fault.FATAL))
        .hasMessageNotContaining("u:p");
  }

  private String address(String region, String place) throws Exception {
    Map<String, String> amazon = new HashMap<>(store.settings("gripstream.", "photos"));
    amazon.remove("gripstream.images.s3.endpoint");
    amazon.put("gripstream.images.s3.path-style", "false");
    amazon.put("gripstream.images.s3.region", region);
    try (S3Store of = new S3Store(Settings.load(amazon).images().s3(), SHORT, workers)) {
      return of.get(URI.create(place)).get(20, TimeUnit.SECONDS).build().uri().toString();
    }
  }

  private byte[] fetch(String uri) throws Exception {
    return fetcher.fetch(uri).get(20, TimeUnit.SECONDS);
  }

  private void refused(String uri, String reason) {
    assertThat(failure(uri))
        .isInstanceOf(RejectedImageException.class)
        .hasMessageContaining(reason);
  }

  private void unavailable(String uri, String reason) {
    Throwable failure = failure(uri);
    assertThat(failure).isInstanceOf(PlaceUnavailableException.class).hasMessageContaining(reason);
    assertThat(Fault.of(failure)).isEqualTo(Fault.TRANSIENT);
    assertThat(Fault.line(failure)).contains(reason);
  }

  /** What a fetch fails with; neither it nor any cause of it tells of credentials. */
  private Throwable failure(String uri) {
    Throwable thrown = catchThrowable(() -> fetch(uri));
    assertThat(thrown).isInstanceOf(ExecutionException.class);
    for (Throwable each = thrown; each != null; each = each.getCause()) {
      assertThat(each.toString())
          .doesNotContain(StubS3.KEY_ID, StubS3.SECRET, StubS3.TOKEN, "Signature=");
    }
    return thrown.getCause();
  }

  private ImageFetcher fetcher(Map<String, String> changed, Duration timeout) {
    GripstreamConfig.Images config = config(changed);
    return new ImageFetcher(
        new ImagePlaces(config),
        new S3Store(config.s3(), timeout, workers),
        MAX_BYTES,
        timeout,
        workers);
  }

  /** The store's settings, but for some. */
  private GripstreamConfig.Images config(Map<String, String> changed) {
    Map<String, String> settings = new HashMap<>(store.settings("gripstream.", "photos"));
    changed.forEach(
        (key, value) ->
            settings.put(
                "gripstream.images." + (key.startsWith("allowed") ? key : "s3." + key), value));
    return Settings.load(settings).images();
  }

  private static ProxySelector allTo(StubS3 store) {
    return new ProxySelector() {
      @Override
      public List<Proxy> select(URI uri) {
        return List.of(new Proxy(Proxy.Type.HTTP, store.address()));
      }

      @Override
      public void connectFailed(URI uri, SocketAddress address, IOException failure) {}
    };
  }

  private static void redirect(HttpExchange exchange, String to) throws IOException {
    exchange.getResponseHeaders().add("Location", to);
    StubS3.send(exchange, 302, new byte[0]);
  }

  /** A head and one byte, and then nothing more. */
  private void drip(HttpExchange exchange, long length) throws IOException {
    exchange.sendResponseHeaders(200, length);
    exchange.getResponseBody().write(1);
    exchange.getResponseBody().flush();
    hang();
  }

  private static void pour(HttpExchange exchange) throws IOException {
    exchange.sendResponseHeaders(200, 0);
    OutputStream body = exchange.getResponseBody();
    byte[] some = new byte[64 * 1024];
    for (int i = 0; i < 10_000; i++) {
      body.write(some);
    }
  }

  private void hang() {
    try {
      finished.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
