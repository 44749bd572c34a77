package io.gripstream.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import io.gripstream.chaos.Violation.Kind;
import io.gripstream.event.RoundEventType;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A judge who finds nothing must be one who would have found something. */
class VerifierTest {
  private static final float SURE = 0.731f;

  private final HandMade topics = new HandMade();

  /** A good image, a damaged one, a round, a label and a command, and all that they ask for. */
  @BeforeEach
  void aServiceThatKeepsItsPromises() {
    topics.candidate(0, "zero");
    topics.live(0, "zero");
    topics.diary(RoundEventType.PROMOTED, 0, 0, "the zero-shot prompt of the task");
    topics.sent("good", true);
    topics.prediction("good", 0, "zero", "cat", SURE);
    topics.sample("good", 0, "zero");
    topics.sent("damaged", false);
    topics.letter("damaged");
    topics.diary(RoundEventType.REQUESTED, 1, 1, "");
    topics.diary(RoundEventType.STARTED, 1, 1, "");
    topics.candidate(1, "one");
    topics.diary(RoundEventType.HELD, 1, 1, "");
    topics.acknowledgedLabel("good", "a person");
    topics.label("good", "a person");
    topics.acknowledgedCommand("wish 1");
    topics.command("wish 1");
    topics.diary(RoundEventType.PAUSED, 1, 0, "no round begins any more (wish 1)");
  }

  @AfterEach
  void close() {
    topics.close();
  }

  @Test
  void findsNothingWherePromisesAreKept() {
    Verifier.Report report = topics.judged();

    assertThat(report.violations()).isEmpty();
    assertThat(report.counts())
        .containsEntry("images", 2)
        .containsEntry("predictions", 1)
        .containsEntry("dead letters", 1)
        .containsEntry("labels computed again", 1)
        .containsEntry("rounds ended", 1)
        .containsEntry("versions", 2);
  }

  @ParameterizedTest
  @EnumSource(Kind.class)
  void findsEachViolationAndNoOther(Kind kind) {
    violate(kind);

    assertThat(topics.judged().violations()).extracting(Violation::kind).containsOnly(kind);
  }

  @Test
  void whatATransactionWroteThatWasAbortedIsNotThere() {
    assertThat(topics.judged().violations()).isEmpty();
    topics.prediction("good", 0, "zero", "cat", SURE);
    topics.letter("good");
    topics.abort();
    topics.label("good", "another person");

    assertThat(topics.judged().violations()).isEmpty();
  }

  @Test
  void aDeadLetterBesideAPredictionIsBlameAndTwice() {
    topics.letter("good");

    assertThat(topics.judged().violations())
        .extracting(Violation::kind)
        .containsExactlyInAnyOrder(Kind.BLAMED, Kind.TWICE);
  }

  @Test
  void aCommandThatWasWrittenTwiceIsAnsweredTwice() {
    topics.command("wish 1");
    topics.diary(RoundEventType.REFUSED, 1, null, "PAUSE: the task is paused already (wish 1)");

    assertThat(topics.judged().violations()).isEmpty();
  }

  @Test
  void aVersionThatGoesLiveAgainWithItsClassesEndsNoRound() {
    topics.diary(
        RoundEventType.PROMOTED,
        1,
        1,
        "the task's definition is the one that version 1 was made for");

    assertThat(topics.judged().violations()).isEmpty();
  }

  private void violate(Kind kind) {
    switch (kind) {
      case LOST -> topics.sent("lost", true);
      case TWICE -> topics.prediction("good", 0, "zero", "cat", SURE);
      case INVENTED -> topics.prediction("invented", 0, "zero", "cat", SURE);
      case BLAMED -> {
        topics.sent("blamed", true);
        topics.letter("blamed");
      }
      case UNKNOWN_VERSION -> {
        topics.sent("other", true);
        topics.prediction("other", 7, "seven", "cat", SURE);
      }
      case TWO_DIGESTS -> topics.candidate(1, "another one");
      case WRONG_LABEL -> {
        topics.sent("wrong", true);
        topics.prediction("wrong", 0, "zero", "dog", SURE);
        topics.sample("wrong", 0, "zero");
      }
      case UNEXPLAINED -> topics.live(1, "one");
      case OPEN_ROUND -> topics.diary(RoundEventType.STARTED, 2, 2, "");
      case ROUND_TWICE -> topics.diary(RoundEventType.FAILED, 1, 1, "");
      case LABEL_LOST -> topics.acknowledgedLabel("good", "another person");
      case COMMAND_LOST -> topics.acknowledgedCommand("wish 2");
      case UNANSWERED -> {
        topics.acknowledgedCommand("wish 3");
        topics.command("wish 3");
      }
      case ANSWERED_TWICE ->
          topics.diary(RoundEventType.REFUSED, 1, null, "PAUSE: it is paused (wish 1)");
    }
  }
}
