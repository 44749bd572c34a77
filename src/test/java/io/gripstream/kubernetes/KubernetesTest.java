package io.gripstream.kubernetes;

import static io.gripstream.kubernetes.Manifests.ROOT;
import static io.gripstream.kubernetes.Manifests.each;
import static io.gripstream.kubernetes.Manifests.environment;
import static io.gripstream.kubernetes.Manifests.name;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.introspect.Annotated;
import com.fasterxml.jackson.databind.introspect.JacksonAnnotationIntrospector;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import io.fabric8.kubernetes.api.model.apps.StatefulSet;
import io.fabric8.kubernetes.api.model.networking.v1.NetworkPolicy;
import io.fabric8.kubernetes.api.model.policy.v1.PodDisruptionBudget;
import io.fabric8.openshift.api.model.monitoring.v1.PodMonitor;
import io.fabric8.openshift.api.model.monitoring.v1.PrometheusRule;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What a manifest names is there, in another manifest or in the code. */
class KubernetesTest {
  /** Strimzi makes it for a cluster called kafka. */
  private static final String CA = "kafka-cluster-ca-cert";

  /** Made by hand, as docs/security.md says. */
  private static final String KEYS = "gripstream-keys";

  private static final List<String> OVERLAYS =
      List.of("base", "overlays/gpu", "overlays/production");

  /** Kinds that are not Kubernetes' own, as their operators know them at present. */
  private static final Map<String, String> OTHERS =
      Map.of(
          "KafkaTopic", "kafka.strimzi.io/v1",
          "KafkaUser", "kafka.strimzi.io/v1",
          "ScaledObject", "keda.sh/v1alpha1",
          "TriggerAuthentication", "keda.sh/v1alpha1",
          "PodMonitor", "monitoring.coreos.com/v1",
          "PrometheusRule", "monitoring.coreos.com/v1");

  private static final Map<String, Class<? extends HasMetadata>> MODELS =
      Map.of(
          "Deployment", Deployment.class,
          "StatefulSet", StatefulSet.class,
          "Service", Service.class,
          "PodDisruptionBudget", PodDisruptionBudget.class,
          "NetworkPolicy", NetworkPolicy.class,
          "PodMonitor", PodMonitor.class,
          "PrometheusRule", PrometheusRule.class);

  /** The models keep what they do not know; here it is an error. */
  private static final ObjectMapper STRICT =
      new ObjectMapper()
          .setAnnotationIntrospector(
              new JacksonAnnotationIntrospector() {
                private static final long serialVersionUID = 1;

                @Override
                public Boolean hasAnySetter(Annotated annotated) {
                  return false;
                }
              });

  @TempDir Path folder;

  static Stream<Path> files() throws IOException {
    return Manifests.files().stream();
  }

  static Stream<Path> kustomizations() throws IOException {
    return Manifests.kustomizations().stream();
  }

  @ParameterizedTest
  @MethodSource("files")
  void everyFileIsOfNamedResourcesWithNoKeyTwice(Path file) throws IOException {
    assertThat(Manifests.documents(file))
        .isNotEmpty()
        .allSatisfy(
            document -> {
              String kind = document.path("kind").asText();
              assertThat(document.path("apiVersion").asText())
                  .isEqualTo(OTHERS.getOrDefault(kind, document.path("apiVersion").asText("-")));
              if (!file.endsWith("kustomization.yaml")) {
                assertThat(name(document)).matches("[a-z0-9]([-.a-z0-9]*[a-z0-9])?");
              }
            });
  }

  /** An API server would drop what it does not know, or refuse the whole. */
  @Test
  void everyFieldIsKnownToItsKind() throws IOException {
    List<JsonNode> resources = Manifests.written().resources();
    assertThat(resources)
        .extracting(each -> each.path("kind").asText())
        .containsAll(MODELS.keySet());
    for (JsonNode resource : resources) {
      Class<? extends HasMetadata> model = MODELS.get(resource.path("kind").asText());
      if (model != null) {
        HasMetadata read = STRICT.treeToValue(resource, model);
        assertThat(HasMetadata.getApiVersion(model)).isEqualTo(read.getApiVersion());
      }
    }
  }

  /** A file that nobody names is applied by nobody. */
  @ParameterizedTest
  @MethodSource("kustomizations")
  void aKustomizationNamesTheFilesBesideIt(Path file) throws IOException {
    JsonNode kustomization = Manifests.documents(file).get(0);
    Set<String> named = new TreeSet<>();
    each(kustomization.path("resources")).forEach(each -> named.add(each.asText()));
    each(kustomization.path("components")).forEach(each -> named.add(each.asText()));
    each(kustomization.path("patches")).forEach(each -> named.add(each.path("path").asText("")));
    each(kustomization.path("configMapGenerator"))
        .forEach(made -> each(made.path("files")).forEach(each -> named.add(each.asText())));
    named.remove("");
    assertThat(named).allSatisfy(each -> assertThat(file.resolveSibling(each)).exists());
    try (Stream<Path> beside = Files.list(file.getParent())) {
      assertThat(beside.filter(Files::isRegularFile).filter(each -> !each.equals(file)))
          .allSatisfy(each -> assertThat(named).contains(each.getFileName().toString()));
    }
  }

  @Test
  void whatIsWrittenFitsTogether() throws IOException {
    Set<String> configMaps = new HashSet<>();
    for (Path file : Manifests.kustomizations()) {
      each(Manifests.documents(file).get(0).path("configMapGenerator"))
          .forEach(made -> configMaps.add(made.path("name").asText()));
    }
    fitsTogether(Manifests.written().whole(), configMaps);
    secretsAreKnown(Manifests.written());
  }

  @ParameterizedTest
  @ValueSource(strings = {"base", "overlays/gpu", "overlays/production"})
  void whatIsAppliedFitsTogether(String overlay) throws Exception {
    Manifests applied = Manifests.rendered(ROOT.resolve(overlay));
    fitsTogether(applied, applied.of("ConfigMap").map(Manifests::name).collect(Collectors.toSet()));
    secretsAreKnown(applied);
    assertThat(applied.resources().stream().map(each -> each.path("kind").asText() + name(each)))
        .doesNotHaveDuplicates();
  }

  /** Each component goes with the base alone, too. */
  @Test
  void everyComponentCanBeAddedToTheBase() throws Exception {
    int base = Manifests.rendered(ROOT.resolve("base")).resources().size();
    for (Path file : Manifests.kustomizations()) {
      JsonNode kustomization = Manifests.documents(file).get(0);
      boolean isComponent = kustomization.path("kind").asText().equals("Component");
      assertThat(isComponent).as("%s", file).isEqualTo(!OVERLAYS.contains(relative(file)));
      if (isComponent) {
        Path overlay = Files.createDirectories(folder.resolve(relative(file)));
        String up = overlay.toRealPath().relativize(ROOT.toRealPath()).toString();
        Files.writeString(
            overlay.resolve("kustomization.yaml"),
            "resources: [%s/base]\ncomponents: [%s/%s]\n".formatted(up, up, relative(file)));
        assertThat(Manifests.rendered(overlay).resources().size())
            .as("%s", file)
            .isGreaterThanOrEqualTo(base);
      }
    }
  }

  private static String relative(Path kustomization) {
    return ROOT.relativize(kustomization.getParent()).toString();
  }

  private static void fitsTogether(Manifests manifests, Set<String> configMaps) {
    manifests.fields(
        "configMapRef", (in, each) -> assertThat(configMaps).contains(each.path("name").asText()));
    manifests.fields(
        "configMapTargetRef",
        (in, each) ->
            each(each).forEach(it -> assertThat(configMaps).contains(it.at("/name").asText())));
    // A role that must be known to the cluster would have an account; none is.
    manifests.fields("serviceAccountName", (in, each) -> assertThat(each).isNull());

    manifests.of("Service").forEach(each -> manifests.reached(each, each.at("/spec/selector")));
    manifests
        .of("Service")
        .forEach(
            service ->
                each(service.at("/spec/ports"))
                    .forEach(
                        port ->
                            Manifests.hasPort(
                                manifests.selected(service.at("/spec/selector")),
                                port.path("targetPort"))));
    manifests
        .of("PodDisruptionBudget")
        .forEach(each -> manifests.reached(each, each.at("/spec/selector")));
    manifests
        .of("PodMonitor")
        .forEach(
            monitor ->
                each(monitor.at("/spec/podMetricsEndpoints"))
                    .forEach(
                        endpoint ->
                            Manifests.hasPort(
                                manifests.reached(monitor, monitor.at("/spec/selector")),
                                endpoint.path("port"))));

    manifests
        .workloads()
        .forEach(
            workload -> {
              assertThat(workload.at("/spec/selector/matchLabels").properties())
                  .isSubsetOf(Manifests.labels(workload).properties());
              for (String probe : List.of("startupProbe", "livenessProbe", "readinessProbe")) {
                Manifests.hasPort(
                    List.of(workload),
                    workload.at("/spec/template/spec/containers/0/" + probe + "/httpGet/port"));
              }
              each(workload.at("/spec/template/spec/topologySpreadConstraints"))
                  .forEach(
                      spread ->
                          assertThat(
                                  manifests.matches(
                                      spread.path("labelSelector"), Manifests.labels(workload)))
                              .isTrue());
              String registry = environment(workload).get("GRIPSTREAM_REGISTRY_URL");
              if (registry != null) {
                assertThat(
                        manifests
                            .of("Service")
                            .map(
                                it ->
                                    "http://%s:%s"
                                        .formatted(name(it), it.at("/spec/ports/0/port").asText())))
                    .contains(registry);
              }
            });
    manifests
        .of("ScaledObject")
        .forEach(
            scaled -> {
              JsonNode workload =
                  manifests
                      .of("Deployment")
                      .filter(
                          it -> name(it).equals(scaled.at("/spec/scaleTargetRef/name").asText()))
                      .findAny()
                      .orElseThrow();
              assertThat(manifests.rendered() && workload.at("/spec").has("replicas")).isFalse();
              JsonNode login = scaled.at("/spec/triggers/0/authenticationRef/name");
              if (!login.isMissingNode()) {
                assertThat(manifests.of("TriggerAuthentication").map(Manifests::name))
                    .contains(login.asText());
              }
            });
  }

  private static void secretsAreKnown(Manifests manifests) throws IOException {
    Map<String, Set<String>> known = new TreeMap<>();
    known.put(CA, Set.of("ca.crt"));
    known.put(KEYS, Set.of("keys", "registry-key", "metrics-key"));
    Manifests.written()
        .of("KafkaUser")
        .forEach(user -> known.put(name(user), Set.of("password", "sasl.jaas.config")));
    String page = Files.readString(Path.of("docs/security.md"));
    assertThat(known.get(KEYS)).allSatisfy(key -> assertThat(page).contains("--from-file=" + key));

    Set<String> used = new TreeSet<>();
    manifests.fields(
        "secretKeyRef",
        (in, each) -> used.add(each.path("name").asText() + " " + each.path("key").asText()));
    manifests.fields(
        "credentials",
        (in, each) -> used.add(each.path("name").asText() + " " + each.path("key").asText()));
    manifests.fields(
        "secretTargetRef",
        (in, refs) ->
            each(refs)
                .forEach(it -> used.add(it.path("name").asText() + " " + it.path("key").asText())));
    manifests.fields(
        "secret",
        (in, volume) ->
            each(volume.path("items"))
                .forEach(
                    item ->
                        used.add(
                            volume.path("secretName").asText() + " " + item.path("key").asText())));
    assertThat(used)
        .isNotEmpty()
        .allSatisfy(
            each -> {
              String[] secret = each.split(" ");
              assertThat(known).containsKey(secret[0]);
              assertThat(known.get(secret[0])).contains(secret[1]);
            });
    // What is secret is made by others: none is kept here.
    assertThat(manifests.of("Secret")).isEmpty();
  }
}
