package io.gripstream.curator;

import static io.gripstream.curator.Fixtures.definition;
import static io.gripstream.curator.Fixtures.trained;
import static io.gripstream.curator.Fixtures.zeroShot;
import static org.assertj.core.api.Assertions.assertThat;

import io.gripstream.event.CommandType;
import io.gripstream.event.PromptVersion;
import io.gripstream.event.RoundEvent;
import io.gripstream.event.RoundEventType;
import io.gripstream.event.TaskDefinition;
import io.gripstream.event.Trigger;
import io.gripstream.refine.judge.Drift;
import io.gripstream.refine.judge.Gate;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The rules for how long a prompt serves: calibration rounds, the way back, a changed stream. */
class ServiceRulesTest {
  private static final Drift.Alarm ALARM = new Drift.Alarm(16, 300, 3.25, 12);

  private final Rounds rounds = new Rounds();
  private final Commands commands = new Commands(rounds);
  private final Definitions definitions = new Definitions();
  private final RulesTest.MapVersions versions = new RulesTest.MapVersions();
  private Gate.Action verdict = Gate.Action.PROMOTE;
  private final Candidates candidates =
      new Candidates((limits, evidence) -> new Gate.Verdict(verdict, "so it is.", "It is worse."));

  private TaskDefinition definition;
  private TaskState state = TaskState.NEW;
  private int pooled = 1000;
  private List<Decision> decisions;
  private long now;

  @BeforeEach
  void begin() {
    define(1000, 30);
    decide(context -> candidates.admit(context, zeroShot(0)));
    assertThat(state.live().zeroShot()).isTrue();
  }

  @Test
  void aCalibrationRoundComesEarlyAndEachThatIsHeldDoublesTheWait() {
    define(10_000, 30);
    verdict = Gate.Action.HOLD;
    for (int due : new int[] {30, 60, 120, 240}) {
      samples(due - 1 - (int) state.service().samples());
      assertThat(state.flight()).isNull();
      samples(1);
      assertThat(request()).extracting(Decision.Request::calibration).isEqualTo(true);
      answer();
      assertThat(state.live().version()).isZero();
    }
    assertThat(state.rounds()).isEqualTo(4);
    assertThat(state.calibrations()).isEqualTo(4);
  }

  @Test
  void calibrationRoundsTakeNoStepOfTheStrategyAndLeaveItsTriggerAlone() {
    define(50, 30);
    verdict = Gate.Action.HOLD;
    samples(30);
    assertThat(request()).isEqualTo(new Decision.Request(1, 1, 0));
    answer();
    samples(20);
    assertThat(request()).isEqualTo(new Decision.Request(2, 2, 1));
    answer();
    samples(10);
    assertThat(request()).isEqualTo(new Decision.Request(3, 3, 0));
    answer();
    samples(40);
    assertThat(request()).isEqualTo(new Decision.Request(4, 4, 2));
  }

  @Test
  void whereBothAreDueTheStrategyGoesFirst() {
    define(30, 30);
    verdict = Gate.Action.HOLD;
    samples(30);
    assertThat(request().calibration()).isFalse();
    answer();
    decide(rounds::requestIfDue);
    assertThat(request().calibration()).isTrue();
  }

  @Test
  void noCalibrationRoundComesForARefinedPromptNorWhereNoneIsWanted() {
    promote();
    samples(100);
    assertThat(state.flight()).isNull();
    command(CommandType.ROLL_BACK, 0);
    define(1000, 0);
    samples(100);
    assertThat(state.flight()).isNull();
    define(1000, 30);
    command(CommandType.PAUSE, null);
    assertThat(state.flight()).isNull();
    command(CommandType.RESUME, null);
    assertThat(request().calibration()).isTrue();
  }

  @Test
  void aCalibrationRoundThatThePoolIsTooSmallForIsRefusedOnceAndWaitsAsIfHeld() {
    pooled = 1;
    samples(30);
    assertThat(events()).extracting(RoundEvent::getType).containsExactly(RoundEventType.REFUSED);
    pooled = 1000;
    samples(29);
    assertThat(state.flight()).isNull();
    samples(1);
    assertThat(request().calibration()).isTrue();
  }

  @Test
  void thePredecessorIsWhatAPromotionReplacedUnlessThatIsZeroShot() {
    assertThat(predecessor()).isEmpty();
    promote();
    assertThat(predecessor()).isEmpty();
    promote();
    assertThat(predecessor()).hasValue(1);
    promote();
    assertThat(predecessor()).hasValue(2);
    command(CommandType.ROLL_BACK, 1);
    assertThat(predecessor()).isEmpty();
  }

  @Test
  void aPredecessorOfOtherClassesOrAnotherModelIsNone() {
    promote();
    promote();
    decide(
        context -> {
          assertThat(WayBack.predecessor(context)).isPresent();
          context.redefine(definition().setTemplate("a drawing of a {}").build());
          assertThat(WayBack.predecessor(context)).isEmpty();
          context.redefine(definition().build());
        });
    PromptVersion other =
        PromptVersion.newBuilder(versions.find(1).orElseThrow().prompt())
            .setModelId("vit@2")
            .build();
    versions.keep(new Versions.Known(other, 1), prompt -> true);
    assertThat(predecessor()).isEmpty();
  }

  @Test
  void aPromptThatIsWorseThanItsPredecessorGivesWayToIt() {
    promote();
    promote();
    verdict = Gate.Action.BACK_TO_PREDECESSOR;
    round();
    assertThat(events())
        .extracting(RoundEvent::getType)
        .containsExactly(RoundEventType.HELD, RoundEventType.ROLLED_BACK);
    RoundEvent back = events().get(1);
    assertThat(back.getVersion()).isEqualTo(1);
    assertThat(back.getRound()).isEqualTo(3);
    assertThat(back.getMessage()).isEqualTo("version 1 is live instead of version 2: It is worse.");
    assertThat(back.getMetrics()).containsEntry("better", 3.0);
    assertThat(events().get(0).getMessage()).isEqualTo("so it is.");
    assertThat(state.live().version()).isEqualTo(1);
    assertThat(versions.find(3)).isPresent();
    assertThat(predecessor()).isEmpty();
    verdict = Gate.Action.PROMOTE;
    round();
    assertThat(state.live().version()).isEqualTo(4);
    assertThat(predecessor()).hasValue(1);
  }

  @Test
  void aPromptThatIsWorseThanZeroShotGivesWayToItAndCalibrationBeginsAnew() {
    promote();
    promote();
    verdict = Gate.Action.BACK_TO_ZERO_SHOT;
    round();
    assertThat(state.live().version()).isZero();
    assertThat(events().get(1).getType()).isEqualTo(RoundEventType.ROLLED_BACK);
    assertThat(predecessor()).isEmpty();
    samples(29);
    assertThat(state.flight()).isNull();
    samples(1);
    assertThat(request().calibration()).isTrue();
    answer();
    assertThat(events()).extracting(RoundEvent::getType).containsExactly(RoundEventType.HELD);
    assertThat(state.live().version()).isZero();
  }

  @Test
  void whereTheWayBackIsNotKnownTheCandidateIsHeldAndTheDiarySaysSo() {
    promote();
    verdict = Gate.Action.BACK_TO_PREDECESSOR;
    round();
    assertThat(events()).extracting(RoundEvent::getType).containsExactly(RoundEventType.HELD);
    assertThat(events().get(0).getMessage())
        .isEqualTo(
            "so it is. It is worse. But the predecessor is not known any more: version 1 stays live.");
    versions.retain(prompt -> prompt.getVersion() != 0);
    verdict = Gate.Action.BACK_TO_ZERO_SHOT;
    round();
    assertThat(events().get(0).getMessage()).contains("the zero-shot version is not known");
    assertThat(state.live().version()).isEqualTo(1);
  }

  @Test
  void aPinnedVersionIsNeverRolledBack() {
    promote();
    command(CommandType.REFINE_NOW, null);
    verdict = Gate.Action.BACK_TO_ZERO_SHOT;
    command(CommandType.PIN, null);
    answer();
    assertThat(state.live().version()).isEqualTo(1);
    assertThat(events().get(0).getMessage()).isEqualTo("version 1 is pinned");
  }

  @Test
  void aChangedStreamEndsARefinedPromptAndItsRoundAndThePool() {
    promote();
    promote();
    command(CommandType.REFINE_NOW, null);
    samples(20);
    decide(context -> StreamChange.follow(context, ALARM));
    assertThat(decisions).contains(new Decision.KeepNewest(16));
    RoundEvent drifted = events().get(0);
    assertThat(drifted.getType()).isEqualTo(RoundEventType.DRIFTED);
    assertThat(drifted.getVersion()).isZero();
    assertThat(drifted.getMessage())
        .isEqualTo(
            "The stream has changed: the newest 16 images lie 3.3 times as far from the 300 before"
                + " as chance explains. Version 0, the zero-shot one, is live instead of version"
                + " 2.");
    assertThat(drifted.getMetrics()).containsEntry("window", 16.0).containsEntry("score", 12.0);
    assertThat(state.live().version()).isZero();
    assertThat(state.arrived()).isZero();
    assertThat(predecessor()).isEmpty();

    decide(context -> candidates.consider(context, trained(3, 3, zeroShot(0), 1)));
    assertThat(state.live().version()).isZero();
    assertThat(events().get(0).getMessage())
        .isEqualTo("the stream has changed since its batch was closed");
    assertThat(versions.find(3)).isPresent();
    samples(30);
    assertThat(request().calibration()).isTrue();
    answer();
    assertThat(state.live().version()).isEqualTo(4);
  }

  @Test
  void aRoundOfBeforeTheChangeIsHeldEvenIfZeroShotWasLiveAllAlong() {
    command(CommandType.REFINE_NOW, null);
    samples(20);
    decide(context -> StreamChange.follow(context, ALARM));
    answer(1, 1);
    assertThat(state.live().version()).isZero();
    assertThat(events().get(0).getMessage()).contains("the stream has changed");
    samples(29);
    assertThat(state.flight()).isNull();
    samples(1);
    assertThat(request().calibration()).isTrue();
  }

  @Test
  void aChangeIsNotNotedWhereTheZeroShotPromptIsLiveAndThePoolHasLittleOfBefore() {
    pooled = 143;
    decide(context -> StreamChange.follow(context, ALARM));
    assertThat(decisions).containsExactly(new Decision.KeepNewest(16));
    pooled = 144;
    decide(context -> StreamChange.follow(context, ALARM));
    assertThat(events()).extracting(RoundEvent::getType).containsExactly(RoundEventType.DRIFTED);
  }

  @Test
  void aPinnedVersionStaysLiveWhateverTheStreamShows() {
    promote();
    command(CommandType.PIN, null);
    decide(context -> StreamChange.follow(context, ALARM));
    assertThat(state.live().version()).isEqualTo(1);
    assertThat(state.pinned()).isTrue();
    assertThat(events().get(0).getMessage()).endsWith("Version 1 is pinned and stays live.");
    assertThat(events().get(0).getVersion()).isEqualTo(1);
  }

  @Test
  void withoutAZeroShotVersionAChangedStreamLeavesWhatIsLiveAndSaysSo() {
    promote();
    versions.retain(prompt -> prompt.getVersion() != 0);
    decide(context -> StreamChange.follow(context, ALARM));
    assertThat(state.live().version()).isEqualTo(1);
    assertThat(events().get(0).getMessage()).contains("zero-shot version is not known any more");
  }

  /** Requests a round and has it promoted. */
  private void promote() {
    verdict = Gate.Action.PROMOTE;
    round();
    assertThat(events()).extracting(RoundEvent::getType).containsExactly(RoundEventType.PROMOTED);
  }

  private void round() {
    command(CommandType.REFINE_NOW, null);
    answer();
  }

  /** The candidate of the round in flight comes. */
  private void answer() {
    answer(state.flight().version(), state.flight().round());
  }

  private void answer(int version, int round) {
    PromptVersion base = versions.find(state.live().version()).orElseThrow().prompt();
    decide(context -> candidates.consider(context, trained(version, round, base, round)));
  }

  private void samples(int count) {
    for (int i = 0; i < count; i++) {
      decide(
          context -> {
            context.become(context.state().sampled());
            rounds.requestIfDue(context);
          });
    }
  }

  private Optional<Integer> predecessor() {
    TaskContext context =
        new TaskContext(Fixtures.TASK, definition, state, versions, () -> pooled, now);
    return WayBack.predecessor(context).map(PromptVersion::getVersion);
  }

  private void define(int samples, int calibration) {
    decide(
        context ->
            definitions.adopt(
                context, definition().setTrigger(new Trigger(samples, calibration, true)).build()));
  }

  private void command(CommandType type, Integer version) {
    decide(
        context -> {
          commands.obey(context, Fixtures.command(type, version));
          rounds.requestIfDue(context);
        });
  }

  private void decide(Consumer<TaskContext> rule) {
    now++;
    TaskContext context =
        new TaskContext(Fixtures.TASK, definition, state, versions, () -> pooled, now);
    rule.accept(context);
    definition = context.definition();
    state = context.state();
    decisions = context.decisions();
  }

  private Decision.Request request() {
    List<Decision.Request> requests =
        decisions.stream()
            .filter(Decision.Request.class::isInstance)
            .map(Decision.Request.class::cast)
            .toList();
    assertThat(requests).hasSize(1);
    return requests.get(0);
  }

  private List<RoundEvent> events() {
    return decisions.stream()
        .filter(Decision.Note.class::isInstance)
        .map(decision -> ((Decision.Note) decision).event())
        .toList();
  }
}
