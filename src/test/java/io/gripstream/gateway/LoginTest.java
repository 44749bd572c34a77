package io.gripstream.gateway;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.microsoft.playwright.Browser.NewContextOptions;
import com.microsoft.playwright.BrowserContext;
import com.microsoft.playwright.Page;
import io.gripstream.access.Key;
import io.gripstream.access.KeyRole;
import io.gripstream.kafka.registry.RegistryRefusedException;
import io.gripstream.kafka.registry.RestRegistry;
import io.quarkus.test.common.http.TestHTTPResource;
import io.quarkus.test.junit.QuarkusTest;
import io.quarkus.test.junit.QuarkusTestProfile;
import io.quarkus.test.junit.TestProfile;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.apache.avro.Schema;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Nobody gets in without a key, and nobody with one does more than its role allows. */
@QuarkusTest
@TestProfile(LoginTest.WithKeys.class)
class LoginTest {
  /** The gateway by itself, with a key for each role: its word. */
  public static final class WithKeys implements QuarkusTestProfile {
    private final GatewayOnly gateway = new GatewayOnly();

    @Override
    public Map<String, String> getConfigOverrides() {
      Map<String, String> config = new HashMap<>(gateway.getConfigOverrides());
      config.put("gripstream.access.keys", keys().toString());
      return config;
    }

    private static Path keys() {
      try {
        Path file = Files.createTempFile("gripstream-test-", ".keys");
        file.toFile().deleteOnExit();
        return Files.writeString(
            file,
            Arrays.stream(KeyRole.values())
                .map(role -> Key.of("the-" + role.word(), role, role.word()).line())
                .collect(Collectors.joining("\n")));
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    @Override
    public List<TestResourceEntry> testResources() {
      return gateway.testResources();
    }
  }

  /**
   * What changes something, and who may. Whatever else is described is for everybody with a key.
   */
  private static final Map<String, KeyRole> CHANGES =
      Map.of(
          "PUT /api/tasks/{task}", KeyRole.OPERATOR,
          "DELETE /api/tasks/{task}", KeyRole.OPERATOR,
          "POST /api/tasks/{task}/commands", KeyRole.OPERATOR,
          "POST /api/scoreboard/{task}", KeyRole.OPERATOR,
          "DELETE /api/scoreboard/{task}", KeyRole.OPERATOR,
          "POST /subjects/{subject}/versions", KeyRole.OPERATOR,
          "POST /api/tasks/{task}/labels", KeyRole.LABELLER,
          "POST /api/tasks/{task}/labels/import", KeyRole.LABELLER,
          "POST /api/tasks/{task}/label", KeyRole.LABELLER,
          "POST /api/images", KeyRole.LABELLER);

  /** Questions with a body. */
  private static final List<String> QUESTIONS =
      List.of(
          "POST /subjects/{subject}",
          "POST /compatibility/subjects/{subject}/versions",
          "POST /compatibility/subjects/{subject}/versions/{version}");

  @TestHTTPResource("/")
  URI home;

  private final HttpClient http =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

  /**
   * A request of the API's description, with a value for each of its parameters.
   *
   * @param route method and path as the description has them
   * @param type of the body; null: there is none
   */
  private record Call(String route, String method, String path, String type) {
    static Call of(String path, String method, String type) {
      return new Call(
          method + " " + path,
          method,
          path.replaceAll("\\{(partition|offset|round|version|id)}", "1")
              .replaceAll("\\{\\w+}", "nobodys"),
          type);
    }

    KeyRole least() {
      return CHANGES.getOrDefault(route, KeyRole.VIEWER);
    }
  }

  private JsonNode api() throws Exception {
    return new ObjectMapper()
        .readTree(
            http.send(
                    request("GET", "/q/openapi?format=json", "viewer").build(),
                    BodyHandlers.ofString())
                .body());
  }

  private List<Call> described() throws Exception {
    List<Call> calls = new ArrayList<>();
    api()
        .path("paths")
        .fields()
        .forEachRemaining(
            path ->
                path.getValue()
                    .fields()
                    .forEachRemaining(
                        operation -> {
                          String method = operation.getKey().toUpperCase(Locale.ROOT);
                          JsonNode body = operation.getValue().at("/requestBody/content");
                          Iterator<String> types = body.fieldNames();
                          do {
                            calls.add(
                                Call.of(
                                    path.getKey(), method, types.hasNext() ? types.next() : null));
                          } while (types.hasNext());
                        }));
    return calls;
  }

  private HttpRequest.Builder request(String method, String path, String key) {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create("http://" + home.getAuthority() + path))
            .method(method, HttpRequest.BodyPublishers.noBody());
    return key == null ? request : request.header("Authorization", "Bearer " + key);
  }

  private int status(Call call, String key) throws Exception {
    HttpRequest.Builder request = request(call.method(), call.path(), key);
    if (call.type() != null) {
      request
          .header("Content-Type", call.type())
          .method(call.method(), HttpRequest.BodyPublishers.ofString("{}"));
    }
    return status(request);
  }

  /** Events have no end: they are not waited for. */
  private int status(HttpRequest.Builder request) throws Exception {
    HttpResponse<InputStream> response = http.send(request.build(), BodyHandlers.ofInputStream());
    try (InputStream body = response.body()) {
      if (!response.headers().map().toString().contains("text/event-stream")) {
        body.readAllBytes();
      }
    }
    return response.statusCode();
  }

  @Test
  void everyRouteOfTheDescriptionKeepsToItsRole() throws Exception {
    List<Call> calls = described();
    Map<String, Integer> wrong = new TreeMap<>();
    for (Call call : calls) {
      int stranger = status(call, null);
      if (stranger != 401) {
        wrong.put(call + " for a stranger", stranger);
      }
      for (KeyRole role : KeyRole.values()) {
        int status = status(call, role.word());
        boolean let = status != 401 && status != 403;
        if (let != (role.compareTo(call.least()) >= 0) || status == 401) {
          wrong.put(call + " for a " + role.word(), status);
        }
      }
    }
    assertThat(wrong).isEmpty();
    assertThat(calls).hasSizeGreaterThan(40);
    assertThat(
            calls.stream().filter(call -> !call.method().equals("GET")).map(Call::route).distinct())
        .as("a route that changes something must be in the table above")
        .hasSize(CHANGES.size() + QUESTIONS.size())
        .containsAll(CHANGES.keySet())
        .containsAll(QUESTIONS);
  }

  @Test
  void theDescriptionSaysHowAKeyIsSentAndWhichRoleItTakes() throws Exception {
    JsonNode api = api();
    assertThat(api.at("/components/securitySchemes/key/scheme").asText()).isEqualTo("bearer");
    assertThat(api.at("/components/securitySchemes/keyAsPassword/scheme").asText())
        .isEqualTo("basic");
    assertThat(api.at("/components/securitySchemes")).hasSize(2);
    assertThat(described())
        .allSatisfy(
            call ->
                assertThat(
                        api.path("paths")
                            .path(call.route().split(" ")[1])
                            .path(call.method().toLowerCase(Locale.ROOT))
                            .path("security"))
                    .extracting(JsonNode::toString)
                    .containsExactly(
                        "{\"key\":[\"%s\"]}".formatted(call.least().word()),
                        "{\"keyAsPassword\":[\"%s\"]}".formatted(call.least().word())));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/",
        "/index.html",
        "/js/main.js",
        "/favicon.svg",
        "/q/metrics",
        "/q/openapi",
        "/q/health/../metrics",
        "/q/health/%2e%2e/metrics",
        "/q//metrics",
        "//api/tasks",
        "/api/tasks;x=1",
        "/nothing/here"
      })
  void whatIsNotDescribedIsClosedToStrangersToo(String path) throws Exception {
    assertThat(status(request("GET", path, null))).isEqualTo(401);
    assertThat(status(request("GET", path, "viewer"))).isIn(200, 404);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "/live", "/ready", "/started"})
  void healthIsOpenToEverybody(String path) throws Exception {
    assertThat(status(request("GET", "/q/health" + path, null))).isIn(200, 503);
    assertThat(status(request("GET", "/q/health" + path, "wrong"))).isIn(200, 503);
  }

  /** Each address that were one would stay, and after a hundred no new one is measured. */
  @Test
  void noRefusedRequestMakesAMeterOfItsOwn() throws Exception {
    for (String path : List.of("/api/tasks/strange-1", "/strange-2", "/js/strange-3")) {
      status(request("GET", path, null));
      status(request("GET", path, "viewer"));
      status(request("POST", path, "operator"));
      status(request("DELETE", path, "operator").header("Origin", "http://evil.example"));
      try (Socket misdirected = new Socket(home.getHost(), home.getPort())) {
        misdirected
            .getOutputStream()
            .write("GET %s HTTP/1.1\r\nHost: evil.example\r\n\r\n".formatted(path).getBytes(UTF_8));
        assertThat(new String(misdirected.getInputStream().readNBytes(12), UTF_8)).endsWith("421");
      }
    }
    String metrics =
        http.send(request("GET", "/q/metrics", "viewer").build(), BodyHandlers.ofString()).body();
    assertThat(metrics.lines().filter(line -> line.startsWith("http_server_requests")))
        .anyMatch(line -> line.contains("status=\"421\""))
        .noneMatch(line -> line.contains("strange"));
  }

  @Test
  void refusalsAreProblemsThatSayWhatToDo() throws Exception {
    HttpResponse<String> nobody =
        http.send(request("GET", "/api/tasks", null).build(), BodyHandlers.ofString());
    assertThat(nobody.headers().firstValue("WWW-Authenticate").orElseThrow())
        .startsWith("Basic realm=");
    problem(nobody, 401, "a key is needed");
    problem(
        http.send(request("GET", "/subjects", "wrong").build(), BodyHandlers.ofString()),
        401,
        "this key is not known here");
    problem(
        http.send(
            request("DELETE", "/api/tasks/nobodys", "labeller").build(), BodyHandlers.ofString()),
        403,
        "the role of the key the-labeller does not allow this");
  }

  private static void problem(HttpResponse<String> response, int status, String detail)
      throws IOException {
    assertThat(response.statusCode()).isEqualTo(status);
    assertThat(response.headers().firstValue("Content-Type").orElseThrow())
        .startsWith("application/problem+json");
    JsonNode problem = new ObjectMapper().readTree(response.body());
    assertThat(problem.path("status").asInt()).isEqualTo(status);
    assertThat(problem.path("detail").asText()).startsWith(detail);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "Basic anybody:viewer | 200",
        "Basic :viewer        | 200",
        "basic x:viewer       | 200",
        "Basic viewer:        | 401",
        "Basic viewer         | 200",
        "Basic x:y:viewer     | 401",
        "Bearer viewer        | 200",
        "bearer  viewer       | 200",
        "Bearer               | 401",
        "viewer               | 401",
        "Digest viewer        | 401"
      })
  void aKeyComesAsATokenOrAsThePasswordOfAnyUser(String header, int status) throws Exception {
    String[] words = header.split(" ", 2);
    String sent =
        words[0].equalsIgnoreCase("Basic")
            ? words[0] + " " + Base64.getEncoder().encodeToString(words[1].getBytes(UTF_8))
            : header;
    assertThat(status(request("GET", "/api/tasks", null).header("Authorization", sent)))
        .isEqualTo(status);
  }

  @Test
  void aLoginThatIsNoBase64IsNone() throws Exception {
    assertThat(status(request("GET", "/api/tasks", null).header("Authorization", "Basic ???")))
        .isEqualTo(401);
  }

  @Test
  void aPageFromElsewhereChangesNothingWhateverTheKey() throws Exception {
    String ours = home.getScheme() + "://" + home.getAuthority();
    for (String origin :
        List.of("http://evil.example", "null", "http://localhost:1", "https://10.0.0.1", "://")) {
      assertThat(
              status(request("DELETE", "/api/tasks/nobodys", "operator").header("Origin", origin)))
          .as(origin)
          .isEqualTo(403);
    }
    assertThat(status(request("DELETE", "/api/tasks/nobodys", "operator").header("Origin", ours)))
        .isEqualTo(404);
    assertThat(
            status(request("GET", "/api/tasks", "viewer").header("Origin", "http://evil.example")))
        .isEqualTo(200);
  }

  @Test
  void otherProcessesAskTheRegistryWithAKey() {
    Schema schema = Schema.create(Schema.Type.STRING);
    try (RestRegistry registry = new RestRegistry(home, Optional.of("operator"))) {
      int id = registry.register("login-value", schema);
      try (RestRegistry reader =
          new RestRegistry(
              URI.create(home.toString().replace("//", "//x:viewer@")), Optional.empty())) {
        assertThat(reader.byId(id)).isEqualTo(schema);
        assertThat(reader.register("login-value", schema)).isEqualTo(id);
        assertThatThrownBy(() -> reader.register("login-other", schema))
            .isInstanceOf(RegistryRefusedException.class)
            .hasMessageContaining("403");
      }
    }
  }

  @Test
  void aBrowserThatKnowsAKeyShowsThePageAndItsLiveEvents() throws Exception {
    HttpRequest.Builder task =
        request("PUT", "/api/tasks/browsed", "operator")
            .header("Content-Type", "application/json")
            .method("PUT", HttpRequest.BodyPublishers.ofString("{\"classes\": [\"a\", \"b\"]}"));
    assertThat(status(task)).isEqualTo(201);
    try (Browser browser = Browser.orSkip();
        BrowserContext context =
            browser
                .chromium()
                .newContext(new NewContextOptions().setHttpCredentials("me", "viewer"))) {
      Page page = context.newPage();
      page.waitForResponse(
          response -> response.url().contains("/api/events") && response.status() == 200,
          () -> page.navigate(home + "#browsed"));
      page.locator("#board").waitFor();
    }
  }
}
