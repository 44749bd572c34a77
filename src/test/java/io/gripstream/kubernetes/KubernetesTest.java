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
import com.fasterxml.jackson.databind.node.MissingNode;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import io.fabric8.kubernetes.api.model.apps.StatefulSet;
import io.fabric8.kubernetes.api.model.networking.v1.NetworkPolicy;
import io.fabric8.kubernetes.api.model.policy.v1.PodDisruptionBudget;
import io.fabric8.openshift.api.model.monitoring.v1.PodMonitor;
import io.fabric8.openshift.api.model.monitoring.v1.PrometheusRule;
import io.gripstream.GripstreamConfig;
import io.gripstream.GripstreamConfig.Role;
import io.smallrye.config.EnvConfigSource;
import io.smallrye.config.SmallRyeConfigBuilder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What a manifest names is there, in another manifest or in the code. */
class KubernetesTest {
  private static final String PART_OF = "app.kubernetes.io/part-of";

  private static final String BROKERS = "GRIPSTREAM_KAFKA_BOOTSTRAP_SERVERS";

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
    // The workloads of the base alone: patches are no whole ones.
    List<JsonNode> whole = new ArrayList<>(Manifests.written().resources());
    whole.removeIf(
        each -> each.at("/spec/template").isObject() && !each.at("/spec").has("selector"));
    fitsTogether(new Manifests(whole), configMaps, false);
    secretsAreKnown(Manifests.written());
  }

  @ParameterizedTest
  @ValueSource(strings = {"base", "overlays/gpu", "overlays/production"})
  void whatIsAppliedFitsTogether(String overlay) throws Exception {
    Manifests applied = Manifests.rendered(ROOT.resolve(overlay));
    fitsTogether(
        applied, applied.of("ConfigMap").map(Manifests::name).collect(Collectors.toSet()), true);
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

  private static void fitsTogether(Manifests manifests, Set<String> configMaps, boolean labelled) {
    manifests.fields(
        "configMapRef", (in, each) -> assertThat(configMaps).contains(each.path("name").asText()));
    manifests.fields(
        "configMapTargetRef",
        (in, each) ->
            each(each).forEach(it -> assertThat(configMaps).contains(it.at("/name").asText())));
    // A role that must be known to the cluster would have an account; none is.
    manifests.fields("serviceAccountName", (in, each) -> assertThat(each).isNull());

    manifests
        .of("Service")
        .forEach(each -> reaches(manifests, each, each.at("/spec/selector"), labelled));
    manifests
        .of("Service")
        .forEach(
            service ->
                each(service.at("/spec/ports"))
                    .forEach(
                        port ->
                            hasPort(
                                selected(manifests, service.at("/spec/selector"), labelled),
                                port.path("targetPort"))));
    manifests
        .of("PodDisruptionBudget")
        .forEach(each -> reaches(manifests, each, each.at("/spec/selector"), labelled));
    manifests
        .of("PodMonitor")
        .forEach(
            monitor ->
                each(monitor.at("/spec/podMetricsEndpoints"))
                    .forEach(
                        endpoint ->
                            hasPort(
                                reaches(manifests, monitor, monitor.at("/spec/selector"), labelled),
                                endpoint.path("port"))));
    manifests.of("NetworkPolicy").forEach(each -> policyFits(manifests, each, labelled));
    manifests
        .workloads()
        .forEach(
            workload -> {
              assertThat(workload.at("/spec/selector/matchLabels").properties())
                  .isSubsetOf(labels(workload).properties());
              for (String probe : List.of("startupProbe", "livenessProbe", "readinessProbe")) {
                hasPort(
                    List.of(workload),
                    workload.at("/spec/template/spec/containers/0/" + probe + "/httpGet/port"));
              }
              each(workload.at("/spec/template/spec/topologySpreadConstraints"))
                  .forEach(
                      spread ->
                          assertThat(
                                  matches(spread.path("labelSelector"), labels(workload), labelled))
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
              assertThat(labelled && workload.at("/spec").has("replicas")).isFalse();
              JsonNode login = scaled.at("/spec/triggers/0/authenticationRef/name");
              if (!login.isMissingNode()) {
                assertThat(manifests.of("TriggerAuthentication").map(Manifests::name))
                    .contains(login.asText());
              }
            });
  }

  private static void policyFits(Manifests manifests, JsonNode policy, boolean labelled) {
    List<JsonNode> subjects = reaches(manifests, policy, policy.at("/spec/podSelector"), labelled);
    List<String> types = each(policy.at("/spec/policyTypes")).map(JsonNode::asText).toList();
    // What is not named in the types would not be in force.
    assertThat(types.contains("Ingress") || !policy.path("spec").has("ingress")).isTrue();
    assertThat(types.contains("Egress") || !policy.path("spec").has("egress")).isTrue();
    each(policy.at("/spec/ingress"))
        .forEach(
            rule -> {
              each(rule.path("ports")).forEach(port -> hasPort(subjects, port.path("port")));
              each(rule.path("from"))
                  .forEach(peer -> peerIsThere(manifests, policy, peer, labelled));
            });
    each(policy.at("/spec/egress"))
        .forEach(
            rule ->
                each(rule.path("to"))
                    .forEach(
                        peer ->
                            peerIsThere(manifests, policy, peer, labelled)
                                .forEach(
                                    pod ->
                                        each(rule.path("ports"))
                                            .forEach(
                                                port ->
                                                    hasPort(List.of(pod), port.path("port"))))));
  }

  /** The pods of ours that a peer means; none if it means others'. */
  private static List<JsonNode> peerIsThere(
      Manifests manifests, JsonNode policy, JsonNode peer, boolean labelled) {
    boolean ours =
        peer.has("podSelector")
            && !peer.has("namespaceSelector")
            && !peer.toString().contains("strimzi.io/");
    return ours ? reaches(manifests, policy, peer.path("podSelector"), labelled) : List.of();
  }

  private static List<JsonNode> reaches(
      Manifests manifests, JsonNode from, JsonNode selector, boolean labelled) {
    List<JsonNode> pods = selected(manifests, selector, labelled);
    assertThat(pods)
        .as("%s %s selects pods by %s", from.path("kind"), name(from), selector)
        .isNotEmpty();
    return pods;
  }

  private static List<JsonNode> selected(Manifests manifests, JsonNode selector, boolean labelled) {
    return manifests.workloads().filter(it -> matches(selector, labels(it), labelled)).toList();
  }

  private static JsonNode labels(JsonNode workload) {
    return workload.at("/spec/template/metadata/labels");
  }

  /**
   * @param labelled whether kustomize has added the labels that all pods have
   */
  private static boolean matches(JsonNode selector, JsonNode labels, boolean labelled) {
    JsonNode plain =
        selector.has("matchLabels") || selector.has("matchExpressions")
            ? selector.path("matchLabels")
            : selector;
    boolean all =
        plain.properties().stream()
            .allMatch(
                each ->
                    labels.path(each.getKey()).equals(each.getValue())
                        || !labelled && each.getKey().equals(PART_OF));
    return all
        && each(selector.path("matchExpressions"))
            .allMatch(
                expression -> {
                  assertThat(expression.path("operator").asText()).isEqualTo("In");
                  // Each of the values must be somebody's, so that none is left behind by a rename.
                  assertThat(each(expression.path("values")).map(JsonNode::asText))
                      .isSubsetOf(
                          Stream.of(Role.values())
                              .map(role -> "gripstream-" + word(role))
                              .toList());
                  return each(expression.path("values"))
                      .anyMatch(labels.path(expression.path("key").asText())::equals);
                });
  }

  private static void hasPort(List<JsonNode> pods, JsonNode port) {
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

  @Test
  void theBaseReachesBrokersAndRegistryThroughThePolicies() throws IOException {
    String brokers =
        each(Manifests.document("base/kustomization.yaml").at("/configMapGenerator/0/literals"))
            .map(JsonNode::asText)
            .filter(literal -> literal.startsWith(BROKERS))
            .findAny()
            .orElseThrow();
    reached(Manifests.written(), brokers, false);
  }

  @Test
  void productionReachesBrokersAndRegistryThroughThePolicies() throws Exception {
    Manifests applied = Manifests.rendered(ROOT.resolve("overlays/production"));
    String brokers =
        applied
            .of("ConfigMap")
            .map(each -> each.path("data").path(BROKERS).asText())
            .filter(each -> !each.isEmpty())
            .findAny()
            .orElseThrow();
    reached(applied, brokers, true);
  }

  private static void reached(Manifests manifests, String brokers, boolean labelled) {
    List<JsonNode> all =
        manifests.workloads().filter(it -> it.at("/spec").has("selector")).toList();
    JsonNode deny = policy(manifests, "gripstream-deny");
    assertThat(deny.path("spec").has("ingress") || deny.path("spec").has("egress")).isFalse();
    assertThat(each(deny.at("/spec/policyTypes")).map(JsonNode::asText))
        .containsExactlyInAnyOrder("Ingress", "Egress");
    JsonNode out = policy(manifests, "gripstream-brokers");
    for (JsonNode policy : List.of(deny, out)) {
      assertThat(selected(new Manifests(all), policy.at("/spec/podSelector"), labelled))
          .isEqualTo(all);
    }
    assertThat(each(out.at("/spec/egress/1/ports")).map(port -> port.path("port").asText()))
        .containsExactly(brokers.replaceAll(".*:", ""));
    JsonNode registry = policy(manifests, "gripstream-registry");
    assertThat(selected(new Manifests(all), registry.at("/spec/podSelector"), labelled))
        .isEqualTo(
            all.stream()
                .filter(it -> environment(it).containsKey("GRIPSTREAM_REGISTRY_URL"))
                .toList());
  }

  private static JsonNode policy(Manifests manifests, String name) {
    return manifests
        .of("NetworkPolicy")
        .filter(each -> name(each).equals(name))
        .findAny()
        .orElseThrow();
  }

  /** Where names are random nobody comes back under one, and would be waited for in vain. */
  @ParameterizedTest
  @EnumSource(Role.class)
  void onlyPodsWithStableNamesAreStaticMembers(Role role) throws IOException {
    JsonNode workload = Manifests.document("base/" + word(role) + ".yaml");
    boolean stable = workload.path("kind").asText().equals("StatefulSet");
    // A gateway is in no group.
    if (role != Role.GATEWAY) {
      assertThat(environment(workload).getOrDefault("GRIPSTREAM_KAFKA_STATIC_MEMBERSHIP", "true"))
          .isEqualTo(Boolean.toString(stable));
    }
  }

  /**
   * What the restricted standard of Kubernetes asks for, and a root file system that is read only.
   */
  @ParameterizedTest
  @EnumSource(Role.class)
  void aPodMayDoNothingThatItNeedNot(Role role) throws IOException {
    JsonNode pod = Manifests.document("base/" + word(role) + ".yaml").at("/spec/template/spec");
    JsonNode container = pod.at("/containers/0");
    assertThat(pod.path("containers")).hasSize(1);
    assertThat(pod.at("/securityContext/runAsNonRoot").asBoolean()).isTrue();
    assertThat(pod.at("/securityContext/runAsUser").asInt()).isPositive();
    assertThat(pod.at("/securityContext/seccompProfile/type").asText()).isEqualTo("RuntimeDefault");
    assertThat(pod.path("automountServiceAccountToken").asBoolean(true)).isFalse();
    assertThat(container.at("/securityContext/allowPrivilegeEscalation").asBoolean(true)).isFalse();
    assertThat(container.at("/securityContext/readOnlyRootFilesystem").asBoolean()).isTrue();
    assertThat(container.at("/securityContext/capabilities/drop").toString())
        .isEqualTo("[\"ALL\"]");
    assertThat(each(container.path("volumeMounts")).map(it -> it.path("mountPath").asText()))
        .contains("/data", "/tmp");
    assertThat(Files.readString(Path.of("docker/Dockerfile")))
        .contains(
            "GRIPSTREAM_DATA_DIRECTORY=/data",
            "DJL_CACHE_DIR=/data/",
            "USER %s:%s"
                .formatted(
                    pod.at("/securityContext/runAsUser"), pod.at("/securityContext/runAsGroup")));
  }

  /** Names of variables lose the dots of Kafka's settings, and must get them back. */
  @Test
  void theLoginReachesTheClients() throws IOException {
    Map<String, String> variables = new TreeMap<>();
    each(Manifests.document("components/secrets/kustomization.yaml")
            .at("/configMapGenerator/0/literals"))
        .map(literal -> literal.asText().split("=", 2))
        .forEach(literal -> variables.put(literal[0], literal[1]));
    for (Role role : Role.values()) {
      JsonNode patch = Manifests.document("components/secrets/login-" + word(role) + ".yaml");
      JsonNode login = patch.at("/spec/template/spec/containers/0/env/0");
      assertThat(login.at("/valueFrom/secretKeyRef/name").asText())
          .isEqualTo("gripstream-" + word(role));
      variables.put(login.path("name").asText(), "a module");
    }
    assertThat(
            new SmallRyeConfigBuilder()
                .addDiscoveredConverters()
                .withMapping(GripstreamConfig.class)
                .withSources(new EnvConfigSource(variables, 300))
                .build()
                .getConfigMapping(GripstreamConfig.class)
                .kafka()
                .properties())
        .containsExactlyInAnyOrderEntriesOf(
            Map.of(
                "security.protocol", "SASL_SSL",
                "sasl.mechanism", "SCRAM-SHA-512",
                "sasl.jaas.config", "a module",
                "ssl.truststore.type", "PEM",
                "ssl.truststore.location", "/etc/kafka/ca.crt"));
  }

  private static String word(Role role) {
    return role.name().toLowerCase(Locale.ROOT);
  }
}
