package io.gripstream.gateway.board;

import static org.assertj.core.api.Assertions.assertThat;

import io.gripstream.event.ImageReference;
import io.gripstream.event.LabelEvent;
import io.gripstream.event.Paradigm;
import io.gripstream.event.Prediction;
import io.gripstream.event.RefinementBatch;
import io.gripstream.event.RoundEvent;
import io.gripstream.event.RoundEventType;
import io.gripstream.event.ScoredLabel;
import io.gripstream.event.Strategy;
import io.gripstream.event.TaskDefinition;
import io.gripstream.gateway.board.LabelsView.ClassLabels;
import io.gripstream.gateway.board.LabelsView.ImageLabel;
import io.gripstream.kafka.Position;
import io.gripstream.refine.train.HeldOut;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class TaskBoardTest {
  private int next;

  private static final Instant NOW = Instant.parse("2026-01-01T12:00:00Z");

  private final Board board = new Board(Clock.fixed(NOW, ZoneOffset.UTC));

  @BeforeEach
  void define() {
    board.task("t", TaskDefinition.newBuilder().setClasses(List.of("a", "b")).build());
  }

  @Test
  void aTaskThatWasEndedIsNoLongerFound() {
    board.task("t", null);
    assertThat(board.find("t")).isEmpty();
    assertThat(board.defined()).isEmpty();
  }

  @Test
  void tasksThatEndedMakeRoomForOthers() {
    TaskDefinition definition = task().definition().orElseThrow();
    for (int i = 0; i < 3000; i++) {
      board.task("ended-" + i, definition);
      board.task("ended-" + i, null);
    }
    board.task("new", definition);
    assertThat(board.defined()).extracting(TaskBoard::task).containsExactly("new", "t");
  }

  @Test
  void figuresFollowThePredictions() {
    predict("1", "a", "a");
    predict("2", "b", "a");
    TaskStats stats = task().stats(NOW.toEpochMilli());
    assertThat(stats.predictions()).isEqualTo(2);
    assertThat(stats.since()).isEqualTo(NOW.toEpochMilli());
    assertThat(stats.changed()).isEqualTo(.5);
    assertThat(stats.classes()).isEqualTo(Map.of("a", 1L, "b", 1L));
    assertThat(stats.confidence()).isEqualTo((double) .8f);
  }

  @Test
  void aLabelThatIsNoClassIsNotCountedAmongThem() {
    predict("1", "a", "a");
    predict("2", "made up", "a");
    assertThat(task().stats(NOW.toEpochMilli()).classes()).isEqualTo(Map.of("a", 1L));
  }

  @Test
  void aPredictionThatAbstainedIsALabelOfNoClassButIsShown() {
    predict("1", "a", "a");
    predict("2", "b", "a", true);
    TaskStats stats = task().stats(NOW.toEpochMilli());
    assertThat(stats.predictions()).isEqualTo(2);
    assertThat(stats.classes()).isEqualTo(Map.of("a", 1L));
    assertThat(stats.changed()).isZero();
    assertThat(stats.confidence()).isEqualTo((double) .8f);
    PredictionView abstained = task().predictions(p -> p.abstained(), 10).get(0);
    assertThat(abstained.imageId()).isEqualTo("2");
    assertThat(abstained.label()).isNull();
    assertThat(abstained.changed()).isFalse();
    assertThat(abstained.labels().get(0).label()).isEqualTo("b");
    assertThat(task().toLabel(10)).extracting(PredictionView::imageId).contains("2");
  }

  /** The topics are read side by side: a prompt may come before its candidate. */
  @Test
  void aRefusalCountsWhenItStands() {
    long now = NOW.toEpochMilli();
    task().refused("early", now);
    assertThat(task().stats(now + Refusals.SETTLE - 1).refused()).isEqualTo("early");
    task().live(facts(1), now + Refusals.SETTLE - 1);
    assertThat(task().stats(now + 10 * Refusals.SETTLE).refusals()).isZero();
    task().refused("forged", now);
    task().refused("forged again", now + Refusals.SETTLE);
    task().live(facts(1), now + 2 * Refusals.SETTLE);
    TaskStats stats = task().stats(now + 3 * Refusals.SETTLE);
    assertThat(stats.refusals()).isEqualTo(2);
    assertThat(stats.lastRefusal()).isEqualTo("forged again");
    assertThat(stats.refused()).isNull();
    assertThat(stats.live()).isEqualTo(1);
  }

  @Test
  void otherClassesBeginNewFigures() {
    predict("1", "a", "a");
    board.task("t", TaskDefinition.newBuilder().setClasses(List.of("c", "d")).build());
    assertThat(task().predictions(p -> true, 10)).isEmpty();
    assertThat(task().stats(0).classes()).isEmpty();
  }

  @Test
  void aViewerGetsTheNewestAndHearsHowManyItMissed() {
    IntStream.range(0, 100).forEach(i -> predict("image-" + i, "a", "a"));
    Update update = board.update("t", 40, 0, 24).orElseThrow();
    assertThat(update.predictions()).hasSize(24);
    assertThat(update.predictions().get(23).imageId()).isEqualTo("image-99");
    assertThat(update.skipped()).isEqualTo(36);
    assertThat(board.update("t", update.seq(), 0, 24).orElseThrow().predictions()).isEmpty();
  }

  @Test
  void aViewerThatWasAwayGetsAllThatCameMeanwhileFromAnyProcess() {
    IntStream.range(0, 40).forEach(i -> predict("image-" + i, "a", "a"));
    String id = board.update("t", 0, 0, 24).orElseThrow().read().toString();
    assertThat(id).isEqualTo("0:19,1:19");
    IntStream.range(40, 100).forEach(i -> predict("image-" + i, "a", "a"));
    Update update = board.resume("t", Positions.parse(id).orElseThrow(), 24).orElseThrow();
    assertThat(update.predictions())
        .extracting(PredictionView::imageId)
        .containsExactlyElementsOf(IntStream.range(40, 100).mapToObj(i -> "image-" + i).toList());
    assertThat(update.skipped()).isZero();
    // Another process may have read the partitions in another order.
    Positions ahead = Positions.parse("0:49,1:9").orElseThrow();
    assertThat(board.resume("t", ahead, 24).orElseThrow().predictions())
        .hasSize(40)
        .allMatch(p -> Integer.parseInt(p.imageId().substring(6)) % 2 == 1);
    for (String none : List.of("", "x", "1", "0:1,", "0:1;1:2", "-1:2", "0:9999999999999999999")) {
      assertThat(Positions.parse(none)).as(none).isEmpty();
    }
  }

  @Test
  void truthThatComesLaterReachesAViewerWhoHasSeenThePrediction() {
    predict("1", "a", "b");
    Update before = board.update("t", 0, 0, 24).orElseThrow();
    task().truth("1", "a");
    Update after = board.update("t", before.seq(), before.revision(), 24).orElseThrow();
    assertThat(after.settled()).singleElement().extracting(PredictionView::truth).isEqualTo("a");
    assertThat(board.update("t", after.seq(), after.revision(), 24).orElseThrow().settled())
        .isEmpty();
  }

  @Test
  void onlyLabelsThatNeverTrainAreScored() {
    double share = task().definition().orElseThrow().getGate().getHeldOutShare();
    String held = id(share, true);
    String training = id(share, false);
    predict(held, "a", "a");
    predict(training, "a", "a");
    board.label("t", new LabelEvent(held, "a", null));
    board.label("t", new LabelEvent(training, "a", null));
    assertThat(task().score().source()).isEqualTo("held-out labels");
    assertThat(task().score().overall().scored()).isEqualTo(1);
  }

  @Test
  void labelsAreCountedByClassAndByWhetherTheyTrain() {
    double share = task().definition().orElseThrow().getGate().getHeldOutShare();
    String held = id(share, true);
    String training = id(share, false);
    board.label("t", new LabelEvent(held, "a", null));
    board.label("t", new LabelEvent(training, "b", null));
    board.label("t", new LabelEvent("other", "no class", null));
    board.label("nobody", new LabelEvent("other", "a", null));
    assertThat(task().labels())
        .hasValue(
            new LabelsView(
                2, "SSL", List.of(new ClassLabels("a", 0, 1), new ClassLabels("b", 1, 0))));
    assertThat(task().label(held)).hasValue(new ImageLabel(held, "a", true));
    assertThat(task().label("other")).get().extracting(ImageLabel::label).isNull();

    board.label("t", new LabelEvent(training, "a", null));
    board.label("t", new LabelEvent(held, null, null));
    assertThat(task().labels())
        .hasValue(
            new LabelsView(
                1, "TRZSL", List.of(new ClassLabels("a", 1, 0), new ClassLabels("b", 0, 0))));
    board.task("t", null);
    board.task("t", TaskDefinition.newBuilder().setClasses(List.of("a", "b")).build());
    assertThat(task().labels()).get().extracting(LabelsView::labels).isEqualTo(0);
  }

  @Test
  void howeverManyLabelsComeTheLatestOfBoundedlyManyAreKnown() {
    for (int i = 0; i < 20_100; i++) {
      board.label("t", new LabelEvent("image-" + i, "a", null));
    }
    board.label("t", new LabelEvent("x".repeat(5000), "a", null));
    assertThat(task().labels()).get().extracting(LabelsView::labels).isEqualTo(20_000);
    assertThat(task().label("image-99")).get().extracting(ImageLabel::label).isNull();
    assertThat(task().label("image-100")).get().extracting(ImageLabel::label).isEqualTo("a");
  }

  @Test
  void imagesOfTheClassesWithTheFewestLabelsAreSuggestedFirst() {
    for (int i = 0; i < 5; i++) {
      predict("a" + i, "a", "a");
    }
    predict("b0", "b", "a");
    predict("b1", "b", "a");
    double share = task().definition().orElseThrow().getGate().getHeldOutShare();
    IntStream.range(0, 1000)
        .mapToObj(i -> "training-" + i)
        .filter(id -> !HeldOut.contains("t", id, share))
        .limit(2)
        .forEach(id -> board.label("t", new LabelEvent(id, "b", null)));
    board.label("t", new LabelEvent("a3", "a", null));
    assertThat(task().toLabel(5))
        .extracting(PredictionView::imageId)
        .startsWith("a4")
        .doesNotContain("a3")
        .contains("b1");
    assertThat(task().toLabel(100)).hasSize(6);
    assertThat(task().toLabel(1)).extracting(PredictionView::imageId).containsExactly("a4");
  }

  @Test
  void aRoundKeepsTheParadigmThatWasSaidOfIt() {
    round(1, RoundEventType.REQUESTED, 0, Map.of("labelled", 4.0), Paradigm.SSL);
    round(1, RoundEventType.PROGRESS, .4, Map.of());
    assertThat(task().round(1)).get().extracting(RoundView::paradigm).isEqualTo("SSL");
    assertThat(task().diary().get(0).paradigm()).isEqualTo("SSL");
    assertThat(task().round(1).orElseThrow().metrics()).containsEntry("labelled", 4.0);
  }

  @Test
  void aRoundIsWhatItsDiaryAddsUpTo() {
    round(1, RoundEventType.REQUESTED, 0, Map.of());
    round(1, RoundEventType.PROGRESS, .4, Map.of("loss", 2.0));
    round(1, RoundEventType.PROGRESS, .8, Map.of("loss", 1.0));
    RoundView running = board.update("t", 0, 0, 1).orElseThrow().round();
    assertThat(running.progress()).isEqualTo(.8);
    assertThat(running.metrics()).isEqualTo(Map.of("loss", 1.0));
    round(1, RoundEventType.HELD, 0, Map.of());
    assertThat(board.update("t", 0, 0, 1).orElseThrow().round()).isNull();
    assertThat(task().round(1).orElseThrow().state()).isEqualTo("HELD");
    assertThat(task().diary()).extracting(DiaryEntry::type).containsExactly("HELD", "REQUESTED");
  }

  @Test
  void pausesAndPinsAreKnownFromTheDiary() {
    round(0, RoundEventType.PAUSED, 0, Map.of());
    round(0, RoundEventType.PINNED, 0, Map.of());
    assertThat(task().stats(0).paused()).isTrue();
    assertThat(task().stats(0).pinned()).isEqualTo(1);
    round(0, RoundEventType.RESUMED, 0, Map.of());
    round(0, RoundEventType.UNPINNED, 0, Map.of());
    assertThat(task().stats(0).paused()).isFalse();
    assertThat(task().stats(0).pinned()).isNull();
  }

  @Test
  void versionsThatAreOrWereLiveAreKeptHoweverManyComeAfterThem() {
    IntStream.range(0, 2000).forEach(this::candidate);
    for (int version = 0; version < 2000; version++) {
      boolean promoted = version == 0 || version == 1500 || version == 1510;
      event(promoted ? RoundEventType.PROMOTED : RoundEventType.HELD, version, version, "because");
      if (version == 1510) {
        board.live("t", facts(version));
      }
    }
    assertThat(task().versions()).hasSize(500);
    assertThat(task().versions().get(0).facts().version()).isEqualTo(1999);
    assertThat(task().version(1510)).get().extracting(VersionView::live).isEqualTo(true);
    assertThat(task().version(1500)).get().extracting(VersionView::wasLive).isEqualTo(true);
    assertThat(task().version(0)).isPresent();
    assertThat(task().version(1400)).isEmpty();
  }

  @Test
  void theLiveVersionIsKnownEvenIfItsCandidateIsNot() {
    board.live("t", facts(7));
    assertThat(task().versions()).singleElement().extracting(VersionView::live).isEqualTo(true);
    assertThat(task().position(7)).isEmpty();
  }

  @Test
  void aVersionSaysHowItsServiceEndedAndByWhom() {
    IntStream.range(0, 5).forEach(this::candidate);
    event(RoundEventType.PROMOTED, 0, 0, "first");
    event(RoundEventType.PROMOTED, 1, 1, "better");
    event(RoundEventType.PROMOTED, 2, 2, "better still");
    event(RoundEventType.ROLLED_BACK, 2, 1, "version 1 is live instead of version 2 (odd)");
    event(RoundEventType.PINNED, 2, 2, "version 2 is pinned (try it)");
    assertThat(task().version(2).orElseThrow().pin()).isEqualTo("version 2 is pinned (try it)");
    assertThat(task().version(2).orElseThrow().ended()).isNull();
    assertThat(end(0)).extracting(ServiceEnd::by).isEqualTo(ServiceEnd.By.GATE);
    assertThat(end(1)).extracting(ServiceEnd::by).isEqualTo(ServiceEnd.By.OPERATOR);
    event(RoundEventType.ROLLED_BACK, 2, 1, "version 1 is live instead of version 2");
    assertThat(task().stats(0).pinned()).isEqualTo(1);
    assertThat(end(2).message()).isEqualTo("version 1 is live instead of version 2");
    event(RoundEventType.DRIFTED, 2, 1, "Version 1 is pinned and stays live.");
    assertThat(end(1)).isNull();
    event(RoundEventType.UNPINNED, 2, 1, "the gate decides again");
    event(RoundEventType.DRIFTED, 2, 0, "Version 0, the zero-shot one, is live.");
    assertThat(end(1))
        .isEqualTo(
            new ServiceEnd(
                "DRIFTED",
                ServiceEnd.By.STREAM,
                0,
                "Version 0, the zero-shot one, is live.",
                NOW.toEpochMilli()));
    event(RoundEventType.PROMOTED, 3, 3, "better");
    board.round(
        new RoundEvent(
            "t", 4, RoundEventType.ROLLED_BACK, 0, null, 0.0, "worse", Map.of("gain", 1.0), NOW));
    assertThat(end(3)).extracting(ServiceEnd::by).isEqualTo(ServiceEnd.By.GATE);
    event(RoundEventType.PROMOTED, 0, 4, "other classes");
    assertThat(end(0)).extracting(ServiceEnd::by).isEqualTo(ServiceEnd.By.DEFINITION);
    assertThat(task().version(3).orElseThrow().verdict()).isEqualTo("PROMOTED");
  }

  @Test
  void aRoundFollowsWhatItsBatchSaysAndNotTheDefinition() {
    round(1, RoundEventType.REQUESTED, 0, Map.of());
    assertThat(task().round(1).orElseThrow().calibration()).isNull();
    batch(1, Strategy.BALANCE);
    batch(2, null);
    round(2, RoundEventType.REQUESTED, 0, Map.of());
    RoundView first = task().round(1).orElseThrow();
    assertThat(first.strategy()).isEqualTo("BALANCE");
    assertThat(first.calibration()).isTrue();
    assertThat(first.samples()).isEqualTo(0);
    assertThat(task().round(2).orElseThrow().strategy()).isEqualTo("AUTO");
    assertThat(task().round(2).orElseThrow().calibration()).isFalse();
  }

  private void batch(int round, Strategy instead) {
    TaskDefinition definition = TaskDefinition.newBuilder().setClasses(List.of("a", "b")).build();
    board.batch(
        new RefinementBatch(
            "t", round, round, 0, 1, NOW, definition, null, null, instead, 0, List.of()),
        new Position(0, round));
  }

  private void candidate(int version) {
    board.candidate(facts(version), new Position(0, version));
  }

  private ServiceEnd end(int version) {
    return task().version(version).orElseThrow().ended();
  }

  private void event(RoundEventType type, int round, int version, String message) {
    board.round(new RoundEvent("t", round, type, version, null, 0.0, message, Map.of(), NOW));
  }

  private static VersionFacts facts(int version) {
    return new VersionFacts(
        "t",
        version,
        "digest",
        null,
        "model",
        "TEXT",
        null,
        null,
        List.of("a", "b"),
        "a {}",
        1,
        version,
        Map.of(),
        Map.of(),
        NOW.toEpochMilli());
  }

  private TaskBoard task() {
    return board.find("t").orElseThrow();
  }

  private void round(int round, RoundEventType type, double progress, Map<String, Double> metrics) {
    round(round, type, progress, metrics, null);
  }

  private void round(
      int round,
      RoundEventType type,
      double progress,
      Map<String, Double> metrics,
      Paradigm paradigm) {
    board.round(new RoundEvent("t", round, type, 1, paradigm, progress, "because", metrics, NOW));
  }

  private void predict(String id, String label, String zeroShot) {
    predict(id, label, zeroShot, false);
  }

  private void predict(String id, String label, String zeroShot, boolean abstained) {
    board.prediction(
        new Prediction(
            id,
            "t",
            List.of(new ScoredLabel(label, .8f)),
            abstained,
            new ScoredLabel(zeroShot, .5f),
            1,
            "digest",
            "model",
            new ImageReference("images", 0, 1L, null, "00"),
            Map.of()),
        new Position(next % 2, next++ / 2),
        NOW.toEpochMilli());
  }

  private static String id(double share, boolean held) {
    return IntStream.range(0, 1000)
        .mapToObj(i -> "image-" + i)
        .filter(id -> HeldOut.contains("t", id, share) == held)
        .findFirst()
        .orElseThrow();
  }
}
