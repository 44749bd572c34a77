package io.gripstream;

import static io.restassured.RestAssured.get;
import static io.restassured.RestAssured.given;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.equalTo;
import static org.hamcrest.Matchers.hasSize;

import io.gripstream.sample.SampleStream;
import io.gripstream.sample.SampleStreams;
import io.quarkus.test.junit.QuarkusTest;
import io.quarkus.test.junit.TestProfile;
import io.restassured.http.ContentType;
import io.restassured.path.json.JsonPath;
import io.restassured.response.ValidatableResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** One image, labelled while one waits, by the whole application and the model it ships. */
@QuarkusTest
@TestProfile(OneImageTest.OneImage.class)
class OneImageTest {
  private static final Duration LONG = Duration.ofSeconds(120);
  private static final SampleStream STREAM = SampleStreams.byName("digits");
  private static final String LABEL = "/api/tasks/digits/label";

  @TempDir Path folder;

  /** Its topics apart from others'. */
  public static final class OneImage extends WholeApplication {
    public OneImage() {
      super("one-image.", Map.of());
    }
  }

  @BeforeEach
  void theTaskHasAPrompt() {
    await().atMost(LONG).untilAsserted(() -> given().get("/q/health/ready").then().statusCode(200));
    given()
        .contentType(ContentType.JSON)
        .body(Map.of("classes", STREAM.classes(), "template", STREAM.template(), "topK", 3))
        .put("/api/tasks/digits");
    await().atMost(LONG).until(() -> post(STREAM.image(0).png()).extract().statusCode() == 200);
  }

  @Test
  void isLabelledAsTheStreamLabelsIt() {
    byte[] png = STREAM.image(5).png();
    JsonPath now =
        post(png)
            .statusCode(200)
            .body("task", equalTo("digits"))
            .body("labels", hasSize(3))
            .extract()
            .jsonPath();
    given()
        .contentType("image/png")
        .queryParam("id", "five")
        .body(png)
        .post("/api/images")
        .then()
        .statusCode(202);
    JsonPath streamed =
        await()
            .atMost(LONG)
            .until(
                () -> get("/api/tasks/digits/predictions?imageId=five").jsonPath(),
                found -> !found.getList("").isEmpty());

    assertThat(now.getList("labels.label")).isEqualTo(streamed.getList("[0].labels.label"));
    List<Float> confidences = now.getList("labels.confidence", Float.class);
    assertThat(confidences).isSortedAccordingTo((a, b) -> Float.compare(b, a));
    assertThat(confidences.get(0))
        .isCloseTo(
            streamed.getFloat("[0].labels[0].confidence"),
            org.assertj.core.data.Offset.offset(1e-3f));
    for (String field : List.of("version", "digest", "modelId", "abstained", "zeroShot.label")) {
      assertThat(now.<Object>get(field)).as(field).isEqualTo(streamed.get("[0]." + field));
    }
    assertThat(now.getString("sha256")).isEqualTo(streamed.getString("[0].image.sha256"));
    // What was labelled at once is on no topic: only the one that was sent is a prediction.
    assertThat(get("/api/tasks/digits/predictions").jsonPath().getList("imageId"))
        .containsOnly("five");
  }

  @Test
  void mayComeInAForm() throws Exception {
    Path file = Files.write(folder.resolve("five.png"), STREAM.image(5).png());
    given()
        .multiPart("image", file.toFile(), "image/png")
        .post(LABEL)
        .then()
        .statusCode(200)
        .body("labels", hasSize(3));
    given().multiPart("note", "no file").post(LABEL).then().statusCode(400);
    given()
        .multiPart("a", file.toFile())
        .multiPart("b", file.toFile())
        .post(LABEL)
        .then()
        .statusCode(400)
        .body("detail", equalTo("the form must have one file"));
  }

  @Test
  void isCheckedAsTheStreamsImagesAre() {
    post("no image".getBytes()).statusCode(415).contentType("application/problem+json");
    post(new byte[0]).statusCode(400);
    byte[] png = STREAM.image(5).png();
    byte[] broken = java.util.Arrays.copyOf(png, png.length / 2);
    post(broken).statusCode(422).contentType("application/problem+json");
    place("https://example.org/a.png")
        .statusCode(422)
        .body("detail", containsString("scheme 'https' are not allowed"));
    place("s3://photos/a.png")
        .statusCode(422)
        .body("detail", containsString("scheme 's3' are not allowed"));
    place("relative").statusCode(400).body("errors[0]", containsString("absolute"));
    given()
        .contentType("image/png")
        .body(png)
        .post("/api/tasks/nobodys/label")
        .then()
        .statusCode(404);
  }

  private static ValidatableResponse post(byte[] image) {
    return given().contentType("image/png").body(image).post(LABEL).then();
  }

  private static ValidatableResponse place(String uri) {
    return given().contentType(ContentType.JSON).body(Map.of("uri", uri)).post(LABEL).then();
  }
}
