package io.gripstream.gateway.rest;

import static io.restassured.RestAssured.get;
import static io.restassured.RestAssured.given;
import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.empty;
import static org.hamcrest.Matchers.equalTo;
import static org.hamcrest.Matchers.greaterThan;
import static org.hamcrest.Matchers.hasItem;
import static org.hamcrest.Matchers.hasSize;
import static org.hamcrest.Matchers.is;
import static org.hamcrest.Matchers.not;
import static org.hamcrest.Matchers.nullValue;
import static org.hamcrest.Matchers.startsWith;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.gripstream.clip.FloatTensor;
import io.gripstream.clip.SafeTensors;
import io.gripstream.event.Command;
import io.gripstream.event.CommandType;
import io.gripstream.event.ImageReference;
import io.gripstream.event.LabelEvent;
import io.gripstream.event.PromptVersion;
import io.gripstream.event.RoundEventType;
import io.gripstream.event.ScoredLabel;
import io.gripstream.event.Strategy;
import io.gripstream.event.TaskDefinition;
import io.gripstream.gateway.Gateway;
import io.gripstream.gateway.GatewayOnly;
import io.gripstream.gateway.Strokes;
import io.gripstream.gateway.Traffic;
import io.gripstream.kafka.KafkaClients;
import io.gripstream.kafka.Position;
import io.gripstream.kafka.SharedBroker;
import io.gripstream.kafka.Topics;
import io.gripstream.kafka.registry.TopicSerdes;
import io.gripstream.prompt.Tensors;
import io.gripstream.task.TaskCases;
import io.quarkus.bootstrap.logging.InitialConfigurator;
import io.quarkus.test.common.http.TestHTTPResource;
import io.quarkus.test.junit.QuarkusTest;
import io.quarkus.test.junit.TestProfile;
import io.restassured.RestAssured;
import io.restassured.config.EncoderConfig;
import io.restassured.http.ContentType;
import io.restassured.response.ValidatableResponse;
import io.restassured.specification.RequestSpecification;
import jakarta.inject.Inject;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.RecordsToDelete;
import org.apache.kafka.common.TopicPartition;
import org.awaitility.Awaitility;
import org.hamcrest.Matcher;
import org.jboss.logmanager.handlers.ConsoleHandler;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The API over real topics. Each test has a task of its own. */
@QuarkusTest
@TestProfile(GatewayOnly.class)
class GatewayApiTest {
  private static int tasks;

  @Inject KafkaClients clients;
  @Inject Topics topics;
  @Inject TopicSerdes serdes;
  @Inject Gateway gateway;

  @TestHTTPResource("/")
  URI home;

  private final String task = "api-" + tasks++;
  private Traffic traffic;

  @BeforeEach
  void define() {
    RestAssured.replaceFiltersWith(new DescribedAnswers(home));
    traffic = new Traffic(clients, topics, serdes);
    json(Map.of("classes", List.of("a", "b", "c")))
        .put("/api/tasks/" + task)
        .then()
        .statusCode(201);
  }

  @AfterEach
  void end() {
    RestAssured.replaceFiltersWith(List.of());
    traffic.close();
  }

  @Test
  void aTaskIsDefinedWithTheSchemasDefaultsAndReadAtOnce() {
    get("/api/tasks/" + task)
        .then()
        .statusCode(200)
        .body("name", equalTo(task))
        .body("definition.template", equalTo("a photo of a {}"))
        .body("definition.training.epochs", equalTo(30))
        .body("definition.gate.minimumEvidence", equalTo(20));
    json(Map.of(
            "classes", List.of("a", "b"),
            "template", "a {} seen from above",
            "trigger", Map.of("samples", 60, "calibration", 40, "drift", false),
            "training", Map.of("epochs", 5)))
        .put("/api/tasks/" + task)
        .then()
        .statusCode(200)
        .body("definition.trigger.samples", equalTo(60))
        .body("definition.trigger.calibration", equalTo(40))
        .body("definition.trigger.drift", equalTo(false))
        .body("definition.training.epochs", equalTo(5))
        .body("definition.training.batchSize", equalTo(0));
    get("/api/tasks").then().body("name", hasItem(task));
  }

  @Test
  void anEndedTaskIsGone() {
    given().delete("/api/tasks/" + task).then().statusCode(204);
    problem(get("/api/tasks/" + task).then(), 404, "there is no task named " + task);
    problem(given().delete("/api/tasks/" + task).then(), 404, "no task");
  }

  @Test
  void aDefinitionInTheTopicThatBreaksTheRulesIsNotShown() throws Exception {
    TaskDefinition good = TaskDefinition.newBuilder().setClasses(List.of("a", "b")).build();
    TaskDefinition bad = TaskDefinition.newBuilder(good).setClasses(List.of("a")).build();
    for (Position written :
        List.of(
            traffic.definition(task, bad),
            traffic.definition("../" + task, good),
            traffic.definition(task + "-bad", bad))) {
      gateway.feeds().tasks().await(written.partition(), written.offset(), Duration.ofSeconds(30));
    }
    get("/api/tasks/" + task).then().body("definition.classes", hasSize(3));
    get("/api/tasks").then().body("name", not(hasItem("../" + task)));
    get("/api/tasks").then().body("name", not(hasItem(task + "-bad")));
    problem(
        get("/api/tasks/" + task + "-bad").then(),
        404,
        "is not followed: classes must be at least");
  }

  @Test
  void aDefinitionThatMakesNoSenseIsRefusedWithTheReason() {
    refused(
        Map.of("classes", List.of("a")), "classes must be at least two, and at most 1000, not 1");
    refused(Map.of("classes", List.of("a", "a")), "classes[1]");
    refused(Map.of("classes", List.of("a", " ")), "blank");
    refused(
        Map.of("classes", IntStream.range(0, 1001).mapToObj(i -> "c" + i).toList()),
        "at most 1000");
    refused(Map.of("classes", List.of("a", "b"), "template", "no place"), "exactly once");
    refused(Map.of("classes", List.of("a", "b"), "template", "{} and {}"), "exactly once");
    refused(
        Map.of("classes", List.of("a", "b"), "training", Map.of("learningRate", -1)),
        "training.learningRate must be from 0 to 10, not -1.0");
    refused(Map.of("classes", List.of("a", "b"), "clases", 1), "clases");
    refused(Map.of("template", "a {}"), "classes must not be null");
    problem(
        json(Map.of("classes", List.of("a", "b"))).put("/api/tasks/Not A Name").then(),
        400,
        "a task's name");
    problem(json("{\"classes\": [").put("/api/tasks/x").then(), 400, "not valid");
    given()
        .contentType("text/plain")
        .body("x")
        .put("/api/tasks/x")
        .then()
        .statusCode(415)
        .contentType("application/problem+json");
  }

  @Test
  void anImageGoesIntoItsTopicAndComesOutByteForByte() {
    byte[] png = Strokes.png(3, new Random(3));
    ValidatableResponse sent =
        given()
            .contentType("image/png")
            .queryParam("id", "three")
            .queryParam("task", task)
            .body(png)
            .post("/api/images")
            .then()
            .statusCode(202)
            .body("id", equalTo("three"))
            .body("topic", equalTo(topics.images()));
    byte[] back =
        get(place(sent))
            .then()
            .statusCode(200)
            .contentType("image/png")
            .header("X-Content-Type-Options", "nosniff")
            .header("Content-Security-Policy", startsWith("default-src 'none'"))
            .extract()
            .asByteArray();
    assertThat(back).isEqualTo(png);
  }

  @Test
  void aRequestsTraceContextBecomesHeadersOfTheImagesRecord() {
    String parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    traced(parent, "a=1,b=2").queryParam("id", task + "-bytes").post("/api/images");
    json(Map.of("id", task + "-place", "uri", "https://a/b.png", "sha256", "0".repeat(64)))
        .header("traceparent", parent)
        .post("/api/images")
        .then()
        .statusCode(202);
    traced("00-" + "0".repeat(32) + "-b7ad6b7169203331-01", "a=1")
        .queryParam("id", task + "-none")
        .post("/api/images");
    traced(parent, "x".repeat(513)).queryParam("id", task + "-long").post("/api/images");

    assertThat(headers(task + "-bytes"))
        .isEqualTo(Map.of("traceparent", parent, "tracestate", "a=1,b=2"));
    assertThat(headers(task + "-place")).isEqualTo(Map.of("traceparent", parent));
    assertThat(headers(task + "-none")).isEmpty();
    assertThat(headers(task + "-long")).isEqualTo(Map.of("traceparent", parent));
    // Nobody said where traces go.
    assertThat(clients.traces().on()).isFalse();
    assertThat(Thread.getAllStackTraces().keySet())
        .extracting(Thread::getName)
        .noneMatch(name -> name.contains("SpanProcessor"));
  }

  private static RequestSpecification traced(String parent, String state) {
    return given()
        .contentType("image/png")
        .header("traceparent", parent)
        .header("tracestate", state)
        .body(Strokes.png(2, new Random(2)));
  }

  private Map<String, String> headers(String imageId) {
    Map<String, String> headers = new HashMap<>();
    values(topics.images(), imageId, 1)
        .records()
        .get(0)
        .headers()
        .forEach(header -> headers.put(header.key(), new String(header.value(), UTF_8)));
    return headers;
  }

  @Test
  void whatIsNoImageIsNotTaken() {
    RequestSpecification bytes = given().contentType("application/octet-stream");
    problem(bytes.body("<svg/>".getBytes()).post("/api/images").then(), 415, "none of JPEG");
    problem(
        given()
            .contentType("image/png")
            .queryParam("id", " ")
            .body(Strokes.png(1, new Random(1)))
            .post("/api/images")
            .then(),
        400,
        "blank");
    problem(
        given()
            .contentType("image/png")
            .queryParam("task", "nobodys")
            .body(Strokes.png(1, new Random(1)))
            .post("/api/images")
            .then(),
        404,
        "no task named nobodys");
    problem(
        json(Map.of("uri", "relative", "sha256", "0".repeat(64))).post("/api/images").then(),
        400,
        "absolute");
    problem(
        json(Map.of("uri", "https://example.org/a.png", "sha256", "short"))
            .post("/api/images")
            .then(),
        400,
        "sha256");
  }

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
  void withoutALabelerOneImageIsNotLabelledNow() {
    problem(
        given()
            .contentType("image/png")
            .body(Strokes.png(1, new Random(1)))
            .post("/api/tasks/" + task + "/label")
            .then(),
        501,
        "no labeler role");
  }

  @Test
  void anImageLargerThanAllowedIsRefused() {
    byte[] huge = new byte[16 * 1024 * 1024 + 1];
    System.arraycopy(Strokes.png(1, new Random(1)), 0, huge, 0, 200);
    problem(given().contentType("image/png").body(huge).post("/api/images").then(), 413, "at most");
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
  void anImageNamedByItsPlaceHasNoBytesHere() {
    ValidatableResponse sent =
        json(Map.of("uri", "https://example.org/a.png", "sha256", "0".repeat(64)))
            .post("/api/images")
            .then()
            .statusCode(202)
            .body("id", equalTo("0".repeat(64)));
    problem(get(place(sent)).then(), 404, "https://example.org/a.png");
  }

  @Test
  void anImageThatRetentionRemovedIsGoneAndOneThatNeverWasIsNotFound() throws Exception {
    ValidatableResponse first = send("first");
    int partition = first.extract().path("partition");
    int offset = first.extract().path("offset");
    TopicPartition place = new TopicPartition(topics.images(), partition);
    try (Admin admin = clients.admin()) {
      admin.deleteRecords(Map.of(place, RecordsToDelete.beforeOffset(offset + 1L))).all().get();
    }
    problem(get(place(first)).then(), 410, "retention");
    problem(get("/api/images/0/99999999").then(), 404, "no record");
    problem(get("/api/images/77/0").then(), 404, "no record");
    get("/api/images/0/-1").then().statusCode(404);
  }

  @Test
  void labelsAreWrittenOneOrManyOrNotAtAll() {
    String path = "/api/tasks/" + task + "/labels";
    json(Map.of("imageId", "x", "label", "a"))
        .post(path)
        .then()
        .statusCode(202)
        .body("labels", is(1));
    json(List.of(Map.of("imageId", "y", "label", "b", "annotator", "me"), Map.of("imageId", "z")))
        .post(path)
        .then()
        .statusCode(202)
        .body("labels", is(2));
    problem(
        json(List.of(Map.of("imageId", "y", "label", "b"), Map.of("imageId", "y", "label", "q")))
            .post(path)
            .then(),
        400,
        "[1].label is none of the task's classes");
    List<LabelEvent> written =
        values(topics.labels(), task, 3).map(serdes.labels(), topics.labels());
    assertThat(written).extracting(LabelEvent::getImageId).containsExactly("x", "y", "z");
    assertThat(written).extracting(LabelEvent::getLabel).containsExactly("a", "b", null);
  }

  @Test
  void whoLabelledCanReadAtOnceWhatIsKnown() {
    String path = "/api/tasks/" + task + "/labels";
    get(path).then().body("labels", is(0)).body("paradigm", equalTo("UL"));
    json(List.of(
            Map.of("imageId", "x", "label", "a"),
            Map.of("imageId", "y", "label", "a"),
            Map.of("imageId", "z", "label", "c")))
        .post(path)
        .then()
        .statusCode(202);
    get(path)
        .then()
        .statusCode(200)
        .body("labels", is(3))
        .body("paradigm", equalTo("TRZSL"))
        .body("classes.label", equalTo(List.of("a", "b", "c")))
        .body("classes.collect { it.training + it.heldOut }", equalTo(List.of(2, 0, 1)));
    get(path + "/image?imageId=y").then().body("label", equalTo("a"));
    json(Map.of("imageId", "y")).post(path).then().statusCode(202);
    get(path + "/image?imageId=y").then().statusCode(200).body("label", nullValue());
    get("/api/tasks/" + task + "/summary").then().body("labels", is(2));
    problem(get(path + "/image").then(), 400, "imageId");
    problem(get("/api/tasks/nobodys/labels").then(), 404, "no task");
    var image = traffic.image("w", Strokes.png(5, new Random(5)));
    predict("w", image, "b", "b");
    predict("x", image, "b", "b");
    Awaitility.await()
        .atMost(Duration.ofSeconds(10))
        .untilAsserted(
            () -> get(path + "/suggestions").then().body("imageId", equalTo(List.of("w"))));
  }

  @Test
  void labelsGoOutAsCsvJsonLinesAndLabelStudiosTasks() throws IOException {
    String path = "/api/tasks/" + task + "/labels";
    ImageReference image = traffic.image("w", Strokes.png(5, new Random(5)));
    ImageReference elsewhere =
        new ImageReference(
            topics.images(), 0, 7L, "https://example.org/\u00e9.png", "e".repeat(64));
    predict("=1,\"2\"", image, "b", "b");
    predict("far", elsewhere, "c", "b");
    traffic.prediction(
        task,
        "unsure",
        image,
        List.of(new ScoredLabel("a", .1f)),
        true,
        new ScoredLabel("a", .1f),
        1,
        Instant.now());
    json(List.of(
            Map.of("imageId", "=1,\"2\"", "label", "a", "annotator", "me, again"),
            Map.of("imageId", "placeless", "label", "c"),
            Map.of("imageId", "taken back", "label", "c"),
            Map.of("imageId", "taken back")))
        .post(path)
        .then()
        .statusCode(202);
    Awaitility.await()
        .atMost(Duration.ofSeconds(10))
        .untilAsserted(
            () -> get("/api/tasks/" + task + "/predictions").then().body("imageId", hasSize(3)));
    String link =
        home.resolve("/api/images/" + image.getPartition() + "/" + image.getOffset()).toString();
    String header = "imageId,label,annotator,predicted,confidence,by,image,sha256\r\n";

    ValidatableResponse csv = get(path + "/export").then().statusCode(200);
    csv.contentType(startsWith("text/csv"))
        .header("Gripstream-Left-Out", "0")
        .header("Content-Disposition", containsString("labels.csv"));
    assertThat(csv.extract().asString())
        .isEqualTo(
            header
                + "\"=1,\"\"2\"\"\",a,\"me, again\",b,0.8,%s/1,%s,%s\r\n"
                    .formatted(task, link, image.getSha256())
                + "placeless,c,,,,,,\r\n");

    List<String> lines =
        get(path + "/export?format=jsonl&of=predictions")
            .then()
            .statusCode(200)
            .contentType(startsWith("application/x-ndjson"))
            .extract()
            .asString()
            .lines()
            .toList();
    assertThat(lines).hasSize(3);
    Map<String, JsonNode> byId = new TreeMap<>();
    for (String line : lines) {
      JsonNode row = new ObjectMapper().readTree(line);
      byId.put(row.get("imageId").asText(), row);
    }
    assertThat(byId.get("=1,\"2\"").get("label").asText()).isEqualTo("a");
    assertThat(byId.get("far").get("image").asText()).isEqualTo("https://example.org/\u00e9.png");
    assertThat(byId.get("far").has("label")).isFalse();
    assertThat(byId.get("unsure").has("predicted")).isFalse();

    get(path + "/export?format=label-studio")
        .then()
        .statusCode(200)
        .header("Gripstream-Left-Out", "1")
        .body("size()", is(1))
        .body("[0].data.imageId", equalTo("=1,\"2\""))
        .body("[0].data.image", equalTo(link))
        .body("[0].annotations[0].result[0].value.choices", equalTo(List.of("a")))
        .body("[0].annotations[0].result[0].type", equalTo("choices"))
        .body("[0].predictions[0].model_version", equalTo(task + "/1"))
        .body("[0].predictions[0].score", equalTo(.8f))
        .body("[0].predictions[0].result[0].from_name", equalTo("choice"))
        .body("[0].predictions[0].result[0].to_name", equalTo("image"))
        .body("[0].predictions[0].result[0].value.choices", equalTo(List.of("b")));
    get(path + "/export?format=label-studio&of=predictions")
        .then()
        .body("find { it.data.imageId == 'far' }.annotations", nullValue())
        .body("find { it.data.imageId == 'unsure' }.predictions", nullValue());

    problem(get(path + "/export?format=xml").then(), 400, "one of csv, jsonl, label-studio");
    problem(get(path + "/export?of=truth").then(), 400, "one of labels, predictions");
    problem(get(path + "/export?of=pseudolabels").then(), 400, "needs a round");
    problem(get("/api/tasks/nobodys/labels/export").then(), 404, "no task");
  }

  @Test
  void pagesOfOtherOriginsMayShowImagesAndNothingElse() {
    String policy = "Cross-Origin-Resource-Policy";
    get(place(send("shown"))).then().statusCode(200).header(policy, "cross-origin");
    get("/api/tasks").then().header(policy, "same-origin");
    get("/api/images/../tasks").then().header(policy, "same-origin");
  }

  @Test
  void aFilesGoodLinesAreTakenAndItsBadOnesAreNamed() {
    String path = "/api/tasks/" + task + "/labels/import";
    String csv =
        "\uFEFFannotator,imageId,note,label\r\n"
            + "me,\"two\nlines, \"\"quoted\"\"\",x,a\r\n"
            + "me,1,x,a\r\n"
            + "me,2,x,A\r\n"
            + "\r\n"
            + "me,3,b\r\n"
            + ",4,,b\r\n"
            + "me,5,x,\r\n"
            + "me,,x,a";
    file("text/csv", csv)
        .post(path)
        .then()
        .statusCode(200)
        .body("taken", is(2))
        .body("unlabelled", is(1))
        .body("refused.number", equalTo(List.of(2, 5, 7, 10)))
        .body("refused[0].reason", equalTo("imageId must not contain control or broken characters"))
        .body("refused[1].reason", equalTo("label is none of the task's classes"))
        .body("refused[2].reason", equalTo("3 columns, and the header has 4"))
        .body("refused[3].reason", equalTo("imageId must not be blank"));
    file(
            "application/x-ndjson",
            """
            {"imageId": "5", "label": "c", "confidence": 0.5}
            {"imageId": "6", "label": 5}

            {"imageId": "7", "label": "a"} {}
            {"imageId": "8"}
            {"imageId": "1", "label": null}
            ["9", "a"]
            """)
        .post(path)
        .then()
        .statusCode(200)
        .body("taken", is(2))
        .body("unlabelled", is(1))
        .body("refused.number", equalTo(List.of(2, 4, 7)))
        .body("refused[0].reason", equalTo("label must be a text"));
    file(
            "application/json",
            labelStudio(
                studioTask(
                    "10", annotation("a", "{\"id\": 3, \"email\": \"me@example.org\"}", false)),
                studioTask("11", annotation("a", "3", false), annotation("b", "4", false)),
                studioTask("12", annotation("a", "3", true), annotation("b", "4", false)),
                studioTask("13", annotation("b", "4", true)),
                "{\"data\": {\"image\": \"x\"}}",
                studioTask("14", annotation("q", "4", false))))
        .post(path)
        .then()
        .statusCode(200)
        .body("taken", is(2))
        .body("unlabelled", is(1))
        .body("refused.number", equalTo(List.of(2, 5, 6)))
        .body("refused[0].reason", equalTo("its annotations name 2 labels"))
        .body("refused[1].reason", containsString("no data.imageId"));
    List<LabelEvent> written =
        values(topics.labels(), task, 6).map(serdes.labels(), topics.labels());
    assertThat(written)
        .containsExactly(
            new LabelEvent("1", "a", "me"),
            new LabelEvent("4", "b", null),
            new LabelEvent("5", "c", null),
            new LabelEvent("1", null, null),
            new LabelEvent("10", "a", "me@example.org"),
            new LabelEvent("12", "b", "4"));
  }

  @Test
  void aFileThatCannotBeReadToItsEndWritesNothing() {
    String path = "/api/tasks/" + task + "/labels/import";
    String good = "imageId,label\n1,a\n";
    problem(file("text/csv", "").post(path).then(), 400, "the first line must name");
    problem(file("text/csv", "id,label\n1,a\n").post(path).then(), 400, "imageId and label");
    problem(file("text/csv", good + "\"2\"x,b\n").post(path).then(), 400, "from line 3 on");
    problem(file("text/csv", good + "\"2,b\n").post(path).then(), 400, "quotes do not match");
    problem(
        given()
            .contentType("text/csv")
            .body((good + "\u00e9,a\n").getBytes(ISO_8859_1))
            .post(path)
            .then(),
        400,
        "not UTF-8; nothing was written");
    problem(
        file("text/csv", good + "1,q\n".repeat(1001)).post(path).then(),
        400,
        "more than 1000 lines are wrong, the first of them line 3: label is none");
    problem(
        file("text/csv", good + "1,a\n".repeat(20_000)).post(path).then(),
        413,
        "at most 20000 labels");
    problem(file("application/json", "{\"data\": 1}").post(path).then(), 400, "array of tasks");
    problem(
        file("application/json", labelStudio(studioTask("1", annotation("a", "1", false)), "{"))
            .post(path)
            .then(),
        400,
        "not JSON");
    String one = labelStudio(studioTask("1", annotation("a", "1", false)));
    problem(file("application/json", one + one).post(path).then(), 400, "behind its array");
    problem(file("application/json", one + "x").post(path).then(), 400, "not JSON");
    problem(
        file("text/csv", "imageId,label,label\n1,a,b\n").post(path).then(),
        400,
        "the column label is there twice");
    problem(file("text/plain", good).post(path).then(), 415, "does not read");
    problem(file("text/csv", good).post("/api/tasks/nobodys/labels/import").then(), 404, "no task");
    get("/api/tasks/" + task + "/labels").then().body("labels", is(0));
    file("text/csv", good + "2,a\n".repeat(19_999))
        .post(path)
        .then()
        .statusCode(200)
        .body("taken", is(20_000));
    get("/api/tasks/" + task + "/labels").then().body("labels", is(2));
  }

  private static RequestSpecification file(String type, String text) {
    return given().contentType(type).body(text.getBytes(UTF_8));
  }

  private static String labelStudio(String... tasks) {
    return "[" + String.join(",\n", tasks) + "]";
  }

  private static String studioTask(String imageId, String... annotations) {
    return "{\"id\": 1, \"data\": {\"image\": \"x\", \"imageId\": \"%s\"}, \"annotations\": [%s]}"
        .formatted(imageId, String.join(", ", annotations));
  }

  private static String annotation(String label, String who, boolean cancelled) {
    return "{\"completed_by\": %s, \"was_cancelled\": %s, \"result\": [{\"from_name\": \"choice\", \"to_name\": \"image\", \"type\": \"choices\", \"value\": {\"choices\": [\"%s\"]}}]}"
        .formatted(who, cancelled, label);
  }

  @Test
  void aTaskSaysWhatItTunesHowAndOnWhichLabels() {
    json(Map.of(
            "classes", List.of("a", "b"),
            "modality", "MULTIMODAL",
            "strategy", "CPL",
            "paradigm", "SSL",
            "training", Map.of("prefixLength", 8, "steps", 200, "candidateMass", 0.8)))
        .put("/api/tasks/" + task)
        .then()
        .statusCode(200)
        .body("definition.modality", equalTo("MULTIMODAL"))
        .body("definition.strategy", equalTo("CPL"))
        .body("definition.paradigm", equalTo("SSL"))
        .body("definition.training.steps", equalTo(200))
        .body("definition.training.candidateQuantile", equalTo(.5f));
    refused(Map.of("classes", List.of("a", "b"), "modality", "AUDIO"), "modality");
  }

  @Test
  void aTaskSaysWhenItAbstainsWhenItCalibratesAndWhetherItLooksForDrift() {
    get("/api/tasks/" + task)
        .then()
        .body("definition.abstainBelow", equalTo(0f))
        .body("definition.trigger.calibration", equalTo(300))
        .body("definition.trigger.drift", is(true));
    json(Map.of(
            "classes", List.of("a", "b"),
            "abstainBelow", 0.4,
            "trigger", Map.of("calibration", 0, "drift", false)))
        .put("/api/tasks/" + task)
        .then()
        .statusCode(200)
        .body("definition.abstainBelow", equalTo(.4f))
        .body("definition.trigger.samples", equalTo(500))
        .body("definition.trigger.calibration", equalTo(0))
        .body("definition.trigger.drift", is(false));
    for (String strategy : List.of("BALANCE", "MIXTURE", "DISTILL", "AUTO")) {
      json(Map.of("classes", List.of("a", "b"), "strategy", strategy))
          .put("/api/tasks/" + task)
          .then()
          .statusCode(200)
          .body("definition.strategy", equalTo(strategy));
    }
    refused(
        Map.of("classes", List.of("a", "b"), "abstainBelow", 1.5),
        "abstainBelow must be from 0 to 1, not 1.5");
    refused(
        Map.of("classes", List.of("a", "b"), "abstainBelow", -0.1),
        "abstainBelow must be from 0 to 1, not -0.1");
    refused(
        Map.of("classes", List.of("a", "b"), "trigger", Map.of("calibration", -1)),
        "trigger.calibration must be from 0 to 1000000, not -1");
  }

  @Test
  void everyFieldOfADefinitionIsHeldToTheRules() {
    for (TaskCases.Case each : TaskCases.outside()) {
      problem(
          json(TaskSpec.of(each.definition())).put("/api/tasks/refused").then(), 400, each.path());
    }
    get("/api/tasks/refused").then().statusCode(404);
    for (TaskCases.Case each : TaskCases.inside()) {
      json(TaskSpec.of(each.definition())).put("/api/tasks/" + task).then().statusCode(200);
    }
  }

  @Test
  void theLivePromptSaysItsBiasAndWhatMadeIt() {
    Instant now = Instant.now();
    PromptVersion zeroShot =
        traffic.candidate(task, List.of("a", "b", "c"), 0, null, 0, Map.of(), now);
    PromptVersion balanced =
        PromptVersion.newBuilder(zeroShot)
            .setVersion(1)
            .setRound(1)
            .setBias(List.of(.5f, 0f, -.5f))
            .setMadeBy(Strategy.BALANCE)
            .build();
    traffic.live(traffic.candidate(balanced));
    String path = "/api/tasks/" + task + "/prompts";
    Awaitility.await()
        .atMost(Duration.ofSeconds(10))
        .untilAsserted(
            () ->
                get(path + "/live")
                    .then()
                    .statusCode(200)
                    .body("version.version", is(1))
                    .body("version.madeBy", equalTo("BALANCE"))
                    .body("bias", equalTo(List.of(.5f, 0f, -.5f))));
    get(path + "/0")
        .then()
        .body("version.madeBy", nullValue())
        .body("bias", equalTo(List.of(0f, 0f, 0f)));
  }

  @Test
  void aPromptGoesOutAsSafetensors(@TempDir Path folder) throws IOException {
    PromptVersion zeroShot =
        traffic.candidate(task, List.of("a", "b", "c"), 0, null, 0, Map.of(), Instant.now());
    FloatTensor shared = new FloatTensor(new int[] {1, 2, 2}, new float[] {1, -2, 3, .25f});
    PromptVersion tuned =
        traffic.candidate(
            PromptVersion.newBuilder(zeroShot)
                .setVersion(1)
                .setRound(1)
                .setTensors(Map.of("context", Tensors.encode(shared)))
                .setBias(List.of(.5f, 0f, -.5f))
                .setMadeBy(Strategy.FPL)
                .build());
    traffic.candidate(PromptVersion.newBuilder(tuned).setVersion(2).setLogitScale(-1f).build());
    String path = "/api/tasks/" + task + "/prompts/";
    Awaitility.await()
        .atMost(Duration.ofSeconds(10))
        .untilAsserted(() -> get(path + "2").then().statusCode(200));

    byte[] file =
        get(path + "1/safetensors")
            .then()
            .statusCode(200)
            .contentType("application/octet-stream")
            .header("Content-Disposition", containsString("prompt-1.safetensors"))
            .extract()
            .asByteArray();
    SafeTensors read = SafeTensors.map(Files.write(folder.resolve("prompt"), file));
    assertThat(read.names())
        .containsExactly("class_features", "zero_shot_features", "scale", "bias", "ctx");
    assertThat(read.get("class_features", 3, 4).floats())
        .isEqualTo(Tensors.decode(tuned.getClassFeatures()).values());
    assertThat(read.get("scale").floats()).containsExactly(54.6f);
    assertThat(read.get("bias", 3).floats()).containsExactly(.5f, 0, -.5f);
    assertThat(read.get("ctx", 2, 2).floats()).containsExactly(1, -2, 3, .25f);
    int header = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN).getInt();
    JsonNode metadata =
        new ObjectMapper().readTree(new String(file, 8, header, UTF_8)).get("__metadata__");
    assertThat(metadata.get("task").asText()).isEqualTo(task);
    assertThat(metadata.get("version").asText()).isEqualTo("1");
    assertThat(metadata.get("digest").asText()).isEqualTo(tuned.getDigest());
    assertThat(metadata.get("model_id").asText()).isEqualTo(Traffic.MODEL);
    assertThat(metadata.get("classes").asText()).isEqualTo("[\"a\",\"b\",\"c\"]");

    problem(get(path + "2/safetensors").then(), 422, "version 2: its logit scale");
    problem(get(path + "3/safetensors").then(), 404, "no version 3");
    get(path + "0/safetensors").then().statusCode(200);
  }

  @Test
  void aLivePromptThatCannotBeVerifiedIsNamedAndTheOneBeforeIsShown() {
    PromptVersion good =
        traffic.candidate(task, List.of("a", "b", "c"), 0, null, 0, Map.of(), Instant.now());
    traffic.live(good);
    stats(equalTo(0), nullValue(), 0, nullValue());
    traffic.live(PromptVersion.newBuilder(good).setBias(List.of(9f, 0f, 0f)).build());
    String digest = "version 0: its digest is";
    stats(equalTo(0), startsWith(digest), 1, startsWith(digest));
    traffic.live(PromptVersion.newBuilder(good).setVersion(7).build());
    String unknown = "version 7: there is no candidate of version 7";
    stats(equalTo(0), equalTo(unknown), 2, equalTo(unknown));
    traffic.live(good);
    stats(equalTo(0), nullValue(), 2, equalTo(unknown));
    get("/api/tasks/" + task)
        .then()
        .body("stats.live", is(0))
        .body("stats.refusals", is(2))
        .body("stats.lastRefusal", equalTo(unknown));
    get("/api/tasks/" + task + "/prompts/live").then().body("version.version", is(0));
  }

  @Test
  void aClockThatTheBrokersRefuseIsNamed() throws Exception {
    String path = "/api/tasks/" + task + "/labels";
    List<Map<String, String>> labels = List.of(Map.of("imageId", "i", "label", "a"));
    SharedBroker.oldest(clients, topics.labels(), 0);
    try {
      problem(json(labels).post(path).then(), 503, "timestamps; its clock says");
    } finally {
      SharedBroker.oldest(clients, topics.labels(), Long.MAX_VALUE);
    }
    json(labels).post(path).then().statusCode(202);
    problem(given().contentType("application/json").body("null").post(path).then(), 400, "1 to");
  }

  private void stats(Matcher<?> live, Matcher<?> refused, int refusals, Matcher<?> last) {
    String path = "tasks.find { it.task == '%s' }.".formatted(task);
    Awaitility.await()
        .atMost(Duration.ofSeconds(10))
        .untilAsserted(
            () ->
                get("/api/summary")
                    .then()
                    .body(path + "live", live)
                    .body(path + "refused", refused)
                    .body(path + "refusals", is(refusals))
                    .body(path + "lastRefusal", last));
  }

  @Test
  void aPredictionThatAbstainedIsShownAsThatAndUnderNoClass() {
    var image = traffic.image("p", Strokes.png(5, new Random(5)));
    traffic.prediction(
        task,
        "unsure",
        image,
        List.of(new ScoredLabel("a", .3f)),
        true,
        new ScoredLabel("b", .3f),
        1,
        Instant.now());
    predict("sure", image, "a", "b");
    String path = "/api/tasks/" + task + "/predictions";
    Awaitility.await()
        .atMost(Duration.ofSeconds(10))
        .untilAsserted(
            () ->
                get(path)
                    .then()
                    .body("imageId", equalTo(List.of("sure", "unsure")))
                    .body("abstained", equalTo(List.of(false, true)))
                    .body("changed", equalTo(List.of(true, false)))
                    .body("[1].labels[0].label", equalTo("a")));
    get(path + "?label=a").then().body("imageId", equalTo(List.of("sure")));
    get("/api/tasks/" + task + "/summary").then().body("classes", equalTo(Map.of("a", 1)));
  }

  @Test
  void versionsCarryEvidenceVerdictAndNumbers() {
    versions();
    String path = "/api/tasks/" + task + "/prompts";
    get(path)
        .then()
        .statusCode(200)
        .body("version", equalTo(List.of(2, 1, 0)))
        .body("verdict", equalTo(List.of("HELD", "PROMOTED", "PROMOTED")))
        .body("live", equalTo(List.of(false, true, false)))
        .body("[0].reason", equalTo("no better"))
        .body("[0].evidence.score", equalTo(.5f));
    get(path + "/2")
        .then()
        .body("version.parent", equalTo(1))
        .body("tensors.context.shape", equalTo(List.of(16, 8)))
        .body("tensors.context.values", hasSize(128))
        .body("classFeatures.shape", equalTo(List.of(3, 4)));
    get(path + "/live").then().body("version.version", equalTo(1));
    problem(get(path + "/9").then(), 404, "no version 9");
  }

  @Test
  void commandsAreWrittenWhenTheyMakeSense() {
    String path = "/api/tasks/" + task + "/commands";
    problem(json(Map.of("type", "PIN")).post(path).then(), 409, "no live version");
    versions();
    json(Map.of("type", "PIN", "version", 2, "reason", "try it")).post(path).then().statusCode(202);
    problem(json(Map.of("type", "PIN", "version", 7)).post(path).then(), 404, "no version 7");
    problem(json(Map.of("type", "ROLL_BACK", "version", 1)).post(path).then(), 409, "live already");
    problem(
        json(Map.of("type", "ROLL_BACK", "expectedLive", 2)).post(path).then(),
        409,
        "version 2 was expected to be live, and version 1 is");
    problem(json(Map.of("type", "PAUSE", "version", 1)).post(path).then(), 400, "does not go");
    problem(json(Map.of("type", "EXPLODE")).post(path).then(), 400, "not valid");
    problem(json(Map.of("version", 1)).post(path).then(), 400, "not valid");
    Command command =
        values(topics.commands(), task, 1).map(serdes.commands(), topics.commands()).get(0);
    assertThat(command.getType()).isEqualTo(CommandType.PIN);
    assertThat(command.getVersion()).isEqualTo(2);
    assertThat(command.getReason()).isEqualTo("try it");
    assertThat(command.getKey()).isNull();
    assertThat(command.getExpectedLive()).isNull();
  }

  /** What was live when it was sent first need not be so any more. */
  @Test
  void aCommandWithAKeyOfItsOwnIsWrittenWheneverItIsSent() {
    String path = "/api/tasks/" + task + "/commands";
    versions();
    for (int i = 0; i < 2; i++) {
      json(Map.of("type", "ROLL_BACK", "version", 1, "expectedLive", 2))
          .header("Idempotency-Key", "4711")
          .post(path)
          .then()
          .statusCode(202);
    }
    assertThat(values(topics.commands(), task, 2).map(serdes.commands(), topics.commands()))
        .allSatisfy(command -> assertThat(command.getKey()).isEqualTo("4711"))
        .allSatisfy(command -> assertThat(command.getExpectedLive()).isEqualTo(2));
    for (String key : List.of("a b", "k".repeat(201), "\u00e9")) {
      problem(
          json(Map.of("type", "PAUSE")).header("Idempotency-Key", key).post(path).then(),
          400,
          "not valid");
    }
  }

  @Test
  void aRoundLeadsToTheImagesItTrainedOn() {
    var image = traffic.image("sample", Strokes.png(5, new Random(5)));
    traffic.batch(
        task,
        1,
        IntStream.range(0, 250).mapToObj(i -> Traffic.sample("s" + i, image)).toList(),
        Instant.now());
    traffic.round(task, 1, RoundEventType.REQUESTED, 1, 0, "", Map.of(), Instant.now());
    String path = "/api/tasks/" + task + "/rounds";
    Awaitility.await()
        .atMost(Duration.ofSeconds(10))
        .untilAsserted(() -> get(path).then().body("rounds[0].samples", equalTo(250)));
    get(path + "/1?offset=190&limit=20")
        .then()
        .statusCode(200)
        .body("total", equalTo(250))
        .body("samples", hasSize(20))
        .body("samples[0].imageId", equalTo("s190"))
        .body("samples[19].image.offset", equalTo((int) image.getOffset()))
        .body("round.state", equalTo("REQUESTED"));
    problem(get(path + "/3").then(), 404, "nothing is known of round 3");
  }

  @Test
  void aSpreadOfABatchShowsEachClassAndARoundSaysWhatItFollows() {
    var image = traffic.image("sample", Strokes.png(5, new Random(5)));
    List<String> classes = List.of("a", "b", "c");
    var base = Traffic.told(traffic.candidate(task, classes, 0, null, 0, Map.of(), Instant.now()));
    traffic.batch(
        task,
        TaskDefinition.newBuilder().setClasses(classes).build(),
        base,
        Strategy.BALANCE,
        1,
        IntStream.range(0, 250)
            .mapToObj(
                i ->
                    Traffic.sample(
                        "s%03d".formatted(i),
                        image,
                        Traffic.only(i < 200 ? 0 : i < 249 ? 1 : 2, 3),
                        i == 210 ? "c" : null))
            .toList(),
        Instant.now());
    traffic.round(task, 1, RoundEventType.REQUESTED, 1, 0, "", Map.of(), Instant.now());
    String path = "/api/tasks/" + task + "/rounds";
    Awaitility.await()
        .atMost(Duration.ofSeconds(10))
        .untilAsserted(() -> get(path).then().body("rounds[0].samples", equalTo(250)));
    get(path)
        .then()
        .body("rounds[0].strategy", equalTo("BALANCE"))
        .body("rounds[0].calibration", is(true));
    get(path + "/1?limit=6&spread=true")
        .then()
        .body("strategy", equalTo("BALANCE"))
        .body("calibration", is(true))
        .body("total", equalTo(250))
        .body("samples.imageId", equalTo(List.of("s000", "s100", "s200", "s225", "s210", "s249")))
        .body("samples.guess", equalTo(List.of("a", "a", "b", "b", "b", "c")))
        .body("samples[4].label", equalTo("c"));
    get(path + "/1?limit=1000&spread=true").then().body("samples", hasSize(250));
  }

  @Test
  void predictionsCanBeFilteredAndTruthIsForThePageAlone() {
    var image = traffic.image("p", Strokes.png(5, new Random(5)));
    predict("p1", image, "a", "b");
    predict("p2", image, "b", "b");
    String path = "/api/tasks/" + task + "/predictions";
    Awaitility.await()
        .atMost(Duration.ofSeconds(10))
        .untilAsserted(() -> get(path).then().body("imageId", equalTo(List.of("p2", "p1"))));
    get(path + "?label=a").then().body("imageId", equalTo(List.of("p1")));
    get(path + "?changed=false").then().body("imageId", equalTo(List.of("p2")));
    get(path + "?limit=0").then().statusCode(400);
    json(List.of(Map.of("imageId", "p1", "label", "a"), Map.of("imageId", "p2", "label", "c")))
        .post("/api/scoreboard/" + task)
        .then()
        .statusCode(200)
        .body("noted", is(2));
    get("/api/scoreboard/" + task)
        .then()
        .body("overall.scored", is(2))
        .body("overall.live", is(.5f))
        .body("overall.zeroShot", is(0f));
    get(path + "?imageId=p1").then().body("[0].truth", equalTo("a"));
    given().delete("/api/scoreboard/" + task).then().statusCode(204);
    get("/api/scoreboard/" + task).then().body("overall.scored", is(0));
    problem(
        json(List.of(Map.of("imageId", "p1", "label", "q"))).post("/api/scoreboard/" + task).then(),
        400,
        "none of the task's classes");
  }

  @Test
  void updatesArriveAsServerSentEvents() throws Exception {
    var image = traffic.image("live", Strokes.png(5, new Random(5)));
    try (BufferedReader events =
        new BufferedReader(
            new InputStreamReader(home.resolve("api/events?task=" + task).toURL().openStream()))) {
      predict("live", image, "a", "b");
      String line = events.readLine();
      while (line != null && !line.contains("\"imageId\":\"live\"")) {
        line = events.readLine();
      }
      assertThat(line).startsWith("data:").contains("\"changed\":true").contains("\"stats\"");
    }
    problem(get("/api/events?task=nobodys").then(), 404, "no task");
    problem(
        given().header("Last-Event-ID", "nonsense").get("/api/events?task=" + task).then(),
        400,
        "Last-Event-ID");
  }

  @Test
  void aStreamThatBrokeGoesOnWhereItsLastEventWas() throws Exception {
    var image = traffic.image("before", Strokes.png(5, new Random(5)));
    predict("before", image, "a", "b");
    String id = lineWith("\"imageId\":\"before\"", "id:", null).substring(3).strip();
    for (int i = 0; i < 30; i++) {
      predict("away-" + i, image, "a", "b");
    }
    Awaitility.await()
        .until(
            () -> get("/api/tasks/" + task + "/predictions").jsonPath().getList("").size() == 31);
    assertThat(lineWith("\"imageId\":\"away-29\"", "data:", id))
        .contains("\"imageId\":\"away-0\"")
        .doesNotContain("\"imageId\":\"before\"");
    List<Integer> first =
        get("/api/tasks/" + task + "/predictions?limit=20").jsonPath().getList("seq");
    List<Integer> rest =
        get("/api/tasks/" + task + "/predictions?after=" + first.get(19)).jsonPath().getList("seq");
    assertThat(rest).hasSize(11).allMatch(seq -> seq < first.get(19));
    assertThat(get("/api/tasks?after=" + task + "&limit=1").jsonPath().getList("name"))
        .doesNotContain(task);
  }

  /** A line of the first event that holds a text. */
  private String lineWith(String text, String begin, String lastEventId) throws IOException {
    var connection = home.resolve("api/events?task=" + task).toURL().openConnection();
    if (lastEventId != null) {
      connection.setRequestProperty("Last-Event-ID", lastEventId);
    }
    try (BufferedReader events =
        new BufferedReader(new InputStreamReader(connection.getInputStream()))) {
      List<String> event = new ArrayList<>();
      for (String line = events.readLine(); line != null; line = events.readLine()) {
        event.add(line);
        if (line.isEmpty()) {
          if (event.stream().anyMatch(each -> each.contains(text))) {
            return event.stream().filter(each -> each.startsWith(begin)).findFirst().orElseThrow();
          }
          event.clear();
        }
      }
    }
    throw new IllegalStateException("the stream ended without " + text);
  }

  @Test
  void theRegistryAnswersLikeConfluents() {
    String subject = topics.tasks() + "-value";
    int id =
        get("/subjects/" + subject + "/versions/latest")
            .then()
            .statusCode(200)
            .contentType("application/vnd.schemaregistry.v1+json")
            .body("subject", equalTo(subject))
            .body("version", equalTo(1))
            .extract()
            .path("id");
    String schema = get("/schemas/ids/" + id).then().statusCode(200).extract().path("schema");
    assertThat(schema).contains("TaskDefinition");
    get("/subjects").then().body("", hasItem(subject));
    get("/subjects/" + subject + "/versions").then().body("", equalTo(List.of(1)));
    registry(Map.of("schema", schema)).post("/subjects/" + subject).then().body("id", equalTo(id));
    registry(Map.of("schema", schema, "schemaType", "AVRO"))
        .post("/subjects/" + subject + "/versions")
        .then()
        .body("id", equalTo(id));
    refusal(get("/subjects/none/versions/latest").then(), 404, 40401);
    refusal(get("/subjects/" + subject + "/versions/9").then(), 404, 40402);
    refusal(get("/schemas/ids/987654").then(), 404, 40403);
    refusal(
        registry(Map.of("schema", "{\"type\":\"nonsense\"}"))
            .post("/subjects/" + subject + "/versions")
            .then(),
        422,
        42201);
    refusal(
        registry(Map.of("schema", "\"long\"")).post("/subjects/" + subject + "/versions").then(),
        409,
        409);
    get("/config").then().body("compatibilityLevel", equalTo("BACKWARD"));
    refusal(get("/config/" + subject).then(), 404, 40408);
    get("/config/" + subject + "?defaultToGlobal=true")
        .then()
        .body("compatibilityLevel", equalTo("BACKWARD"));
    get("/mode").then().body("mode", equalTo("READWRITE"));
    refusal(get("/mode/" + subject).then(), 404, 40409);
    get("/schemas/ids/" + id + "/schema")
        .then()
        .statusCode(200)
        .body("name", equalTo("TaskDefinition"));
    get("/schemas/ids/" + id + "/versions")
        .then()
        .body("[0].subject", equalTo(subject))
        .body("[0].version", equalTo(1));
    refusal(get("/schemas/ids/987654/versions").then(), 404, 40403);
    String compatibility = "/compatibility/subjects/" + subject + "/versions/latest";
    registry(Map.of("schema", schema))
        .post(compatibility)
        .then()
        .body("is_compatible", equalTo(true));
    registry(Map.of("schema", "\"long\""))
        .post(compatibility)
        .then()
        .body("is_compatible", equalTo(false));
  }

  @Test
  void theRegistryKnowsEveryTopicsSchemaBeforeItsFirstRecord() {
    List<String> subjects = get("/subjects").then().extract().jsonPath().getList("");
    assertThat(subjects)
        .containsAll(
            topics.all().stream()
                .filter(topic -> !List.of(topics.deadLetters(), topics.positions()).contains(topic))
                .map(topic -> topic + "-value")
                .toList());
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
    get("/q/health/ready").then().statusCode(200).body("checks.name", hasItem("roles"));
    get("/q/metrics").then().statusCode(200).body(containsString("gripstream_gateway_viewers"));
    get("/q/openapi").then().statusCode(200).body(containsString("/api/tasks/{task}/prompts/live"));
    problem(get("/api/nothing").then(), 404, "nothing at this address");
  }

  private void versions() {
    Instant now = Instant.now();
    List<String> classes = List.of("a", "b", "c");
    traffic.candidate(task, classes, 0, null, 0, Map.of(), now);
    var live = traffic.candidate(task, classes, 1, 0, 1, Map.of("score", .7), now);
    traffic.candidate(task, classes, 2, 1, 2, Map.of("score", .5), now);
    traffic.round(task, 0, RoundEventType.PROMOTED, 0, 1, "first", Map.of(), now);
    traffic.round(task, 1, RoundEventType.PROMOTED, 1, 1, "better", Map.of(), now);
    traffic.round(task, 2, RoundEventType.HELD, 2, 1, "no better", Map.of(), now);
    traffic.live(live);
    Awaitility.await()
        .atMost(Duration.ofSeconds(10))
        .untilAsserted(
            () ->
                get("/api/tasks/" + task + "/prompts")
                    .then()
                    .body("findAll { it.live }.version", equalTo(List.of(1)))
                    .body("findAll { it.verdict == 'HELD' }", not(empty()))
                    .body("size()", greaterThan(2)));
  }

  private void predict(String id, ImageReference image, String label, String zeroShot) {
    traffic.prediction(
        task,
        id,
        image,
        List.of(new ScoredLabel(label, .8f)),
        new ScoredLabel(zeroShot, .4f),
        1,
        Instant.now());
  }

  private ValidatableResponse send(String id) {
    return given()
        .contentType("image/png")
        .queryParam("id", id)
        .body(Strokes.png(2, new Random(2)))
        .post("/api/images")
        .then()
        .statusCode(202);
  }

  private static String place(ValidatableResponse sent) {
    int partition = sent.extract().path("partition");
    int offset = sent.extract().path("offset");
    return "/api/images/" + partition + "/" + offset;
  }

  private Written values(String topic, String key, int count) {
    return Written.read(clients, topic, key, count);
  }

  private static RequestSpecification json(Object body) {
    return given().contentType("application/json").body(body);
  }

  private static RequestSpecification registry(Object body) {
    return given()
        .contentType("application/vnd.schemaregistry.v1+json")
        .accept("application/vnd.schemaregistry.v1+json, application/json")
        .body(text(body));
  }

  private static String text(Object body) {
    try {
      return new ObjectMapper().writeValueAsString(body);
    } catch (JsonProcessingException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void refused(Map<String, ?> definition, String reason) {
    problem(json(definition).put("/api/tasks/refused").then(), 400, reason);
  }

  private static void problem(ValidatableResponse response, int status, String reason) {
    String body =
        response
            .statusCode(status)
            .contentType("application/problem+json")
            .body("status", is(status))
            .extract()
            .asString();
    assertThat(body).contains(reason);
  }

  private static void refusal(ValidatableResponse response, int status, int code) {
    response.statusCode(status).body("error_code", is(code)).body("message", not(empty()));
  }
}
