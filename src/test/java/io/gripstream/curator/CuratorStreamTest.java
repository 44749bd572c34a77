package io.gripstream.curator;

import static io.gripstream.curator.Fixtures.TASK;
import static io.gripstream.curator.Fixtures.definition;
import static io.gripstream.curator.Fixtures.trained;
import static io.gripstream.curator.Fixtures.zeroShot;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.fail;
import static org.awaitility.Awaitility.await;

import io.gripstream.event.BatchSample;
import io.gripstream.event.CommandType;
import io.gripstream.event.PromptVersion;
import io.gripstream.event.RefinementBatch;
import io.gripstream.event.RoundEvent;
import io.gripstream.event.RoundEventType;
import io.gripstream.kafka.ClientMeters;
import io.gripstream.kafka.DeadLetters;
import io.gripstream.kafka.KafkaClients;
import io.gripstream.kafka.RefusingRegistry;
import io.gripstream.kafka.SharedBroker;
import io.gripstream.kafka.TopicAdmin;
import io.gripstream.kafka.Topics;
import io.gripstream.kafka.embedded.EmbeddedBroker;
import io.gripstream.kafka.registry.RegistryRefusedException;
import io.gripstream.kafka.registry.SchemaRegistry;
import io.gripstream.kafka.registry.TopicSerdes;
import io.gripstream.kafka.trace.RecordedSpans;
import io.gripstream.refine.train.RoundBatch;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.opentelemetry.api.trace.StatusCode;
import io.opentelemetry.sdk.trace.data.SpanData;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewPartitions;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.RecordsToDelete;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.Deserializer;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.apache.kafka.common.utils.Utils;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The curator against a real broker. */
class CuratorStreamTest {
  private static final Duration TIMEOUT = Duration.ofSeconds(60);

  private final KafkaClients clients = SharedBroker.clients();
  private final Topics topics = SharedBroker.freshTopics(2);
  private final TopicSerdes serdes = new TopicSerdes(new MemoryRegistry());
  private KafkaProducer<String, byte[]> producer;

  @BeforeEach
  void connect() {
    producer = clients.producer(null, new StringSerializer(), new ByteArraySerializer());
  }

  @AfterEach
  void disconnect() {
    producer.close();
  }

  @Test
  void aCuratorThatLostItsDiskGoesOnWhereItWas(@TempDir Path first, @TempDir Path second)
      throws Exception {
    try (var prompts = reader(topics.prompts(), serdes.prompts().deserializer());
        var batches = reader(topics.batches(), serdes.batches().deserializer());
        var letters = reader(topics.deadLetters(), new StringDeserializer())) {
      SimpleMeterRegistry meters = new SimpleMeterRegistry();
      try (CuratorStream curator = curator(first, meters)) {
        curator.start();
        await().atMost(TIMEOUT).until(curator::running);
        assertThat(meters.get("kafka.stream.alive.stream.threads").gauge().value()).isEqualTo(1);
        send(topics.tasks(), TASK, serdes.tasks().serialize(topics.tasks(), definition().build()));
        send(topics.zeroShots(), TASK + "/" + Fixtures.MODEL, prompt(0));
        assertThat(next(prompts, 1)).hasSize(1);
        for (String imageId : List.of("c", "b", "a")) {
          sample(right(), imageId);
        }
        send(topics.samples(), TASK, "garbage".getBytes(StandardCharsets.UTF_8));
        assertThat(next(letters, 1)).containsExactly("garbage");
        await().atMost(TIMEOUT).until(() -> committed(topics.samples()) == 4);
      }
      assertThat(meters.getMeters())
          .extracting(meter -> meter.getId().getName())
          .noneMatch(name -> name.startsWith("kafka."));
      try (CuratorStream curator = curator(second)) {
        curator.start();
        sample(right(), "d");
        List<RefinementBatch> chunks = next(batches, 1);
        RoundBatch batch = RoundBatch.assemble(chunks);
        assertThat(batch.samples())
            .extracting(BatchSample::getImageId)
            .containsExactly("a", "b", "c", "d");
        assertThat(batch.base()).isEqualTo(zeroShot(0));
        send(
            topics.candidates(),
            TASK + "/1",
            serdes.candidates().serialize(topics.candidates(), trained(1, 1, zeroShot(0), 1)));
        assertThat(next(prompts, 1)).extracting(prompt -> prompt.getVersion()).containsExactly(1);
      }
    }
  }

  @Test
  void aCuratorWhoseOffsetsTheBrokerForgotDoesNothingTwice(
      @TempDir Path first, @TempDir Path second) throws Exception {
    try (var diary = reader(topics.rounds(), serdes.rounds().deserializer())) {
      try (CuratorStream curator = curator(first)) {
        curator.start();
        beginAndPinWhilePaused(diary);
      }
      SharedBroker.forget(topics.prefix() + "curator");
      try (CuratorStream curator = curator(second)) {
        curator.start();
        command(right(), CommandType.RESUME);
        assertThat(types(next(diary, 1))).containsExactly(RoundEventType.RESUMED);
        command(right(), CommandType.UNPIN);
        assertThat(types(next(diary, 1))).containsExactly(RoundEventType.UNPINNED);
        sample(right(), "d");
        assertThat(types(next(diary, 1))).containsExactly(RoundEventType.REQUESTED);
      }
    }
  }

  /** As when the same folder is used with the embedded broker first, and with a cluster then. */
  @Test
  void stateOfAnotherClusterIsNotAddedTo(
      @TempDir Path first, @TempDir Path second, @TempDir Path elsewhere) throws Exception {
    try (EmbeddedBroker broker = EmbeddedBroker.start(elsewhere, 0)) {
      KafkaClients others =
          new KafkaClients(broker.bootstrapServers(), SharedBroker.properties(Map.of()));
      try (Admin admin = others.admin()) {
        TopicAdmin.create(admin, topics, 2, (short) -1);
      }
      pool(others, first, "a");
      for (String imageId : List.of("b", "c", "d")) {
        pool(clients, second, imageId);
      }
      try (var batches = reader(topics.batches(), serdes.batches().deserializer())) {
        pool(clients, first, "e");
        assertThat(RoundBatch.assemble(next(batches, 1)).samples())
            .extracting(BatchSample::getImageId)
            .containsExactly("b", "c", "d", "e");
      }
    }
  }

  /** Runs a curator until it has taken in one sample of a task that is defined anew. */
  private void pool(KafkaClients cluster, Path directory, String imageId) throws Exception {
    try (CuratorStream curator =
            curator(directory, serdes, Fixtures.GATE, cluster, "curator-test");
        Producer<String, byte[]> writer =
            cluster.producer(null, new StringSerializer(), new ByteArraySerializer());
        Admin admin = cluster.admin()) {
      curator.start();
      await().atMost(TIMEOUT).until(curator::running);
      writer
          .send(
              new ProducerRecord<>(
                  topics.tasks(),
                  TASK,
                  serdes.tasks().serialize(topics.tasks(), definition().build())))
          .get();
      writer.send(new ProducerRecord<>(topics.zeroShots(), TASK + "/" + Fixtures.MODEL, prompt(0)));
      writer.flush();
      // The samples come by another topic.
      await()
          .atMost(TIMEOUT)
          .until(
              () ->
                  committed(admin, topics.tasks()) > 0 && committed(admin, topics.zeroShots()) > 0);
      long before = committed(admin, topics.samples());
      writer.send(
          new ProducerRecord<>(
              topics.samples(),
              TASK,
              serdes.samples().serialize(topics.samples(), Fixtures.sample(imageId))));
      writer.flush();
      await().atMost(TIMEOUT).until(() -> committed(admin, topics.samples()) > before);
    }
  }

  /** Whoever may write a record may fill it with headers, which its effects bear as well. */
  @Test
  void headersThatFillARecordDoNotEndTheCurator(@TempDir Path directory) throws Exception {
    try (var diary = reader(topics.rounds(), serdes.rounds().deserializer());
        var letters = reader(topics.deadLetters(), new StringDeserializer());
        CuratorStream curator = curator(directory)) {
      curator.start();
      define(right());
      send(topics.zeroShots(), TASK + "/" + Fixtures.MODEL, prompt(0));
      assertThat(types(next(diary, 1))).containsExactly(RoundEventType.PROMOTED);
      byte[] refine =
          serdes
              .commands()
              .serialize(topics.commands(), Fixtures.command(CommandType.REFINE_NOW, null));
      for (int partition : List.of(right(), wrong())) {
        for (byte[] value : List.of(refine, "garbage".getBytes(UTF_8))) {
          RecordHeaders headers = new RecordHeaders();
          headers.add("full", new byte[KafkaClients.MAX_RECORD_BYTES - value.length - 120]);
          producer
              .send(new ProducerRecord<>(topics.commands(), partition, TASK, value, headers))
              .get();
        }
      }
      assertThat(types(next(diary, 2)))
          .containsExactly(RoundEventType.REFUSED, RoundEventType.REFUSED);
      assertThat(next(letters, 2)).hasSize(2);
    }
  }

  /** As after a kill that a broker came back from without any group. */
  @Test
  void aCuratorWhoseGroupTheBrokerForgetsMeanwhileDoesNothingTwice(@TempDir Path directory)
      throws Exception {
    try (var diary = reader(topics.rounds(), serdes.rounds().deserializer());
        CuratorStream curator = curator(directory)) {
      curator.start();
      beginAndPinWhilePaused(diary);
      String group = topics.prefix() + "curator";
      SharedBroker.forgetAtWork(group);
      command(right(), CommandType.RESUME);
      assertThat(types(next(diary, 1))).containsExactly(RoundEventType.RESUMED);
      command(wrong(), CommandType.UNPIN);
      assertThat(types(next(diary, 1))).containsExactly(RoundEventType.UNPINNED);
      sample(right(), "d");
      assertThat(types(next(diary, 1))).containsExactly(RoundEventType.REQUESTED);
    }
  }

  /** Offsets of the repartition topic may be forgotten, too: one command goes by way of it. */
  private void beginAndPinWhilePaused(KafkaConsumer<String, RoundEvent> diary) throws Exception {
    define(right());
    send(topics.zeroShots(), TASK + "/" + Fixtures.MODEL, prompt(0));
    assertThat(types(next(diary, 1))).containsExactly(RoundEventType.PROMOTED);
    command(wrong(), CommandType.PAUSE);
    assertThat(types(next(diary, 1))).containsExactly(RoundEventType.PAUSED);
    command(right(), CommandType.PIN);
    assertThat(types(next(diary, 1))).containsExactly(RoundEventType.PINNED);
    sample(right(), "a");
    sample(right(), "b");
    sample(wrong(), "c");
    await().atMost(TIMEOUT).until(() -> committed(topics.samples()) >= 3);
  }

  /** Of two curators one meets the new topic's misplaced commands first, the other obeys them. */
  @Test
  void aTopicThatIsMadeAnewIsReadFromItsStart(@TempDir Path first, @TempDir Path second)
      throws Exception {
    // A fetch lasts as long as an operator's: one that ends while there is no topic is another
    // case.
    KafkaClients patient = new KafkaClients(SharedBroker.address(), Map.of());
    try (var diary = reader(topics.rounds(), serdes.rounds().deserializer());
        CuratorStream one = curator(first, serdes, Fixtures.GATE, patient, "curator-test");
        CuratorStream other = curator(second, serdes, Fixtures.GATE, patient, "curator-other")) {
      one.start();
      other.start();
      await().atMost(TIMEOUT).until(() -> samplesPartitions().equals(List.of(1, 1)));
      define(right());
      send(topics.zeroShots(), TASK + "/" + Fixtures.MODEL, prompt(0));
      assertThat(types(next(diary, 1))).containsExactly(RoundEventType.PROMOTED);
      for (int partition : List.of(right(), wrong())) {
        command(partition, CommandType.PAUSE);
        assertThat(types(next(diary, 1))).containsExactly(RoundEventType.PAUSED);
        command(partition, CommandType.RESUME);
        assertThat(types(next(diary, 1))).containsExactly(RoundEventType.RESUMED);
      }
      // The consumers are then further than the new topic is long, and go to its start.
      try (Admin admin = clients.admin()) {
        admin.deleteTopics(List.of(topics.commands())).all().get();
        await()
            .pollDelay(Duration.ZERO)
            .pollInterval(Duration.ofMillis(10))
            .atMost(TIMEOUT)
            .ignoreExceptions()
            .until(
                () -> {
                  admin
                      .createTopics(List.of(new NewTopic(topics.commands(), 2, (short) 1)))
                      .all()
                      .get();
                  return true;
                });
      }
      command(wrong(), CommandType.PIN);
      assertThat(types(next(diary, 1))).containsExactly(RoundEventType.PINNED);
      command(right(), CommandType.UNPIN);
      assertThat(types(next(diary, 1))).containsExactly(RoundEventType.UNPINNED);
    }
  }

  @Test
  void aCuratorWhoseTimestampsTheBrokersRefuseNamesItsClockAndLosesNothing(@TempDir Path directory)
      throws Exception {
    try (var diary = reader(topics.rounds(), serdes.rounds().deserializer());
        CuratorStream curator = curator(directory)) {
      curator.start();
      define(right());
      send(topics.zeroShots(), TASK + "/" + Fixtures.MODEL, prompt(0));
      assertThat(types(next(diary, 1))).containsExactly(RoundEventType.PROMOTED);
      SharedBroker.oldest(clients, topics.rounds(), 1);
      command(right(), CommandType.PAUSE);
      // The thread that died throws what it died of when it is replaced.
      await()
          .atMost(TIMEOUT)
          .dontCatchUncaughtExceptions()
          .until(() -> curator.notReady().contains("; its clock says "));
      assertThat(curator.failed()).isFalse();
      SharedBroker.oldest(clients, topics.rounds(), Long.MAX_VALUE);
      command(right(), CommandType.PIN);
      assertThat(types(next(diary, 2)))
          .containsExactly(RoundEventType.PAUSED, RoundEventType.PINNED);
      await()
          .atMost(TIMEOUT)
          .dontCatchUncaughtExceptions()
          .until(() -> curator.notReady().isEmpty());
    }
  }

  @Test
  void whatRetentionRemovesBeforeACuratorReadsItIsCounted(@TempDir Path directory)
      throws Exception {
    try (var diary = reader(topics.rounds(), serdes.rounds().deserializer())) {
      try (CuratorStream curator = curator(directory)) {
        curator.start();
        beginAndPinWhilePaused(diary);
      }
      TopicPartition samples = new TopicPartition(topics.samples(), right());
      for (int i = 0; i < 5; i++) {
        sample(right(), "late-" + i);
      }
      try (Admin admin = clients.admin()) {
        // Two were read.
        admin.deleteRecords(Map.of(samples, RecordsToDelete.beforeOffset(6))).all().get();
      }
      SimpleMeterRegistry meters = new SimpleMeterRegistry();
      try (CuratorStream curator = curator(directory, meters)) {
        curator.start();
        await()
            .atMost(TIMEOUT)
            .until(
                () ->
                    meters
                            .get("gripstream.records.removed")
                            .tag("role", "curator")
                            .counter()
                            .count()
                        == 4);
      }
    }
  }

  @Test
  void aCuratorWhoseFolderIsGoneMeanwhileMakesItAnew(@TempDir Path parent) throws Exception {
    Path directory = parent.resolve("state");
    try (var diary = reader(topics.rounds(), serdes.rounds().deserializer());
        CuratorStream curator = curator(directory)) {
      curator.start();
      beginAndPinWhilePaused(diary);
      Utils.delete(directory.toFile());
      aThreadDiesOf(CommandType.UNPIN, curator);
      command(right(), CommandType.RESUME);
      assertThat(types(next(diary, 2)))
          .containsExactly(RoundEventType.UNPINNED, RoundEventType.RESUMED);
      sample(right(), "d");
      assertThat(types(next(diary, 1))).containsExactly(RoundEventType.REQUESTED);
    }
  }

  @Test
  void aCuratorThatHasNoPlaceForItsFolderAnyMoreGivesUp(@TempDir Path parent) throws Exception {
    Path directory = parent.resolve("state");
    try (var diary = reader(topics.rounds(), serdes.rounds().deserializer());
        CuratorStream curator = curator(directory)) {
      curator.start();
      beginAndPinWhilePaused(diary);
      Utils.delete(directory.toFile());
      Files.createFile(directory);
      aThreadDiesOf(CommandType.UNPIN, curator);
      await().atMost(TIMEOUT).dontCatchUncaughtExceptions().until(curator::failed);
      assertThat(curator.state()).contains("the curator cannot use " + directory);
    }
  }

  /** What follows from the command is refused once. */
  private void aThreadDiesOf(CommandType command, CuratorStream curator) throws Exception {
    SharedBroker.oldest(clients, topics.rounds(), 1);
    command(right(), command);
    await()
        .atMost(TIMEOUT)
        .dontCatchUncaughtExceptions()
        .until(() -> !curator.notReady().isEmpty());
    SharedBroker.oldest(clients, topics.rounds(), Long.MAX_VALUE);
  }

  /**
   * A curator that lags reads records that are too old by then, and keeps its state all the same.
   */
  @Test
  void aRecordsTimeKeepsNothingFromBeingWritten(@TempDir Path directory) throws Exception {
    try (var diary = reader(topics.rounds(), serdes.rounds().deserializer());
        var letters = reader(topics.deadLetters(), new StringDeserializer());
        CuratorStream curator = curator(directory)) {
      curator.start();
      beginAndPinWhilePaused(diary);
      try (Admin admin = clients.admin()) {
        for (String topic : admin.listTopics().names().get()) {
          if (topic.startsWith(CuratorStream.group(topics) + "-")) {
            SharedBroker.oldest(clients, topic, Duration.ofHours(1).toMillis());
          }
        }
      }
      byte[] resume =
          serdes
              .commands()
              .serialize(topics.commands(), Fixtures.command(CommandType.RESUME, null));
      byte[] unpin =
          serdes.commands().serialize(topics.commands(), Fixtures.command(CommandType.UNPIN, null));
      producer.send(new ProducerRecord<>(topics.commands(), right(), 1L, TASK, resume)).get();
      assertThat(types(next(diary, 1))).containsExactly(RoundEventType.RESUMED);
      producer.send(new ProducerRecord<>(topics.commands(), wrong(), 1L, TASK, unpin)).get();
      assertThat(types(next(diary, 1))).containsExactly(RoundEventType.UNPINNED);
      for (int partition : List.of(right(), wrong())) {
        producer
            .send(new ProducerRecord<>(topics.commands(), partition, 1L, TASK, new byte[] {1}))
            .get();
      }
      assertThat(nextRecords(letters, 2))
          .extracting(it -> it.headers().lastHeader(DeadLetters.ORIGIN_TIMESTAMP).value())
          .containsExactly("1".getBytes(UTF_8), "1".getBytes(UTF_8));
    }
  }

  @Test
  void whateverPartitionARecordLiesInItReachesItsTask(@TempDir Path directory) throws Exception {
    try (var batches = reader(topics.batches(), serdes.batches().deserializer());
        var diary = reader(topics.rounds(), serdes.rounds().deserializer());
        var letters = reader(topics.deadLetters(), new StringDeserializer());
        CuratorStream curator = curator(directory)) {
      curator.start();
      define(wrong());
      send(topics.zeroShots(), wrong(), TASK + "/" + Fixtures.MODEL, prompt(0));
      assertThat(types(next(diary, 1))).containsExactly(RoundEventType.PROMOTED);
      label(wrong(), "b", "dog");
      label(wrong(), "b", "horse");
      ConsumerRecord<String, String> letter = nextRecords(letters, 1).get(0);
      assertThat(letter.key()).isEqualTo(TASK);
      assertThat(header(letter, DeadLetters.CAUSE)).isEqualTo("horse is not a class of the task");
      assertThat(header(letter, DeadLetters.ORIGIN_TOPIC)).isEqualTo(topics.labels());
      assertThat(header(letter, DeadLetters.ORIGIN_PARTITION)).isEqualTo(Integer.toString(wrong()));
      assertThat(header(letter, DeadLetters.ORIGIN_OFFSET)).isEqualTo("1");

      sample(wrong(), "a");
      sample(right(), "b");
      sample(wrong(), "c");
      sample(right(), "d");
      RoundBatch batch = RoundBatch.assemble(next(batches, 1));
      assertThat(batch.samples())
          .extracting(BatchSample::getImageId)
          .containsExactly("a", "b", "c", "d");
      assertThat(batch.samples())
          .extracting(BatchSample::getLabel)
          .containsExactly(null, "dog", null, null);
      assertThat(types(next(diary, 1))).containsExactly(RoundEventType.REQUESTED);
      for (int partition = 0; partition < 2; partition++) {
        PromptVersion trained = trained(1, 1, zeroShot(0), 1);
        byte[] value = serdes.candidates().serialize(topics.candidates(), trained);
        send(topics.candidates(), partition, TASK + "/1", value);
      }
      assertThat(types(next(diary, 1))).containsExactly(RoundEventType.PROMOTED);
      command(wrong(), CommandType.PIN);
      assertThat(types(next(diary, 1))).containsExactly(RoundEventType.PINNED);
      send(
          topics.rounds(),
          wrong(),
          TASK,
          serdes.rounds().serialize(topics.rounds(), Fixtures.refiner(RoundEventType.PROGRESS, 1)));
      assertThat(types(next(diary, 1))).containsExactly(RoundEventType.PROGRESS);
      command(right(), CommandType.UNPIN);
      assertThat(types(next(diary, 1))).containsExactly(RoundEventType.UNPINNED);
      letters.poll(Duration.ZERO).forEach(more -> assertThat(more).isNull());
    }
  }

  /** Where Java's producers put the task's records. */
  private static int right() {
    return Utils.toPositive(Utils.murmur2(TASK.getBytes(StandardCharsets.UTF_8))) % 2;
  }

  private static int wrong() {
    return 1 - right();
  }

  private static List<RoundEventType> types(List<RoundEvent> entries) {
    return entries.stream().map(RoundEvent::getType).toList();
  }

  private static String header(ConsumerRecord<?, ?> record, String name) {
    return new String(record.headers().lastHeader(name).value(), StandardCharsets.UTF_8);
  }

  private void define(int partition) throws Exception {
    byte[] value = serdes.tasks().serialize(topics.tasks(), definition().build());
    send(topics.tasks(), partition, TASK, value);
  }

  private void sample(int partition, String imageId) throws Exception {
    byte[] value = serdes.samples().serialize(topics.samples(), Fixtures.sample(imageId));
    send(topics.samples(), partition, TASK, value);
  }

  private void label(int partition, String imageId, String label) throws Exception {
    byte[] value = serdes.labels().serialize(topics.labels(), Fixtures.label(imageId, label));
    send(topics.labels(), partition, TASK, value);
  }

  private void command(int partition, CommandType type) throws Exception {
    byte[] value = serdes.commands().serialize(topics.commands(), Fixtures.command(type, null));
    send(topics.commands(), partition, TASK, value);
  }

  /** Its threads would die of it one after the other, and its health be good. */
  @Test
  void aTopicThatGrowsMeanwhileEndsTheCuratorWhichSaysWhy(@TempDir Path directory)
      throws Exception {
    KafkaClients observant = SharedBroker.clients(Map.of("metadata.max.age.ms", "500"));
    try (CuratorStream curator =
            curator(directory, serdes, Fixtures.GATE, observant, "curator-test");
        Admin admin = clients.admin()) {
      curator.start();
      await().atMost(TIMEOUT).until(curator::running);
      admin.createPartitions(Map.of(topics.labels(), NewPartitions.increaseTo(3))).all().get();
      await().dontCatchUncaughtExceptions().atMost(TIMEOUT).until(curator::failed);
      assertThat(curator.state()).contains("the same number of partitions", topics.labels() + "=3");
      for (String topic : CuratorTopology.inputs(topics)) {
        if (!topic.equals(topics.labels())) {
          admin.createPartitions(Map.of(topic, NewPartitions.increaseTo(3))).all().get();
        }
      }
    }
    try (CuratorStream curator = curator(directory)) {
      assertThatThrownBy(curator::start)
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("-pool-changelog=2")
          .hasMessageContaining(topics.samples() + "=3");
    }
  }

  @Test
  void topicsThatAreNotPartitionedAlikeAreRefused(@TempDir Path directory) throws Exception {
    try (Admin admin = clients.admin()) {
      admin.createPartitions(Map.of(topics.labels(), NewPartitions.increaseTo(3))).all().get();
    }
    try (CuratorStream curator = curator(directory)) {
      await()
          .atMost(TIMEOUT)
          .untilAsserted(
              () ->
                  assertThatThrownBy(curator::start)
                      .isInstanceOf(IllegalStateException.class)
                      .hasMessageContaining(topics.labels() + "=3"));
    }
  }

  @Test
  void aRecordThatThreadsDieOfIsADeadLetterAndTheOthersGoOn(@TempDir Path directory)
      throws Exception {
    RecordedSpans spans = new RecordedSpans();
    // Whoever dies must not be waited for until its session ends.
    KafkaClients missedLate =
        SharedBroker.clients(Map.of("main.consumer.session.timeout.ms", "300000"));
    Candidates.Judge broken =
        (limits, evidence) -> {
          throw new IllegalStateException("a rule is broken");
        };
    try (var prompts = reader(topics.prompts(), serdes.prompts().deserializer());
        var batches = reader(topics.batches(), serdes.batches().deserializer());
        var letters = reader(topics.deadLetters(), new ByteArrayDeserializer());
        CuratorStream curator =
            curator(directory, serdes, broken, missedLate.with(spans.traces()), "curator-test")) {
      curator.start();
      send(topics.tasks(), TASK, serdes.tasks().serialize(topics.tasks(), definition().build()));
      send(topics.zeroShots(), TASK + "/" + Fixtures.MODEL, prompt(0));
      assertThat(next(prompts, 1)).hasSize(1);
      for (String imageId : List.of("d", "c", "b", "a")) {
        sample(right(), imageId);
      }
      ConsumerRecord<?, ?> batch = nextRecords(batches, 1).get(0);
      byte[] candidate =
          serdes.candidates().serialize(topics.candidates(), trained(1, 1, zeroShot(0), 1));
      producer.send(
          new ProducerRecord<>(
              topics.candidates(),
              null,
              TASK + "/1",
              candidate,
              new RecordHeaders()
                  .add("traceparent", batch.headers().lastHeader("traceparent").value())));
      assertThat(next(letters, 1)).containsExactly(candidate);
      // The same task, the same partition: it goes on.
      send(topics.tasks(), TASK, null);
      assertThat(next(prompts, 1)).containsOnlyNulls();
      assertThat(curator.failed()).isFalse();
      SpanData close = well(spans, "round close").get(0);
      assertThat(parts(batch)).contains(close.getTraceId(), close.getSpanId());
      assertThat(spans.named("round judge"))
          .hasSizeGreaterThan(1)
          .allMatch(judge -> judge.getParentSpanId().equals(close.getSpanId()))
          .extracting(judge -> judge.getStatus().getDescription())
          .containsOnly("a rule is broken");
    }
  }

  /** What a thread that died had not committed has a span that says so. */
  @Test
  void aSpanEndsWithTheTransactionOfTheThreadThatBeganIt() {
    RecordedSpans recorded = new RecordedSpans();
    RoundSpans spans = new RoundSpans(recorded.traces(), topics);
    Map<String, Object> config = clients.common();
    config.put("transactional.id", topics.prefix() + "spans");
    Producer<byte[], byte[]> stream = spans.clients().getProducer(config);
    stream.initTransactions();
    for (int round = 1; round <= 3; round++) {
      stream.beginTransaction();
      stream.send(new ProducerRecord<>(topics.batches(), new byte[1], new byte[1]));
      spans.handled(spans.close(new RecordHeaders(), TASK, round, round));
      assertThat(recorded.ended()).hasSize(round - 1);
      switch (round) {
        case 1 -> stream.abortTransaction();
        case 2 -> stream.commitTransaction();
        default -> stream.close(Duration.ofSeconds(5));
      }
    }
    assertThat(recorded.ended())
        .extracting(span -> span.getStatus().getStatusCode())
        .containsExactly(StatusCode.ERROR, StatusCode.UNSET, StatusCode.ERROR);
  }

  private static List<SpanData> well(RecordedSpans spans, String name) {
    return spans.named(name).stream()
        .filter(span -> span.getStatus().getStatusCode() != StatusCode.ERROR)
        .toList();
  }

  private static List<String> parts(ConsumerRecord<?, ?> record) {
    return List.of(
        new String(record.headers().lastHeader("traceparent").value(), UTF_8).split("-"));
  }

  @Test
  void aRegistryThatRefusesEndsTheCuratorAndIsolatesNothing(@TempDir Path directory)
      throws Exception {
    SchemaRegistry refusing =
        new RefusingRegistry(
            id -> {
              throw new RegistryRefusedException("status 401");
            });
    try (var letters = reader(topics.deadLetters(), new StringDeserializer());
        CuratorStream curator = curator(directory, new TopicSerdes(refusing), Fixtures.GATE)) {
      curator.start();
      send(topics.tasks(), TASK, serdes.tasks().serialize(topics.tasks(), definition().build()));
      await().atMost(TIMEOUT).until(curator::failed);
      letters.poll(Duration.ofSeconds(1)).forEach(letter -> fail("a letter: " + letter));
    }
  }

  private byte[] prompt(int version) {
    return serdes.candidates().serialize(topics.candidates(), zeroShot(version));
  }

  private CuratorStream curator(Path directory) {
    return curator(directory, serdes, Fixtures.GATE);
  }

  private CuratorStream curator(Path directory, SimpleMeterRegistry meters) {
    KafkaClients shown =
        new KafkaClients(
            clients.bootstrapServers(),
            SharedBroker.properties(Map.of()),
            KafkaClients.MAX_IMAGE_BYTES,
            true,
            new ClientMeters(meters));
    return new CuratorStream(
        shown, topics, serdes, Fixtures.GATE, meters, "curator-test", directory, (short) -1);
  }

  private CuratorStream curator(Path directory, TopicSerdes serdes, Candidates.Judge gate) {
    return curator(directory, serdes, gate, clients, "curator-test");
  }

  private CuratorStream curator(
      Path directory,
      TopicSerdes serdes,
      Candidates.Judge gate,
      KafkaClients clients,
      String instance) {
    return new CuratorStream(
        clients,
        topics,
        serdes,
        gate,
        new SimpleMeterRegistry(),
        instance,
        directory,
        (short) -1,
        Duration.ofSeconds(3));
  }

  private void send(String topic, String key, byte[] value) throws Exception {
    producer.send(new ProducerRecord<>(topic, key, value)).get();
  }

  private void send(String topic, int partition, String key, byte[] value) throws Exception {
    producer.send(new ProducerRecord<>(topic, partition, key, value)).get();
  }

  /** How many partitions of the samples each curator has. */
  private List<Integer> samplesPartitions() throws ExecutionException, InterruptedException {
    String group = topics.prefix() + "curator";
    try (Admin admin = clients.admin()) {
      return admin.describeConsumerGroups(List.of(group)).all().get().get(group).members().stream()
          .map(
              member ->
                  (int)
                      member.assignment().topicPartitions().stream()
                          .filter(partition -> partition.topic().equals(topics.samples()))
                          .count())
          .toList();
    }
  }

  private long committed(String topic) throws ExecutionException, InterruptedException {
    try (Admin admin = clients.admin()) {
      return committed(admin, topic);
    }
  }

  private long committed(Admin admin, String topic)
      throws ExecutionException, InterruptedException {
    return admin
        .listConsumerGroupOffsets(topics.prefix() + "curator")
        .partitionsToOffsetAndMetadata()
        .get()
        .entrySet()
        .stream()
        .filter(entry -> entry.getKey().topic().equals(topic))
        .mapToLong(entry -> entry.getValue().offset())
        .sum();
  }

  private <V> KafkaConsumer<String, V> reader(String topic, Deserializer<V> deserializer) {
    KafkaConsumer<String, V> consumer =
        clients.consumer(null, null, new StringDeserializer(), deserializer, Map.of());
    consumer.assign(
        consumer.partitionsFor(topic).stream()
            .map(p -> new org.apache.kafka.common.TopicPartition(topic, p.partition()))
            .toList());
    consumer.seekToBeginning(consumer.assignment());
    return consumer;
  }

  /** The next values, at least so many. */
  private static <V> List<V> next(KafkaConsumer<String, V> consumer, int count) {
    return nextRecords(consumer, count).stream().map(ConsumerRecord::value).toList();
  }

  private static <V> List<ConsumerRecord<String, V>> nextRecords(
      KafkaConsumer<String, V> consumer, int count) {
    List<ConsumerRecord<String, V>> records = new ArrayList<>();
    await()
        // Threads of the curator may die meanwhile.
        .dontCatchUncaughtExceptions()
        .atMost(TIMEOUT)
        .until(
            () -> {
              consumer.poll(Duration.ofMillis(200)).forEach(records::add);
              return records.size() >= count;
            });
    return records;
  }
}
