package io.gripstream.curator;

import static io.gripstream.curator.Fixtures.CLASSES;
import static io.gripstream.curator.Fixtures.TASK;
import static io.gripstream.curator.Fixtures.definition;
import static io.gripstream.curator.Fixtures.sample;
import static io.gripstream.curator.Fixtures.trained;
import static io.gripstream.curator.Fixtures.zeroShot;
import static org.assertj.core.api.Assertions.assertThat;

import io.gripstream.event.BatchSample;
import io.gripstream.event.Command;
import io.gripstream.event.CommandType;
import io.gripstream.event.ImageReference;
import io.gripstream.event.Paradigm;
import io.gripstream.event.PoolLimits;
import io.gripstream.event.PromptVersion;
import io.gripstream.event.RefinementBatch;
import io.gripstream.event.RoundEvent;
import io.gripstream.event.RoundEventType;
import io.gripstream.event.Sample;
import io.gripstream.event.TaskDefinition;
import io.gripstream.kafka.DeadLetters;
import io.gripstream.kafka.LetterCounts;
import io.gripstream.refine.train.RoundBatch;
import io.gripstream.task.TaskCases;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Instant;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.streams.test.TestRecord;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CuratorTopologyTest {
  private CuratorDriver curator;

  @BeforeEach
  void start(@TempDir Path directory) {
    curator = new CuratorDriver(directory);
  }

  @AfterEach
  void stop() {
    curator.close();
  }

  /** A task with its zero-shot prompt live, and nothing of that left in the outputs. */
  private void begin() {
    curator.define(definition().build());
    curator.candidate(zeroShot(0));
    assertThat(curator.prompts()).containsExactly(0);
    assertThat(curator.diaryTypes()).containsExactly(RoundEventType.PROMOTED);
  }

  /** The same, with round 1 in flight. */
  private void beginRound() {
    begin();
    curator.sample("d", "c", "b", "a");
    assertThat(curator.batches()).hasSize(1);
    assertThat(curator.diaryTypes()).containsExactly(RoundEventType.REQUESTED);
  }

  @Test
  void aZeroShotPromptGoesLiveWhicheverComesFirstItOrTheDefinition() {
    curator.candidate(zeroShot(0));
    assertThat(curator.prompts()).isEmpty();
    curator.define(definition().build());
    assertThat(curator.prompts()).containsExactly(0);
    RoundEvent promoted = curator.diary().get(0);
    assertThat(promoted.getType()).isEqualTo(RoundEventType.PROMOTED);
    assertThat(promoted.getRound()).isZero();
    assertThat(promoted.getAt()).isEqualTo(curator.clock());
  }

  @Test
  void aBatchIsTheWholePoolInOrderOfImageIdWithTheLabelsThatAreKnown() {
    begin();
    curator.label("b", "dog");
    curator.sample("d", "b", "c");
    curator.label("d", "cat");
    curator.label("c", "cat");
    curator.label("c", null);
    assertThat(curator.batches()).isEmpty();
    curator.sample("a");

    RoundBatch batch = RoundBatch.assemble(curator.batches());
    assertThat(batch.task()).isEqualTo(TASK);
    assertThat(batch.round()).isEqualTo(1);
    assertThat(batch.version()).isEqualTo(1);
    assertThat(batch.closedAt()).isEqualTo(curator.clock());
    assertThat(batch.definition()).isEqualTo(definition().build());
    assertThat(batch.base()).isEqualTo(zeroShot(0));
    assertThat(batch.samples())
        .extracting(BatchSample::getImageId)
        .containsExactly("a", "b", "c", "d");
    assertThat(batch.samples())
        .extracting(BatchSample::getLabel)
        .containsExactly(null, "dog", null, "cat");
    RoundEvent requested = curator.diary().get(0);
    assertThat(requested.getType()).isEqualTo(RoundEventType.REQUESTED);
    assertThat(requested.getVersion()).isEqualTo(1);
    assertThat(requested.getMetrics())
        .isEqualTo(Map.of("pool", 4.0, "labelled", 2.0, "labels", 2.0));
    assertThat(requested.getParadigm()).isEqualTo(Paradigm.SSL);
    assertThat(requested.getMessage())
        .isEqualTo("from version 0, with 4 samples, 2 of them labelled: SSL");
  }

  @Test
  void aCandidateThatPassesTheGateGoesLiveAndOneThatFailsIsHeld() {
    beginRound();
    curator.candidate(trained(1, 1, zeroShot(0), 1));
    assertThat(curator.prompts()).containsExactly(1);
    RoundEvent promoted = curator.diary().get(0);
    assertThat(promoted.getType()).isEqualTo(RoundEventType.PROMOTED);
    assertThat(promoted.getMessage()).isEqualTo("it is better");
    assertThat(promoted.getMetrics()).containsEntry("better", 1.0);

    curator.sample("e", "f", "g", "h");
    assertThat(RoundBatch.assemble(curator.batches()).base().getVersion()).isEqualTo(1);
    curator.diary();
    curator.candidate(trained(2, 2, trained(1, 1, zeroShot(0), 1), 0));
    assertThat(curator.prompts()).isEmpty();
    RoundEvent held = curator.diary().get(0);
    assertThat(held.getType()).isEqualTo(RoundEventType.HELD);
    assertThat(held.getVersion()).isEqualTo(2);
    assertThat(held.getMessage()).isEqualTo("it is not better");
  }

  @Test
  void aCandidateThatComesAgainChangesNothing() {
    beginRound();
    curator.candidate(zeroShot(0));
    curator.versioned(zeroShot(0));
    curator.candidate(trained(1, 1, zeroShot(0), 1));
    curator.prompts();
    curator.diary();
    curator.candidate(trained(1, 1, zeroShot(0), 1));
    assertThat(curator.prompts()).isEmpty();
    assertThat(curator.diary()).isEmpty();
  }

  @Test
  void noSecondRoundBeginsWhileOneIsInFlightAndTheNextBeginsAtOnceWhenItFails() {
    beginRound();
    curator.sample("e", "f", "g", "h", "i");
    assertThat(curator.batches()).isEmpty();
    curator.refiner(RoundEventType.STARTED, 1);
    assertThat(curator.batches()).isEmpty();
    curator.rounds.pipeInput(TASK, Fixtures.refiner(RoundEventType.FAILED, 1));
    List<RefinementBatch> next = curator.batches();
    assertThat(next).hasSize(1);
    assertThat(next.get(0).getRound()).isEqualTo(2);
    assertThat(next.get(0).getVersion()).isEqualTo(2);
    assertThat(next.get(0).getSamples()).hasSize(9);
  }

  @Test
  void aRoundThatNobodySpeaksOfIsGivenUpWhenTheNextIsDue() {
    beginRound();
    curator.pass(Rounds.SILENCE.toMillis() / 2);
    curator.refiner(RoundEventType.PROGRESS, 1);
    curator.pass(Rounds.SILENCE.toMillis() - 10_000);
    curator.sample("e", "f", "g", "h");
    assertThat(curator.batches()).isEmpty();
    curator.pass(10_000);
    curator.sample("i");
    assertThat(curator.batches()).hasSize(1);
    assertThat(curator.diaryTypes()).containsExactly(RoundEventType.HELD, RoundEventType.REQUESTED);
    curator.candidate(trained(1, 1, zeroShot(0), 1));
    assertThat(curator.prompts()).isEmpty();
    assertThat(curator.diary().get(0).getMessage()).isEqualTo("round 1 is not in flight");
  }

  @Test
  void aCandidateWhoseParentIsNoLongerLiveIsHeld() {
    beginRound();
    curator.candidate(trained(1, 1, zeroShot(0), 1));
    curator.sample("e", "f", "g", "h");
    curator.command(CommandType.ROLL_BACK, null);
    assertThat(curator.prompts()).containsExactly(1, 0);
    RoundEvent last = last(curator.diary());
    assertThat(last.getType()).isEqualTo(RoundEventType.ROLLED_BACK);
    assertThat(last.getMessage()).contains("because");
    curator.candidate(trained(2, 2, trained(1, 1, zeroShot(0), 1), 1));
    assertThat(curator.prompts()).isEmpty();
    assertThat(curator.diary().get(0).getMessage())
        .isEqualTo("it was trained from version 1, but version 0 is live now");
  }

  /** Version 2 is live, after 1 and 0. */
  private void promoteTwice() {
    beginRound();
    curator.candidate(trained(1, 1, zeroShot(0), 1));
    curator.sample("e", "f", "g", "h");
    curator.candidate(trained(2, 2, trained(1, 1, zeroShot(0), 1), 1));
    assertThat(curator.prompts()).containsExactly(1, 2);
    curator.diary();
  }

  @Test
  void aCommandThatIsSentAgainWithItsKeyIsExecutedOnce() {
    promoteTwice();
    Command rollBack = Fixtures.command(CommandType.ROLL_BACK, "k-1", null);
    curator.command(rollBack);
    curator.command(rollBack);
    assertThat(curator.prompts()).containsExactly(1);
    assertThat(curator.diaryTypes()).containsExactly(RoundEventType.ROLLED_BACK);
    assertThat(curator.meters.counter(CurateProcessor.REPEATED).count()).isEqualTo(1);

    curator.command(Fixtures.command(CommandType.ROLL_BACK, "k-2", null));
    assertThat(curator.prompts()).containsExactly(0);
    assertThat(curator.letters()).isEmpty();
    curator.command(Fixtures.command(CommandType.PAUSE, "k-2", null));
    curator.command(Fixtures.command(CommandType.PAUSE, " ", null));
    curator.command(Fixtures.command(CommandType.PAUSE, "k".repeat(201), null));
    assertThat(curator.letters()).hasSize(3);
    assertThat(curator.diaryTypes()).containsExactly(RoundEventType.ROLLED_BACK);
  }

  @Test
  void theKeysThatAreRememberedAreBoundedAndGoWithTheTask() {
    promoteTwice();
    int stored = curator.stored();
    for (int i = 0; i <= CommandKeys.KEPT; i++) {
      CommandType type = i % 2 == 0 ? CommandType.PAUSE : CommandType.RESUME;
      curator.command(Fixtures.command(type, "k".repeat(190) + i, null));
    }
    assertThat(curator.diary()).hasSize(CommandKeys.KEPT + 1);
    assertThat(curator.stored()).isEqualTo(stored + 1);
    curator.command(Fixtures.command(CommandType.RESUME, "k".repeat(190) + 1, null));
    assertThat(curator.diary()).isEmpty();
    curator.command(Fixtures.command(CommandType.PAUSE, "k".repeat(190) + 0, null));
    assertThat(curator.diaryTypes()).containsExactly(RoundEventType.REFUSED);

    curator.define(null);
    curator.define(definition().build());
    curator.diary();
    curator.command(Fixtures.command(CommandType.PAUSE, "k".repeat(190) + CommandKeys.KEPT, null));
    assertThat(curator.diaryTypes()).containsExactly(RoundEventType.PAUSED);
  }

  @Test
  void aCommandThatExpectsAnotherVersionToBeLiveIsRefused() {
    promoteTwice();
    curator.command(Fixtures.command(CommandType.ROLL_BACK, null, 2));
    curator.command(Fixtures.command(CommandType.ROLL_BACK, null, 2));
    assertThat(curator.prompts()).containsExactly(1);
    List<RoundEvent> diary = curator.diary();
    assertThat(diary)
        .extracting(RoundEvent::getType)
        .containsExactly(RoundEventType.ROLLED_BACK, RoundEventType.REFUSED);
    assertThat(last(diary).getMessage())
        .isEqualTo("ROLL_BACK: version 2 was expected to be live, and version 1 is (because)");
  }

  @Test
  void whileAVersionIsPinnedNoCandidateGoesLiveAndNoRoundBegins() {
    beginRound();
    curator.command(CommandType.PIN, null);
    curator.candidate(trained(1, 1, zeroShot(0), 1));
    curator.sample("e", "f", "g", "h", "i");
    assertThat(curator.prompts()).isEmpty();
    assertThat(curator.batches()).isEmpty();
    assertThat(curator.diaryTypes()).containsExactly(RoundEventType.PINNED, RoundEventType.HELD);
    curator.command(CommandType.PIN, 1);
    assertThat(curator.prompts()).containsExactly(1);
    curator.command(CommandType.UNPIN, null);
    assertThat(curator.batches()).hasSize(1);
    assertThat(curator.diaryTypes())
        .containsExactly(RoundEventType.PINNED, RoundEventType.UNPINNED, RoundEventType.REQUESTED);
  }

  @Test
  void whileATaskIsPausedNoRoundBeginsButTheOneInFlightEnds() {
    beginRound();
    curator.command(CommandType.PAUSE, null);
    curator.candidate(trained(1, 1, zeroShot(0), 1));
    assertThat(curator.prompts()).containsExactly(1);
    curator.sample("e", "f", "g", "h", "i");
    curator.command(CommandType.REFINE_NOW, null);
    assertThat(curator.batches()).isEmpty();
    curator.command(CommandType.RESUME, null);
    assertThat(curator.batches()).hasSize(1);
    assertThat(curator.diaryTypes())
        .containsExactly(
            RoundEventType.PAUSED,
            RoundEventType.PROMOTED,
            RoundEventType.REFUSED,
            RoundEventType.RESUMED,
            RoundEventType.REQUESTED);
  }

  @Test
  void refineNowDoesNotWaitForTheCountButForAsManySamplesAsTheGateNeeds() {
    begin();
    curator.sample("a");
    curator.command(CommandType.REFINE_NOW, null);
    RoundEvent refused = curator.diary().get(0);
    assertThat(refused.getType()).isEqualTo(RoundEventType.REFUSED);
    assertThat(refused.getMessage())
        .isEqualTo("REFINE_NOW: the pool has 1 samples, a round needs 2 (because)");
    curator.sample("b");
    curator.command(CommandType.REFINE_NOW, null);
    assertThat(curator.batches()).hasSize(1);
    curator.command(CommandType.REFINE_NOW, null);
    assertThat(last(curator.diary()).getMessage()).contains("round 1 is in flight");
  }

  @Test
  void thePoolIsBoundedInCountAndTheOldestLeaveFirst() {
    curator.define(definition().setPool(new PoolLimits(3, 1_000_000L)).build());
    curator.candidate(zeroShot(0));
    curator.sample("a", "b", "c");
    curator.sample(sample("a", Fixtures.MODEL, 2, 7));
    curator.command(CommandType.REFINE_NOW, null);
    assertThat(ids(curator.batches())).containsExactly("a", "b", "c");
    curator.refiner(RoundEventType.FAILED, 1);
    curator.sample("d", "e");
    curator.command(CommandType.REFINE_NOW, null);
    List<RefinementBatch> batches = curator.batches();
    assertThat(ids(batches)).containsExactly("a", "d", "e");
    assertThat(batches.get(0).getSamples().get(0).getImage().getOffset()).isEqualTo(7);
    assertThat(curator.meters.counter(CurateProcessor.EVICTED, "memory", "pool").count())
        .isEqualTo(2);
  }

  @Test
  void thePoolIsBoundedInBytesAndShrinksWithItsLimits() {
    curator.define(definition().build());
    curator.candidate(zeroShot(0));
    Stream.of("a", "b", "c").map(CuratorTopologyTest::heavy).forEach(curator::sample);
    curator.define(definition().setPool(new PoolLimits(100, 1L << 16)).build());
    curator.sample(heavy("d"));
    assertThat(ids(curator.batches())).containsExactly("b", "c", "d");
  }

  /** Of 20 KB: three go into the smallest pool. */
  private static Sample heavy(String imageId) {
    Sample light = sample(imageId);
    return Sample.newBuilder(light)
        .setImage(ImageReference.newBuilder(light.getImage()).setUri("x".repeat(20_000)).build())
        .build();
  }

  @Test
  void aDefinitionThatBreaksTheRulesIsADeadLetterAndTheOneBeforeItStays() {
    curator.define(definition().build());
    curator.candidate(zeroShot(0));
    List<TaskCases.Case> broken = TaskCases.outside();
    broken.forEach(each -> curator.define(each.definition()));
    List<TestRecord<byte[], byte[]>> letters = curator.letters();
    assertThat(letters).hasSameSizeAs(broken);
    for (int i = 0; i < broken.size(); i++) {
      assertThat(
              new String(
                  letters.get(i).headers().lastHeader(DeadLetters.CAUSE).value(),
                  StandardCharsets.UTF_8))
          .startsWith(broken.get(i).path());
    }
    curator.sample("a", "b", "c", "d");
    assertThat(curator.batches()).hasSize(1);
    TaskCases.inside().forEach(each -> curator.define(each.definition()));
    assertThat(curator.letters()).isEmpty();
  }

  /** Compaction would leave the record alone that nobody follows. */
  @Test
  void theDefinitionThatHoldsIsWrittenAgainBehindWhatIsNotFollowed() {
    begin();
    curator.define(definition().setClasses(List.of("cat")).build());
    curator.raw(CuratorDriver.TOPICS.tasks(), TASK, "garbage".getBytes(StandardCharsets.UTF_8));
    assertThat(curator.letters()).hasSize(2);
    assertThat(curator.definitions())
        .extracting(TestRecord::value)
        .containsExactly(definition().build(), definition().build());
    assertThat(curator.diary())
        .hasSize(2)
        .allMatch(entry -> entry.getType() == RoundEventType.FAILED && entry.getRound() == 0)
        .allMatch(entry -> entry.getMessage().startsWith("a definition is not followed: "));
    // It has come back, changed nothing, and is not written again.
    assertThat(curator.prompts()).isEmpty();
    curator.sample("a", "b", "c", "d");
    assertThat(curator.batches()).hasSize(1);
  }

  @Test
  void aTaskThatHasEndedOrNeverWasIsNotBroughtBackByWhatIsNotFollowed() {
    TaskDefinition broken = definition().setClasses(List.of("cat")).build();
    curator.define(broken);
    curator.define(definition().build());
    curator.define(null);
    curator.define(broken);
    assertThat(curator.definitions()).isEmpty();
    assertThat(curator.letters()).hasSize(2);
  }

  /** It lies in front of what the curator wrote, and holds. */
  @Test
  void whatWasWrittenMeanwhileHolds() {
    begin();
    TaskDefinition broken = definition().setClasses(List.of("cat")).build();
    TaskDefinition newer = definition().setTopK(1).build();
    curator.define(broken);
    TestRecord<String, TaskDefinition> written = curator.definitions().get(0);
    curator.define(newer);
    curator.tasks.pipeInput(written);
    written = curator.definitions().get(0);
    assertThat(written.value()).isEqualTo(newer);
    curator.define(null);
    curator.tasks.pipeInput(written);
    written = curator.definitions().get(0);
    assertThat(written.value()).isNull();
    curator.letters();
    curator.sample("a");
    assertThat(cause()).isEqualTo("there is no task animals");

    curator.define(definition().build());
    curator.tasks.pipeInput(written);
    assertThat(curator.definitions())
        .singleElement()
        .extracting(TestRecord::value)
        .isEqualTo(definition().build());
    assertThat(curator.prompts()).containsExactly(null, 0);
  }

  /** What is left in the topic is a definition as any other where the state is not. */
  @Test
  void whatWasWrittenAgainDefinesTheTaskWhereItsStateIsLost() {
    curator.tasks.pipeInput(
        new TestRecord<>(
            TASK,
            definition().build(),
            new RecordHeaders().add(StandingDefinitions.HEADER, new byte[] {'3'})));
    curator.candidate(zeroShot(0));
    assertThat(curator.prompts()).containsExactly(0);
  }

  @Test
  void withOtherClassesTheOldPromptStaysUntilTheNewZeroShotPromptCame() {
    beginRound();
    List<String> birds = List.of("owl", "wren", "kite");
    curator.define(definition().setClasses(birds).build());
    curator.sample("e", "f", "g", "h");
    assertThat(curator.batches()).isEmpty();
    assertThat(curator.prompts()).isEmpty();
    curator.candidate(
        Fixtures.sealed(
            Fixtures.prompt(2)
                .setClasses(birds)
                .setClassFeatures(Fixtures.features(2, 3, 2))
                .setZeroShotFeatures(Fixtures.features(2, 3, 2))));
    assertThat(curator.prompts()).containsExactly(2);
    List<RefinementBatch> batches = curator.batches();
    assertThat(batches.get(0).getRound()).isEqualTo(2);
    assertThat(batches.get(0).getVersion()).isEqualTo(3);
    assertThat(ids(batches)).hasSize(8);
    curator.candidate(trained(1, 1, zeroShot(0), 1));
    assertThat(curator.prompts()).isEmpty();

    curator.define(definition().setClasses(CLASSES).build());
    assertThat(curator.prompts()).containsExactly(0);
  }

  @Test
  void aPromptOfAnotherModelEmptiesThePool() {
    begin();
    curator.sample("a", "b", "c");
    curator.candidate(Fixtures.sealed(Fixtures.prompt(1).setModelId("vit@2")));
    assertThat(curator.prompts()).containsExactly(1);
    curator.sample("late");
    assertThat(curator.letters()).hasSize(1);
    for (String imageId : List.of("d", "e", "f", "g")) {
      curator.sample(sample(imageId, "vit@2", 2, 0));
    }
    assertThat(ids(curator.batches())).containsExactly("d", "e", "f", "g");
  }

  @Test
  void whoGoesBackToTheModelOfBeforeIsServedByItsPromptOfBefore() {
    begin();
    PromptVersion other = Fixtures.sealed(Fixtures.prompt(1).setModelId("vit@2"));
    curator.candidate(other);
    curator.candidate(other);
    assertThat(curator.prompts()).containsExactly(1);
    curator.published();
    curator.candidate(zeroShot(0));
    curator.candidate(zeroShot(0));
    assertThat(curator.prompts()).containsExactly(0);
    assertThat(curator.published()).isEmpty();
    curator.sample("a", "b", "c", "d");
    assertThat(ids(curator.batches())).containsExactly("a", "b", "c", "d");
  }

  @Test
  void noVersionIsTwoPromptsHoweverFastTheClassesAreRedefined() {
    Map<Integer, String> digests = new HashMap<>();
    for (int i = 1; i <= 50; i++) {
      // Two refiners that see definitions late: both make the last prompt, and one before it.
      List<String> classes = List.of("class " + i, "other");
      curator.define(definition().setClasses(classes).build());
      PromptVersion late = zeroShotOf(Math.max(1, i - 1));
      PromptVersion due = zeroShotOf(i);
      for (PromptVersion made : List.of(late, due, late, due)) {
        curator.candidate(made);
      }
      curator.sample("a" + i, "b" + i, "c" + i, "d" + i);
      for (RefinementBatch batch : curator.batches()) {
        // What the round of the classes before makes comes after the next redefinition.
        curator.define(definition().setClasses(List.of("class " + (i + 1), "other")).build());
        curator.candidate(zeroShotOf(i + 1));
        PromptVersion trained = trained(batch.getVersion(), batch.getRound(), batch.getBase(), 1);
        assertThat(digests.put(trained.getVersion(), trained.getDigest())).isNull();
        curator.candidate(trained);
      }
      for (PromptVersion published : curator.published()) {
        assertThat(digests.put(published.getVersion(), published.getDigest())).isNull();
      }
    }
    assertThat(digests).hasSize(51 + 50);
    assertThat(new HashSet<>(digests.values())).hasSize(51 + 50);
    assertThat(curator.diaryTypes()).doesNotContain(RoundEventType.REFUSED);
  }

  private static PromptVersion zeroShotOf(int i) {
    return Fixtures.sealed(Fixtures.prompt(0).setClasses(List.of("class " + i, "other")));
  }

  @Test
  void promptsThatNoLabelerWouldServeAreInTheDiaryWithTheReasonAndCounted() {
    beginRound();
    curator.published();
    PromptVersion trained = trained(1, 1, zeroShot(0), 1);
    curator.versioned(PromptVersion.newBuilder(trained).setBias(List.of(1f, 0f)).build());
    curator.candidate(
        PromptVersion.newBuilder(zeroShotOf(1)).setDigest(zeroShot(0).getDigest()).build());
    assertThat(curator.diary())
        .allSatisfy(entry -> assertThat(entry.getMessage()).contains("served: its digest is"))
        .extracting(RoundEvent::getType)
        .containsExactly(RoundEventType.HELD, RoundEventType.REFUSED);
    for (String type : List.of("HELD", "REFUSED")) {
      assertThat(curator.meters.counter(CurateProcessor.NOTED, "type", type).count()).isEqualTo(1);
    }
    assertThat(curator.prompts()).isEmpty();
    assertThat(curator.published()).isEmpty();
  }

  @Test
  void aCandidateUnderAVersionThatWasNotHandedOutToItIsRefusedWithTheReason() {
    beginRound();
    curator.versioned(trained(7, 1, zeroShot(0), 1));
    RoundEvent refused = curator.diary().get(0);
    assertThat(refused.getType()).isEqualTo(RoundEventType.REFUSED);
    assertThat(refused.getVersion()).isEqualTo(7);
    assertThat(refused.getMessage()).isEqualTo("version 7 was not handed out");
    curator.versioned(trained(1, 2, zeroShot(0), 1));
    assertThat(curator.diary().get(0).getMessage())
        .isEqualTo("version 1 was handed out to round 1");
    curator.versioned(zeroShot(9));
    assertThat(curator.diary().get(0).getMessage()).isEqualTo("version 9 was not handed out");
    curator.versioned(Fixtures.sealed(Fixtures.prompt(0).setBias(List.of(1f, 0f))));
    assertThat(curator.diary().get(0).getMessage()).isEqualTo("version 0 is another prompt");
    assertThat(curator.prompts()).isEmpty();

    curator.candidate(trained(1, 1, zeroShot(0), 1));
    assertThat(curator.prompts()).containsExactly(1);
    curator.sample("e", "f", "g", "h");
    // The versions that others took are given to nobody.
    assertThat(curator.batches().get(0).getVersion()).isEqualTo(10);
  }

  @Test
  void whatIsWrittenBearsTheTimeWhenItHappenedNotThatOfItsCause() {
    curator.define(definition().build());
    curator.candidate(zeroShot(0));
    Instant live = curator.clock();
    assertThat(curator.promptTimes()).containsExactly(live);
    assertThat(curator.diary()).extracting(RoundEvent::getAt).containsExactly(live);
    curator.sample("a", "b", "c", "d");
    assertThat(curator.batches())
        .extracting(RefinementBatch::getClosedAt)
        .containsExactly(curator.clock());
    assertThat(curator.diary()).extracting(RoundEvent::getAt).containsExactly(curator.clock());
    curator.pass(60_000);
    curator.candidate(trained(1, 1, zeroShot(0), 1));
    wentLiveNow(RoundEventType.PROMOTED);
    curator.pass(60_000);
    curator.command(CommandType.ROLL_BACK, null);
    wentLiveNow(RoundEventType.ROLLED_BACK);
  }

  /** By the records themselves and by what they say. */
  private void wentLiveNow(RoundEventType how) {
    assertThat(curator.promptTimes()).containsExactly(curator.clock());
    TestRecord<String, RoundEvent> entry = curator.diaryRecords().get(0);
    assertThat(entry.value().getType()).isEqualTo(how);
    assertThat(entry.value().getAt()).isEqualTo(curator.clock());
    assertThat(entry.getRecordTime()).isEqualTo(curator.clock());
  }

  @Test
  void anEndedTaskLeavesNothingButItsNumbersAndZeroShotPrompt() {
    beginRound();
    curator.label("a", "cat");
    curator.candidate(trained(1, 1, zeroShot(0), 1));
    curator.prompts();
    curator.diary();
    curator.define(null);
    assertThat(curator.prompts()).hasSize(1).containsOnlyNulls();
    // Its state, the prompt, and which rounds there were.
    assertThat(curator.stored()).isEqualTo(4);
    curator.sample("x");
    assertThat(curator.letters()).hasSize(1);

    curator.define(definition().build());
    assertThat(curator.prompts()).containsExactly(0);
    curator.sample("e", "f", "g", "h");
    List<RefinementBatch> batches = curator.batches();
    assertThat(batches.get(0).getRound()).isEqualTo(2);
    assertThat(batches.get(0).getVersion()).isEqualTo(2);
  }

  /** Else the page would show it running until the next one. */
  @Test
  void aRoundComesToItsEndInTheDiaryWhenItsTaskHasEndedMeanwhile() {
    beginRound();
    curator.define(null);
    curator.diary();
    curator.candidate(trained(1, 1, zeroShot(0), 1));
    assertThat(curator.diary())
        .singleElement()
        .matches(entry -> entry.getType() == RoundEventType.HELD && entry.getRound() == 1)
        .matches(entry -> entry.getMessage().equals("the task is not defined"));

    curator.define(definition().build());
    curator.sample("e", "f", "g", "h");
    PromptVersion late = trained(2, 2, zeroShot(0), 1);
    curator.define(null);
    curator.define(definition().build());
    curator.diary();
    curator.candidate(late);
    assertThat(curator.diary())
        .singleElement()
        .matches(entry -> entry.getType() == RoundEventType.HELD && entry.getRound() == 2)
        .matches(entry -> entry.getMessage().equals("round 2 is not in flight"));
    assertThat(curator.prompts()).doesNotContain(1, 2);
  }

  @Test
  void aRoundThatWasGivenUpBeforeItsTaskEndedComesToItsEndInTheDiaryToo() {
    beginRound();
    curator.refiner(RoundEventType.STARTED, 1);
    curator.pass(Rounds.SILENCE.toMillis());
    curator.sample("e", "f", "g", "h");
    assertThat(curator.batches()).extracting(RefinementBatch::getRound).contains(2);
    curator.define(null);
    curator.diary();
    for (int round = 1; round <= 2; round++) {
      curator.candidate(trained(round, round, zeroShot(0), 1));
      assertThat(curator.diary())
          .singleElement()
          .extracting(RoundEvent::getType, RoundEvent::getMessage)
          .containsExactly(RoundEventType.HELD, "the task is not defined");
    }
  }

  @Test
  void whatBreaksTheContractIsADeadLetterWithItsReasonAndTheStreamGoesOn() {
    begin();
    byte[] garbage = "garbage".getBytes(StandardCharsets.UTF_8);
    Map<String, String> causes = new HashMap<>();
    curator.raw(CuratorDriver.TOPICS.samples(), TASK, garbage);
    TestRecord<byte[], byte[]> letter = curator.letters().get(0);
    assertThat(letter.key()).isEqualTo(TASK.getBytes(StandardCharsets.UTF_8));
    assertThat(letter.value()).isEqualTo(garbage);
    assertThat(header(letter, DeadLetters.CAUSE)).startsWith("undecodable");
    assertThat(header(letter, DeadLetters.ROLE)).isEqualTo("curator");
    assertThat(header(letter, DeadLetters.ORIGIN_TOPIC)).isEqualTo(CuratorDriver.TOPICS.samples());
    assertThat(header(letter, DeadLetters.ORIGIN_OFFSET)).isEqualTo("0");

    curator.sample(sample("a", Fixtures.MODEL, 3, 0));
    causes.put("feature", cause());
    curator.sample(sample("", Fixtures.MODEL, 2, 0));
    causes.put("id", cause());
    curator.samples.pipeInput("nobody", sample("a"));
    causes.put("task", cause());
    curator.label("a", "horse");
    causes.put("label", cause());
    curator.define(definition().setClasses(List.of("cat", "cat")).build());
    causes.put("definition", cause());
    curator.raw(CuratorDriver.TOPICS.commands(), TASK, null);
    causes.put("value", cause());
    curator.candidates.pipeInput("other/3", zeroShot(3));
    causes.put("key", cause());
    assertThat(causes)
        .containsEntry("feature", "a feature of 6 bytes where 2 numbers of 2 bytes are due")
        .containsEntry("id", "the image id is empty")
        .containsEntry("task", "there is no task nobody")
        .containsEntry("label", "horse is not a class of the task")
        .containsEntry("definition", "classes[1] \"cat\" is the same text as \"cat\" to the model")
        .containsEntry("value", "the record has no value")
        .containsEntry("key", "the key is other/3 where animals/3 is due");
    assertThat(
            curator
                .meters
                .counter(LetterCounts.METER, "role", Rejections.ROLE, "reason", "malformed")
                .count())
        .isEqualTo(8);

    curator.sample("a", "b", "c", "d");
    assertThat(ids(curator.batches())).containsExactly("a", "b", "c", "d");
  }

  private String cause() {
    List<TestRecord<byte[], byte[]>> letters = curator.letters();
    assertThat(letters).hasSize(1);
    return header(letters.get(0), DeadLetters.CAUSE);
  }

  private static String header(TestRecord<byte[], byte[]> record, String name) {
    return new String(record.headers().lastHeader(name).value(), StandardCharsets.UTF_8);
  }

  private static List<String> ids(List<RefinementBatch> chunks) {
    return RoundBatch.assemble(chunks).samples().stream().map(BatchSample::getImageId).toList();
  }

  private static <T> T last(List<T> list) {
    return list.get(list.size() - 1);
  }
}
