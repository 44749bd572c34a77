package io.gripstream.gateway.board;

import static org.assertj.core.api.Assertions.assertThat;

import io.gripstream.event.ImageReference;
import io.gripstream.event.LabelEvent;
import io.gripstream.event.Prediction;
import io.gripstream.event.RoundEvent;
import io.gripstream.event.RoundEventType;
import io.gripstream.event.ScoredLabel;
import io.gripstream.event.TaskDefinition;
import io.gripstream.refine.HeldOut;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class TaskBoardTest {
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
  void figuresFollowThePredictions() {
    predict("1", "a", "a");
    predict("2", "b", "a");
    TaskStats stats = task().stats(NOW.toEpochMilli());
    assertThat(stats.predictions()).isEqualTo(2);
    assertThat(stats.changed()).isEqualTo(.5);
    assertThat(stats.classes()).isEqualTo(Map.of("a", 1L, "b", 1L));
    assertThat(stats.confidence()).isEqualTo((double) .8f);
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

  private TaskBoard task() {
    return board.find("t").orElseThrow();
  }

  private void round(int round, RoundEventType type, double progress, Map<String, Double> metrics) {
    board.round(new RoundEvent("t", round, type, 1, null, progress, "because", metrics, NOW));
  }

  private void predict(String id, String label, String zeroShot) {
    board.prediction(
        new Prediction(
            id,
            "t",
            List.of(new ScoredLabel(label, .8f)),
            new ScoredLabel(zeroShot, .5f),
            1,
            "digest",
            "model",
            new ImageReference("images", 0, 1L, null, "00"),
            Map.of()),
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
