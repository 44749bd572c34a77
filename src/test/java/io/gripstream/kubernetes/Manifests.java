package io.gripstream.kubernetes;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.MissingNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import io.gripstream.GripstreamConfig.Role;
import io.gripstream.Tool;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.function.BiConsumer;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;

/**
 * Resources of Kubernetes, from files or as kustomize renders them.
 *
 * @param rendered whether kustomize has added the label that all pods have
 */
record Manifests(List<JsonNode> resources, boolean rendered) {
  static final Path ROOT = Path.of("k8s");

  private static final String PART_OF = "app.kubernetes.io/part-of";

  /** The first version that knows all that the kustomizations use. */
  private static final int KUSTOMIZE = 5;

  private static final ObjectMapper YAML =
      new ObjectMapper(
          YAMLFactory.builder().enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION).build());

  /** Every YAML file. */
  static List<Path> files() throws IOException {
    try (Stream<Path> files = Files.walk(ROOT)) {
      return files.filter(file -> file.toString().endsWith(".yaml")).sorted().toList();
    }
  }

  static List<Path> kustomizations() throws IOException {
    return files().stream().filter(file -> file.endsWith("kustomization.yaml")).toList();
  }

  /** All resources of the folder, patches as they are among them. */
  static Manifests written() throws IOException {
    List<JsonNode> resources = new ArrayList<>();
    for (Path file : files()) {
      if (!file.endsWith("kustomization.yaml")) {
        resources.addAll(documents(file));
      }
    }
    return new Manifests(resources, false);
  }

  /** The same without patches of workloads, which have no selector. */
  Manifests whole() {
    return new Manifests(
        resources.stream()
            .filter(
                each -> !each.at("/spec/template").isObject() || each.path("spec").has("selector"))
            .toList(),
        rendered);
  }

  /** The documents of a file; a key that is there twice is an error. */
  static List<JsonNode> documents(Path file) throws IOException {
    return documents(Files.readString(file));
  }

  static JsonNode document(String file) throws IOException {
    return documents(ROOT.resolve(file)).get(0);
  }

  private static List<JsonNode> documents(String text) throws IOException {
    try (var values = YAML.readerFor(JsonNode.class).<JsonNode>readValues(text)) {
      return values.readAll();
    }
  }

  /** What would be applied. The test is skipped where no kustomize can tell. */
  static Manifests rendered(Path folder) throws IOException, InterruptedException {
    Tool kubectl = new Tool("kubectl").required();
    String version = kubectl.run(Path.of("."), "version", "--client");
    assumeTrue(
        version
            .lines()
            .filter(line -> line.startsWith("Kustomize Version: v"))
            .anyMatch(line -> Integer.parseInt(line.replaceAll(".*: v|\\..*", "")) >= KUSTOMIZE),
        "kubectl has no kustomize of version 5 or newer");
    return new Manifests(
        documents(kubectl.run(Path.of("."), "kustomize", folder.toString()).replaceAll("^---", "")),
        true);
  }

  Stream<JsonNode> of(String kind) {
    return resources.stream().filter(each -> each.path("kind").asText().equals(kind));
  }

  Stream<JsonNode> workloads() {
    return Stream.concat(of("Deployment"), of("StatefulSet"));
  }

  static String name(JsonNode resource) {
    return resource.at("/metadata/name").asText();
  }

  static Stream<JsonNode> each(JsonNode array) {
    return StreamSupport.stream(array.spliterator(), false);
  }

  /** The environment's variables with values of a workload's only container. */
  static Map<String, String> environment(JsonNode workload) {
    return each(workload.at("/spec/template/spec/containers/0/env"))
        .filter(variable -> variable.has("value"))
        .collect(
            Collectors.toMap(
                variable -> variable.path("name").asText(),
                variable -> variable.path("value").asText(),
                (one, other) -> other,
                LinkedHashMap::new));
  }

  /** Calls back for each object field of this name, wherever it is, with the resource it is in. */
  void fields(String name, BiConsumer<JsonNode, JsonNode> sink) {
    resources.forEach(
        resource ->
            resource.findValues(name).stream()
                .filter(Objects::nonNull)
                .forEach(value -> sink.accept(resource, value)));
  }

  /** The workloads whose pods a resource selects; at least one. */
  List<JsonNode> reached(JsonNode from, JsonNode selector) {
    List<JsonNode> pods = selected(selector);
    assertThat(pods)
        .as("%s %s selects pods by %s", from.path("kind"), name(from), selector)
        .isNotEmpty();
    return pods;
  }

  List<JsonNode> selected(JsonNode selector) {
    return workloads().filter(it -> matches(selector, labels(it))).toList();
  }

  static JsonNode labels(JsonNode workload) {
    return workload.at("/spec/template/metadata/labels");
  }

  boolean matches(JsonNode selector, JsonNode labels) {
    JsonNode plain =
        selector.has("matchLabels") || selector.has("matchExpressions")
            ? selector.path("matchLabels")
            : selector;
    boolean all =
        plain.properties().stream()
            .allMatch(
                each ->
                    labels.path(each.getKey()).equals(each.getValue())
                        || !rendered && each.getKey().equals(PART_OF));
    return all
        && each(selector.path("matchExpressions"))
            .allMatch(
                expression -> {
                  assertThat(expression.path("operator").asText()).isEqualTo("In");
                  // Each of the values must be somebody's, so that none is left behind by a rename.
                  assertThat(each(expression.path("values")).map(JsonNode::asText))
                      .isSubsetOf(
                          Stream.of(Role.values())
                              .map(role -> "gripstream-" + role.name().toLowerCase(Locale.ROOT))
                              .toList());
                  return each(expression.path("values"))
                      .anyMatch(labels.path(expression.path("key").asText())::equals);
                });
  }

  /** Each of the pods has a port of this name or number. */
  static void hasPort(List<JsonNode> pods, JsonNode port) {
    assertThat(port).isNotInstanceOf(MissingNode.class);
    assertThat(pods)
        .isNotEmpty()
        .allSatisfy(
            pod ->
                assertThat(each(pod.at("/spec/template/spec/containers/0/ports")))
                    .anyMatch(
                        open ->
                            open.path("name").equals(port)
                                || open.path("containerPort").equals(port)));
  }
}
