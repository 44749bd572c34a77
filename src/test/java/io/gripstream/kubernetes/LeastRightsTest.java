package io.gripstream.kubernetes;

import static io.gripstream.kubernetes.Manifests.each;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

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
import io.gripstream.kafka.Position;
import io.gripstream.kafka.RecordReader;
import io.gripstream.kafka.TopicAdmin;
import io.gripstream.kafka.Topics;
import io.gripstream.kafka.embedded.EmbeddedRegistry;
import io.gripstream.kafka.registry.TopicSerdes;
import io.gripstream.labeler.Labeler;
import io.gripstream.refiner.Refiner;
import io.gripstream.sample.SampleStream;
import io.gripstream.sample.SampleStreams;
import io.gripstream.wiring.TestStream;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.internals.BuiltInPartitioner;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.Serdes;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The rights of {@code k8s/components/strimzi} suffice, on a broker that grants no others. */
class LeastRightsTest {
  private static final Duration LONG = Duration.ofSeconds(60);
  private static final String TASK = "digits";
  private static final int IMAGES = 60;
  private static final int PARTITIONS = SecuredBroker.PARTITIONS;
  private static final Topics TOPICS = SecuredBroker.TOPICS;

  @TempDir Path folder;

  @Test
  void everyRoleDoesItsWorkWithTheRightsOfItsUserAndNoOther() throws Exception {
    try (SecuredBroker broker = new SecuredBroker(folder.resolve("broker"))) {
      // Each looks for the topics first, and would make what it does not see.
      for (Role role : Role.values()) {
        try (Admin own = broker.clients(role).admin()) {
          TopicAdmin.create(own, TOPICS, PARTITIONS, (short) 1);
        }
      }
      try (EmbeddedRegistry registry = new EmbeddedRegistry(broker.clients(Role.GATEWAY), TOPICS);
          EmbeddedRegistry another = new EmbeddedRegistry(broker.clients(Role.GATEWAY), TOPICS);
          TestStream world =
              new TestStream(TOPICS, broker.clients(SecuredBroker.BROKER), another)) {
        registry.registerContract();
        theCircleCloses(broker, new TopicSerdes(registry), world);
      }
      onlyWhatIsGrantedIsDone(broker);
      scalingSeesWhatWaits(broker);
    }
  }

  private void theCircleCloses(SecuredBroker broker, TopicSerdes serdes, TestStream world)
      throws Exception {
    SampleStream images = SampleStreams.byName(TASK);
    Path pico = Path.of(LeastRightsTest.class.getResource("/models/pico/config.json").toURI());
    Board board = new Board(Clock.systemUTC());
    try (TorchClip clip = TorchClip.load(pico.getParent(), "pico", ComputeDevice.cpu());
        CuratorStream curator =
            Curators.start(broker.clients(Role.CURATOR), TOPICS, serdes, folder);
        Refiner refiner = broker.refiner(serdes, clip);
        Labeler labeler = broker.labeler(world, serdes, clip);
        Publisher publisher =
            new Publisher(broker.clients(Role.GATEWAY), TOPICS.prefix() + "gateway-0");
        Backlog backlog = new Backlog(broker.clients(Role.GATEWAY), TOPICS);
        Feeds feeds =
            new Feeds(broker.clients(Role.GATEWAY), TOPICS, serdes, Optional.empty(), board, LONG);
        TaskWriter tasks = new TaskWriter(broker.clients(Role.GATEWAY), TOPICS, feeds);
        RecordReader rereader = new RecordReader(broker.clients(Role.REFINER), 1);
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

  private static void onlyWhatIsGrantedIsDone(SecuredBroker broker) {
    try (Publisher labeler = new Publisher(broker.clients(Role.LABELER), "none")) {
      assertThatThrownBy(() -> labeler.publish(TOPICS.prompts(), TASK, new byte[1]))
          .hasStackTraceContaining("Not authorized to access topics: [gripstream.prompts]");
    }
  }

  private static void scalingSeesWhatWaits(SecuredBroker broker) throws Exception {
    try (Admin admin = broker.clients("gripstream-scaling").admin()) {
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
}
