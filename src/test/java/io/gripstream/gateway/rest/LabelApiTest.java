package io.gripstream.gateway.rest;

import static io.restassured.RestAssured.get;
import static io.restassured.RestAssured.given;
import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.equalTo;
import static org.hamcrest.Matchers.hasSize;
import static org.hamcrest.Matchers.is;
import static org.hamcrest.Matchers.nullValue;
import static org.hamcrest.Matchers.startsWith;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.gripstream.event.ImageReference;
import io.gripstream.event.LabelEvent;
import io.gripstream.event.ScoredLabel;
import io.gripstream.gateway.GatewayOnly;
import io.gripstream.gateway.Strokes;
import io.gripstream.kafka.SharedBroker;
import io.quarkus.test.junit.QuarkusTest;
import io.quarkus.test.junit.TestProfile;
import io.restassured.response.ValidatableResponse;
import io.restassured.specification.RequestSpecification;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;

/** Labels: one, many or whole files of them, in and out. */
@QuarkusTest
@TestProfile(GatewayOnly.class)
class LabelApiTest extends GatewayRig {
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
}
