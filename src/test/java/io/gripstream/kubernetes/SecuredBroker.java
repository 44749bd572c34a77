package io.gripstream.kubernetes;

import static io.gripstream.kubernetes.Manifests.each;
import static io.gripstream.kubernetes.Manifests.name;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import io.gripstream.GripstreamConfig.Role;
import io.gripstream.clip.TorchClip;
import io.gripstream.kafka.KafkaClients;
import io.gripstream.kafka.TopicAdmin;
import io.gripstream.kafka.Topics;
import io.gripstream.kafka.embedded.EmbeddedBroker;
import io.gripstream.kafka.registry.TopicSerdes;
import io.gripstream.labeler.Labeler;
import io.gripstream.refine.ImageSource;
import io.gripstream.refine.PromptRefinement;
import io.gripstream.refiner.Refiner;
import io.gripstream.wiring.TestStream;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.common.acl.AccessControlEntry;
import org.apache.kafka.common.acl.AclBinding;
import org.apache.kafka.common.acl.AclOperation;
import org.apache.kafka.common.acl.AclPermissionType;
import org.apache.kafka.common.resource.PatternType;
import org.apache.kafka.common.resource.ResourcePattern;
import org.apache.kafka.common.resource.ResourceType;

/**
 * A broker with the topics, users and rights of {@code k8s/components/strimzi}, and no others.
 * Partitions and replicas are fewer.
 */
final class SecuredBroker implements AutoCloseable {
  /** A user who may do everything. */
  static final String BROKER = "broker";

  private static final Duration LONG = Duration.ofSeconds(60);

  static final int PARTITIONS = 2;
  static final Topics TOPICS = new Topics("gripstream.");

  private final EmbeddedBroker broker;

  SecuredBroker(Path directory) throws Exception {
    String passwords =
        Stream.concat(Stream.of(BROKER), users().stream().map(Manifests::name))
            .map("user_%s=\"secret\""::formatted)
            .collect(Collectors.joining(" "));
    broker =
        EmbeddedBroker.start(
            directory,
            0,
            Map.of(
                "listener.security.protocol.map", "PLAINTEXT:SASL_PLAINTEXT,CONTROLLER:PLAINTEXT",
                "inter.broker.listener.name", "PLAINTEXT",
                "sasl.enabled.mechanisms", "PLAIN",
                "sasl.mechanism.inter.broker.protocol", "PLAIN",
                "listener.name.plaintext.plain.sasl.jaas.config", login(BROKER, passwords),
                "authorizer.class.name", "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
                "super.users", "User:ANONYMOUS;User:" + BROKER));
    List<NewTopic> topics =
        new ArrayList<>(
            TopicAdmin.wanted(TOPICS, PARTITIONS, (short) 1, KafkaClients.MAX_RECORD_BYTES));
    topics.add(TopicAdmin.wantedSchemas(TOPICS, (short) 1));
    List<AclBinding> rights = new ArrayList<>();
    for (JsonNode user : users()) {
      rights.addAll(rights(user));
    }
    try (Admin admin = clients(BROKER).admin()) {
      admin.createTopics(topics).all().get();
      admin.createAcls(rights).all().get();
    }
    for (Role role : Role.values()) {
      try (Admin own = clients(role).admin()) {
        // A broker knows rights a moment after its controller.
        await(user(role) + " sees the topics")
            .atMost(LONG)
            .until(() -> own.listTopics().names().get().containsAll(TOPICS.all()));
      }
    }
  }

  /** A labeler with the rights of its user. */
  Labeler labeler(TestStream world, TopicSerdes serdes, TorchClip clip) {
    return Labeler.start(
        world.config(Map.of("kafka.instance-id", "labeler-0")),
        clients(Role.LABELER),
        TOPICS,
        serdes,
        clip,
        new SimpleMeterRegistry());
  }

  /** A refiner with the rights of its user. */
  Refiner refiner(TopicSerdes serdes, TorchClip clip) {
    return Refiner.start(
        "refiner-0",
        clients(Role.REFINER),
        TOPICS,
        serdes,
        new PromptRefinement(clip, ImageSource.NONE),
        clip.id(),
        new SimpleMeterRegistry());
  }

  KafkaClients clients(Role role) {
    return clients(user(role));
  }

  KafkaClients clients(String user) {
    return new KafkaClients(
        broker.bootstrapServers(),
        Map.of(
            "security.protocol", "SASL_PLAINTEXT",
            "sasl.mechanism", "PLAIN",
            "sasl.jaas.config", login(user, "")));
  }

  static String user(Role role) {
    return "gripstream-" + role.name().toLowerCase(Locale.ROOT);
  }

  /** What a role's user may do. */
  static List<AclBinding> rights(Role role) throws IOException {
    return rights(
        users().stream().filter(it -> name(it).equals(user(role))).findFirst().orElseThrow());
  }

  private static List<AclBinding> rights(JsonNode user) {
    List<AclBinding> rights = new ArrayList<>();
    for (JsonNode rule : user.at("/spec/authorization/acls")) {
      ResourcePattern resource =
          new ResourcePattern(
              ResourceType.fromString(constant(rule.at("/resource/type").asText())),
              rule.at("/resource/name").asText(),
              rule.at("/resource/patternType").asText().equals("prefix")
                  ? PatternType.PREFIXED
                  : PatternType.LITERAL);
      each(rule.path("operations"))
          .map(operation -> AclOperation.fromString(constant(operation.asText())))
          .map(it -> new AccessControlEntry("User:" + name(user), "*", it, AclPermissionType.ALLOW))
          .forEach(entry -> rights.add(new AclBinding(resource, entry)));
    }
    return rights;
  }

  private static String login(String user, String more) {
    return "org.apache.kafka.common.security.plain.PlainLoginModule required username=\"%s\" password=\"secret\" %s;"
        .formatted(user, more);
  }

  private static List<JsonNode> users() throws IOException {
    return Manifests.written().of("KafkaUser").toList();
  }

  /** Strimzi writes {@code DescribeConfigs}, Kafka {@code DESCRIBE_CONFIGS}. */
  private static String constant(String words) {
    return words.replaceAll("(?<=[a-z])(?=[A-Z])", "_").toUpperCase(Locale.ROOT);
  }

  @Override
  public void close() {
    broker.close();
  }
}
