package io.gripstream;

import static io.restassured.RestAssured.get;
import static io.restassured.RestAssured.given;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.gripstream.event.Prediction;
import io.gripstream.sample.SampleStream;
import io.gripstream.sample.SampleStreams;
import io.quarkus.test.common.http.TestHTTPResource;
import io.quarkus.test.junit.QuarkusTest;
import io.quarkus.test.junit.TestProfile;
import io.restassured.http.ContentType;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.apache.avro.Schema;
import org.eclipse.microprofile.config.inject.ConfigProperty;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The examples for other languages: run where their clients are, otherwise read. */
@QuarkusTest
@TestProfile(ExamplesTest.Examples.class)
class ExamplesTest {
  private static final Path FOLDER = Path.of("examples");
  private static final Duration LONG = Duration.ofSeconds(120);
  private static final String PREFIX = "examples.";
  private static final SampleStream STREAM = SampleStreams.byName("digits");
  private static final ObjectMapper JSON = new ObjectMapper();

  @ConfigProperty(name = "gripstream.kafka.bootstrap-servers")
  String brokers;

  @TestHTTPResource("/")
  URI home;

  @TempDir Path folder;

  /** Its topics apart from others'. */
  public static final class Examples extends WholeApplication {
    public Examples() {
      super(PREFIX, Map.of());
    }
  }

  private Programs programs;

  @BeforeEach
  void here() {
    programs = new Programs(folder, brokers, home, PREFIX);
  }

  @Test
  void javaScriptSendsImagesAndReadsPredictionsAndPrompts() throws Exception {
    assumeTrue(programs.run(FOLDER, "node", "--version"), "Node.js is absent");
    Path scripts = Files.createDirectory(folder.resolve("kafkajs"));
    try (Stream<Path> files = Files.list(FOLDER.resolve("kafkajs"))) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        Files.copy(file, scripts.resolve(file.getFileName()));
      }
    }
    assumeTrue(
        programs.run(scripts, "npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"),
        "the packages of the example cannot be installed");
    sendsImagesAndReadsPredictionsAndPrompts(
        "javascript", scripts, "node", "send.mjs", "subscribe.mjs", "prompts.mjs");
  }

  @Test
  void pythonSendsImagesAndReadsPredictionsAndPrompts() throws Exception {
    String python = programs.pythonOrSkip("confluent_kafka", "avro", "numpy");
    sendsImagesAndReadsPredictionsAndPrompts(
        "python", FOLDER.resolve("python"), python, "send.py", "subscribe.py", "hot_swap.py");
  }

  @Test
  void kcatReadsPredictions() throws Exception {
    assumeTrue(programs.run(FOLDER, "kcat", "-V"), "kcat is absent");
    define("kcat");
    List<String> ids = images("kcat").stream().map(Path::getFileName).map(Path::toString).toList();
    for (Path image : images("kcat")) {
      given()
          .contentType("image/png")
          .body(Files.readAllBytes(image))
          .post("/api/images?task=kcat&id=" + image.getFileName())
          .then()
          .statusCode(202);
    }
    await()
        .atMost(LONG)
        .untilAsserted(
            () -> {
              assertThat(programs.run(FOLDER, "sh", "kcat.sh", "-e", "-q"))
                  .as(() -> programs.errors("last"))
                  .isTrue();
              assertThat(programs.output()).contains(ids);
            });
  }

  private void sendsImagesAndReadsPredictionsAndPrompts(
      String task, Path scripts, String language, String send, String subscribe, String prompts)
      throws Exception {
    define(task);
    List<String> command = new ArrayList<>(List.of(language, send, task));
    images(task).forEach(image -> command.add(image.toString()));
    Process predicting = programs.start(scripts, "predictions", language, subscribe);
    Process swapping = programs.start(scripts, "prompts", language, prompts);
    try {
      assertThat(programs.run(scripts, command.toArray(String[]::new)))
          .as(() -> programs.errors("last"))
          .isTrue();
      await()
          .atMost(LONG)
          .untilAsserted(
              () ->
                  assertThat(lines("predictions", task))
                      .as(() -> programs.errors("predictions"))
                      .hasSize(2));
      await()
          .atMost(LONG)
          .untilAsserted(
              () ->
                  assertThat(lines("prompts", task))
                      .as(() -> programs.errors("prompts"))
                      .hasSize(1));
    } finally {
      predicting.destroy();
      swapping.destroy();
    }

    for (JsonNode line : lines("predictions", task)) {
      await()
          .atMost(LONG)
          .untilAsserted(
              () ->
                  assertThat(
                          get("/api/tasks/"
                                  + task
                                  + "/predictions?imageId="
                                  + line.path("imageId").asText())
                              .jsonPath()
                              .getString("[0].labels[0].label"))
                      .isEqualTo(line.path("label").asText()));
    }
    JsonNode prompt = lines("prompts", task).get(0);
    assertThat(prompt.path("version").asInt()).isZero();
    assertThat(prompt.path("ofTheFirstClass").asText()).isEqualTo(STREAM.classes().get(0));
  }

  /** What a reader of a whole topic says of one task. */
  private List<JsonNode> lines(String reader, String task) throws IOException {
    return programs.lines(reader).stream()
        .filter(line -> line.path("task").asText().equals(task))
        .toList();
  }

  private static void define(String task) {
    given()
        .contentType(ContentType.JSON)
        .body(Map.of("classes", STREAM.classes(), "template", STREAM.template()))
        .put("/api/tasks/" + task)
        .then()
        .statusCode(201);
  }

  /** Two files of images, named after the task. */
  private List<Path> images(String task) throws IOException {
    List<Path> images = new ArrayList<>();
    for (int i = 0; i < 2; i++) {
      Path image = folder.resolve(task + "-" + i + ".png");
      images.add(Files.write(image, STREAM.image(i).png()));
    }
    return images;
  }

  @Test
  void theColumnsOfATableAreThePredictionsFields() throws IOException {
    String sql = Files.readString(FOLDER.resolve("flink/predictions.sql"));
    String columns = sql.substring(sql.indexOf('('), sql.indexOf("WITH ("));
    Map<Schema.Type, String> types =
        Map.of(
            Schema.Type.STRING, "STRING",
            Schema.Type.INT, "INT",
            Schema.Type.BOOLEAN, "BOOLEAN",
            Schema.Type.ARRAY, "ARRAY",
            Schema.Type.RECORD, "ROW",
            Schema.Type.MAP, "MAP");
    List<String> named = new ArrayList<>();
    Pattern.compile("(?m)^  `(\\w+)` (\\w+)(?!.*METADATA)")
        .matcher(columns)
        .results()
        .forEach(
            column -> {
              Schema.Field field = Prediction.getClassSchema().getField(column.group(1));
              assertThat(field).as(column.group(1)).isNotNull();
              assertThat(column.group(2))
                  .as(column.group(1))
                  .isEqualTo(types.get(field.schema().getType()));
              named.add(column.group(1));
            });
    assertThat(named).contains("imageId", "task", "labels", "zeroShot");
  }

  @Test
  void theSinkPartitionsByAFieldOfThePredictions() throws IOException {
    JsonNode config =
        JSON.readTree(FOLDER.resolve("connect/predictions-to-s3.json").toFile()).path("config");
    assertThat(Prediction.getClassSchema().getField(config.path("partition.field.name").asText()))
        .isNotNull();
    assertThat(config.path("consumer.override.isolation.level").asText())
        .isEqualTo("read_committed");
  }
}
