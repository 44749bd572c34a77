package io.gripstream.gateway.rest;

import static io.restassured.RestAssured.get;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.empty;
import static org.hamcrest.Matchers.equalTo;
import static org.hamcrest.Matchers.greaterThan;
import static org.hamcrest.Matchers.hasSize;
import static org.hamcrest.Matchers.is;
import static org.hamcrest.Matchers.not;
import static org.hamcrest.Matchers.nullValue;
import static org.hamcrest.Matchers.startsWith;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.gripstream.clip.FloatTensor;
import io.gripstream.clip.SafeTensors;
import io.gripstream.event.Command;
import io.gripstream.event.CommandType;
import io.gripstream.event.PromptVersion;
import io.gripstream.event.RoundEventType;
import io.gripstream.event.Strategy;
import io.gripstream.event.TaskDefinition;
import io.gripstream.gateway.GatewayOnly;
import io.gripstream.gateway.Strokes;
import io.gripstream.gateway.Traffic;
import io.gripstream.prompt.Tensors;
import io.quarkus.test.junit.QuarkusTest;
import io.quarkus.test.junit.TestProfile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import org.awaitility.Awaitility;
import org.hamcrest.Matcher;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Prompt versions, the rounds that they come from, and commands about them. */
@QuarkusTest
@TestProfile(GatewayOnly.class)
class PromptApiTest extends GatewayRig {
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
}
