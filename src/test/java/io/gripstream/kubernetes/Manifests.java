package io.gripstream.kubernetes;

import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import io.gripstream.Tool;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.BiConsumer;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;

/** Resources of Kubernetes, from files or as kustomize renders them. */
record Manifests(List<JsonNode> resources) {
  static final Path ROOT = Path.of("k8s");

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
    return new Manifests(resources);
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
    org.junit.jupiter.api.Assumptions.assumeTrue(
        version
            .lines()
            .filter(line -> line.startsWith("Kustomize Version: v"))
            .anyMatch(line -> Integer.parseInt(line.replaceAll(".*: v|\\..*", "")) >= KUSTOMIZE),
        "kubectl has no kustomize of version 5 or newer");
    return new Manifests(
        documents(
            kubectl.run(Path.of("."), "kustomize", folder.toString()).replaceAll("^---", "")));
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
}
