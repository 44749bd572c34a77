package io.gripstream.gateway.rest;

import static io.restassured.RestAssured.get;
import static io.restassured.RestAssured.given;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.equalTo;
import static org.hamcrest.Matchers.hasEntry;
import static org.hamcrest.Matchers.is;
import static org.hamcrest.Matchers.not;

import io.gripstream.gateway.GatewayOnly;
import io.quarkus.bootstrap.logging.InitialConfigurator;
import io.quarkus.test.junit.QuarkusTest;
import io.quarkus.test.junit.TestProfile;
import io.restassured.RestAssured;
import io.restassured.config.EncoderConfig;
import io.restassured.http.ContentType;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.Socket;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.jboss.logmanager.handlers.ConsoleHandler;
import org.junit.jupiter.api.Test;

/** What holds for every request: hosts, bodies, refusals, the log, and what says what there is. */
@QuarkusTest
@TestProfile(GatewayOnly.class)
class RequestsTest extends GatewayRig {
  @Test
  void everyOperationHasANameOfItsOwnAndSaysHowItRefuses() {
    Map<String, Map<String, Map<String, Object>>> paths =
        get("/q/openapi?format=json").jsonPath().getMap("paths");
    List<String> names = new ArrayList<>();
    paths.forEach(
        (path, operations) ->
            operations.forEach(
                (method, operation) -> {
                  names.add(String.valueOf(operation.get("operationId")));
                  assertThat(operation.get("responses").toString())
                      .as("%s %s", method, path)
                      .contains("default=");
                }));
    assertThat(names)
        .doesNotHaveDuplicates()
        .doesNotContain("null")
        .contains("listTasks", "exportLabels", "importLabels", "getPromptSafetensors");
  }

  @Test
  void theLogIsForPeopleUnlessJsonIsAskedFor() {
    assertThat(InitialConfigurator.DELAYED_HANDLER.getHandlers())
        .filteredOn(ConsoleHandler.class::isInstance)
        .isNotEmpty()
        .extracting(console -> console.getFormatter().getClass().getSimpleName())
        .doesNotContain("JsonFormatter");
  }

  @Test
  void aHostThatIsNoneOfOursIsNotAnswered() throws IOException {
    for (String host : List.of("evil.example", "evil.example:8080", "localhost.evil.example")) {
      for (String path : List.of("/api/tasks", "/", "/q/metrics", "/subjects")) {
        assertThat(answerTo(path, host)).startsWith("HTTP/1.1 421 ");
      }
    }
    for (String host : List.of("localhost", "localhost:9", "127.0.0.1", "[::1]:80")) {
      assertThat(answerTo("/api/tasks", host)).startsWith("HTTP/1.1 200 ");
    }
  }

  @Test
  void aHostThatCannotBeReadIsNamedToWhoSentIt() throws IOException {
    for (String host : List.of("a b", "[::1", "localhost:x", "localhost:99999", "me@localhost")) {
      assertThat(answerTo("/api/tasks", host))
          .as(host)
          .startsWith("HTTP/1.1 400 ")
          .contains("the Host is none that can be read");
    }
  }

  @Test
  void aRefusalComesOverHttp2Too() throws Exception {
    HttpClient http = HttpClient.newBuilder().version(HttpClient.Version.HTTP_2).build();
    HttpRequest.Builder request = HttpRequest.newBuilder(home.resolve("/api/tasks"));
    assertThat(http.send(request.build(), BodyHandlers.discarding()).version())
        .isEqualTo(HttpClient.Version.HTTP_2);
    HttpResponse<String> refused =
        http.send(
            request
                .header("Origin", "https://evil.example")
                .POST(BodyPublishers.ofString("{}"))
                .build(),
            BodyHandlers.ofString());
    assertThat(refused.version()).isEqualTo(HttpClient.Version.HTTP_2);
    assertThat(refused.statusCode()).as(refused.body()).isEqualTo(403);
    // Stricter clients take the header for a broken stream.
    assertThat(refused.headers().firstValue("Connection")).isEmpty();
  }

  @Test
  void aMethodThatSomebodyMadeUpIsNoMeter() throws IOException {
    for (int i = 0; i < 3; i++) {
      try (Socket socket = new Socket("localhost", RestAssured.port)) {
        String request =
            "MADEUP%d /subjects HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
        socket.getOutputStream().write(request.formatted(i).getBytes(US_ASCII));
        assertThat(socket.getInputStream().readAllBytes()).isNotEmpty();
      }
    }
    Awaitility.await()
        .untilAsserted(() -> get("/q/metrics").then().body(containsString("method=\"other\"")));
    get("/q/metrics").then().body(not(containsString("MADEUP")));
  }

  /** A thread waits for each of them, and there must be some for who only asks. */
  @Test
  void bodiesThatDoNotComeLeaveRoomForWhoOnlyAsks() throws IOException {
    List<Socket> slow = new ArrayList<>();
    try {
      for (int i = 0; i < 250; i++) {
        slow.add(new Socket("localhost", RestAssured.port));
        String request =
            "POST /api/images HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99\r\nContent-Type: image/png\r\n\r\na";
        slow.get(i).getOutputStream().write(request.getBytes(US_ASCII));
      }
      Socket last = slow.get(slow.size() - 1);
      last.setSoTimeout(20_000);
      BufferedReader answer =
          new BufferedReader(new InputStreamReader(last.getInputStream(), US_ASCII));
      assertThat(answer.readLine()).startsWith("HTTP/1.1 429 ");
      get("/q/health/live").then().statusCode(200);
      get("/api/tasks/" + task).then().statusCode(200);
    } finally {
      for (Socket socket : slow) {
        socket.close();
      }
    }
    Awaitility.await()
        .untilAsserted(
            () ->
                json(Map.of("imageId", "1", "label", "a"))
                    .post("/api/tasks/" + task + "/labels")
                    .then()
                    .statusCode(202));
  }

  @Test
  void aFormThatCannotBeReadIsRefused() {
    String field = "--x\r\nContent-Disposition: form-data; name=\"%d\"\r\n\r\na\r\n";
    StringBuilder fields = new StringBuilder();
    IntStream.range(0, 2000).forEach(i -> fields.append(field.formatted(i)));
    Map<String, String> forms = new HashMap<>();
    forms.put("--x--\r\n", "multipart/form-data; boundary=");
    forms.put(fields + "--x--\r\n", "multipart/form-data; boundary=x");
    forms.put("--x\r\n" + "A: b\r\n".repeat(1000), "multipart/form-data; boundary=x");
    forms.forEach(
        (form, type) ->
            problem(
                given()
                    .config(
                        RestAssured.config()
                            .encoderConfig(
                                EncoderConfig.encoderConfig()
                                    .encodeContentTypeAs("multipart/form-data", ContentType.TEXT)))
                    .header("Content-Type", type)
                    .body(form.getBytes(US_ASCII))
                    .post("/api/tasks/" + task + "/label")
                    .then(),
                400,
                "form that can be read"));
  }

  /** It is no fault of the service, and anybody may do it as often as he likes. */
  @Test
  void whoBreaksABodyOffLeavesNoErrorInTheLog() throws IOException {
    List<LogRecord> lines = new CopyOnWriteArrayList<>();
    Handler handler = new Lines(lines);
    Logger log = Logger.getLogger(Problems.class.getName());
    log.setLevel(Level.FINE);
    log.addHandler(handler);
    try {
      for (String type : List.of("image/png", "text/csv", "application/json")) {
        lines.clear();
        String labels = "/api/tasks/" + task + "/labels";
        String path =
            switch (type) {
              case "text/csv" -> labels + "/import";
              case "image/png" -> "/api/images";
              default -> labels;
            };
        Awaitility.await()
            .untilAsserted(
                () -> {
                  // One that breaks off before anybody reads it is not even heard of.
                  breakOff(path, type);
                  assertThat(lines).as(type).isNotEmpty();
                });
        assertThat(lines).as(type).allMatch(line -> line.getLevel().intValue() < 900);
      }
    } finally {
      log.removeHandler(handler);
      log.setLevel(null);
    }
  }

  private static void breakOff(String path, String type) throws IOException {
    try (Socket socket = new Socket("localhost", RestAssured.port)) {
      String request =
          "POST %s HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99\r\nContent-Type: %s\r\n\r\n{";
      socket.getOutputStream().write(request.formatted(path, type).getBytes(US_ASCII));
    }
  }

  private static final class Lines extends Handler {
    private final List<LogRecord> lines;

    private Lines(List<LogRecord> lines) {
      this.lines = lines;
    }

    @Override
    public void publish(LogRecord line) {
      lines.add(line);
    }

    @Override
    public void flush() {}

    @Override
    public void close() {}
  }

  /** Ordinary clients do not let one forge a host. */
  private static String answerTo(String path, String host) throws IOException {
    try (Socket socket = new Socket("localhost", RestAssured.port)) {
      String request = "GET %s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n";
      socket.getOutputStream().write(request.formatted(path, host).getBytes(US_ASCII));
      return new String(socket.getInputStream().readAllBytes(), US_ASCII);
    }
  }

  /** Ordinary clients say what they send, in a way that can be read. */
  @Test
  void aBodyOfWhichNothingSaysWhatItIsIsNotTaken() throws IOException {
    String labels = "/api/tasks/" + task + "/labels/import";
    for (String path : List.of(labels, "/api/images", "/api/tasks/" + task + "/label")) {
      for (String type : List.of("", "Content-Type:", "Content-Type: /;;", "Content-Type: ;=")) {
        try (Socket socket = new Socket("localhost", RestAssured.port)) {
          String request =
              "POST %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: 1\r\n%s\r\n\r\nx";
          socket
              .getOutputStream()
              .write(
                  request
                      .formatted(path, type)
                      .replace("\r\n\r\n\r\n", "\r\n\r\n")
                      .getBytes(US_ASCII));
          assertThat(new String(socket.getInputStream().readAllBytes(), US_ASCII))
              .as(path + " " + type)
              .startsWith("HTTP/1.1 415 ");
        }
      }
    }
  }

  /** A record would hold a question mark in its place: another image's id. */
  @Test
  void anIdWithHalfACharacterIsNone() {
    String broken = "a\\ud800";
    problem(
        given()
            .contentType("application/json")
            .body("{\"imageId\": \"%s\", \"label\": \"a\"}".formatted(broken))
            .post("/api/tasks/" + task + "/labels")
            .then(),
        400,
        "broken characters");
    problem(
        given()
            .contentType("application/json")
            .body(
                "{\"id\": \"%s\", \"uri\": \"https://a/b\", \"sha256\": \"%s\"}"
                    .formatted(broken, "0".repeat(64)))
            .post("/api/images")
            .then(),
        400,
        "broken characters");
  }

  /** Names of classes, ours or others', and what only programs say of themselves. */
  private static final Pattern CLASS_NAME =
      Pattern.compile("([a-z]\\w*\\.){2,}[A-Z]|Exception|`|[Cc]lass \\w*\\.|\\w\\.java|<local");

  @Test
  void noProblemNamesAClass() {
    Map<String, Class<?>> bodies =
        Map.of(
            "PUT /api/tasks/" + task,
            TaskSpec.class,
            "POST /api/tasks/" + task + "/commands",
            CommandResource.CommandRequest.class,
            "POST /api/tasks/" + task + "/labels",
            LabelResource.LabelRequest.class,
            "POST /api/images",
            ImageResource.ImageRequest.class,
            "POST /api/scoreboard/" + task,
            ScoreboardResource.Truth.class,
            "POST /subjects/x/versions",
            RegistryResource.SchemaRequest.class);
    List<String> values =
        List.of(
            "{}", "[]", "[{}]", "\"x\"", "1e99", "99999999999", "-1", "true", "null", "[1, [2]]");
    bodies.forEach(
        (request, type) -> {
          List<String> sent = new ArrayList<>(values);
          sent.addAll(
              List.of("", "{", "{\"a\": ", "nonsense", "{\"a\": \u0001}", "\"" + "x".repeat(9)));
          sent.add("[".repeat(1500));
          fields(type).forEach(field -> values.forEach(v -> sent.add(field.formatted(v))));
          for (String body : sent) {
            String[] methodAndPath = request.split(" ");
            String answer =
                json(body).request(methodAndPath[0], methodAndPath[1]).then().extract().asString();
            assertThat(answer).as("%s %s", request, body).doesNotContainPattern(CLASS_NAME);
          }
        });
    for (String schema :
        List.of(
            "{",
            "\"nope\"",
            "{\"type\": \"record\"}",
            "{\"type\": 1}",
            "[\"int\", \"int\"]",
            "{}",
            "{\"type\": \"record\", \"name\": \"A\", \"fields\": [{\"name\": \"f\", \"type\":"
                + " \"B\"}]}",
            "{\"type\": \"enum\", \"name\": \"A\", \"symbols\": [1]}",
            "{\"type\": \"fixed\", \"name\": \"1\", \"size\": -1}")) {
      assertThat(
              json(Map.of("schema", schema))
                  .post("/subjects/x/versions")
                  .then()
                  .extract()
                  .asString())
          .as(schema)
          .doesNotContainPattern(CLASS_NAME);
    }
    for (String path : List.of("/api/images/a/b", "/api/events", "/api/tasks/%00", "/api/rounds")) {
      assertThat(get(path).then().extract().asString()).doesNotContainPattern(CLASS_NAME);
      assertThat(given().delete(path).then().extract().asString())
          .doesNotContainPattern(CLASS_NAME);
    }
  }

  /** JSON with a place for the value of each field, however deep it lies. */
  private static Stream<String> fields(Class<?> type) {
    return type.getRecordComponents() == null
        ? Stream.empty()
        : Arrays.stream(type.getRecordComponents())
            .flatMap(
                field ->
                    Stream.concat(Stream.of("%s"), fields(field.getType()))
                        .map(inner -> "{\"" + field.getName() + "\": " + inner + "}"));
  }

  @Test
  void jsonThatIsAsLongAsAnImageIsRefused() {
    problem(
        json("[" + " ".repeat(5 << 20) + "]").post("/api/scoreboard/" + task).then(),
        413,
        "all but images");
  }

  @Test
  void thePageAndTheOperatorsFindTheirWay() {
    get("/")
        .then()
        .statusCode(200)
        .header("Content-Security-Policy", not(containsString("unsafe")))
        .header("Cache-Control", "no-cache")
        .body(containsString("Gripstream"));
    String modified =
        get("/js/main.js")
            .then()
            .header("Cache-Control", "no-cache")
            .extract()
            .header("Last-Modified");
    given().header("If-Modified-Since", modified).get("/js/main.js").then().statusCode(304);
    get("/api/summary").then().body("roles", equalTo(List.of("GATEWAY"))).body("ready", is(true));
    get("/q/health/ready")
        .then()
        .statusCode(200)
        .body("checks.find { it.name == 'roles' }.data", hasEntry("registry", "up"));
    get("/q/metrics").then().statusCode(200).body(containsString("gripstream_gateway_viewers"));
    get("/q/openapi").then().statusCode(200).body(containsString("/api/tasks/{task}/prompts/live"));
    problem(get("/api/nothing").then(), 404, "nothing at this address");
  }
}
