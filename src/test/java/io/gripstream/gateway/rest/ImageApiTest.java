package io.gripstream.gateway.rest;

import static io.restassured.RestAssured.get;
import static io.restassured.RestAssured.given;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.hamcrest.Matchers.equalTo;
import static org.hamcrest.Matchers.startsWith;

import io.gripstream.gateway.GatewayOnly;
import io.gripstream.gateway.Strokes;
import io.quarkus.test.junit.QuarkusTest;
import io.quarkus.test.junit.TestProfile;
import io.restassured.response.ValidatableResponse;
import io.restassured.specification.RequestSpecification;
import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.RecordsToDelete;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.Test;

/** Images: in, out, and by their places. */
@QuarkusTest
@TestProfile(GatewayOnly.class)
class ImageApiTest extends GatewayRig {
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
  void pagesOfOtherOriginsMayShowImagesAndNothingElse() {
    String policy = "Cross-Origin-Resource-Policy";
    get(place(send("shown"))).then().statusCode(200).header(policy, "cross-origin");
    get("/api/tasks").then().header(policy, "same-origin");
    get("/api/images/../tasks").then().header(policy, "same-origin");
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
}
