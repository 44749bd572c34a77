package io.gripstream.gateway.board;

import static org.assertj.core.api.Assertions.assertThat;

import io.gripstream.gateway.board.ScoreView.ClassAccuracy;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class ScoreboardTest {
  private final Scoreboard scoreboard = new Scoreboard();
  private long seq;

  @Test
  void truthAndPredictionMayComeInEitherOrder() {
    scoreboard.truth("early", "a");
    scoreboard.predicted(prediction("early", "b", "a", 0));
    scoreboard.predicted(prediction("late", "a", "b", 0));
    scoreboard.truth("late", "a");
    assertThat(view().overall()).isEqualTo(new Accuracy(2, .5, .5));
  }

  @Test
  void anImageWithoutTruthDoesNotCount() {
    scoreboard.predicted(prediction("x", "a", "a", 0));
    assertThat(view().overall()).isEqualTo(new Accuracy(0, null, null));
    assertThat(scoreboard.used()).isFalse();
  }

  @Test
  void sayingTheSameTwiceCountsOnceAndAnotherTruthReplacesTheFirst() {
    scoreboard.predicted(prediction("x", "a", "b", 0));
    scoreboard.truth("x", "a");
    scoreboard.truth("x", "a");
    assertThat(view().overall()).isEqualTo(new Accuracy(1, 1.0, 0.0));
    scoreboard.truth("x", "b");
    assertThat(view().overall()).isEqualTo(new Accuracy(1, 0.0, 1.0));
    assertThat(view().window()).isEqualTo(new Accuracy(1, 0.0, 1.0));
    scoreboard.truth("x", null);
    assertThat(view().overall()).isEqualTo(new Accuracy(0, null, null));
  }

  @Test
  void aPredictionThatAbstainedCountsAndIsNeverRight() {
    scoreboard.truth("x", "a");
    scoreboard.predicted(prediction("x", "a", "a", true, 0));
    assertThat(view().overall()).isEqualTo(new Accuracy(1, 1.0, 0.0));
  }

  @Test
  void theLiveVersionsFiguresAreOverItsOwnImages() {
    for (int i = 0; i < 10; i++) {
      scoreboard.truth("image-" + i, "a");
      scoreboard.predicted(prediction("image-" + i, "b", i < 6 ? "b" : "a", i < 6 ? 0 : 1));
    }
    ScoreView view = scoreboard.view("t", "test", 1);
    assertThat(view.overall().scored()).isEqualTo(10);
    assertThat(view.liveVersion().scored()).isEqualTo(4);
    assertThat(view.liveVersion().live()).isEqualTo(1);
    assertThat(view.liveVersion().zeroShot()).isZero();
  }

  @Test
  void thePoorestClassesComeFirstAndTheHalvesAreTheRobinHoodFigures() {
    score("rich", "rich", "rich");
    score("rich", "rich", "poor");
    score("poor", "rich", "poor");
    score("poor", "rich", "poor");
    ScoreView view = scoreboard.view("t", "test", 0);
    assertThat(view.classes())
        .containsExactly(new ClassAccuracy("poor", 2, 0, 1), new ClassAccuracy("rich", 2, 1, .5));
    assertThat(view.poorHalf()).isEqualTo(1);
    assertThat(view.richHalf()).isEqualTo(-.5);
  }

  @Test
  void theWindowHoldsTheLatestImagesOnly() {
    for (int i = 0; i < 1000; i++) {
      score("a", "a", i < 800 ? "b" : "a");
    }
    assertThat(view().window()).isEqualTo(new Accuracy(Scoreboard.WINDOW, 1.0, 1.0));
    assertThat(view().overall().live()).isEqualTo(.2);
  }

  @Test
  void aLongSeriesKeepsItsWholeSpanAndStaysBounded() {
    for (int i = 0; i < 50_000; i++) {
      score("a", "a", "a");
    }
    List<ScoreView.Point> series = view().series();
    assertThat(series).hasSizeBetween(150, 400);
    assertThat(series.get(0).at()).isLessThan(1_000);
    assertThat(series.get(series.size() - 1).at()).isGreaterThan(49_000);
    assertThat(series).isSortedAccordingTo((a, b) -> Long.compare(a.at(), b.at()));
  }

  @Test
  void truthInWhateverOrderMakesTheSameSeriesAndWindow() {
    Scoreboard late = new Scoreboard();
    List<PredictionView> predictions =
        IntStream.range(0, 1500)
            .mapToObj(i -> prediction("image-" + i, "a", i < 700 ? "b" : "a", i < 700 ? 0 : 1))
            .toList();
    predictions.forEach(
        each -> {
          scoreboard.truth(each.imageId(), "a");
          scoreboard.predicted(each);
          late.predicted(each);
        });
    List<PredictionView> shuffled = new ArrayList<>(predictions);
    Collections.shuffle(shuffled, new Random(5));
    shuffled.forEach(each -> late.truth(each.imageId(), "a"));
    ScoreView known = view();
    ScoreView told = late.view("t", "test", 0);
    assertThat(told.series()).isEqualTo(known.series());
    assertThat(told.window()).isEqualTo(known.window()).isEqualTo(new Accuracy(200, 1.0, 1.0));
    assertThat(told.series().get(0).live()).isZero();
    assertThat(told.series().get(0).version()).isZero();
    assertThat(told.series().get(told.series().size() - 1).version()).isEqualTo(1);
  }

  @Test
  void truthThatIsTakenBackIsTakenOutOfTheSeries() {
    IntStream.range(0, 20).forEach(i -> score("a", "a", "a"));
    scoreboard.truth("image-3", "b");
    scoreboard.truth("image-4", null);
    ScoreView.Point last = view().series().get(view().series().size() - 1);
    assertThat(last.scored()).isEqualTo(19);
    assertThat(last.live()).isEqualTo(18 / 19.0);
  }

  private void score(String truth, String zeroShot, String live) {
    String id = "image-" + seq;
    scoreboard.truth(id, truth);
    scoreboard.predicted(prediction(id, zeroShot, live, 0));
  }

  private ScoreView view() {
    return scoreboard.view("t", "test", 0);
  }

  private PredictionView prediction(String id, String zeroShot, String live, int version) {
    return prediction(id, zeroShot, live, false, version);
  }

  private PredictionView prediction(
      String id, String zeroShot, String live, boolean abstained, int version) {
    seq++;
    return new PredictionView(
        seq,
        id,
        List.of(new Score(live, .9f)),
        abstained,
        new Score(zeroShot, .5f),
        !live.equals(zeroShot),
        version,
        "digest",
        "model",
        new ImageView(0, seq, null, "00"),
        Map.of(),
        seq,
        null);
  }
}
