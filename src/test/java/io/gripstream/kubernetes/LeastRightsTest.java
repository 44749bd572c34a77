package io.gripstream.kubernetes;

import static io.gripstream.kubernetes.Manifests.each;
import static io.gripstream.kubernetes.Manifests.name;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import io.gripstream.GripstreamConfig.Role;
import io.gripstream.clip.ComputeDevice;
import io.gripstream.clip.TorchClip;
import io.gripstream.curator.CuratorStream;
import io.gripstream.curator.Curators;
import io.gripstream.event.Command;
import io.gripstream.event.CommandType;
import io.gripstream.event.ImageEvent;
import io.gripstream.event.LabelEvent;
import io.gripstream.event.Prediction;
import io.gripstream.event.RoundEvent;
import io.gripstream.event.RoundEventType;
import io.gripstream.event.TaskDefinition;
import io.gripstream.event.Training;
import io.gripstream.gateway.board.Board;
import io.gripstream.gateway.stream.Backlog;
import io.gripstream.gateway.stream.Feeds;
import io.gripstream.gateway.stream.Publisher;
import io.gripstream.gateway.stream.TaskWriter;
import io.gripstream.kafka.DeadLetters;
import io.gripstream.kafka.KafkaClients;
import io.gripstream.kafka.Position;
import io.gripstream.kafka.RecordReader;
import io.gripstream.kafka.TopicAdmin;
import io.gripstream.kafka.Topics;
import io.gripstream.kafka.embedded.EmbeddedBroker;
import io.gripstream.kafka.embedded.EmbeddedRegistry;
import io.gripstream.kafka.registry.TopicSerdes;
import io.gripstream.labeler.Labeler;
import io.gripstream.refine.ImageSource;
import io.gripstream.refine.PromptRefinement;
import io.gripstream.refiner.Refiner;
import io.gripstream.sample.SampleStream;
import io.gripstream.sample.SampleStreams;
import io.gripstream.wiring.TestStream;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.internals.BuiltInPartitioner;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.acl.AccessControlEntry;
import org.apache.kafka.common.acl.AclBinding;
import org.apache.kafka.common.acl.AclOperation;
import org.apache.kafka.common.acl.AclPermissionType;
import org.apache.kafka.common.resource.PatternType;
import org.apache.kafka.common.resource.ResourcePattern;
import org.apache.kafka.common.resource.ResourceType;
import org.apache.kafka.common.serialization.Serdes;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The rights of {@code k8s/components/strimzi} suffice, on a broker that grants no others. */
class LeastRightsTest {
  private static final Duration LONG = Duration.ofSeconds(60);
  private static final String BROKER = "broker";
  private static final String TASK = "digits";
  private static final int PARTITIONS = 2;
  private static final int IMAGES = 60;
  private static final Topics TOPICS = new Topics("gripstream.");

  @TempDir Path folder;

  @Test
  void everyRoleDoesItsWorkWithTheRightsOfItsUserAndNoOther() throws Exception {
    try (EmbeddedBroker broker = broker()) {
      prepare(broker);
      // Each looks for the topics first, and would make what it does not see.
      for (Role role : Role.values()) {
        try (Admin own = clients(broker, user(role)).admin()) {
          // A broker knows rights a moment after its controller.
          await(user(role) + " sees the topics")
              .atMost(LONG)
              .until(() -> own.listTopics().names().get().containsAll(TOPICS.all()));
          TopicAdmin.create(own, TOPICS, PARTITIONS, (short) 1);
        }
      }
      try (EmbeddedRegistry registry = new EmbeddedRegistry(gateway(broker), TOPICS);
          EmbeddedRegistry another = new EmbeddedRegistry(gateway(broker), TOPICS);
          TestStream world = new TestStream(TOPICS, clients(broker, BROKER), another)) {
        registry.registerContract();
        theCircleCloses(broker, new TopicSerdes(registry), world);
      }
      onlyWhatIsGrantedIsDone(broker);
      scalingSeesWhatWaits(broker);
    }
  }

  private void theCircleCloses(EmbeddedBroker broker, TopicSerdes serdes, TestStream world)
      throws Exception {
    SampleStream images = SampleStreams.byName(TASK);
    Path pico = Path.of(LeastRightsTest.class.getResource("/models/pico/config.json").toURI());
    Board board = new Board(Clock.systemUTC());
    try (TorchClip clip = TorchClip.load(pico.getParent(), "pico", ComputeDevice.cpu());
        CuratorStream curator =
            Curators.start(clients(broker, user(Role.CURATOR)), TOPICS, serdes, folder);
        Refiner refiner =
            Refiner.start(
                "refiner-0",
                clients(broker, user(Role.REFINER)),
                TOPICS,
                serdes,
                new PromptRefinement(clip, ImageSource.NONE),
                clip.id(),
                new SimpleMeterRegistry());
        Labeler labeler =
            Labeler.start(
                world.config(Map.of("kafka.instance-id", "labeler-0")),
                clients(broker, user(Role.LABELER)),
                TOPICS,
                serdes,
                clip,
                new SimpleMeterRegistry());
        Publisher publisher = new Publisher(gateway(broker), TOPICS.prefix() + "gateway-0");
        Backlog backlog = new Backlog(gateway(broker), TOPICS);
        Feeds feeds = new Feeds(gateway(broker), TOPICS, serdes, Optional.empty(), board, LONG);
        TaskWriter tasks = new TaskWriter(gateway(broker), TOPICS, feeds);
        RecordReader rereader = new RecordReader(clients(broker, user(Role.REFINER)), 1);
        TestStream.Tail<RoundEvent> rounds = world.tail(TOPICS.rounds(), serdes.rounds());
        TestStream.Tail<Prediction> predictions =
            world.tail(TOPICS.predictions(), serdes.predictions());
        TestStream.Tail<byte[]> letters = world.tail(TOPICS.deadLetters(), Serdes.ByteArray())) {
      TaskDefinition definition =
          TaskDefinition.newBuilder()
              .setClasses(images.classes())
              .setTraining(Training.newBuilder().setRounds(1).setSteps(5).build())
              .build();
      tasks.write(
          TASK,
          serdes.tasks().serializer().serialize(TOPICS.tasks(), definition),
          () -> assertThat(board.find(TASK)).isEmpty());
      Position last = null;
      for (int i = 0; i < IMAGES; i++) {
        ImageEvent event =
            ImageEvent.newBuilder().setContent(ByteBuffer.wrap(images.image(i).png())).build();
        last =
            publisher.publish(
                TOPICS.images(),
                images.image(i).id(),
                serdes.images().serializer().serialize(TOPICS.images(), event));
      }
      publisher.publishAll(
          TOPICS.labels(),
          TASK,
          List.of(
              serdes
                  .labels()
                  .serializer()
                  .serialize(
                      TOPICS.labels(),
                      new LabelEvent(images.image(0).id(), images.image(0).label(), "ann"))));
      await("labels").atMost(LONG).until(() -> predictions.values().size() == IMAGES);

      publisher.publish(TOPICS.commands(), TASK, command(serdes, CommandType.RESUME));
      // As a producer that hashes keys another way: the curator passes it on to its task.
      int elsewhere = 1 - BuiltInPartitioner.partitionForKey(TASK.getBytes(UTF_8), PARTITIONS);
      world.send(
          new ProducerRecord<>(
              TOPICS.commands(),
              elsewhere,
              TASK.getBytes(UTF_8),
              command(serdes, CommandType.REFINE_NOW)));
      await("a verdict")
          .atMost(LONG)
          .until(() -> rounds.values().stream().anyMatch(LeastRightsTest::isVerdict));

      // The curator writes the definition that holds behind the one that does not.
      for (String topic :
          List.of(TOPICS.images(), TOPICS.labels(), TOPICS.batches(), TOPICS.tasks())) {
        world.sendRaw(topic, TASK.getBytes(UTF_8), new byte[] {1, 2});
      }
      await("a letter of each")
          .atMost(LONG)
          .until(
              () ->
                  letters.records().stream()
                      .map(
                          it ->
                              new String(it.headers().lastHeader(DeadLetters.ROLE).value(), UTF_8))
                      .collect(Collectors.toSet())
                      .equals(Set.of("labeler", "curator", "refiner")));
      await("the gateway knows all")
          .atMost(LONG)
          .until(() -> feeds.ready() && board.deadLetterCount() == 4);
      assertThat(board.find(TASK).orElseThrow().live()).isPresent();
      assertThat(board.find(TASK).orElseThrow().labelled()).hasSize(1);
      assertThat(board.find(TASK).orElseThrow().batch(1)).isNotEmpty();
      assertThat(backlog.waiting()).isPresent();
      assertThat(rereader.read(TOPICS.images(), last.partition(), last.offset(), LONG).value())
          .isNotEmpty();
      assertThat(Stream.of(curator.notReady(), refiner.notReady(), labeler.notReady()))
          .containsOnly("");
    }
  }

  private static boolean isVerdict(RoundEvent event) {
    return event.getType() == RoundEventType.PROMOTED && event.getRound() > 0
        || event.getType() == RoundEventType.HELD;
  }

  private static byte[] command(TopicSerdes serdes, CommandType type) {
    return serdes
        .commands()
        .serializer()
        .serialize(TOPICS.commands(), new Command(type, null, "", null, null));
  }

  private static void onlyWhatIsGrantedIsDone(EmbeddedBroker broker) {
    try (Publisher labeler = new Publisher(clients(broker, user(Role.LABELER)), "none")) {
      assertThatThrownBy(() -> labeler.publish(TOPICS.prompts(), TASK, new byte[1]))
          .hasStackTraceContaining("Not authorized to access topics: [gripstream.prompts]");
    }
  }

  private static void scalingSeesWhatWaits(EmbeddedBroker broker) throws Exception {
    try (Admin admin = clients(broker, "gripstream-scaling").admin()) {
      for (Map.Entry<String, String> each :
          Map.of(
                  Labeler.group(TOPICS), TOPICS.images(),
                  Refiner.group(TOPICS), TOPICS.batches())
              .entrySet()) {
        TopicPartition first = new TopicPartition(each.getValue(), 0);
        admin.describeTopics(List.of(each.getValue())).allTopicNames().get();
        admin.listOffsets(Map.of(first, OffsetSpec.latest())).all().get();
        assertThat(
                admin.listConsumerGroupOffsets(each.getKey()).partitionsToOffsetAndMetadata().get())
            .isNotEmpty();
      }
    }
  }

  private EmbeddedBroker broker() throws IOException {
    String passwords =
        Stream.concat(Stream.of(BROKER), users().stream().map(Manifests::name))
            .map("user_%s=\"secret\""::formatted)
            .collect(Collectors.joining(" "));
    return EmbeddedBroker.start(
        folder.resolve("broker"),
        0,
        Map.of(
            "listener.security.protocol.map", "PLAINTEXT:SASL_PLAINTEXT,CONTROLLER:PLAINTEXT",
            "inter.broker.listener.name", "PLAINTEXT",
            "sasl.enabled.mechanisms", "PLAIN",
            "sasl.mechanism.inter.broker.protocol", "PLAIN",
            "listener.name.plaintext.plain.sasl.jaas.config", login(BROKER, passwords),
            "authorizer.class.name", "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
            "super.users", "User:ANONYMOUS;User:" + BROKER));
  }

  private static String login(String user, String more) {
    return "org.apache.kafka.common.security.plain.PlainLoginModule required username=\"%s\" password=\"secret\" %s;"
        .formatted(user, more);
  }

  private static KafkaClients clients(EmbeddedBroker broker, String user) {
    return new KafkaClients(
        broker.bootstrapServers(),
        Map.of(
            "security.protocol", "SASL_PLAINTEXT",
            "sasl.mechanism", "PLAIN",
            "sasl.jaas.config", login(user, "")));
  }

  private static KafkaClients gateway(EmbeddedBroker broker) {
    return clients(broker, user(Role.GATEWAY));
  }

  private static String user(Role role) {
    return "gripstream-" + role.name().toLowerCase(Locale.ROOT);
  }

  private static List<JsonNode> users() throws IOException {
    return Manifests.written().of("KafkaUser").toList();
  }

  /** What Strimzi's operators do with the manifests; partitions and replicas are fewer. */
  private static void prepare(EmbeddedBroker broker) throws Exception {
    List<NewTopic> topics =
        new ArrayList<>(
            TopicAdmin.wanted(TOPICS, PARTITIONS, (short) 1, KafkaClients.MAX_RECORD_BYTES));
    topics.add(TopicAdmin.wantedSchemas(TOPICS, (short) 1));
    List<AclBinding> rights = new ArrayList<>();
    for (JsonNode user : users()) {
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
            .map(
                it ->
                    new AccessControlEntry("User:" + name(user), "*", it, AclPermissionType.ALLOW))
            .forEach(entry -> rights.add(new AclBinding(resource, entry)));
      }
    }
    try (Admin admin = clients(broker, BROKER).admin()) {
      admin.createTopics(topics).all().get();
      admin.createAcls(rights).all().get();
    }
  }

  /** Strimzi writes {@code DescribeConfigs}, Kafka {@code DESCRIBE_CONFIGS}. */
  private static String constant(String words) {
    return words.replaceAll("(?<=[a-z])(?=[A-Z])", "_").toUpperCase(Locale.ROOT);
  }
}
