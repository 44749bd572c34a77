package io.gripstream.kubernetes;

import static io.gripstream.kubernetes.Manifests.each;
import static io.gripstream.kubernetes.Manifests.name;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.gripstream.curator.CuratorStream;
import io.gripstream.kafka.KafkaClients;
import io.gripstream.kafka.TopicAdmin;
import io.gripstream.kafka.Topics;
import io.gripstream.labeler.Labeler;
import io.gripstream.refiner.Refiner;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.NewTopic;
import org.junit.jupiter.api.Test;

/** Topics, groups and rights in {@code k8s/} are those of the code. */
class KafkaResourcesTest {
  private static final short REPLICAS = 3;

  private static Map<String, String> settings() throws IOException {
    return each(Manifests.document("base/kustomization.yaml").at("/configMapGenerator/0/literals"))
        .map(literal -> literal.asText().split("=", 2))
        .collect(Collectors.toMap(literal -> literal[0], literal -> literal[1]));
  }

  private static Topics topics() throws IOException {
    return new Topics(settings().get("GRIPSTREAM_KAFKA_TOPIC_PREFIX"));
  }

  private static int partitions() throws IOException {
    return Integer.parseInt(settings().get("GRIPSTREAM_KAFKA_PARTITIONS"));
  }

  @Test
  void theTopicsAreThoseThatTheServiceWouldMake() throws IOException {
    List<NewTopic> wanted =
        new ArrayList<>(
            TopicAdmin.wanted(topics(), partitions(), REPLICAS, KafkaClients.MAX_RECORD_BYTES));
    wanted.add(TopicAdmin.wantedSchemas(topics(), REPLICAS));
    Map<String, String> expected = new TreeMap<>();
    wanted.forEach(
        topic ->
            expected.put(
                topic.name(),
                "%d %d %s"
                    .formatted(
                        topic.numPartitions(),
                        topic.replicationFactor(),
                        new TreeMap<>(topic.configs()))));
    Map<String, String> found = new TreeMap<>();
    for (JsonNode topic : Manifests.written().of("KafkaTopic").toList()) {
      Map<String, String> configs = new TreeMap<>();
      topic
          .at("/spec/config")
          .properties()
          .forEach(each -> configs.put(each.getKey(), each.getValue().asText()));
      found.put(
          name(topic),
          "%s %s %s".formatted(topic.at("/spec/partitions"), topic.at("/spec/replicas"), configs));
    }
    assertThat(found).isEqualTo(expected);
  }

  @Test
  void scalingLooksAtWhatTheRolesRead() throws IOException {
    Topics topics = topics();
    Map<String, List<String>> expected =
        Map.of(
            "gripstream-labeler", List.of(Labeler.group(topics), topics.images()),
            "gripstream-refiner", List.of(Refiner.group(topics), topics.batches()));
    Map<String, List<String>> found = new TreeMap<>();
    for (JsonNode scaled : Manifests.written().of("ScaledObject").toList()) {
      JsonNode trigger = scaled.at("/spec/triggers/0/metadata");
      found.put(
          scaled.at("/spec/scaleTargetRef/name").asText(),
          List.of(trigger.path("consumerGroup").asText(), trigger.path("topic").asText()));
      assertThat(settings()).containsKey(trigger.path("bootstrapServersFromEnv").asText());
      assertThat(scaled.at("/spec/minReplicaCount").asInt()).isEqualTo(1);
      assertThat(scaled.at("/spec/maxReplicaCount").asInt()).isBetween(2, partitions());
    }
    assertThat(found).isEqualTo(expected);
  }

  /** Whether the rights suffice is {@code LeastRightsTest}'s. */
  @Test
  void rightsNameWhatThereIsAndOnlyTheCuratorDecidesWhatIsLive() throws IOException {
    Topics topics = topics();
    List<String> names = new ArrayList<>(topics.all());
    names.add(topics.schemas());
    String internal = CuratorStream.group(topics) + "-";
    List<String> groups =
        List.of(Labeler.group(topics), CuratorStream.group(topics), Refiner.group(topics));
    Map<String, List<String>> writers = new TreeMap<>();
    for (JsonNode user : Manifests.written().of("KafkaUser").toList()) {
      for (JsonNode rule : user.at("/spec/authorization/acls")) {
        String what = rule.at("/resource/name").asText();
        boolean prefix = rule.at("/resource/patternType").asText().equals("prefix");
        String operations = rule.path("operations").toString();
        switch (rule.at("/resource/type").asText()) {
          case "topic" -> {
            assertThat(prefix ? List.of(topics.prefix(), internal) : names).contains(what);
            if (operations.contains("Write")) {
              writers.computeIfAbsent(what, any -> new ArrayList<>()).add(name(user));
            }
            if (what.equals(topics.prefix())) {
              assertThat(operations).isEqualTo("[\"Describe\",\"DescribeConfigs\"]");
            }
          }
          case "group" -> {
            assertThat(prefix).isFalse();
            assertThat(groups).contains(what);
          }
          case "transactionalId" ->
              assertThat(what.equals(topics.schemas()) || what.endsWith("-") && prefix).isTrue();
          default -> throw new AssertionError(rule.toString());
        }
      }
    }
    assertThat(writers.keySet()).containsAll(names).contains(internal);
    assertThat(writers.get(topics.prompts())).containsExactly("gripstream-curator");
    assertThat(writers.get(topics.batches())).containsExactly("gripstream-curator");
    assertThat(writers.get(internal)).containsExactly("gripstream-curator");
    assertThat(writers.get(topics.predictions())).containsExactly("gripstream-labeler");
    assertThat(writers.get(topics.commands())).containsExactly("gripstream-gateway");
  }
}
