package io.gripstream.labeler;

import static io.gripstream.labeler.Events.BLUE;
import static io.gripstream.labeler.Events.GREEN;
import static io.gripstream.labeler.Events.RED;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.gripstream.GripstreamConfig;
import io.gripstream.cli.Settings;
import io.gripstream.event.ImageEvent;
import io.gripstream.event.PromptVersion;
import io.gripstream.image.ImageReader;
import io.gripstream.image.StubS3;
import io.gripstream.labeler.LabelNow.Full;
import io.gripstream.labeler.LabelNow.Labelled;
import io.gripstream.labeler.LabelNow.Outcome;
import io.gripstream.labeler.LabelNow.Rejected;
import io.gripstream.labeler.LabelNow.Unready;
import io.gripstream.prompt.KnownVersions.Known;
import io.gripstream.prompt.PromptReview.Offer;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.awt.Color;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Single images, with a model that one can follow by hand, and workers that the test moves. */
class LabelNowTest {
  private static final int PLACES = 3;
  private static final byte[] GREEN_PNG = ColourClip.png(new Color(10, 200, 30));

  private final ColourClip model = new ColourClip();
  private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
  private final LabelerMetrics metrics = new LabelerMetrics(meters);
  private final PromptBoard board = new PromptBoard(model, System::nanoTime, () -> {});
  private final Queue<Runnable> reading = new ConcurrentLinkedQueue<>();
  private final LabelNow now =
      now(Settings.load(Map.of("gripstream.images.allowed-schemes", "https")));

  private LabelNow now(GripstreamConfig config) {
    return new LabelNow(
        board,
        new ImageReader(config.images(), model.preprocessing(), reading::add),
        new TowerPasses(model, Runnable::run, metrics),
        model.id(),
        PLACES,
        64,
        metrics);
  }

  @AfterEach
  void close() {
    now.close();
  }

  @Test
  void anImageGetsWhatItsPredictionWouldSay() throws Exception {
    serve(7);
    Labelled said = (Labelled) settled(ask("colours", event(GREEN_PNG)));

    assertThat(said.labels())
        .extracting(label -> label.getLabel())
        .containsExactly("green", "blue", "red");
    assertThat(said.labels().get(0).getConfidence()).isGreaterThan(0.99f);
    assertThat(said.abstained()).isFalse();
    assertThat(said.zeroShot().getLabel()).isEqualTo("green");
    assertThat(said.version()).isEqualTo(7);
    assertThat(said.digest()).isEqualTo(prompt(7).getDigest());
    assertThat(said.modelId()).isEqualTo(ColourClip.ID);
    assertThat(said.sha256()).hasSize(64);
    assertThat(meters.get("gripstream.labeler.now").timer().count()).isEqualTo(1);
  }

  @Test
  void noMoreWaitThanMayAndAPlaceIsFreeAgainWhenItsAnswerIsThere() throws Exception {
    serve(0);
    List<CompletableFuture<Outcome>> waiting = new ArrayList<>();
    for (int i = 0; i < PLACES; i++) {
      waiting.add(ask("colours", event(GREEN_PNG)));
    }
    assertThat(ask("colours", event(GREEN_PNG))).isCompletedWithValue(new Full());
    assertThat(meters.get("gripstream.labeler.now.refused").counter().count()).isEqualTo(1);

    for (CompletableFuture<Outcome> one : waiting) {
      assertThat(settled(one)).isInstanceOf(Labelled.class);
    }
    assertThat(settled(ask("colours", event(GREEN_PNG)))).isInstanceOf(Labelled.class);
  }

  @Test
  void whatIsRefusedGivesItsPlaceBackAndSaysWhyWithoutTheMachine() throws Exception {
    serve(0);
    for (int i = 0; i < 2 * PLACES; i++) {
      assertThat(settled(ask("colours", event("no image".getBytes()))))
          .isInstanceOf(Rejected.class);
    }
    assertThat(((Rejected) settled(ask("colours", uri("http://localhost/a.png")))).reason())
        .contains("scheme 'http' are not allowed");
    assertThat(((Rejected) settled(ask("colours", uri("https://localhost/a.png")))).reason())
        .contains("host 'localhost' is not allowed");
    assertThat(((Rejected) settled(ask("colours", uri("https:// /")))).reason())
        .isEqualTo("the image cannot be read from there");
  }

  @Test
  void anImageWhosePlaceDoesNotAnswerIsNotRefused() throws Exception {
    serve(0);
    try (StubS3 store = new StubS3();
        LabelNow s3 = now(Settings.load(store.settings("gripstream.", "photos")))) {
      store.put("photos", "a.png", GREEN_PNG);
      store.refuse(1, 503, "SlowDown");
      assertThat(settled(s3.label("colours", uri("s3://photos/a.png"))))
          .isEqualTo(new Unready("the image's place does not answer at present"));
      assertThat(settled(s3.label("colours", uri("s3://photos/b.png"))))
          .isEqualTo(new Rejected("S3 answered 404 (NoSuchKey)"));
      assertThat(settled(s3.label("colours", uri("s3://photos/a.png"))))
          .isInstanceOf(Labelled.class);
    }
  }

  @Test
  void aTaskWithoutAPromptIsNotLabelled() throws Exception {
    assertThat(settled(ask("colours", event(GREEN_PNG))))
        .isEqualTo(new Unready("task 'colours' has no prompt yet"));
    board.define("colours", Events.task("red", "green", "blue"));
    assertThat(settled(ask("colours", event(GREEN_PNG)))).isInstanceOf(Unready.class);
  }

  @Test
  void theEnginesFailureIsTheAnswersAndTheNextImageIsLabelled() throws Exception {
    serve(0);
    model.failure = new IllegalStateException("out of order");
    CompletableFuture<Outcome> failed = ask("colours", event(GREEN_PNG));
    assertThatThrownBy(() -> settled(failed)).hasMessageContaining("out of order");
    model.failure = null;
    assertThat(settled(ask("colours", event(GREEN_PNG)))).isInstanceOf(Labelled.class);
    assertThat(now.notAlive()).isEmpty();
  }

  @Test
  void whoWaitsAtTheEndIsAnswered() throws Exception {
    serve(0);
    CompletableFuture<Outcome> waiting = ask("colours", event(GREEN_PNG));
    now.close();
    assertThat(waiting.get(1, TimeUnit.SECONDS)).isInstanceOf(Unready.class);
    assertThat(ask("colours", event(GREEN_PNG)).get(1, TimeUnit.SECONDS))
        .isInstanceOf(Unready.class);
    assertThat(now.notAlive()).isEmpty();
  }

  private CompletableFuture<Outcome> ask(String task, ImageEvent event) {
    return now.label(task, event);
  }

  private Outcome settled(CompletableFuture<Outcome> outcome) throws Exception {
    await()
        .until(
            () -> {
              // An answer over the network adds to them.
              for (Runnable next = reading.poll(); next != null; next = reading.poll()) {
                next.run();
              }
              return outcome.isDone();
            });
    return outcome.get();
  }

  private void serve(int version) {
    board.define("colours", Events.task("red", "green", "blue"));
    PromptVersion prompt = prompt(version);
    board.candidate(Known.of(prompt));
    board.swap("colours", new Offer(prompt, Optional.empty()));
  }

  private static PromptVersion prompt(int version) {
    return Events.sealed(
        Events.prompt("colours", version, List.of("red", "green", "blue"), RED, GREEN, BLUE));
  }

  private static ImageEvent event(byte[] image) {
    return new ImageEvent(ByteBuffer.wrap(image), null, null, List.of(), Map.of());
  }

  private static ImageEvent uri(String uri) {
    return new ImageEvent(null, uri, null, List.of(), Map.of());
  }
}
