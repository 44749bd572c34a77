package io.gripstream.kubernetes;

import static io.gripstream.kubernetes.Manifests.ROOT;
import static io.gripstream.kubernetes.Manifests.each;
import static io.gripstream.kubernetes.Manifests.environment;
import static io.gripstream.kubernetes.Manifests.name;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The policies name what there is, and let through what the roles ask for. */
class NetworkPoliciesTest {
  private static final String BROKERS = "GRIPSTREAM_KAFKA_BOOTSTRAP_SERVERS";

  @Test
  void theBaseReachesBrokersAndRegistryThroughThePolicies() throws IOException {
    String brokers =
        each(Manifests.document("base/kustomization.yaml").at("/configMapGenerator/0/literals"))
            .map(JsonNode::asText)
            .filter(literal -> literal.startsWith(BROKERS))
            .findAny()
            .orElseThrow();
    reached(Manifests.written().whole(), brokers);
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
    reached(applied, brokers);
  }

  private static void reached(Manifests manifests, String brokers) {
    manifests.of("NetworkPolicy").forEach(each -> policyFits(manifests, each));
    List<JsonNode> all = manifests.workloads().toList();
    JsonNode deny = policy(manifests, "gripstream-deny");
    assertThat(deny.path("spec").has("ingress") || deny.path("spec").has("egress")).isFalse();
    assertThat(each(deny.at("/spec/policyTypes")).map(JsonNode::asText))
        .containsExactlyInAnyOrder("Ingress", "Egress");
    JsonNode out = policy(manifests, "gripstream-brokers");
    for (JsonNode policy : List.of(deny, out)) {
      assertThat(manifests.selected(policy.at("/spec/podSelector"))).isEqualTo(all);
    }
    assertThat(each(out.at("/spec/egress/1/ports")).map(port -> port.path("port").asText()))
        .containsExactly(brokers.replaceAll(".*:", ""));
    JsonNode registry = policy(manifests, "gripstream-registry");
    assertThat(manifests.selected(registry.at("/spec/podSelector")))
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

  private static void policyFits(Manifests manifests, JsonNode policy) {
    List<JsonNode> subjects = manifests.reached(policy, policy.at("/spec/podSelector"));
    List<String> types = each(policy.at("/spec/policyTypes")).map(JsonNode::asText).toList();
    // What is not named in the types would not be in force.
    assertThat(types.contains("Ingress") || !policy.path("spec").has("ingress")).isTrue();
    assertThat(types.contains("Egress") || !policy.path("spec").has("egress")).isTrue();
    each(policy.at("/spec/ingress"))
        .forEach(
            rule -> {
              each(rule.path("ports"))
                  .forEach(port -> Manifests.hasPort(subjects, port.path("port")));
              each(rule.path("from")).forEach(peer -> peerIsThere(manifests, policy, peer));
            });
    each(policy.at("/spec/egress"))
        .forEach(
            rule ->
                each(rule.path("to"))
                    .forEach(
                        peer ->
                            peerIsThere(manifests, policy, peer)
                                .forEach(
                                    pod ->
                                        each(rule.path("ports"))
                                            .forEach(
                                                port ->
                                                    Manifests.hasPort(
                                                        List.of(pod), port.path("port"))))));
  }

  /** The pods of ours that a peer means; none if it means others'. */
  private static List<JsonNode> peerIsThere(Manifests manifests, JsonNode policy, JsonNode peer) {
    boolean ours =
        peer.has("podSelector")
            && !peer.has("namespaceSelector")
            && !peer.toString().contains("strimzi.io/");
    return ours ? manifests.reached(policy, peer.path("podSelector")) : List.of();
  }
}
