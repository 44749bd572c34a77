package io.gripstream.refiner;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import ai.djl.engine.EngineException;
import io.gripstream.event.GateLimits;
import io.gripstream.event.Paradigm;
import io.gripstream.event.PromptVersion;
import io.gripstream.event.RefinementBatch;
import io.gripstream.event.RoundEvent;
import io.gripstream.event.RoundEventType;
import io.gripstream.event.TaskDefinition;
import io.gripstream.event.Tensor;
import io.gripstream.kafka.Backoff;
import io.gripstream.kafka.CutBroker;
import io.gripstream.kafka.DeadLetters;
import io.gripstream.kafka.KafkaClients;
import io.gripstream.kafka.RefusingRegistry;
import io.gripstream.kafka.SharedBroker;
import io.gripstream.kafka.TopicAdmin;
import io.gripstream.kafka.Topics;
import io.gripstream.kafka.embedded.EmbeddedRegistry;
import io.gripstream.kafka.follow.TopicView;
import io.gripstream.kafka.loop.TransactionalLoop.Pauses;
import io.gripstream.kafka.registry.SchemaRegistry;
import io.gripstream.kafka.registry.TopicSerdes;
import io.gripstream.kafka.trace.Traces;
import io.gripstream.refine.Refinement;
import io.gripstream.refine.train.RoundBatch;
import io.gripstream.refiner.RoundAssembler.Complete;
import io.gripstream.task.TaskCases;
import io.gripstream.wiring.TestStream;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.serialization.StringSerializer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The refiner on a real broker, with rounds that tests begin and end. */
class RefinerTest {
  private static final Duration LONG = Duration.ofSeconds(40);

  private final HeldRounds refinement = new HeldRounds();
  private final List<SchemaRegistry> closeables = new ArrayList<>();
  private TestStream stream;
  private TestStream.Tail<PromptVersion> candidates;
  private TestStream.Tail<PromptVersion> zeroShots;
  private TestStream.Tail<RoundEvent> rounds;
  private TestStream.Tail<byte[]> deadLetters;
  private Refiner refiner;

  @BeforeEach
  void open() {
    stream = new TestStream(2);
    candidates = stream.tail(stream.topics().candidates(), stream.serdes().candidates());
    zeroShots = stream.tail(stream.topics().zeroShots(), stream.serdes().candidates());
    rounds = stream.tail(stream.topics().rounds(), stream.serdes().rounds());
    deadLetters = stream.tail(stream.topics().deadLetters(), Serdes.ByteArray());
  }

  @AfterEach
  void close() {
    refinement.release();
    if (refiner != null) {
      refiner.close();
    }
    candidates.close();
    zeroShots.close();
    rounds.close();
    deadLetters.close();
    stream.close();
    closeables.forEach(SchemaRegistry::close);
  }

  @Test
  void aBatchBecomesACandidateWithItsDiary() {
    start("one");
    batch("digits", 1, 3);

    PromptVersion candidate = awaitCandidates(1).get(0);
    assertThat(candidate.getTask()).isEqualTo("digits");
    assertThat(candidate.getVersion()).isEqualTo(2);
    assertThat(candidate.getEvidence()).containsEntry("samples", 3.0);
    assertThat(new String(candidates.records().get(0).key(), UTF_8)).isEqualTo("digits/2");
    await().atMost(LONG).until(() -> diary("digits").contains("1 PROGRESS 1.0"));
    assertThat(diary("digits").get(0)).isEqualTo("1 STARTED 0.0");
    assertThat(refiner.notReady()).isEmpty();
  }

  @Test
  void theDiaryOfARoundNamesTheBatchsParadigmAndThenTheCandidates() {
    start("one");
    stream.send(
        stream.topics().batches(),
        "digits",
        Batches.chunk("digits", 1, 0, 1, "b"),
        stream.serdes().batches());
    awaitCandidates(1);
    await().atMost(LONG).until(() -> diary("digits").contains("1 PROGRESS 1.0"));
    assertThat(rounds.values())
        .filteredOn(event -> event.getType() == RoundEventType.STARTED || event.getProgress() < 1)
        .extracting(RoundEvent::getParadigm)
        .containsOnly(Paradigm.TRZSL);
    assertThat(rounds.values())
        .filteredOn(event -> event.getProgress() == 1)
        .extracting(RoundEvent::getParadigm)
        .containsExactly(Paradigm.SSL);
  }

  @Test
  void roundsAreNotRunAgainWhenTheBrokerForgotTheGroupsOffsets() throws Exception {
    start("one");
    batch("digits", 1, 3);
    awaitCandidates(1);
    refiner.close();
    SharedBroker.forget(stream.topics().prefix() + Refiner.ROLE);
    start("one");
    batch("digits", 2, 2);

    assertThat(awaitCandidates(2)).extracting(PromptVersion::getVersion).containsExactly(2, 3);
    assertThat(refinement.trained).containsExactly("digits 1", "digits 2");
  }

  @Test
  void aRoundThatLastsLongerThanAPollMayRunsOnce() throws InterruptedException {
    refinement.hold("digits", 1);
    start("one", Map.of("max.poll.interval.ms", "3000"));
    batch("digits", 1, 2);
    batch("digits", 2, 1);
    assertThat(refinement.begun("digits", 1).await(40, TimeUnit.SECONDS)).isTrue();

    await()
        .during(Duration.ofSeconds(5))
        .atMost(LONG)
        .until(() -> refinement.trained.size() == 1 && candidates.values().isEmpty());
    refinement.release();

    assertThat(awaitCandidates(2)).extracting(PromptVersion::getVersion).containsExactly(2, 3);
    assertThat(refinement.trained).containsExactly("digits 1", "digits 2");
  }

  @Test
  void aRoundThatFailsIsReportedAndTheNextOneRuns() {
    refinement.fail("digits", 1);
    start("one");
    batch("digits", 1, 1);
    batch("digits", 2, 1);

    assertThat(awaitCandidates(1)).extracting(PromptVersion::getVersion).containsExactly(3);
    await().atMost(LONG).until(() -> diary("digits").contains("1 FAILED 0.0"));
    RoundEvent failure =
        rounds.values().stream()
            .filter(event -> event.getType() == RoundEventType.FAILED)
            .findFirst()
            .orElseThrow();
    assertThat(failure.getMessage()).isEqualTo("the loss is not a number");
    assertThat(failure.getVersion()).isEqualTo(2);
    assertThat(refinement.trained).containsExactly("digits 1", "digits 2");
  }

  @Test
  void batchesThatAreNoneDoNotStopTheRounds() {
    start("one");
    stream.sendRaw(stream.topics().batches(), "digits".getBytes(UTF_8), "no".getBytes(UTF_8));
    send("digits", 1, 0, 3);
    batch("digits", 2, 2);

    assertThat(awaitCandidates(1)).extracting(PromptVersion::getVersion).containsExactly(3);
    await().atMost(LONG).until(() -> deadLetters.records().size() == 1);
    String cause =
        new String(
            deadLetters.records().get(0).headers().lastHeader(DeadLetters.CAUSE).value(), UTF_8);
    assertThat(cause).contains("not a chunk of a batch");
    await().atMost(LONG).until(() -> diary("digits").contains("1 FAILED 0.0"));
  }

  @Test
  void aBatchOfAnotherModelFails() {
    start("one", Map.of(), "another@9");
    batch("digits", 1, 1);
    await().atMost(LONG).until(() -> diary("digits").contains("1 FAILED 0.0"));
    assertThat(refinement.trained).isEmpty();
  }

  @Test
  void aNewTaskGetsItsZeroShotPromptWhileARoundRuns() throws InterruptedException {
    refinement.hold("digits", 1);
    start("one");
    batch("digits", 1, 1);
    assertThat(refinement.begun("digits", 1).await(40, TimeUnit.SECONDS)).isTrue();

    define("shapes", Batches.task("circle", "square"));

    PromptVersion zeroShot = awaitZeroShots(1).get(0);
    assertThat(new String(zeroShots.records().get(0).key(), UTF_8)).isEqualTo("shapes/test%401");
    assertThat(zeroShot.getTask()).isEqualTo("shapes");
    assertThat(candidates.values()).isEmpty();
    assertThat(zeroShot.getTensors()).isEmpty();
    assertThat(zeroShot.getClasses()).containsExactly("circle", "square");
  }

  @Test
  void aRedefinedTaskGetsAnotherZeroShotPromptAlsoWhenItIsAsItWasBefore() {
    TaskDefinition before = Batches.task("circle", "square");
    TaskDefinition after = Batches.task("circle", "square", "star");
    start("one");
    define("shapes", before);
    awaitZeroShots(1);
    define("shapes", after);
    awaitZeroShots(2);
    define("shapes", TaskDefinition.newBuilder(after).setTopK(1).build());
    define("shapes", before);

    List<PromptVersion> all = awaitZeroShots(3);
    assertThat(all.get(2).getClasses()).isEqualTo(before.getClasses());
    refiner.close();
    start("one");
    await().atMost(LONG).until(() -> refiner.notReady().isEmpty());
    await().during(Duration.ofSeconds(1)).atMost(LONG).until(() -> zeroShots.values().size() == 3);
  }

  /** Once, and not by turns with the one of the other model. */
  @Test
  void aRefinerThatComesBackAfterOneOfAnotherModelMakesItsZeroShotPromptAgain() {
    start("one");
    define("shapes", Batches.task("circle", "square"));
    awaitZeroShots(1);
    refiner.close();
    try (Refiner other = refiner("one", Map.of(), "another@9")) {
      awaitZeroShots(2);
      start("two");
      awaitZeroShots(3);
      await().atMost(LONG).until(() -> refiner.notReady().isEmpty());
      await()
          .during(Duration.ofSeconds(1))
          .atMost(LONG)
          .until(() -> zeroShots.values().size() == 3);
      assertThat(other.notAlive()).isEmpty();
    }
    assertThat(zeroShots.records())
        .extracting(record -> new String(record.key(), UTF_8))
        .containsExactly("shapes/test%401", "shapes/another%409", "shapes/test%401");
  }

  @Test
  void aDefinitionThatNoPromptCanBeMadeFromIsReportedOnce() {
    start("one");
    define("bad", Batches.task("impossible", "square"));
    await().atMost(LONG).until(() -> diary("bad").equals(List.of("0 FAILED 0.0")));
    define("good", Batches.task("circle", "square"));
    awaitZeroShots(1);
    define("bad", Batches.task("possible", "square"));
    awaitZeroShots(2);
    assertThat(diary("bad")).containsExactly("0 FAILED 0.0");
  }

  @Test
  void aRefinerWhoseTimestampsTheBrokersRefuseNamesItsClockAndLosesNothing() throws Exception {
    start("one");
    await().atMost(LONG).until(() -> refiner.notReady().isEmpty());
    List<String> refusing =
        List.of(
            stream.topics().zeroShots(), stream.topics().candidates(), stream.topics().rounds());
    for (String topic : refusing) {
      SharedBroker.oldest(stream.clients(), topic, 0);
    }
    define("good", Batches.task("circle", "square"));
    define("bad", Batches.task("impossible", "square"));
    batch("digits", 1, 3);
    await().atMost(LONG).until(() -> refiner.notReady().contains("; its clock says "));
    assertThat(refiner.notAlive()).isEmpty();
    for (String topic : refusing) {
      SharedBroker.oldest(stream.clients(), topic, Long.MAX_VALUE);
    }
    assertThat(awaitZeroShots(1)).extracting(PromptVersion::getTask).containsExactly("good");
    assertThat(awaitCandidates(1)).extracting(PromptVersion::getTask).containsExactly("digits");
    await().atMost(LONG).until(() -> diary("bad").equals(List.of("0 FAILED 0.0")));
    await().atMost(LONG).until(() -> refiner.notReady().isEmpty());
  }

  @Test
  void whatADefinitionLacksIsToldOnceOverRestartsUntilAPromptWentLive() {
    start("one");
    define("bad", Batches.task("impossible", "square"));
    await().atMost(LONG).until(() -> diary("bad").equals(List.of("0 FAILED 0.0")));
    refiner.close();
    start("one");
    define("good", Batches.task("circle", "square"));
    awaitZeroShots(1);
    assertThat(diary("bad")).containsExactly("0 FAILED 0.0");
    refiner.close();

    stream.send(
        stream.topics().rounds(),
        "bad",
        new RoundEvent(
            "bad", 0, RoundEventType.PROMOTED, 0, null, 0.0, "it is", Map.of(), Instant.now()),
        stream.serdes().rounds());
    start("one");
    await().atMost(LONG).until(() -> diary("bad").size() == 3);
    assertThat(diary("bad")).last().isEqualTo("0 FAILED 0.0");
  }

  /** The curator's diary tells of it, once. */
  @Test
  void aDefinitionThatBreaksTheRulesGetsNoPrompt() {
    start("one");
    List<TaskCases.Case> broken = TaskCases.outside();
    for (int i = 0; i < broken.size(); i++) {
      define("broken-" + i, broken.get(i).definition());
    }
    define("good", Batches.task("circle", "square"));
    assertThat(awaitZeroShots(1)).extracting(PromptVersion::getTask).containsExactly("good");
    assertThat(rounds.values()).isEmpty();
  }

  /** The labelers and the curator follow the one before, and wait for its prompt. */
  @Test
  void theDefinitionBeforeOneThatBreaksTheRulesGetsItsPrompt() {
    TaskDefinition good = Batches.task("circle", "square");
    define("shapes", good);
    define("shapes", TaskDefinition.newBuilder(good).setClasses(List.of("circle")).build());
    start("one");
    assertThat(awaitZeroShots(1))
        .extracting(PromptVersion::getClasses)
        .containsExactly(good.getClasses());
  }

  @Test
  void aBatchWhoseDefinitionBreaksTheRulesFailsBeforeAnythingIsTrained() {
    start("one");
    RefinementBatch chunk = Batches.chunk("digits", 1, 0, 1, "b");
    GateLimits gate = chunk.getDefinition().getGate();
    gate.put(gate.getSchema().getField("heldOutShare").pos(), 7f);
    stream.send(stream.topics().batches(), "digits", chunk, stream.serdes().batches());
    await().atMost(LONG).until(() -> diary("digits").contains("1 FAILED 0.0"));
    assertThat(rounds.values().get(rounds.values().size() - 1).getMessage())
        .startsWith("gate.heldOutShare must be from 0 to 0.9, not 7.0");
    assertThat(refinement.trained).isEmpty();
  }

  @Test
  void aRoundThatTheEndOfTheProcessInterruptsIsRunAgainByTheNext() throws InterruptedException {
    refinement.hold("digits", 1);
    start("one");
    batch("digits", 1, 2);
    assertThat(refinement.begun("digits", 1).await(40, TimeUnit.SECONDS)).isTrue();
    refiner.close();
    assertThat(candidates.values()).isEmpty();
    refinement.release();

    start("one");

    assertThat(awaitCandidates(1)).extracting(PromptVersion::getVersion).containsExactly(2);
    assertThat(refinement.trained).containsExactly("digits 1", "digits 1");
    assertThat(diary("digits")).doesNotContain("1 FAILED 0.0");
  }

  @Test
  void aBatchThatIsNotWholeYetIsWaitedForOverARestart() {
    start("one");
    batch("digits", 1, 1);
    send("digits", 2, 0, 3);
    send("digits", 2, 1, 3);
    stream.sendRaw(stream.topics().batches(), "digits".getBytes(UTF_8), "no".getBytes(UTF_8));
    await().atMost(LONG).until(() -> deadLetters.records().size() == 1);
    refiner.close();
    start("one");
    send("digits", 2, 2, 3);

    PromptVersion candidate = awaitCandidates(2).get(1);
    assertThat(candidate.getEvidence()).containsEntry("samples", 3.0);
    assertThat(refinement.trained).containsExactly("digits 1", "digits 2");
    assertThat(deadLetters.records()).hasSize(1);
    assertThat(diary("digits")).doesNotContain("2 FAILED 0.0");
  }

  @Test
  void aBatchThatIsNotWholeIsReportedOnceOverARestart() {
    start("one");
    send("digits", 1, 1, 3);
    await().atMost(LONG).until(() -> diary("digits").contains("1 FAILED 0.0"));
    refiner.close();
    start("one");
    send("digits", 1, 2, 3);
    batch("digits", 2, 1);
    awaitCandidates(1);
    assertThat(diary("digits").stream().filter("1 FAILED 0.0"::equals)).hasSize(1);
  }

  @Test
  void aCandidateThatNoBrokerTakesIsToldOfAndItsRoundIsNotRunAgain() throws Exception {
    try (var admin = stream.clients().admin()) {
      admin
          .incrementalAlterConfigs(
              Map.of(
                  new ConfigResource(ConfigResource.Type.TOPIC, stream.topics().candidates()),
                  List.of(
                      new AlterConfigOp(
                          new ConfigEntry("max.message.bytes", "100"), AlterConfigOp.OpType.SET))))
          .all()
          .get();
    }
    start("one");
    batch("digits", 1, 2);
    await().atMost(LONG).until(() -> diary("digits").contains("1 FAILED 0.0"));
    assertThat(rounds.values().get(rounds.values().size() - 1).getMessage())
        .matches("the candidate of \\d+ bytes is too large");
    assertThat(refinement.trained).containsExactly("digits 1");
    assertThat(deadLetters.records()).isEmpty();
  }

  @Test
  void twoRefinersShareTheRounds() throws InterruptedException {
    start("one");
    try (Refiner other = refiner("two", Map.of(), Batches.MODEL)) {
      for (int task = 0; task < 8; task++) {
        for (int round = 1; round <= 2; round++) {
          batch("task-" + task, round, 2);
        }
      }
      assertThat(awaitCandidates(16))
          .extracting(candidate -> candidate.getTask() + "/" + candidate.getVersion())
          .doesNotHaveDuplicates();
      await().atMost(LONG).until(() -> other.notReady().isEmpty());
    }
  }

  @Test
  void aRegistryThatRefusesEndsTheRefinerAndIsToldOf() {
    refuse();
    batch("digits", 1, 1);
    await().atMost(LONG).until(() -> !refiner.notAlive().isEmpty());
    assertThat(refiner.notAlive()).isEqualTo("it has failed: no default for b");
    assertThat(refiner.notReady()).contains("no default for b");
    assertThat(deadLetters.values()).isEmpty();
    refiner.close();

    // The round is nobody's failure: whoever may write it runs it.
    start("one");
    assertThat(awaitCandidates(1)).extracting(PromptVersion::getVersion).containsExactly(2);
    assertThat(refiner.notAlive()).isEmpty();
  }

  @Test
  void aRegistryThatRefusesAZeroShotPromptIsToldOf() {
    refuse();
    define("digits", Batches.task("one", "two"));
    await().atMost(LONG).until(() -> !refiner.notAlive().isEmpty());
    assertThat(refiner.notAlive()).isEqualTo("it has failed: no default for b");
  }

  /** A thread that waited for the brokers for minutes would be taken for one that hangs. */
  @Test
  void aZeroShotPromptThatCannotBeWrittenSaysSoSoonAndIsWrittenLater(@TempDir Path directory)
      throws Exception {
    try (CutBroker broker = new CutBroker(directory)) {
      KafkaClients clients = broker.clients();
      Topics topics = new Topics("cut.");
      try (Admin admin = clients.admin()) {
        TopicAdmin.create(admin, topics, 1, (short) 1);
      }
      EmbeddedRegistry registry = new EmbeddedRegistry(clients, topics);
      closeables.add(registry);
      registry.registerContract();
      TopicSerdes serdes = new TopicSerdes(registry);
      AtomicBoolean cut = new AtomicBoolean();
      Refinement cutting =
          new HeldRounds() {
            @Override
            public PromptVersion zeroShot(
                String task, TaskDefinition definition, Instant createdAt) {
              if (cut.compareAndSet(false, true)) {
                broker.cut();
              }
              return super.zeroShot(task, definition, createdAt);
            }
          };
      try (Producer<String, TaskDefinition> producer =
          clients.producer(null, new StringSerializer(), serdes.tasks().serializer())) {
        TaskDefinition shapes = Batches.task("circle", "square");
        producer.send(new ProducerRecord<>(topics.tasks(), "shapes", shapes)).get();
      }
      refiner =
          Refiner.start(
              "one",
              clients,
              topics,
              serdes,
              cutting,
              Batches.MODEL,
              new SimpleMeterRegistry(),
              Pauses.USUAL,
              Duration.ofSeconds(3));
      await()
          .atMost(LONG)
          .until(() -> refiner.notReady().startsWith("the zero-shot prompt of shapes waits: "));
      broker.mend();
      await().atMost(LONG).until(() -> refiner.notReady().isEmpty());
      try (TopicView<PromptVersion> made =
          new TopicView<>(
              clients,
              topics.zeroShots(),
              serdes.candidates().deserializer(),
              (task, prompt) -> {})) {
        made.awaitReady(LONG);
        assertThat(made.snapshot()).hasSize(1);
      }
    }
  }

  /** Starts a refiner whose registry lets it read, and takes no schema. */
  private void refuse() {
    SchemaRegistry reading = new EmbeddedRegistry(stream.clients(), stream.topics());
    closeables.add(reading);
    refiner =
        Refiner.start(
            "one",
            stream.clients(),
            stream.topics(),
            new TopicSerdes(new RefusingRegistry(reading::byId)),
            refinement,
            Batches.MODEL,
            new SimpleMeterRegistry());
  }

  @Test
  void aRoundAtWhichTheEngineKeepsFailingIsGivenUp() throws Exception {
    EngineException failure = new EngineException("out of memory");
    Refinement failing =
        new HeldRounds() {
          @Override
          public PromptVersion train(RoundBatch batch, Progress progress) {
            throw failure;
          }
        };
    try (Producer<byte[], byte[]> producer =
        SharedBroker.clients()
            .producer(null, new ByteArraySerializer(), new ByteArraySerializer())) {
      Diary diary =
          new Diary(
              producer,
              stream.topics().rounds(),
              stream.serdes().rounds().serializer(),
              Clock.systemUTC());
      RoundWorker worker =
          new RoundWorker(
              failing,
              Batches.MODEL,
              diary,
              new RefinerMetrics(new SimpleMeterRegistry()),
              stream.topics(),
              stream.serdes(),
              Traces.OFF);
      RoundAssembler assembler = new RoundAssembler("");
      Complete complete = (Complete) assembler.add(Batches.chunk("digits", 1, 0, 1)).orElseThrow();
      Complete other = (Complete) assembler.add(Batches.chunk("pets", 1, 0, 1)).orElseThrow();
      for (int i = 1; i < RoundWorker.ENGINE_ATTEMPTS; i++) {
        assertThatThrownBy(worker.job(complete.batch(), new RecordHeaders())::run)
            .isSameAs(failure);
        assertThatThrownBy(worker.job(other.batch(), new RecordHeaders())::run).isSameAs(failure);
      }
      ProducerRecord<byte[], byte[]> entry =
          worker.job(complete.batch(), new RecordHeaders()).run().outputs().get(0);
      RoundEvent told =
          stream
              .serdes()
              .rounds()
              .deserializer()
              .deserialize(entry.topic(), entry.headers(), entry.value());
      assertThat(told.getType()).isEqualTo(RoundEventType.FAILED);
      assertThat(told.getMessage()).contains("out of memory");
    }
  }

  @Test
  void aRoundAtWhichProcessesLoseTheirDeviceIsGivenUpAndTheNextIsDone() {
    refinement.lost.add("digits 1");
    batch("digits", 1, 3);
    batch("digits", 2, 1);
    for (int i = 0; i < Rounds.MOST_LOSSES; i++) {
      start("one");
      await().atMost(LONG).until(() -> refiner.notAlive().contains("CUDA error"));
      refiner.close();
    }
    await().atMost(LONG).until(() -> !diary("digits").isEmpty());
    assertThat(diary("digits")).doesNotContain("1 FAILED 0.0");

    start("one");

    assertThat(awaitCandidates(1).get(0).getRound()).isEqualTo(2);
    assertThat(diary("digits")).contains("1 FAILED 0.0");
    assertThat(refinement.trained).filteredOn("digits 1"::equals).hasSize(Rounds.MOST_LOSSES);
  }

  @Test
  void aRefinerWhoseWorkingThreadWasKilledIsNotAliveAndARestartGoesOn() {
    refinement.killing.set(true);
    batch("digits", 1, 1);
    start("one");
    await()
        .dontCatchUncaughtExceptions()
        .atMost(LONG)
        .until(() -> refiner.notAlive().contains("injected into work-refiner"));
    refiner.close();

    refinement.killing.set(false);
    start("one");
    awaitCandidates(1);
    assertThat(refiner.notAlive()).isEmpty();
  }

  @Test
  void anEngineThatFailsForAWhileCostsNoZeroShotPrompt() {
    refinement.failures.set(3);
    start("one");

    define("shapes", Batches.task("circle", "square"));

    awaitZeroShots(1);
    assertThat(diary("shapes")).isEmpty();
  }

  private void start(String instance) {
    start(instance, Map.of());
  }

  private void start(String instance, Map<String, String> overrides) {
    start(instance, overrides, Batches.MODEL);
  }

  private void start(String instance, Map<String, String> overrides, String model) {
    refiner = refiner(instance, overrides, model);
  }

  private Refiner refiner(String instance, Map<String, String> overrides, String model) {
    return Refiner.start(
        instance,
        SharedBroker.clients(overrides),
        stream.topics(),
        stream.serdes(),
        refinement,
        model,
        new SimpleMeterRegistry(),
        new Pauses(Backoff.FIRST, Backoff.LONGEST, Duration.ofSeconds(3)),
        LONG);
  }

  private void define(String task, TaskDefinition definition) {
    stream.send(stream.topics().tasks(), task, definition, stream.serdes().tasks());
  }

  private void batch(String task, int round, int chunks) {
    for (int chunk = 0; chunk < chunks; chunk++) {
      send(task, round, chunk, chunks);
    }
  }

  private void send(String task, int round, int chunk, int chunks) {
    stream.send(
        stream.topics().batches(),
        task,
        Batches.chunk(task, round, chunk, chunks),
        stream.serdes().batches());
  }

  private List<PromptVersion> awaitCandidates(int count) {
    await().atMost(LONG).until(() -> candidates.values().size() >= count);
    List<PromptVersion> all = candidates.values();
    assertThat(all).hasSize(count);
    return all;
  }

  private List<PromptVersion> awaitZeroShots(int count) {
    await().atMost(LONG).until(() -> zeroShots.values().size() >= count);
    List<PromptVersion> all = zeroShots.values();
    assertThat(all).hasSize(count);
    return all;
  }

  private List<String> diary(String task) {
    return rounds.values().stream()
        .filter(event -> event.getTask().equals(task))
        .map(event -> event.getRound() + " " + event.getType() + " " + event.getProgress())
        .toList();
  }

  /**
   * Rounds that are over at once unless a test holds them, and prompts that are made of nothing.
   */
  private static class HeldRounds implements Refinement {
    final List<String> trained = new CopyOnWriteArrayList<>();

    /** How often the engine fails before the next zero-shot prompt. */
    final AtomicInteger failures = new AtomicInteger();

    /** Whether a round kills its thread. */
    final AtomicBoolean killing = new AtomicBoolean();

    /** The rounds at which the device is lost. */
    final List<String> lost = new CopyOnWriteArrayList<>();

    private final Map<String, CountDownLatch> begun = new ConcurrentHashMap<>();
    private final List<String> held = new CopyOnWriteArrayList<>();
    private final List<String> failing = new CopyOnWriteArrayList<>();
    private final CompletableFuture<Void> released = new CompletableFuture<>();

    void hold(String task, int round) {
      held.add(task + " " + round);
    }

    void fail(String task, int round) {
      failing.add(task + " " + round);
    }

    void release() {
      released.complete(null);
    }

    CountDownLatch begun(String task, int round) {
      return begun.computeIfAbsent(task + " " + round, name -> new CountDownLatch(1));
    }

    @Override
    public PromptVersion zeroShot(String task, TaskDefinition definition, Instant createdAt) {
      if (failures.getAndDecrement() > 0) {
        throw new EngineException("out of memory");
      }
      if (definition.getClasses().contains("impossible")) {
        throw new IllegalArgumentException("there is no such thing");
      }
      return PromptVersion.newBuilder(Batches.prompt(task, 0, definition))
          .setCreatedAt(createdAt)
          .build();
    }

    @Override
    public PromptVersion train(RoundBatch batch, Progress progress) {
      String name = batch.task() + " " + batch.round();
      trained.add(name);
      begun(batch.task(), batch.round()).countDown();
      progress.at(0, Map.of());
      if (held.contains(name)) {
        try {
          released.get();
        } catch (InterruptedException e) {
          throw new CancellationException("interrupted");
        } catch (java.util.concurrent.ExecutionException e) {
          throw new AssertionError(e);
        }
      }
      if (killing.get()) {
        throw new LinkageError("injected into " + Thread.currentThread().getName());
      }
      if (lost.contains(name)) {
        throw new EngineException("CUDA error: device-side assert triggered");
      }
      if (failing.contains(name)) {
        throw new IllegalStateException("the loss is not a number");
      }
      return PromptVersion.newBuilder(
              Batches.prompt(batch.task(), batch.version(), batch.definition()))
          .setRound(batch.round())
          .setTensors(Map.of("context", new Tensor(List.of(1), ByteBuffer.allocate(4))))
          .setEvidence(Map.of("samples", (double) batch.samples().size()))
          .setParadigm(Paradigm.SSL)
          .build();
    }
  }
}
