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
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.apache.avro.Schema;
import org.eclipse.microprofile.config.inject.ConfigProperty;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The examples for other languages: run where their language is, otherwise read. */
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

  @Test
  void javaScriptSendsImagesAndReadsPredictionsAndPrompts() throws Exception {
    assumeTrue(run(FOLDER, "node", "--version"), "Node.js is absent");
    Path scripts = Files.createDirectory(folder.resolve("kafkajs"));
    try (Stream<Path> files = Files.list(FOLDER.resolve("kafkajs"))) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        Files.copy(file, scripts.resolve(file.getFileName()));
      }
    }
    assumeTrue(
        run(scripts, "npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"),
        "the packages of the example cannot be installed");
    given()
        .contentType(ContentType.JSON)
        .body(Map.of("classes", STREAM.classes(), "template", STREAM.template()))
        .put("/api/tasks/digits");
    List<String> command = new ArrayList<>(List.of("node", "send.mjs", "digits"));
    for (int i = 0; i < 2; i++) {
      String name = i + ".png";
      Files.write(scripts.resolve(name), STREAM.image(i).png());
      command.add(name);
    }
    Process predictions = start(scripts, "predictions", "node", "subscribe.mjs");
    Process prompts = start(scripts, "prompts", "node", "prompts.mjs");
    try {
      assertThat(run(scripts, command.toArray(String[]::new))).as(() -> errors("last")).isTrue();
      await().atMost(LONG).untilAsserted(() -> assertThat(lines("predictions")).hasSize(2));
      await().atMost(LONG).untilAsserted(() -> assertThat(lines("prompts")).hasSize(1));
    } finally {
      predictions.destroy();
      prompts.destroy();
    }

    for (JsonNode line : lines("predictions")) {
      await()
          .atMost(LONG)
          .untilAsserted(
              () ->
                  assertThat(
                          get("/api/tasks/digits/predictions?imageId="
                                  + line.path("imageId").asText())
                              .jsonPath()
                              .getString("[0].labels[0].label"))
                      .isEqualTo(line.path("label").asText()));
    }
    JsonNode prompt = lines("prompts").get(0);
    assertThat(prompt.path("version").asInt()).isZero();
    assertThat(prompt.path("ofTheFirstClass").asText()).isEqualTo(STREAM.classes().get(0));
  }

  @Test
  void pythonCompiles() throws Exception {
    assumeTrue(run(FOLDER, "python3", "--version"), "Python is absent");
    try (Stream<Path> files = Files.list(FOLDER.resolve("python"))) {
      for (Path file : files.filter(path -> path.toString().endsWith(".py")).toList()) {
        String parse = "import ast, sys; ast.parse(open(sys.argv[1]).read())";
        assertThat(run(folder, "python3", "-c", parse, file.toAbsolutePath().toString()))
            .as(() -> file + ": " + errors("last"))
            .isTrue();
      }
    }
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

  private boolean run(Path where, String... command) throws InterruptedException {
    try {
      Process process = start(where, "last", command);
      if (!process.waitFor(LONG.toSeconds(), TimeUnit.SECONDS)) {
        process.destroyForcibly();
        return false;
      }
      return process.exitValue() == 0;
    } catch (IOException e) {
      // There is no such program.
      return false;
    }
  }

  private Process start(Path where, String name, String... command) throws IOException {
    ProcessBuilder builder = new ProcessBuilder(command).directory(where.toFile());
    builder
        .environment()
        .putAll(
            Map.of(
                "BROKERS",
                brokers,
                "GATEWAY",
                home.toString().replaceAll("/$", ""),
                "PREFIX",
                PREFIX));
    return builder
        .redirectOutput(folder.resolve(name + ".out").toFile())
        .redirectError(folder.resolve(name + ".err").toFile())
        .start();
  }

  private String errors(String name) {
    try {
      return Files.readString(folder.resolve(name + ".err"));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The lines that are whole. */
  private List<JsonNode> lines(String name) throws IOException {
    String said = Files.readString(folder.resolve(name + ".out"));
    List<JsonNode> lines = new ArrayList<>();
    for (String line : said.substring(0, said.lastIndexOf('\n') + 1).lines().toList()) {
      lines.add(JSON.readTree(line));
    }
    return lines;
  }
}
