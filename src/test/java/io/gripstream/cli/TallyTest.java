package io.gripstream.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.gripstream.event.ImageReference;
import io.gripstream.event.Prediction;
import io.gripstream.event.RoundEvent;
import io.gripstream.event.RoundEventType;
import io.gripstream.event.ScoredLabel;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class TallyTest {
  private static final Instant START = Instant.parse("2026-01-01T00:00:00Z");

  private final Tally tally = new Tally("animals", List.of("cat", "dog"));

  @Test
  void bothAccuraciesAreOverTheImagesOfTheVersionThatWentLiveLast() {
    send("a", "cat", 0, "dog", "dog");
    tally.happened(event(RoundEventType.REQUESTED, 1, 1));
    tally.happened(event(RoundEventType.PROMOTED, 1, 1));
    tally.live(1);
    send("b", "cat", 1, "dog", "cat");
    send("c", "cat", 1, "cat", "cat");
    send("d", "dog", 1, "dog", "dog");
    send("e", "dog", 1, "dog", "cat");

    Report report = report();

    assertThat(report.wentLiveLast()).isEqualTo(1);
    assertThat(report.measuredImages()).isEqualTo(4);
    assertThat(report.zeroShotAccuracy()).isEqualTo(0.75);
    assertThat(report.liveAccuracy()).isEqualTo(0.75);
    assertThat(report.perClass().get("cat").live()).isEqualTo(1);
    assertThat(report.perClass().get("cat").zeroShot()).isEqualTo(0.5);
    assertThat(report.accuracyByVersion().keySet()).containsExactly(0, 1);
    assertThat(report.accuracyByVersion().get(0).live()).isZero();
    assertThat(report.poorClassesChange()).isEqualTo(0.5, within(1e-9));
    assertThat(report.richClassesChange()).isEqualTo(-0.5, within(1e-9));
  }

  @Test
  void aPredictionThatAbstainedCountsAndIsNeverRight() {
    tally.sent("a", "cat", START);
    tally.predicted(
        Prediction.newBuilder(prediction("a", 1, "cat", "cat")).setAbstained(true).build(), START);
    tally.live(1);

    assertThat(report().predictions()).isEqualTo(1);
    assertThat(report().zeroShotAccuracy()).isEqualTo(1);
    assertThat(report().liveAccuracy()).isZero();
    assertThat(report().abstained()).isEqualTo(1);
    assertThat(tally.line(Duration.ZERO))
        .endsWith("live v1 0.0 % (zero-shot 100.0 %), 1 abstained, counted as wrong");
  }

  @Test
  void oneOfAKindIsNotSaidAsMany() {
    tally.happened(event(RoundEventType.DRIFTED, 1, 0));
    assertThat(tally.line(Duration.ZERO)).contains(", 1 change of the stream");
    tally.happened(event(RoundEventType.DRIFTED, 2, 0));
    assertThat(tally.line(Duration.ZERO)).contains(", 2 changes of the stream");
  }

  @Test
  void anImageWithoutAnOutcomeIsLostAndAnImageLabelledTwiceIsADuplicate() {
    send("a", "cat", 0, "cat", "cat");
    tally.predicted(prediction("a", 0, "cat", "cat"), START);
    tally.sent("b", "dog", START);
    tally.sent("c", "dog", START);
    tally.deadLettered("c");
    tally.deadLettered("c");
    tally.predicted(prediction("somebody else's", 0, "cat", "cat"), START);

    Report report = report();

    assertThat(tally.settled()).isFalse();
    assertThat(report.images()).isEqualTo(3);
    assertThat(report.predictions()).isEqualTo(1);
    assertThat(report.deadLettered()).isEqualTo(1);
    assertThat(report.lost()).isEqualTo(1);
    assertThat(report.duplicates()).isEqualTo(1);
  }

  @Test
  void roundsAreCountedByWhatBecameOfThem() {
    tally.happened(event(RoundEventType.PROMOTED, 0, 0));
    tally.happened(event(RoundEventType.REQUESTED, 1, 1));
    assertThat(tally.refining()).isTrue();
    tally.happened(event(RoundEventType.PROGRESS, 1, 1));
    tally.happened(event(RoundEventType.PROMOTED, 1, 1));
    assertThat(tally.refining()).isFalse();
    tally.happened(event(RoundEventType.REQUESTED, 2, 2));
    tally.happened(event(RoundEventType.HELD, 2, 2));
    tally.happened(event(RoundEventType.REQUESTED, 3, 3));
    tally.happened(event(RoundEventType.FAILED, 3, 3));

    Report report = report();

    assertThat(report.rounds()).isEqualTo(3);
    assertThat(report.zeroShotPromoted()).isEqualTo(1);
    assertThat(report.promoted()).isEqualTo(1);
    assertThat(report.held()).isEqualTo(1);
    assertThat(report.failed()).isEqualTo(1);
  }

  @Test
  void aReportOfNothingHasNoAccuracyRatherThanAWrongOne() throws Exception {
    JsonNode json = new ObjectMapper().readTree(report().json());

    assertThat(json.get("images").asLong()).isZero();
    assertThat(json.get("liveAccuracy").isNull()).isTrue();
    assertThat(json.get("poorClassesChange").isNull()).isTrue();
    assertThat(json.get("firstPredictionSeconds").isNull()).isTrue();
  }

  @Test
  void timesAreCountedFromTheJvmsStartAndFromTheFirstImage() {
    tally.sent("a", "cat", START.plusSeconds(4));
    tally.predicted(prediction("a", 0, "cat", "cat"), START.plusSeconds(6));

    Report report = tally.report(START, START.plusSeconds(14));

    assertThat(report.firstPredictionSeconds()).isEqualTo(6);
    assertThat(report.wallSeconds()).isEqualTo(10);
    assertThat(report.imagesPerSecond()).isEqualTo(0.5);
  }

  @Test
  void anotherTasksPredictionsAndRoundsAreNotOurs() {
    tally.sent("a", "cat", START);
    Prediction other = prediction("a", 0, "cat", "cat");
    tally.predicted(Prediction.newBuilder(other).setTask("plants").build(), START);
    tally.happened(
        RoundEvent.newBuilder(event(RoundEventType.REQUESTED, 1, 1)).setTask("plants").build());

    assertThat(tally.settled()).isFalse();
    assertThat(report().rounds()).isZero();
  }

  private Report report() {
    return tally.report(START, START.plusSeconds(60));
  }

  private void send(String id, String truth, int version, String zeroShot, String live) {
    tally.sent(id, truth, START);
    tally.predicted(prediction(id, version, zeroShot, live), START);
  }

  private static Prediction prediction(String id, int version, String zeroShot, String live) {
    return Prediction.newBuilder()
        .setImageId(id)
        .setTask("animals")
        .setLabels(List.of(new ScoredLabel(live, 0.9f)))
        .setZeroShot(new ScoredLabel(zeroShot, 0.8f))
        .setPromptVersion(version)
        .setPromptDigest("00")
        .setModelId("pico@0")
        .setImage(new ImageReference("gripstream.images", 0, 0L, null, "00"))
        .setAttributes(Map.of())
        .build();
  }

  private static RoundEvent event(RoundEventType type, int round, int version) {
    return RoundEvent.newBuilder()
        .setTask("animals")
        .setRound(round)
        .setType(type)
        .setVersion(version)
        .setAt(START)
        .build();
  }
}
