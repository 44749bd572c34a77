package io.gripstream.gateway.rest;

import static io.restassured.RestAssured.get;
import static io.restassured.RestAssured.given;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.hamcrest.Matchers.contains;
import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.equalTo;
import static org.hamcrest.Matchers.hasItem;
import static org.hamcrest.Matchers.hasSize;
import static org.hamcrest.Matchers.nullValue;

import io.gripstream.GripstreamConfig;
import io.gripstream.event.BatchSample;
import io.gripstream.event.ClassPriorKind;
import io.gripstream.event.ImageEvent;
import io.gripstream.event.ImageReference;
import io.gripstream.event.PromptVersion;
import io.gripstream.event.RoundEventType;
import io.gripstream.event.ScoredLabel;
import io.gripstream.event.Strategy;
import io.gripstream.event.TaskDefinition;
import io.gripstream.event.Training;
import io.gripstream.gateway.Gateway;
import io.gripstream.gateway.GatewayOnly;
import io.gripstream.gateway.Strokes;
import io.gripstream.gateway.Traffic;
import io.gripstream.gateway.board.DeadLetter;
import io.gripstream.kafka.KafkaClients;
import io.gripstream.kafka.Topics;
import io.gripstream.kafka.registry.TopicSerdes;
import io.quarkus.test.junit.QuarkusTest;
import io.quarkus.test.junit.TestProfile;
import io.restassured.path.json.JsonPath;
import io.restassured.response.Response;
import jakarta.inject.Inject;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What only the page asks for: the overview, dead letters, an image's way, pseudolabels. */
@QuarkusTest
@TestProfile(GatewayOnly.class)
class PageApiTest {
  private static final List<String> CLASSES = List.of("a", "b", "c");
  private static int tasks;

  @Inject KafkaClients clients;
  @Inject Topics topics;
  @Inject TopicSerdes serdes;
  @Inject Gateway gateway;
  @Inject GripstreamConfig config;

  private final String task = "page-" + tasks++;
  private Traffic traffic;

  @BeforeEach
  void define() {
    traffic = new Traffic(clients, topics, serdes);
    given()
        .contentType("application/json")
        .body(Map.of("classes", CLASSES))
        .put("/api/tasks/" + task)
        .then()
        .statusCode(201);
  }

  @AfterEach
  void end() {
    given().delete("/api/tasks/" + task).then().statusCode(204);
    traffic.close();
  }

  @Test
  void theOverviewSaysWhatIsLiveWhatWasDecidedWhatFailedAndHowManyImagesWait() {
    Instant now = Instant.now();
    traffic.live(traffic.candidate(task, CLASSES, 0, null, 0, Map.of(), now));
    traffic.round(task, 0, RoundEventType.PROMOTED, 0, 1, "the first", Map.of(), now);
    traffic.round(task, 1, RoundEventType.FAILED, null, 0, "old failure", Map.of(), now);
    traffic.round(task, 2, RoundEventType.HELD, 2, 1, "not better", Map.of(), now);
    traffic.round(task, 3, RoundEventType.FAILED, null, 0, "no examples", Map.of(), now);
    traffic.round(task, 4, RoundEventType.STARTED, null, 0, "", Map.of(), now);
    long before = waiting();
    traffic.image("one", Strokes.png(1, new Random(1)));
    traffic.image("two", Strokes.png(2, new Random(2)));
    Awaitility.await()
        .atMost(Duration.ofSeconds(20))
        .untilAsserted(
            () -> {
              get("/api/overview")
                  .then()
                  .statusCode(200)
                  .body(own("live"), hasItem(0))
                  .body(own("verdict.type"), hasItem("HELD"))
                  .body(own("verdict.message"), hasItem("not better"))
                  .body(own("failures"), hasItem(1))
                  .body(own("failure"), hasItem("no examples"))
                  .body(own("running.round"), hasItem(4))
                  .body("largestImage", equalTo(config.images().maxBytes()));
              assertThat(waiting()).isEqualTo(before + 2);
            });
  }

  private static long waiting() {
    return get("/api/overview").jsonPath().getLong("waiting");
  }

  private String own(String path) {
    return "tasks.findAll { it.task == '" + task + "' }." + path;
  }

  @Test
  void aTaskThatIsThereIsNotDefinedOverByWhoWantsANewOne() {
    onlyNew(task, List.of("x", "y"))
        .then()
        .statusCode(412)
        .body("detail", equalTo("there is a task named " + task + " already"));
    get("/api/tasks/" + task).then().body("definition.classes", contains("a", "b", "c"));
  }

  @Test
  void whoWantsToChangeATaskMakesNoneAndNoEntityTagIsMet() {
    for (String change : List.of("*", "\"1\"")) {
      given()
          .contentType("application/json")
          .header("If-Match", change)
          .body(Map.of("classes", List.of("x", "y")))
          .put("/api/tasks/" + task + "-none")
          .then()
          .statusCode(412);
    }
    get("/api/tasks/" + task + "-none").then().statusCode(404);
    given().header("If-Match", "\"1\"").delete("/api/tasks/" + task).then().statusCode(412);
    given()
        .contentType("application/json")
        .header("If-Match", "*")
        .body(Map.of("classes", List.of("x", "y")))
        .put("/api/tasks/" + task)
        .then()
        .statusCode(200);
    get("/api/tasks/" + task).then().body("definition.classes", contains("x", "y"));
  }

  @Test
  void ofManyWhoWantANewTaskAtATimeOneGetsIt() throws Exception {
    ExecutorService pool = Executors.newFixedThreadPool(8);
    try {
      List<Future<Integer>> answers =
          pool.invokeAll(
              IntStream.range(0, 8)
                  .<Callable<Integer>>mapToObj(
                      i -> () -> onlyNew(task + "-new", List.of("a" + i, "b" + i)).statusCode())
                  .toList());
      List<Integer> statuses = new ArrayList<>();
      for (Future<Integer> answer : answers) {
        statuses.add(answer.get());
      }
      assertThat(statuses).containsOnly(201, 412).containsOnlyOnce(201);
    } finally {
      pool.shutdownNow();
    }
  }

  private static Response onlyNew(String task, List<String> classes) {
    return given()
        .contentType("application/json")
        .header("If-None-Match", "*")
        .body(Map.of("classes", classes))
        .put("/api/tasks/" + task);
  }

  @Test
  void aDeadLettersImageIsShownWhetherItIsBareOrInItsEventAndNothingElseIs() {
    byte[] png = Strokes.png(4, new Random(4));
    byte[] script = "<html><script>alert(1)</script>".getBytes(UTF_8);
    traffic.deadLetter("bare", png, "too large");
    traffic.deadLetter("event", event(png), "broken at the end");
    traffic.deadLetter("script", event(script), "not an image");
    traffic.deadLetter("text", script, "not a record");
    DeadLetter bare = letter("bare");
    DeadLetter event = letter("event");
    assertThat(bare.mediaType()).isEqualTo("image/png");
    assertThat(event.mediaType()).isEqualTo("image/png");
    assertThat(event.cause()).isEqualTo("broken at the end");
    for (DeadLetter letter : List.of(bare, event)) {
      byte[] shown =
          get(image(letter))
              .then()
              .statusCode(200)
              .contentType("image/png")
              .header("X-Content-Type-Options", "nosniff")
              .header("Content-Security-Policy", containsString("default-src 'none'"))
              .extract()
              .asByteArray();
      assertThat(shown).isEqualTo(png);
    }
    for (DeadLetter letter : List.of(letter("script"), letter("text"))) {
      assertThat(letter.mediaType()).isNull();
      get(image(letter)).then().statusCode(415).contentType("application/problem+json");
    }
    get("/api/dead-letters/0/123456789/image").then().statusCode(404);
    get("/api/dead-letters").then().body("latest.key", hasItem("bare"));
  }

  @Test
  void aRecordThatIsNoImageEventIsSaidToBeNone() throws Exception {
    RecordMetadata at;
    try (var producer = clients.producer(null, new StringSerializer(), new ByteArraySerializer())) {
      at = producer.send(new ProducerRecord<>(topics.images(), "forged", new byte[] {9, 9})).get();
    }
    String address = "/api/images/%d/%d".formatted(at.partition(), at.offset());

    for (String each : List.of(address, address + "/trace")) {
      get(each)
          .then()
          .statusCode(422)
          .body("detail", equalTo("the record is none that its topic holds"));
    }
  }

  @Test
  void aLetterIsBoundedHoweverMuchItsHeadersSay() {
    traffic.deadLetter("k".repeat(5000), new byte[0], "c".repeat(100_000));
    Awaitility.await()
        .atMost(Duration.ofSeconds(20))
        .until(() -> find("k".repeat(200) + "…").isPresent());
    assertThat(letter("k".repeat(200) + "…").cause()).hasSize(2001);
  }

  private static ImageEvent event(byte[] content) {
    return new ImageEvent(ByteBuffer.wrap(content), null, null, List.of(), Map.of());
  }

  private static String image(DeadLetter letter) {
    return "/api/dead-letters/%d/%d/image".formatted(letter.partition(), letter.offset());
  }

  private DeadLetter letter(String key) {
    return Awaitility.await()
        .atMost(Duration.ofSeconds(20))
        .until(() -> find(key), Optional::isPresent)
        .orElseThrow();
  }

  private Optional<DeadLetter> find(String key) {
    return gateway.board().deadLetters().stream()
        .filter(letter -> letter.key().equals(key))
        .findFirst();
  }

  @Test
  void anImagesWayLeadsFromItsEventToTheTasksThatLabelledIt() {
    byte[] png = Strokes.png(5, new Random(5));
    ImageReference image = traffic.image("way", png);
    ImageReference again = traffic.image("way", Strokes.png(6, new Random(6)));
    predict(image, "b");
    predict(again, "c");
    String path = "/api/images/%d/%d/trace".formatted(image.getPartition(), image.getOffset());
    Awaitility.await()
        .atMost(Duration.ofSeconds(20))
        .untilAsserted(
            () ->
                get(path)
                    .then()
                    .statusCode(200)
                    .body("event.imageId", equalTo("way"))
                    .body("event.bytes", equalTo(png.length))
                    .body("event.mediaType", equalTo("image/png"))
                    .body("event.uri", nullValue())
                    .body("predictions.task", contains(task))
                    .body("predictions[0].prediction.labels[0].label", equalTo("b"))
                    .body("deadLetters", hasSize(0)));
    get("/api/images/0/987654321/trace").then().statusCode(404);
  }

  private void predict(ImageReference image, String label) {
    ScoredLabel says = new ScoredLabel(label, .8f);
    traffic.prediction(task, "way", image, List.of(says), says, 0, Instant.now());
  }

  @Test
  void thePseudolabelsOfARoundAreToldClassByClass() {
    Instant now = Instant.now();
    PromptVersion zeroShot =
        traffic.candidate(
            Traffic.told(traffic.candidate(task, CLASSES, 0, null, 0, Map.of(), now)));
    TaskDefinition definition =
        TaskDefinition.newBuilder()
            .setClasses(CLASSES)
            .setStrategy(Strategy.FPL)
            .setTraining(Training.newBuilder().setClassPrior(ClassPriorKind.UNIFORM).build())
            .build();
    List<BatchSample> samples = new ArrayList<>();
    for (int i = 0; i < 150; i++) {
      ImageReference image = new ImageReference(topics.images(), 0, (long) i, null, "0".repeat(64));
      samples.add(Traffic.sample("image-%03d".formatted(i), image, Traffic.only(i % 3, 3), null));
    }
    traffic.batch(task, definition, zeroShot, null, 1, samples, now);
    traffic.batch(task, definition, zeroShot, Strategy.BALANCE, 2, samples, now);
    PromptVersion foreign =
        PromptVersion.newBuilder(zeroShot)
            .setClasses(List.of("a"))
            .setClassFeatures(
                traffic.candidate(task, List.of("a"), 9, null, 9, Map.of(), now).getClassFeatures())
            .build();
    traffic.batch(task, definition, foreign, null, 3, samples, now);
    Awaitility.await()
        .atMost(Duration.ofSeconds(20))
        .until(
            () ->
                gateway
                    .board()
                    .find(task)
                    .filter(board -> board.batch(3).size() == 2)
                    .filter(board -> board.version(0).isPresent())
                    .isPresent());
    String rounds = "/api/tasks/" + task + "/rounds/";
    JsonPath told =
        get(rounds + "1/pseudolabels?perClass=5").then().statusCode(200).extract().jsonPath();
    assertThat(told.getInt("total")).isEqualTo(3 * 16);
    assertThat(told.getList("classes.label", String.class)).isEqualTo(CLASSES);
    assertThat(told.getList("classes.total", Integer.class)).containsExactly(16, 16, 16);
    for (int j = 0; j < 3; j++) {
      int label = j;
      assertThat(told.getList("classes[" + j + "].samples.imageId", String.class))
          .hasSize(5)
          .allMatch(id -> Integer.parseInt(id.substring(6)) % 3 == label);
    }
    JsonPath exported =
        get("/api/tasks/" + task + "/labels/export?format=label-studio&of=pseudolabels&round=1")
            .then()
            .statusCode(200)
            .extract()
            .jsonPath();
    assertThat(exported.getList("data.imageId", String.class)).hasSize(3 * 16);
    for (int i = 0; i < 3 * 16; i++) {
      int number = Integer.parseInt(exported.getString("[" + i + "].data.imageId").substring(6));
      assertThat(exported.getString("[" + i + "].predictions[0].result[0].value.choices[0]"))
          .isEqualTo(CLASSES.get(number % 3));
      assertThat(exported.getString("[" + i + "].data.image")).endsWith("/api/images/0/" + number);
    }
    get("/api/tasks/" + task + "/labels/export?of=pseudolabels&round=2").then().statusCode(404);
    get(rounds + "2/pseudolabels").then().statusCode(404);
    get(rounds + "3/pseudolabels").then().statusCode(409);
    get(rounds + "77/pseudolabels").then().statusCode(404);
  }
}
