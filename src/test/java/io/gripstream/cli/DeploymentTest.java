package io.gripstream.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import io.gripstream.GripstreamConfig.Role;
import io.gripstream.kafka.StubRegistry;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.xpath.XPathConstants;
import javax.xml.xpath.XPathFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.w3c.dom.NodeList;

/** What is deployed and documented must be what the code reads. */
class DeploymentTest {
  private static final Path DOCKERFILE = Path.of("docker/Dockerfile");
  private static final ObjectMapper YAML = new ObjectMapper(new YAMLFactory());
  private static final Pattern VARIABLE = Pattern.compile("\\bGRIPSTREAM_[A-Z0-9_]+");

  static Stream<Path> files() throws IOException {
    List<Path> files = new ArrayList<>(List.of(DOCKERFILE));
    for (Path root : List.of(Path.of("docker"), Path.of("k8s"))) {
      try (Stream<Path> walk = Files.walk(root)) {
        walk.filter(file -> file.toString().endsWith(".yaml")).forEach(files::add);
      }
    }
    return files.stream();
  }

  @ParameterizedTest
  @MethodSource("files")
  void everyVariableIsAConfigurationKey(Path file) throws IOException {
    List<String> variables =
        VARIABLE.matcher(Files.readString(file)).results().map(match -> match.group()).toList();

    ConfigKeys.requireKnown(variables, List.of());
  }

  @ParameterizedTest
  @MethodSource("files")
  void everyYamlFileCanBeRead(Path file) throws IOException {
    if (file.toString().endsWith(".yaml")) {
      assertThat(documents(file))
          .isNotEmpty()
          .allSatisfy(each -> assertThat(each.isObject()).isTrue());
    }
  }

  @ParameterizedTest
  @EnumSource(Role.class)
  void everyRoleHasAWorkloadOfItsOwnThatAnswersForItsHealth(Role role) throws IOException {
    String name = role.name().toLowerCase(Locale.ROOT);
    JsonNode workload = workload(role);
    JsonNode pod = workload.at("/spec/template/spec");
    JsonNode container = pod.at("/containers/0");

    assertThat(environment(container, "GRIPSTREAM_ROLES").path("value").asText()).isEqualTo(name);
    assertThat(
            environment(container, "GRIPSTREAM_KAFKA_INSTANCE_ID")
                .at("/valueFrom/fieldRef/fieldPath")
                .asText())
        .isEqualTo("metadata.name");
    assertThat(container.at("/startupProbe/httpGet/path").asText()).isEqualTo("/q/health/started");
    assertThat(container.at("/livenessProbe/httpGet/path").asText()).isEqualTo("/q/health/live");
    assertThat(container.at("/readinessProbe/httpGet/path").asText()).isEqualTo("/q/health/ready");
    assertThat(pod.at("/enableServiceLinks").isBoolean()).isTrue();
    assertThat(pod.at("/enableServiceLinks").asBoolean()).isFalse();
    assertThat(pod.at("/securityContext/runAsNonRoot").asBoolean()).isTrue();
    assertThat(container.at("/securityContext/readOnlyRootFilesystem").asBoolean()).isTrue();
    assertThat(container.at("/resources/limits/memory").asText()).isNotEmpty();
    // The gateway's is asked: whoever has one of its own needs rights to its topic.
    assertThat(environment(container, "GRIPSTREAM_REGISTRY_URL").isMissingNode())
        .isEqualTo(role == Role.GATEWAY);
    // All listen for their probes, and where there is a registry of another pod there is a key for
    // it.
    assertThat(pod.at("/volumes").toString()).contains("\"secretName\":\"gripstream-keys\"");
    assertThat(container.at("/volumeMounts").toString())
        .contains("{\"name\":\"keys\",\"mountPath\":\"/etc/gripstream\",\"readOnly\":true}");
    assertThat(environment(container, "GRIPSTREAM_KEY").isMissingNode())
        .isEqualTo(role == Role.GATEWAY);
    assertThat(Files.readString(Path.of("k8s/base/kustomization.yaml")))
        .contains(name + ".yaml", "GRIPSTREAM_ACCESS_KEYS=/etc/gripstream/keys");
  }

  /** The image listens on every interface, and would not start without keys. */
  @Test
  void theCompositionSaysThatItIsOpenAndPublishesToItsMachineAlone() throws IOException {
    JsonNode service = documents(Path.of("docker/compose.yaml")).get(0).at("/services/gripstream");

    assertThat(service.at("/environment/GRIPSTREAM_ACCESS_OPEN").asText()).isEqualTo("true");
    assertThat(service.path("ports"))
        .isNotEmpty()
        .allSatisfy(port -> assertThat(port.asText()).startsWith("127.0.0.1:"));
  }

  @Test
  void theCompositionWritesWhereThePodsDo() throws IOException {
    JsonNode service = documents(Path.of("docker/compose.yaml")).get(0).at("/services/gripstream");

    assertThat(service.path("read_only").asBoolean()).isTrue();
    assertThat(service.path("cap_drop").toString()).isEqualTo("[\"ALL\"]");
    // Docker mounts a tmpfs so that nothing in it can be executed, and RocksDB's library is there.
    assertThat(service.path("tmpfs").toString()).isEqualTo("[\"/tmp:exec\"]");
    assertThat(service.path("volumes").toString()).isEqualTo("[\"gripstream:/data\"]");
  }

  @Test
  void theImageIsBuiltFromWhatItsContextHas() throws IOException {
    Set<String> context = new HashSet<>();
    for (String line : Files.readAllLines(Path.of("docker/Dockerfile.dockerignore"))) {
      if (line.startsWith("!")) {
        context.add(line.substring(1));
        assertThat(Path.of(line.substring(1))).exists();
      }
    }
    Set<String> copied = new HashSet<>();
    instructions("COPY")
        .map(copy -> copy.split(" "))
        .filter(words -> !words[0].startsWith("--from"))
        .forEach(
            words ->
                Stream.of(words)
                    .limit(words.length - 1)
                    .forEach(source -> copied.add(source.replaceAll("/$", ""))));
    assertThat(copied).isEqualTo(context);
    assertThat(instructions("USER").filter(user -> !user.equals("root")))
        .isNotEmpty()
        .containsOnly("10001:10001");
    assertThat(instructions("USER").reduce((one, other) -> other)).contains("10001:10001");
  }

  @Test
  void theImageIsOfAVersionAndAPlatformThatAreBuilt() throws Exception {
    String version = pom("/project/version").item(0).getTextContent().replace("-SNAPSHOT", "");
    assertThat(instructions("ARG")).contains("VERSION=" + version);
    JsonNode base = documents(Path.of("k8s/base/kustomization.yaml")).get(0);
    assertThat(base.at("/images/0/newTag").asText()).isEqualTo(version);
    for (String role : List.of("labeler", "refiner")) {
      assertThat(
              documents(Path.of("k8s/overlays/gpu/" + role + ".yaml"))
                  .get(0)
                  .at("/spec/template/spec/containers/0/image")
                  .asText())
          .isEqualTo("gripstream:" + version + "-cuda");
    }
    List<String> platforms =
        Pattern.compile("native=(\\S+)")
            .matcher(Files.readString(DOCKERFILE))
            .results()
            .map(match -> match.group(1))
            .filter(platform -> !platform.startsWith("$"))
            .toList();
    NodeList profiles = pom("/project/profiles/profile/id");
    assertThat(platforms)
        .containsExactly("linux-x86_64", "linux-aarch64")
        .isSubsetOf(
            IntStream.range(0, profiles.getLength())
                .mapToObj(i -> profiles.item(i).getTextContent())
                .toList());
  }

  @ParameterizedTest
  @ValueSource(ints = {200, 503})
  void theContainerIsHealthyWhileTheServiceIsAlive(int status) throws Exception {
    Matcher check =
        Pattern.compile("(?m)^HEALTHCHECK .*\\\\\\n +CMD (\\[.*])$")
            .matcher(Files.readString(DOCKERFILE));
    assertThat(check.find()).isTrue();
    List<String> command = new ArrayList<>();
    new ObjectMapper().readTree(check.group(1)).forEach(word -> command.add(word.asText()));
    assertThat(command.toString()).contains("GET /q/health/live HTTP");
    assumeTrue(Files.isExecutable(Path.of(command.get(0))), command.get(0) + " is not there");
    try (StubRegistry service = new StubRegistry(status, "{}")) {
      ProcessBuilder builder = new ProcessBuilder(command);
      builder
          .environment()
          .put("GRIPSTREAM_HTTP_PORT", String.valueOf(URI.create(service.url()).getPort()));
      assertThat(builder.start().waitFor() == 0).isEqualTo(status == 200);
      assertThat(service.requests()).isEqualTo(1);
    }
  }

  /** What stands behind each such instruction of the Dockerfile. */
  private static Stream<String> instructions(String name) throws IOException {
    return Files.readAllLines(DOCKERFILE).stream()
        .filter(line -> line.startsWith(name + " "))
        .map(line -> line.substring(name.length() + 1));
  }

  @Test
  void everyRoleLosesItsPodsOneByOne() throws IOException {
    List<String> names = new ArrayList<>();
    for (JsonNode budget : documents(Path.of("k8s/base/disruption.yaml"))) {
      assertThat(budget.at("/spec/maxUnavailable").asInt()).isEqualTo(1);
      names.add(label(budget.at("/spec/selector/matchLabels")));
    }
    List<String> workloads = new ArrayList<>();
    for (Role role : Role.values()) {
      workloads.add(label(workload(role).at("/spec/template/metadata/labels")));
    }
    assertThat(names).containsExactlyInAnyOrderElementsOf(workloads);
    assertThat(Files.readString(Path.of("k8s/base/kustomization.yaml")))
        .contains("disruption.yaml");
  }

  @Test
  void everyPodIsScrapedWhereItAnswers() throws IOException {
    JsonNode monitor = documents(Path.of("k8s/monitoring/pods.yaml")).get(0);
    JsonNode labels = documents(Path.of("k8s/base/kustomization.yaml")).get(0).at("/labels/0");
    JsonNode endpoint = monitor.at("/spec/podMetricsEndpoints/0");

    assertThat(labels.path("includeTemplates").asBoolean()).isTrue();
    assertThat(monitor.at("/spec/selector/matchLabels")).isEqualTo(labels.path("pairs"));
    assertThat(endpoint.path("path").asText()).isEqualTo("/q/metrics");
    for (Role role : Role.values()) {
      assertThat(workload(role).at("/spec/template/spec/containers/0/ports/0/name"))
          .isEqualTo(endpoint.path("port"));
    }
  }

  private static JsonNode workload(Role role) throws IOException {
    return documents(Path.of("k8s/base/" + role.name().toLowerCase(Locale.ROOT) + ".yaml")).get(0);
  }

  private static String label(JsonNode labels) {
    return labels.path("app.kubernetes.io/name").asText();
  }

  @Test
  void everyDependencyHasAReason() throws Exception {
    String reasons = Files.readString(Path.of("CONTRIBUTING.md"));
    NodeList dependencies = pom("/project/dependencies/dependency/artifactId");

    assertThat(dependencies.getLength()).isPositive();
    for (int i = 0; i < dependencies.getLength(); i++) {
      assertThat(reasons).contains("`" + dependencies.item(i).getTextContent() + "`");
    }
  }

  private static NodeList pom(String path) throws Exception {
    return (NodeList)
        XPathFactory.newInstance()
            .newXPath()
            .evaluate(
                path,
                DocumentBuilderFactory.newInstance()
                    .newDocumentBuilder()
                    .parse(Path.of("pom.xml").toFile()),
                XPathConstants.NODESET);
  }

  private static JsonNode environment(JsonNode container, String name) {
    for (JsonNode variable : container.path("env")) {
      if (variable.path("name").asText().equals(name)) {
        return variable;
      }
    }
    return container.path("no such variable");
  }

  private static List<JsonNode> documents(Path file) throws IOException {
    try (var values = YAML.readerFor(JsonNode.class).<JsonNode>readValues(file.toFile())) {
      return values.readAll();
    }
  }
}
