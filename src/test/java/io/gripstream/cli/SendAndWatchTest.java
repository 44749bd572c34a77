package io.gripstream.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.gripstream.kafka.BrokerResource;
import io.gripstream.launcher.Gripstream;
import io.quarkus.test.common.http.TestHTTPResource;
import io.quarkus.test.junit.QuarkusTest;
import io.quarkus.test.junit.QuarkusTestProfile;
import io.quarkus.test.junit.TestProfile;
import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import javax.imageio.ImageIO;
import org.eclipse.microprofile.config.ConfigProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** The clients' commands against the whole service, with a real broker and the real model. */
@QuarkusTest
@TestProfile(SendAndWatchTest.WholeService.class)
class SendAndWatchTest {
  private static final String PREFIX = "cli-test.";
  private static final int IMAGES = 40;
  private static final ObjectMapper JSON = new ObjectMapper();

  /** Every role, on topics of its own. */
  public static final class WholeService implements QuarkusTestProfile {
    @Override
    public List<TestResourceEntry> testResources() {
      return List.of(new TestResourceEntry(BrokerResource.class, Map.of("topic-prefix", PREFIX)));
    }
  }

  @TestHTTPResource("/")
  URI gateway;

  @TempDir Path directory;

  private final StringWriter err = new StringWriter();

  @Test
  void whatAFolderHoldsComesBackAsLabelsAndADamagedImageAsADeadLetter() throws Exception {
    for (int i = 0; i < IMAGES; i++) {
      draw(directory.resolve(i % 2 == 0 ? "circle" : "square").resolve(i + ".png"), i % 2 == 0);
    }
    Files.writeString(directory.resolve("circle/damaged.png"), "not a picture");
    Files.createSymbolicLink(directory.resolve("linked"), directory.resolve("circle"));
    Path file = directory.resolve("reports/report.json");

    execute(
        "send",
        "--task=shapes",
        "--define-classes=circle,square",
        "--truth-from-folders",
        "--report=" + file,
        directory.toString());

    assertThat(err.toString()).contains("links to folders are not followed: linked");
    JsonNode report = JSON.readTree(file.toFile());
    assertThat(report.get("images").asInt()).isEqualTo(IMAGES + 1);
    assertThat(report.get("predictions").asInt()).isEqualTo(IMAGES);
    assertThat(report.get("deadLettered").asInt()).isEqualTo(1);
    assertThat(report.get("lost").asInt()).isZero();
    assertThat(report.get("duplicates").asInt()).isZero();
    assertThat(report.get("wentLiveLast").asInt()).isZero();
    assertThat(report.get("measuredImages").asInt()).isEqualTo(IMAGES);
    assertThat(report.get("liveAccuracy")).isEqualTo(report.get("zeroShotAccuracy"));

    List<JsonNode> predictions = watch("predictions", IMAGES);
    assertThat(predictions)
        .extracting(line -> line.at("/value/imageId").asText())
        .doesNotHaveDuplicates()
        .contains("circle/0.png", "square/1.png");
    JsonNode prompt = watch("prompts", 1).get(0).get("value");
    assertThat(prompt.get("version").asInt()).isZero();
    assertThat(prompt.at("/classFeatures/data").asText()).endsWith(" bytes");
    assertThat(predictions)
        .allSatisfy(
            line -> {
              assertThat(line.at("/value/promptDigest")).isEqualTo(prompt.get("digest"));
              assertThat(line.at("/value/labels/0/label").asText()).isIn("circle", "square");
              assertThat(line.at("/value/abstained").isBoolean()).isTrue();
            });
    assertThat(watch("rounds", 1).get(0).at("/value/type").asText()).isEqualTo("PROMOTED");
    JsonNode letter = watch("dead-letters", 1).get(0);
    assertThat(letter.get("key").asText()).isEqualTo("circle/damaged.png");
    assertThat(letter.get("cause").asText()).isNotBlank();
  }

  @Test
  void tasksAreCreatedShownListedAndDeleted() throws Exception {
    execute("tasks", "create", "pets", "--classes=cat,dog", "--template=a drawing of a {}");

    assertThat(execute("tasks", "list")).contains("pets: cat, dog");
    JsonNode definition = JSON.readTree(execute("tasks", "show", "pets"));
    assertThat(definition.get("template").asText()).isEqualTo("a drawing of a {}");
    assertThat(fail("tasks", "create", "pets", "--classes=owl,fox"))
        .contains("there is a task named pets already");
    assertThat(fail("tasks", "create", "alike", "--classes=Polish,Polish")).contains("--classes");

    execute("tasks", "delete", "pets");

    assertThat(execute("tasks", "list")).doesNotContain("pets");
    assertThat(fail("tasks", "show", "pets")).contains("there is no task named pets");
    assertThat(fail("tasks", "delete", "pets")).contains("there is no task named pets");
  }

  @Test
  void labelsAreImportedAndExported() throws Exception {
    execute("tasks", "create", "said", "--classes=cat,dog");
    Path file = directory.resolve("labels.csv");
    Files.writeString(file, "imageId,label\n1,cat\n2,owl\n3,dog\n");
    String at = "--gateway=" + gateway;

    assertThat(failLine("labels", "import", at, "--task=said", file.toString()))
        .contains("refused: line 3: label is none of the task's classes")
        .contains("2 labels taken, 0 without a label, 1 refused");
    Path out = directory.resolve("out.json");
    StringWriter printed = new StringWriter();
    assertThat(runLine(printed, "labels", "export", at, "--task=said", "--format=jsonl")).isZero();
    assertThat(printed.toString().lines())
        .containsExactly(
            "{\"imageId\":\"1\",\"label\":\"cat\"}", "{\"imageId\":\"3\",\"label\":\"dog\"}");
    assertThat(
            runLine(
                printed,
                "labels",
                "export",
                at,
                "--task=said",
                "--format=label-studio",
                "--output=" + out))
        .isZero();
    assertThat(Files.readString(out)).isEqualTo("[]");
    assertThat(err.toString()).contains("left out: 2 images");
    assertThat(failLine("labels", "export", at, "--task=nobodys"))
        .contains("there is no task named nobodys");
    assertThat(failLine("labels", "import", at, "--task=said", directory + "/none.csv"))
        .contains("no readable file");
    assertThat(failLine("labels", "export", "--gateway=http://localhost:1", "--task=said"))
        .contains("there is no answer from http://localhost:1");
  }

  @Test
  void foldersNameTheClassesOfANewTask() throws Exception {
    draw(directory.resolve("ring/1.png"), true);
    draw(directory.resolve("box/2.png"), false);

    execute(
        "send",
        "--task=folders",
        "--classes-from-folders",
        "--folder-class=ring=circle",
        directory.toString());

    assertThat(execute("tasks", "list")).contains("folders: box, circle");
    draw(directory.resolve("3.png"), true);
    assertThat(fail("send", "--task=loose", "--classes-from-folders", directory.toString()))
        .contains("3.png is in no folder");
  }

  @Test
  void whatCannotBeSentIsNamedAndTheRestIsSent() throws Exception {
    execute("tasks", "create", "some", "--classes=cat,dog");
    draw(directory.resolve("1.png"), true);
    byte[] image = Files.readAllBytes(directory.resolve("1.png"));
    Path zip = directory.resolve("images.zip");
    try (ZipOutputStream out = new ZipOutputStream(Files.newOutputStream(zip))) {
      for (String name : List.of("1.png", "2.png", "3.png", "4.heic")) {
        out.putNextEntry(new ZipEntry(name));
        out.write(image);
        out.closeEntry();
      }
    }
    byte[] bytes = Files.readAllBytes(zip);
    // Behind the header of 30 bytes and the name: a block of a kind that deflate does not have.
    bytes[35] = 7;
    Files.write(zip, bytes);

    assertThat(fail("send", "--task=some", "--in-order", zip.toString()))
        .contains("not sent, 1.png: ", "2 images sent, 1 not")
        .contains("names do not end as an image's: 1, such as 4.heic");
  }

  @Test
  void nothingIsSentForATaskThatThereIsNotOrWithATruthThatIsNoClass() throws Exception {
    draw(directory.resolve("cat/1.png"), true);
    draw(directory.resolve("owl/2.png"), true);
    draw(directory.resolve("owl/3.png"), true);

    assertThat(fail("send", "--task=petz", directory.toString()))
        .contains("there is no task named petz: define it")
        .doesNotContain("sent");
    execute("tasks", "create", "truths", "--classes=cat,dog");
    assertThat(fail("send", "--task=truths", "--truth-from-folders", directory.toString()))
        .contains("folder owl is none of the classes [cat, dog]")
        .doesNotContain("sent");
    assertThat(
            failLine(
                "send",
                "--task=truths",
                "--registry=http://localhost:1",
                "--bootstrap-servers=localhost:1",
                directory.toString()))
        .isEqualTo(
            "gripstream: there is no answer from the schema registry http://localhost:1: nobody listens"
                + " there: is it running?\n");
  }

  private List<JsonNode> watch(String topic, int records) throws IOException {
    String out = execute("watch", topic, "--task=shapes", "--from-beginning", "--limit=" + records);
    List<JsonNode> lines = new ArrayList<>();
    for (String line : out.split("\n")) {
      lines.add(JSON.readTree(line));
    }
    assertThat(lines).hasSize(records);
    return lines;
  }

  /** Runs a command beside the service and returns what it prints. */
  private String execute(String... arguments) {
    StringWriter out = new StringWriter();
    assertThat(run(out, arguments)).as("%s", err).isZero();
    return out.toString();
  }

  /** Runs a command that fails and returns what it says. */
  private String fail(String... arguments) {
    return failLine(withClient(arguments));
  }

  private String failLine(String... arguments) {
    err.getBuffer().setLength(0);
    assertThat(runLine(new StringWriter(), arguments)).isNotZero();
    return err.toString();
  }

  private int run(StringWriter out, String... arguments) {
    return runLine(out, withClient(arguments));
  }

  private String[] withClient(String... arguments) {
    List<String> line = new ArrayList<>(List.of(arguments));
    line.add("--registry=" + gateway);
    line.add("--topic-prefix=" + PREFIX);
    line.add(
        "--bootstrap-servers="
            + ConfigProvider.getConfig()
                .getValue("gripstream.kafka.bootstrap-servers", String.class));
    return line.toArray(String[]::new);
  }

  private int runLine(StringWriter out, String... arguments) {
    CommandLine command = Gripstream.commandLine();
    command.setOut(new PrintWriter(out, true));
    command.setErr(new PrintWriter(err, true));
    return command.execute(arguments);
  }

  private static void draw(Path file, boolean circle) throws IOException {
    Files.createDirectories(file.getParent());
    BufferedImage image = new BufferedImage(64, 64, BufferedImage.TYPE_INT_RGB);
    Graphics2D graphics = image.createGraphics();
    graphics.setColor(Color.WHITE);
    if (circle) {
      graphics.fillOval(16, 16, 32, 32);
    } else {
      graphics.fillRect(16, 16, 32, 32);
    }
    graphics.dispose();
    ImageIO.write(image, "png", file.toFile());
  }
}
