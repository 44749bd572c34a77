package io.gripstream.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.gripstream.clip.ComputeDevice;
import io.gripstream.clip.TorchClip;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ModelHubTest {
  private static final ModelHub.Timeouts HURRY =
      new ModelHub.Timeouts(Duration.ofSeconds(10), Duration.ofMillis(300), Duration.ofMillis(1));
  private static final String OTHER = "0123456789abcdef".repeat(4);

  @TempDir private Path drawn;
  @TempDir private Path models;
  private final List<String> notes = new ArrayList<>();
  private StubHub hub;

  @BeforeEach
  void start() throws IOException {
    hub = new StubHub(drawn);
  }

  @AfterEach
  void stop() {
    hub.close();
  }

  @Test
  void aModelIsFetchedOnceAndThenComesFromTheCache() throws IOException {
    ModelHub.Fetched first = fetch();
    ModelFolder later =
        ModelFolder.of("owner/tiny", models, hub(true), Optional.of(first.sha256().toUpperCase()));

    assertThat(hub.requests())
        .containsExactly(
            "/owner/tiny/resolve/main/config.json",
            "/owner/tiny/resolve/main/preprocessor_config.json",
            "/owner/tiny/resolve/main/tokenizer.json",
            "/owner/tiny/resolve/main/model.safetensors");
    assertThat(first.sha256()).isEqualTo(hub.sha256(ModelFile.WEIGHTS));
    assertThat(later.path()).isEqualTo(first.folder()).isEqualTo(folder());
    try (TorchClip clip = later.load(ComputeDevice.cpu())) {
      assertThat(clip.id()).isEqualTo(first.id()).startsWith("owner/tiny@");
      assertThat(clip.encodeTexts(List.of("a red circle")).columns()).isEqualTo(16);
    }
    assertThat(names()).noneMatch(name -> name.contains(".part"));
  }

  @Test
  void besideEachFileIsWrittenWhatItWas() throws IOException {
    fetch();
    Provenance weights = Provenance.read(folder().resolve("model.safetensors")).orElseThrow();

    assertThat(weights.sha256()).isEqualTo(hub.sha256(ModelFile.WEIGHTS));
    assertThat(weights.size()).isEqualTo(hub.content(ModelFile.WEIGHTS).length);
    assertThat(weights.url()).isEqualTo(hub.url() + "/owner/tiny/resolve/main/model.safetensors");
    assertThat(weights.etag()).isEqualTo(StubHub.etag(hub.content(ModelFile.WEIGHTS)));
  }

  @Test
  void whatBreaksOffIsGoneOnWithByTheNextAttemptAndByTheNextProcess() throws IOException {
    AtomicInteger breaks = new AtomicInteger(6);
    hub.behave(
        (exchange, file) -> {
          if (!file.equals("model.safetensors") || breaks.getAndDecrement() <= 0) {
            return false;
          }
          StubHub.send(exchange, hub.content(ModelFile.WEIGHTS), 20_000);
          return true;
        });

    assertRefused(this::fetch, "model.safetensors cannot be fetched", "tried 5 times");
    assertThat(names()).contains("model.safetensors.part").doesNotContain("model.safetensors");
    assertThat(notes).hasSize(4).allMatch(note -> note.contains("trying again"));
    fetch();

    assertWeightsAre(hub.content(ModelFile.WEIGHTS));
    String path = "/owner/tiny/resolve/main/model.safetensors";
    assertThat(hub.requests().subList(3, hub.requests().size()))
        .hasSize(7)
        .startsWith(path)
        .doesNotHaveDuplicates();
    assertThat(hub.requests().get(9)).matches(path + " bytes=\\d{5,6}-");
  }

  @Test
  void aServerWithoutRangesStartsOver() throws IOException {
    AtomicInteger breaks = new AtomicInteger(1);
    hub.behave(
        (exchange, file) -> {
          if (!file.equals("model.safetensors")) {
            return false;
          }
          int most = breaks.getAndDecrement() > 0 ? 20_000 : Integer.MAX_VALUE;
          StubHub.send(exchange, hub.content(ModelFile.WEIGHTS), 0, most);
          return true;
        });

    fetch();

    assertThat(hub.requests(ModelFile.WEIGHTS)).isEqualTo(2);
    assertThat(hub.requests().get(4)).contains("bytes=");
    assertWeightsAre(hub.content(ModelFile.WEIGHTS));
  }

  @Test
  void aFileThatChangedMeanwhileIsFetchedAnew() throws IOException {
    byte[] before = hub.content(ModelFile.WEIGHTS);
    byte[] after = others(before);
    AtomicInteger breaks = new AtomicInteger(1);
    hub.behave(
        (exchange, file) -> {
          if (!file.equals("model.safetensors") || breaks.getAndDecrement() <= 0) {
            return false;
          }
          hub.replace(ModelFile.WEIGHTS, after);
          StubHub.send(exchange, before, 20_000);
          return true;
        });

    fetch();

    assertThat(hub.requests().get(4)).contains("bytes=");
    assertWeightsAre(after);
  }

  @Test
  void bytesOfAnotherVersionAreNotPutBehindThoseOfTheFirst() throws IOException {
    byte[] before = hub.content(ModelFile.WEIGHTS);
    byte[] after = others(before);
    AtomicInteger request = new AtomicInteger();
    hub.behave(
        (exchange, file) -> {
          if (!file.equals("model.safetensors")) {
            return false;
          }
          if (request.getAndIncrement() == 0) {
            StubHub.send(exchange, before, 20_000);
          } else {
            // Does as if it had not read the condition.
            StubHub.send(exchange, after, StubHub.asked(exchange), Integer.MAX_VALUE);
          }
          return true;
        });

    fetch();

    assertThat(request).hasValue(3);
    assertThat(notes.get(1)).contains("something else than was begun");
    assertWeightsAre(after);
  }

  @Test
  void contentWithAnotherDigestThanTheHubNamesIsRefused() throws IOException {
    hub.behave(
        (exchange, file) -> {
          exchange.getResponseHeaders().set("X-Linked-ETag", "\"" + OTHER + "\"");
          return false;
        });

    assertRefused(this::fetch, "config.json", "instead of " + OTHER);
    assertThat(hub.requests()).hasSize(1);
    assertThat(names()).containsExactly(".lock");
  }

  @Test
  void weightsThatThePinDoesNotAllowAreNotEvenFetched() throws IOException {
    hub.behave(
        (exchange, file) -> {
          if (file.equals("model.safetensors")) {
            exchange
                .getResponseHeaders()
                .set("X-Linked-ETag", "\"" + hub.sha256(ModelFile.WEIGHTS) + "\"");
            exchange.sendResponseHeaders(200, Long.MAX_VALUE >> 20);
            exchange.getResponseBody().flush();
            exchange.close();
            return true;
          }
          return false;
        });

    assertRefused(() -> hub(false).fetch(StubHub.MODEL, models, Optional.of(OTHER)), "allowed");
    assertThat(hub.requests(ModelFile.WEIGHTS)).isEqualTo(1);
  }

  @Test
  void aPinHoldsWhereTheHubNamesNoDigestAndWhereThereIsNoHub() {
    assertRefused(
        () -> hub(false).fetch(StubHub.MODEL, models, Optional.of(OTHER)), "instead of " + OTHER);
    assertRefused(
        () -> ModelFolder.of(drawn.toString(), models, hub(true), Optional.of(OTHER)),
        "only " + OTHER + " is allowed");
    assertRefused(() -> ModelFolder.of("pico", models, hub(true), Optional.of(OTHER)), "allowed");
    assertThatThrownBy(() -> ModelFolder.of("pico", models, hub(true), Optional.of("12")))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("64 hexadecimal digits");
  }

  @Test
  void aRedirectOfTheSameHostIsFollowedAndTheHubsOwnDigestHolds() throws IOException {
    hub.behave(
        (exchange, file) -> {
          if (exchange.getRequestURI().getPath().startsWith("/cdn/")) {
            StubHub.send(exchange, hub.content(ModelFile.WEIGHTS), Integer.MAX_VALUE);
            return true;
          }
          if (!file.equals("model.safetensors")) {
            return false;
          }
          exchange
              .getResponseHeaders()
              .set("X-Linked-ETag", "\"" + hub.sha256(ModelFile.WEIGHTS) + "\"");
          exchange
              .getResponseHeaders()
              .set("X-Linked-Size", "" + hub.content(ModelFile.WEIGHTS).length);
          exchange.getResponseHeaders().set("Location", "/cdn/" + file + "?signature=secret");
          StubHub.send(exchange, 302, "Found. Redirecting.");
          return true;
        });

    fetch();

    assertWeightsAre(hub.content(ModelFile.WEIGHTS));
    assertThat(Files.readString(folder().resolve("model.safetensors.origin.json")))
        .doesNotContain("secret");
  }

  @ParameterizedTest
  @CsvSource({
    "http://127.0.0.2/x, only https to https",
    "ftp://localhost/x, only https to https",
    "file:///etc/passwd, no address",
    "http://name:word@localhost/x, no address",
    "https:, no address",
    "http://[/, no address",
    "'', no address",
    "/again/config.json, more than 5 times"
  })
  void aRedirectThatLeadsAstrayIsRefused(String location, String reason) {
    hub.behave(
        (exchange, file) -> {
          if (!location.isEmpty()) {
            exchange.getResponseHeaders().set("Location", location);
          }
          StubHub.send(exchange, 302, "");
          return true;
        });

    assertRefused(this::fetch, reason);
  }

  @Test
  void allFilesAreOfTheCommitOfTheFirst() throws IOException {
    String commit = "0123456789".repeat(4);
    hub.behave(
        (exchange, file) -> {
          exchange.getResponseHeaders().set("X-Repo-Commit", commit);
          return false;
        });

    fetch();

    assertThat(hub.requests())
        .containsExactly(
            "/owner/tiny/resolve/main/config.json",
            "/owner/tiny/resolve/" + commit + "/preprocessor_config.json",
            "/owner/tiny/resolve/" + commit + "/tokenizer.json",
            "/owner/tiny/resolve/" + commit + "/model.safetensors");
  }

  @Test
  void offlineOnlyTheCacheIsUsedAndWhatIsMissingIsNamed() throws IOException {
    assertThatThrownBy(() -> hub(true).fetch(StubHub.MODEL, models, Optional.empty()))
        .isInstanceOf(FileNotFoundException.class)
        .hasMessageContaining("config.json is missing in " + folder())
        .hasMessageContaining("fetch-model owner/tiny");
    assertThat(hub.requests()).isEmpty();
    assertThat(models).isEmptyDirectory();

    fetch();
    Files.delete(folder().resolve("model.safetensors"));
    assertThatThrownBy(() -> hub(true).fetch(StubHub.MODEL, models, Optional.empty()))
        .hasMessageContaining("model.safetensors is missing");
  }

  @Test
  void severalAtOnceFetchEachFileOnce() throws Exception {
    ExecutorService threads = Executors.newFixedThreadPool(4);
    try {
      List<Future<ModelHub.Fetched>> all = new ArrayList<>();
      for (int i = 0; i < 4; i++) {
        all.add(threads.submit(() -> quietHub().fetch(StubHub.MODEL, models, Optional.empty())));
      }
      for (Future<ModelHub.Fetched> each : all) {
        assertThat(each.get().sha256()).isEqualTo(hub.sha256(ModelFile.WEIGHTS));
      }
    } finally {
      threads.shutdownNow();
    }
    assertThat(hub.requests()).hasSize(4);
  }

  @ParameterizedTest
  @CsvSource({"401, log in", "403, log in", "410, answered 410", "204, answered 204"})
  void anAnswerThatIsNoFileIsRefusedAtOnce(int status, String reason) throws IOException {
    hub.behave(
        (exchange, file) -> {
          exchange.sendResponseHeaders(status, -1);
          exchange.close();
          return true;
        });

    assertRefused(this::fetch, "config.json", reason);
    assertThat(hub.requests()).hasSize(1);
    assertThat(names()).doesNotContain("config.json");
  }

  @Test
  void aBusyHubIsAskedAgain() throws IOException {
    AtomicInteger busy = new AtomicInteger(2);
    hub.behave(
        (exchange, file) -> {
          if (busy.getAndDecrement() <= 0) {
            return false;
          }
          StubHub.send(exchange, 503, "<html>busy</html>");
          return true;
        });

    fetch();

    assertThat(notes).hasSize(2).allMatch(note -> note.contains("the hub answered 503"));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "config.json | <html>Sign in</html> | no JSON",
        "config.json | [] | no JSON object",
        "config.json | '' | no JSON object",
        "config.json | {\"model_type\": \"bert\"} | not clip: no other",
        "config.json | {\"projection_dim\": -1} | projection_dim is -1",
        "tokenizer.json | <html>Sign in</html> | no JSON",
        "tokenizer.json | {} | no tokenizer",
        "model.safetensors | <html><body>Sign in</body></html> | no safetensors file"
      })
  void contentOfAnotherKindIsRefused(String name, String content, String reason)
      throws IOException {
    hub.behave(
        (exchange, file) -> {
          if (!file.equals(name)) {
            return false;
          }
          StubHub.send(exchange, 200, content);
          return true;
        });

    assertRefused(this::fetch, name, reason);
    assertThat(names()).doesNotContain(name, name + ".part");
    if (!name.equals("model.safetensors")) {
      assertThat(hub.requests(ModelFile.WEIGHTS)).isZero();
    }
  }

  @Test
  void weightsThatTheHubHasTruncatedAreRefused() throws IOException {
    byte[] whole = hub.content(ModelFile.WEIGHTS);
    hub.replace(ModelFile.WEIGHTS, Arrays.copyOf(whole, whole.length - 1));

    assertRefused(this::fetch, "model.safetensors", "claims bytes");
    assertThat(names()).doesNotContain("model.safetensors", "model.safetensors.part");
  }

  @Test
  void aBodyThatAlwaysEndsEarlyIsGivenUp() throws IOException {
    hub.behave(
        (exchange, file) -> {
          exchange.sendResponseHeaders(200, 1000);
          exchange.getResponseBody().write(new byte[500]);
          exchange.getResponseBody().flush();
          exchange.close();
          return true;
        });

    assertRefused(this::fetch, "config.json cannot be fetched", "tried 5 times");
    assertThat(hub.requests()).hasSize(5);
    assertThat(names()).doesNotContain("config.json");
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void aFileThatIsTooLargeIsRefusedWhetherItSaysSoOrNot(boolean says) throws IOException {
    int size = (1 << 20) + 1;
    hub.behave(
        (exchange, file) -> {
          exchange.sendResponseHeaders(200, says ? size : 0);
          exchange.getResponseBody().write(new byte[size]);
          exchange.close();
          return true;
        });

    assertRefused(this::fetch, "config.json", "1048576");
    assertThat(names()).containsExactly(".lock");
  }

  @Test
  void aServerThatFallsSilentIsGivenUp() {
    CountDownLatch never = new CountDownLatch(1);
    hub.behave(
        (exchange, file) -> {
          exchange.sendResponseHeaders(200, 1000);
          exchange.getResponseBody().write(new byte[500]);
          exchange.getResponseBody().flush();
          try {
            never.await();
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
          }
          return true;
        });

    assertRefused(this::fetch, "config.json cannot be fetched", "almost nothing came");
  }

  @ParameterizedTest
  @CsvSource({
    "Content-Encoding, gzip, packs it",
    "X-Linked-Size, 12, speaks of 12 bytes",
  })
  void headersThatDoNotFitAreRefused(String header, String value, String reason) {
    hub.behave(
        (exchange, file) -> {
          exchange.getResponseHeaders().set(header, value);
          return false;
        });

    assertRefused(this::fetch, reason);
  }

  @ParameterizedTest
  @CsvSource({
    "ETag, \"\"\"",
    "ETag, W/\"weak\"",
    "X-Linked-Size, many",
    "X-Linked-ETag, ../../etc",
    "X-Repo-Commit, ../../x"
  })
  void headersThatAreNonsenseAreAsGoodAsNone(String header, String value) throws IOException {
    hub.behave(
        (exchange, file) -> {
          exchange.getResponseHeaders().set(header, value);
          return false;
        });

    fetch();

    assertThat(hub.requests()).hasSize(4).allMatch(path -> path.contains("/resolve/main/"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"config.json", "tokenizer.json", "model.safetensors"})
  void aCacheThatLostBytesIsNotUsed(String name) throws IOException {
    fetch();
    byte[] whole = Files.readAllBytes(folder().resolve(name));
    Files.write(folder().resolve(name), Arrays.copyOf(whole, whole.length - 1));

    assertRefused(this::fetch, name + " is not what was fetched");
  }

  @Test
  void weightsThatChangedInTheCacheAreFoundOutWhenTheyAreLoaded() throws IOException {
    fetch();
    Files.write(folder().resolve("model.safetensors"), others(hub.content(ModelFile.WEIGHTS)));
    ModelFolder folder = ModelFolder.of("owner/tiny", models, hub(true), Optional.empty());

    assertRefused(() -> folder.load(ComputeDevice.cpu()), "is not what was fetched");
  }

  @Test
  void aRecordThatIsDamagedIsNotBelieved() throws IOException {
    fetch();
    Files.writeString(folder().resolve("model.safetensors.origin.json"), "{\"size\": ");

    assertRefused(this::fetch, "model.safetensors.origin.json is damaged");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"ftp://host", "file:///x", "host", "https://name:word@host", "https://host?x=1"})
  void aHubHasAnAddressOfTheWeb(String url) {
    assertThatThrownBy(() -> HubAccess.of(Optional.of(URI.create(url)), false, Map.of()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("a hub has an address");
  }

  private ModelHub.Fetched fetch() throws IOException {
    return hub(false).fetch(StubHub.MODEL, models, Optional.empty());
  }

  private ModelHub hub(boolean offline) {
    return new ModelHub(access(offline), progress(), HURRY);
  }

  private HubAccess access(boolean offline) {
    return StubHub.access(hub.url(), offline, models.resolve("home"));
  }

  private ModelHub quietHub() {
    return new ModelHub(access(false), StubHub.quiet(), ModelHub.Timeouts.USUAL);
  }

  private FetchProgress progress() {
    return new FetchProgress() {
      @Override
      public void received(String file, long bytes, long total) {
        assertThat(bytes).isBetween(0L, total < 0 ? Long.MAX_VALUE : total);
      }

      @Override
      public void note(String line) {
        notes.add(line);
      }
    };
  }

  private Path folder() {
    return models.resolve("hub/owner/tiny/main");
  }

  private List<String> names() throws IOException {
    try (Stream<Path> files = Files.list(folder())) {
      return files.map(file -> file.getFileName().toString()).toList();
    }
  }

  private void assertWeightsAre(byte[] content) {
    assertThat(folder().resolve("model.safetensors")).hasBinaryContent(content);
  }

  /** As long, and still of the right kind. */
  private static byte[] others(byte[] weights) {
    byte[] others = weights.clone();
    for (int i = others.length - 200_000; i < others.length; i += 4) {
      others[i] ^= 1;
    }
    return others;
  }

  /** An exception whose chain of causes says all this. */
  private static void assertRefused(ThrowingCallable what, String... sayings) {
    assertThatThrownBy(what)
        .isInstanceOf(IOException.class)
        .satisfies(
            failure -> {
              StringBuilder all = new StringBuilder();
              for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
                all.append(cause.getMessage()).append('\n');
              }
              assertThat(all.toString()).contains(sayings);
            });
  }
}
