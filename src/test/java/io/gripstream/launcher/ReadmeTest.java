package io.gripstream.launcher;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.gripstream.model.StubHub;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/**
 * Runs each command that the README has, in its order, as a shell does. It needs the packaged
 * application. Changed are the addresses alone: ports, hub, brokers and registry.
 */
@DisabledOnOs(value = OS.WINDOWS, disabledReason = "the shell's launcher")
class ReadmeTest {
  private static final Pattern COMMAND =
      Pattern.compile("(?m)^ {4}(\\S.*)$|`(\\./gripstream [^`\\n]+)`");
  private static final Pattern HUB_MODEL = Pattern.compile("--model (\\w+/\\S+)");

  /** What runs this test, and all others. */
  private static final Set<String> ELSEWHERE = Set.of("mvn verify");

  private static final Path APPLICATION = Path.of("target", "quarkus-app");
  private static final Duration LONG = Duration.ofMinutes(2);
  private static final Duration PROBE = Duration.ofSeconds(10);
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final HttpClient HTTP = HttpClient.newHttpClient();

  /** A process that was started, and where its page is. */
  private record Service(String command, Process process, URI page, Path said) {}

  @TempDir private Path home;
  @TempDir private Path drawn;
  private final List<Process> processes = new ArrayList<>();
  private final List<Service> starting = new ArrayList<>();
  private StubHub hub;

  /** What the shell knows by now. */
  private String variables = "";

  /** What {@code ./gripstream serve} began, which all later commands ask. */
  private Service service;

  private String brokers;
  private Path watched;
  private String lastAnswer;

  @BeforeEach
  void install() throws IOException {
    assertThat(APPLICATION.resolve("quarkus-run.jar"))
        .as("mvn -DskipTests package makes it")
        .exists();
    Files.copy(Path.of("gripstream"), home.resolve("gripstream"));
    Files.createDirectory(home.resolve("target"));
    Files.createSymbolicLink(home.resolve(APPLICATION), APPLICATION.toAbsolutePath());
    draw(Files.createDirectory(home.resolve("pictures")).resolve("one.jpg"));
    draw(Files.createDirectory(home.resolve("pictures/more")).resolve("two.jpg"));
    draw(home.resolve("cat.jpg"));
    Files.writeString(home.resolve(".curlrc"), "fail\nsilent\nshow-error\n");
    hub = new StubHub(drawn);
  }

  @AfterEach
  void end() throws IOException, InterruptedException {
    for (Process process : processes) {
      process.destroyForcibly().waitFor();
    }
    Files.delete(home.resolve(APPLICATION));
    hub.close();
  }

  @Test
  void eachCommandDoesWhatTheReadmeSays() throws Exception {
    for (String command : commands()) {
      if (!ELSEWHERE.contains(command)) {
        execute(command);
      }
    }
    settle();

    assertThat(JSON.readTree(lastAnswer).findValuesAsText("label")).contains("cat", "dog");
    assertThat(get(service, "/api/tasks/pets/predictions"))
        .contains("\"one.jpg\"", "\"more/two.jpg\"", "\"1\"");
    await("who watches sees what comes")
        .atMost(LONG)
        .until(
            () -> {
              post("/api/images?id=again&task=pets", home.resolve("cat.jpg"));
              return !lines(watched).isEmpty();
            });
    JsonNode line = JSON.readTree(lines(watched).get(0));
    assertThat(line.at("/value/task").asText()).isEqualTo("pets");
  }

  private static List<String> commands() throws IOException {
    String readme = Files.readString(Path.of("README.md"));
    assertThat(readme.split("(?m)^```mermaid$", -1).length * 2 - 2)
        .as("a command is in a line that is indented by four, or begins with ./ between backticks")
        .isEqualTo(readme.split("(?m)^```", -1).length - 1);
    return COMMAND
        .matcher(readme)
        .results()
        .map(match -> match.group(1) == null ? match.group(2) : match.group(1))
        .map(command -> command.replaceAll("\\s+#\\s.*", ""))
        .toList();
  }

  private void execute(String command) throws Exception {
    if (command.matches("\\w+=\\S+")) {
      variables += here(command) + "\n";
    } else if (command.startsWith("./gripstream demo")) {
      starting.add(serve(command));
    } else if (command.startsWith("./gripstream serve")) {
      Service started = serve(command);
      starting.add(started);
      service = service == null ? started : service;
    } else if (command.startsWith("./gripstream watch")) {
      settle();
      watched = home.resolve("watched");
      start(command, clients(), watched);
    } else if (command.startsWith("./gripstream ") || command.startsWith("curl ")) {
      settle();
      assumeTrue(!command.startsWith("curl ") || installed("curl"), "curl is absent");
      lastAnswer = toItsEnd(command);
    } else {
      fail("the README has a command that nobody runs: %s", command);
    }
  }

  /** Until all that was started is up. What is not the service ends then. */
  private void settle() throws Exception {
    for (Service started : starting) {
      await(started.command())
          .atMost(LONG)
          .pollInterval(Duration.ofMillis(100))
          .until(() -> up(started));
      if (started != service) {
        started.process().destroyForcibly().waitFor();
      }
    }
    starting.clear();
  }

  private boolean up(Service started) throws IOException, InterruptedException {
    assertThat(started.process().isAlive())
        .as(() -> started.command() + ": " + read(started.said()))
        .isTrue();
    Matcher model = HUB_MODEL.matcher(started.command());
    return get(started, "/q/health/ready").contains("\"UP\"")
        && get(started, "/").contains("Gripstream")
        && (!started.command().contains(" demo")
            || get(started, "/api/tasks/digits/predictions").contains("imageId"))
        && (!model.find()
            || hub.requests().stream().anyMatch(each -> each.contains(model.group(1))));
  }

  private Service serve(String command) throws IOException {
    Matcher model = HUB_MODEL.matcher(command);
    if (model.find()) {
      hub.publish(model.group(1));
    }
    String name = "process-" + processes.size();
    int port = freePort();
    Map<String, String> environment = new HashMap<>();
    environment.put("GRIPSTREAM_HTTP_PORT", Integer.toString(port));
    environment.put("GRIPSTREAM_DATA_DIRECTORY", home.resolve(name).toString());
    environment.put("GRIPSTREAM_MODEL_HUB_URL", hub.url().toString());
    String line = here(command);
    if (command.contains("--bootstrap-servers")) {
      // The service that is there has these brokers, too.
      environment.put("GRIPSTREAM_KAFKA_TOPIC_PREFIX", "elsewhere.");
    } else {
      int brokerPort = freePort();
      line += " --broker-port " + brokerPort;
      if (brokers == null && command.contains(" serve")) {
        brokers = "localhost:" + brokerPort;
      }
    }
    Path said = home.resolve(name + ".log");
    URI page = URI.create("http://localhost:" + port);
    return new Service(command, start(line, environment, said), page, said);
  }

  private String toItsEnd(String command) throws Exception {
    Path said = home.resolve("said");
    Process process = start(here(command), clients(), said);
    assertThat(process.waitFor(LONG.toSeconds(), TimeUnit.SECONDS)).as(command).isTrue();
    String all = read(said);
    assertThat(process.exitValue()).as("%s: %s", command, all).isZero();
    return all;
  }

  private Map<String, String> clients() {
    return Map.of(
        "GRIPSTREAM_KAFKA_BOOTSTRAP_SERVERS",
        brokers,
        "GRIPSTREAM_REGISTRY_URL",
        service.page().toString());
  }

  /** The command with this machine's addresses. */
  private String here(String command) {
    return service == null
        ? command
        : command
            .replace("http://localhost:8080", service.page().toString())
            .replace("http://registry:8081", service.page().toString())
            .replace("kafka:9092", brokers);
  }

  private Process start(String command, Map<String, String> environment, Path said)
      throws IOException {
    ProcessBuilder builder =
        new ProcessBuilder("sh", "-c", variables + "exec " + command)
            .directory(home.toFile())
            .redirectErrorStream(true)
            .redirectOutput(said.toFile());
    builder.environment().put("JAVA_HOME", System.getProperty("java.home"));
    // Processes live for seconds: what the second compiler takes is never earned back.
    builder
        .environment()
        .put("GRIPSTREAM_JAVA_OPTS", "-Xmx320m -XX:+UseSerialGC -XX:TieredStopAtLevel=1");
    builder.environment().put("OMP_NUM_THREADS", "1");
    builder.environment().put("CURL_HOME", home.toString());
    builder.environment().putAll(environment);
    Process process = builder.start();
    processes.add(process);
    return process;
  }

  private static boolean installed(String program) throws IOException, InterruptedException {
    return new ProcessBuilder("sh", "-c", "command -v " + program).start().waitFor() == 0;
  }

  /** Nothing while nobody answers. */
  private static String get(Service from, String path) throws InterruptedException {
    try {
      HttpResponse<String> answer =
          HTTP.send(
              HttpRequest.newBuilder(from.page().resolve(path)).timeout(PROBE).build(),
              BodyHandlers.ofString());
      return answer.statusCode() == 200 ? answer.body() : "";
    } catch (IOException e) {
      return "";
    }
  }

  private void post(String path, Path image) throws IOException, InterruptedException {
    HTTP.send(
        HttpRequest.newBuilder(service.page().resolve(path))
            .header("Content-Type", "image/jpeg")
            .POST(BodyPublishers.ofFile(image))
            .build(),
        BodyHandlers.discarding());
  }

  /** Without a line that is not finished. */
  private static List<String> lines(Path file) {
    String said = read(file);
    return said.substring(0, said.lastIndexOf('\n') + 1).lines().toList();
  }

  private static String read(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }

  private static void draw(Path file) throws IOException {
    BufferedImage image = new BufferedImage(64, 64, BufferedImage.TYPE_INT_RGB);
    image.createGraphics().fillOval(16, 16, 32, 32);
    ImageIO.write(image, "jpg", file.toFile());
  }
}
