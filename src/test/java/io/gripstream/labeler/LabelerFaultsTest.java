package io.gripstream.labeler;

import static io.gripstream.labeler.Events.BLUE;
import static io.gripstream.labeler.Events.GREEN;
import static io.gripstream.labeler.Events.RED;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import ai.djl.engine.EngineException;
import io.gripstream.event.Prediction;
import io.gripstream.kafka.SharedBroker;
import java.awt.Color;
import java.io.IOException;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.MessageDigestSpi;
import java.security.Provider;
import java.security.Security;
import java.time.Duration;
import java.time.Year;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;
import org.apache.kafka.clients.admin.Admin;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Engines that fail, threads that are killed, clocks that are wrong, and restarts. */
class LabelerFaultsTest extends LabelerRig {
  @ParameterizedTest(name = "on the processors: {0}")
  @ValueSource(booleans = {true, false})
  void anEngineThatFailsCostsNoImageAndOneThatIsLostAsksForARestart(boolean sharesProcessors)
      throws IOException {
    model.sharesProcessors = sharesProcessors;
    start(Map.of("labeler.batch-size", "16"));
    define("colours", Events.task("red", "green", "blue"));
    promote(Events.prompt("colours", 0, COLOURS, RED, GREEN, BLUE));
    byte[] red = ColourClip.png(Color.RED);
    IntStream.range(0, 200).forEach(i -> image("a" + i, Events.image(red, "colours")));
    awaitPredictions(200);

    model.failure = new EngineException("CUDA out of memory");
    IntStream.range(0, 200).forEach(i -> image("b" + i, Events.image(red, "colours")));
    await().atMost(LONG).until(() -> labeler.notReady().contains("CUDA out of memory"));
    await()
        .during(Duration.ofSeconds(4))
        .atMost(LONG)
        .until(() -> deadLetters.values().isEmpty() && labeler.notAlive().isEmpty());
    model.failure = null;

    assertThat(awaitPredictions(400)).extracting(Prediction::getImageId).doesNotHaveDuplicates();
    assertThat(deadLetters.values()).isEmpty();
    await().atMost(LONG).until(() -> labeler.notReady().isEmpty());
    assertThat(meters.get("gripstream.engine.failures").counter().count()).isPositive();
    assertThat(meters.get("gripstream.labeler.end.to.end").timer().count())
        .as("images count when they are committed, whatever was tried before")
        .isEqualTo(400);

    model.failure = new EngineException("CUDA error: device-side assert triggered");
    image("last", Events.image(red, "colours"));
    await().atMost(LONG).until(() -> labeler.notAlive().contains("device-side assert"));
    assertThat(deadLetters.values()).isEmpty();
  }

  @Test
  void onADeviceOfItsOwnTheTowerRunsBeforeTheImagesTurnAndWhatItFailsAtThenIsDoneAtTheirs()
      throws IOException {
    model.sharesProcessors = false;
    define("colours", Events.task("red", "green", "blue"));
    promote(Events.prompt("colours", 0, COLOURS, RED, GREEN, BLUE));
    List<Color> colours = List.of(Color.RED, Color.GREEN, Color.BLUE);
    List<String> names = List.of("red", "green", "blue");
    for (int i = 0; i < 600; i++) {
      // Some cannot be decoded, and have no feature.
      byte[] image = i % 10 == 9 ? new byte[] {1} : ColourClip.png(colours.get(i % 3));
      image("i" + i, Events.image(image, "colours"));
      if (i == 299) {
        // So many wait for it that it has some to run before their turn.
        start(Map.of("labeler.batch-size", "16"));
        awaitPredictions(270);
        assertThat(model.threads).contains("labeler-tower");
        model.victim = "labeler-tower";
      }
    }
    for (Prediction prediction : awaitPredictions(540)) {
      int i = Integer.parseInt(prediction.getImageId().toString().substring(1));
      assertThat(prediction.getLabels().get(0).getLabel()).hasToString(names.get(i % 3));
    }
    await().atMost(LONG).until(() -> deadLetters.records().size() == 60);
    assertThat(labeler.notAlive()).isEmpty();
  }

  @Test
  void aLabelerThatEndsInOrderHandsItsPartitionsOverWithinThreeSeconds() throws Exception {
    define("colours", Events.task("red", "green", "blue"));
    promote(Events.prompt("colours", 0, COLOURS, RED, GREEN, BLUE));
    start(Map.of());
    Labeler stays = labeler;
    image("first", Events.image(ColourClip.png(Color.RED), "colours"));
    awaitPredictions(1);
    start(Map.of("kafka.instance-id", "gripstream-1"));
    Labeler goes = labeler;
    labeler = stays;
    await().atMost(LONG).until(() -> partitionsByMember().equals(List.of(1, 1)));

    goes.close();
    for (int i = 0; i < 20; i++) {
      image("after-" + i, Events.image(ColourClip.png(Color.RED), "colours"));
    }
    await().atMost(Duration.ofSeconds(3)).until(() -> predictions.values().size() >= 21);
    awaitPredictions(21);
  }

  private List<Integer> partitionsByMember() throws Exception {
    String group = stream.topics().prefix() + "labeler";
    try (Admin admin = stream.clients().admin()) {
      return admin.describeConsumerGroups(List.of(group)).all().get().get(group).members().stream()
          .map(member -> member.assignment().topicPartitions().size())
          .toList();
    }
  }

  /** A broker answers a clock that is ahead as it answers records that are too old. */
  @Test
  void aLabelerWhoseTimestampsTheBrokersRefuseNamesItsClockAndLosesNothing() throws Exception {
    start(Map.of());
    define("colours", Events.task("red", "green", "blue"));
    promote(Events.prompt("colours", 0, COLOURS, RED, GREEN, BLUE));
    image("before", Events.image(ColourClip.png(Color.RED), "colours"));
    awaitPredictions(1);
    SharedBroker.oldest(stream.clients(), stream.topics().predictions(), 1);
    image("refused", Events.image(ColourClip.png(Color.RED), "colours"));

    await()
        .atMost(LONG)
        .until(() -> labeler.notReady().contains("timestamps; its clock says " + Year.now()));
    await().atMost(LONG).until(() -> partitionsByMember().isEmpty());
    assertThat(labeler.notReady()).contains("its clock says");
    SharedBroker.oldest(stream.clients(), stream.topics().predictions(), Long.MAX_VALUE);
    assertThat(awaitPredictions(2))
        .extracting(Prediction::getImageId)
        .containsExactlyInAnyOrder("before", "refused");
    await().atMost(LONG).until(() -> labeler.notReady().isEmpty());
  }

  @ParameterizedTest(name = "on the processors: {0}")
  @ValueSource(booleans = {true, false})
  void aRestartLosesNothingAndRepeatsNothing(boolean sharesProcessors) {
    model.sharesProcessors = sharesProcessors;
    start(Map.of("labeler.batch-size", "3"));
    define("colours", Events.task("red", "green", "blue"));
    promote(Events.prompt("colours", 0, COLOURS, RED, GREEN, BLUE));
    Set<String> ids = new HashSet<>();
    for (int i = 0; i < 60; i++) {
      ids.add("i" + i);
      image("i" + i, Events.image(ColourClip.png(Color.RED)));
      if (i % 20 == 10) {
        labeler.close();
        start(Map.of("labeler.batch-size", "3"));
      }
    }
    assertThat(awaitPredictions(60))
        .extracting(Prediction::getImageId)
        .containsExactlyInAnyOrderElementsOf(ids);
  }

  @Test
  void aLabelerWhoseTowerThreadWasKilledIsNotAliveAndARestartGoesOn() {
    model.victim = "labeler-tower";
    requireDeathAndRestart();
  }

  @Test
  void aLabelerWhoseDecodingThreadWasKilledIsNotAliveAndARestartGoesOn() {
    Provider killing = new KillingDigests();
    Security.insertProviderAt(killing, 1);
    try {
      requireDeathAndRestart();
    } finally {
      Security.removeProvider(killing.getName());
    }
  }

  private void requireDeathAndRestart() {
    define("colours", Events.task("red", "green", "blue"));
    promote(Events.prompt("colours", 0, COLOURS, RED, GREEN, BLUE));
    for (int i = 0; i < 32; i++) {
      image("image " + i, Events.image(ColourClip.png(Color.RED), "colours"));
    }
    start(Map.of());
    await()
        .dontCatchUncaughtExceptions()
        .atMost(LONG)
        .until(() -> labeler.notAlive().contains("injected into labeler-"));
    labeler.close();
    model.victim = null;
    Security.removeProvider(KillingDigests.NAME);
    start(Map.of());
    awaitPredictions(32);
    assertThat(labeler.notAlive()).isEmpty();
    assertThat(deadLetters.records()).isEmpty();
  }

  /** What decoding begins with kills the thread that decodes. */
  private static final class KillingDigests extends Provider {
    private static final long serialVersionUID = 1;
    static final String NAME = "killing";

    KillingDigests() {
      super(NAME, "1", "kills threads that decode");
      put("MessageDigest.SHA-256", KillingDigest.class.getName());
    }
  }

  /** SHA-256, but for threads that decode. */
  public static final class KillingDigest extends MessageDigestSpi {
    private final MessageDigest digest;

    public KillingDigest() throws GeneralSecurityException {
      digest = MessageDigest.getInstance("SHA-256", "SUN");
    }

    @Override
    protected void engineUpdate(byte input) {
      digest.update(input);
    }

    @Override
    protected void engineUpdate(byte[] input, int offset, int length) {
      String thread = Thread.currentThread().getName();
      if (thread.equals("labeler-images")) {
        throw new LinkageError("injected into " + thread);
      }
      digest.update(input, offset, length);
    }

    @Override
    protected byte[] engineDigest() {
      return digest.digest();
    }

    @Override
    protected void engineReset() {
      digest.reset();
    }
  }
}
