package io.gripstream.kubernetes;

import static io.gripstream.kubernetes.Manifests.each;
import static io.gripstream.kubernetes.Manifests.environment;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.gripstream.GripstreamConfig;
import io.gripstream.GripstreamConfig.Role;
import io.smallrye.config.EnvConfigSource;
import io.smallrye.config.SmallRyeConfigBuilder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What each role's pod may do, and how it logs in. */
class PodsTest {
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
