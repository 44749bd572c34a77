package io.gripstream.gateway.rest;

import static io.restassured.RestAssured.get;
import static io.restassured.RestAssured.given;
import static org.hamcrest.Matchers.equalTo;
import static org.hamcrest.Matchers.hasItem;
import static org.hamcrest.Matchers.hasSize;
import static org.hamcrest.Matchers.is;
import static org.hamcrest.Matchers.not;

import io.gripstream.event.ScoredLabel;
import io.gripstream.event.TaskDefinition;
import io.gripstream.gateway.Gateway;
import io.gripstream.gateway.GatewayOnly;
import io.gripstream.gateway.Strokes;
import io.gripstream.kafka.Position;
import io.gripstream.task.TaskCases;
import io.quarkus.test.junit.QuarkusTest;
import io.quarkus.test.junit.TestProfile;
import jakarta.inject.Inject;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;

/** Tasks: their definitions, and what was predicted for them. */
@QuarkusTest
@TestProfile(GatewayOnly.class)
class TaskApiTest extends GatewayRig {
  @Inject Gateway gateway;

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

  private void refused(Map<String, ?> definition, String reason) {
    problem(json(definition).put("/api/tasks/refused").then(), 400, reason);
  }
}
