package io.gripstream.labeler;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.gripstream.cli.Settings;
import io.gripstream.clip.Digests;
import io.gripstream.clip.Preprocessing;
import io.gripstream.image.ImageReader;
import io.gripstream.image.ObjectFailures;
import io.gripstream.image.RejectedImageException;
import io.gripstream.image.StubS3;
import io.gripstream.kafka.Position;
import java.awt.Color;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Images of a real store, and a clock of the test's. */
class ReadingsTest {
  private static final Duration POLL = Duration.ofMillis(20);
  private static final Duration LONG = Duration.ofSeconds(60);

  private final byte[] png = ColourClip.png(Color.RED);
  private final ExecutorService workers = Executors.newCachedThreadPool();
  private volatile long clock;
  private volatile int answer = 500;
  private StubS3 store;
  private ImageReader reader;
  private Readings readings;
  private Arrival broken;

  @BeforeEach
  void open() throws Exception {
    store = new StubS3();
    store.put(
        "photos",
        "broken.png",
        exchange -> {
          exchange.sendResponseHeaders(answer, -1);
          exchange.close();
        });
    store.put("photos", "sound.png", png);
    Map<String, String> settings = new HashMap<>(store.settings("gripstream.", "photos"));
    settings.put("gripstream.images.timeout", "1S");
    reader = new ImageReader(Settings.load(settings).images(), Preprocessing.usual(8), workers);
    readings = new Readings(reader, () -> clock);
    broken = arrival(0, "s3://photos/broken.png");
  }

  @AfterEach
  void close() {
    workers.shutdownNow();
    reader.close();
    store.close();
  }

  private Arrival arrival(long offset, String uri) throws Exception {
    return new Arrival(
        new ConsumerRecord<>("images", 0, offset, new byte[0], new byte[0]),
        "image",
        Events.at(uri, Digests.sha256(png)),
        Set.of());
  }

  private static Position position(Arrival arrival) {
    return new Position(arrival.record().partition(), arrival.record().offset());
  }

  private long asked(String key) {
    return store.requests().stream().filter(request -> request.endsWith("/" + key)).count();
  }

  /** The first event of its place has its turn, and waits. */
  private void putAside(Arrival first) throws Exception {
    readings.begin(first);
    assertThat(readings.await(first)).isPresent();
  }

  /** Whether the image is done with when it was asked for again, and {@code other} was. */
  private boolean again(Arrival first, String key, String other) {
    long before = asked(key);
    long others = asked(other);
    await()
        .pollInterval(POLL)
        .atMost(LONG)
        .until(() -> come(first) || asked(key) > before && asked(other) > others);
    return readings.come(position(first)).orElseThrow();
  }

  /** A second later. */
  private boolean come(Arrival first) {
    clock += Duration.ofSeconds(1).toNanos();
    return readings.come(position(first)).orElseThrow();
  }

  @ParameterizedTest
  @ValueSource(strings = {"sound.png", "missing.png"})
  void anObjectThatKeepsFailingWhileOthersOfItsPlaceAnswerIsRejected(String other)
      throws Exception {
    putAside(broken);
    readings.meanwhile(arrival(1, "s3://photos/" + other));
    int turns = 1;
    while (!again(broken, "broken.png", other)) {
      assertThat(++turns).isLessThan(30);
    }
    assertThat(asked("broken.png")).isGreaterThanOrEqualTo(ObjectFailures.TRIES);
    assertThat(clock).isGreaterThanOrEqualTo(ObjectFailures.LEAST.toNanos());
    assertThat(readings.away()).isEmpty();
    long before = asked("broken.png");
    readings.begin(broken);
    assertThatThrownBy(() -> readings.await(broken))
        .isInstanceOf(RejectedImageException.class)
        .hasMessageStartingWith("S3 answered 500 for s3://photos/broken.png; so it was ")
        .hasMessageContaining(" times in ")
        .hasMessageEndingWith(" seconds, while others of its place came");
    assertThat(asked("broken.png")).isEqualTo(before);
  }

  @Test
  void whileNothingElseOfThePlaceAnswersAnImageWaitsAndComesInTheEnd() throws Exception {
    store.refuse(1000, 503, "SlowDown");
    putAside(broken);
    readings.meanwhile(arrival(1, "s3://photos/sound.png"));
    for (int i = 0; i < 20; i++) {
      clock += Duration.ofMinutes(10).toNanos();
      assertThat(again(broken, "broken.png", "sound.png")).isFalse();
    }
    assertThat(readings.away()).containsOnlyKeys("s3://photos");

    store.put("photos", "broken.png", png);
    store.refuseNoMore();
    await().pollInterval(POLL).atMost(LONG).until(() -> come(broken));
    readings.begin(broken);
    assertThat(readings.await(broken)).isEmpty();
    assertThat(readings.away()).isEmpty();
  }

  @Test
  void anEventWhosePlaceIsNotAllowedTellsNothingOfThePlace() throws Exception {
    putAside(broken);
    readings.meanwhile(arrival(1, "s3://photos/../photos/sound.png"));
    for (int i = 0; i < 20; i++) {
      assertThat(again(broken, "broken.png", "broken.png")).isFalse();
    }
  }

  @Test
  void amongObjectsThatFailOneThatDoesNotIsFound() throws Exception {
    putAside(broken);
    for (int i = 1; i <= 5; i++) {
      readings.meanwhile(arrival(i, "s3://photos/broken.png"));
    }
    Arrival sound = arrival(6, "s3://photos/sound.png");
    int turns = 0;
    while (!again(broken, "broken.png", "broken.png")) {
      readings.meanwhile(sound);
      assertThat(++turns).isLessThan(40);
    }
    assertThat(asked("sound.png")).isPositive();
  }

  @Test
  void whatHoldsUpOthersForTooLongIsRejectedUntilItsPlaceAnswers() throws Exception {
    putAside(broken);
    clock += Readings.LONGEST_HOLD.minusSeconds(60).toNanos();
    assertThat(again(broken, "broken.png", "broken.png")).isFalse();
    awaitFailure(broken);
    readings.holdsUp(position(broken));
    assertThat(readings.come(position(broken))).contains(false);
    clock += Duration.ofSeconds(60).toNanos();
    assertThat(again(broken, "broken.png", "broken.png")).isFalse();
    awaitFailure(broken);
    readings.holdsUp(position(broken));
    assertThat(readings.come(position(broken))).contains(true);
    readings.begin(broken);
    assertThatThrownBy(() -> readings.await(broken))
        .isInstanceOf(RejectedImageException.class)
        .hasMessageContaining("nothing of its place has come since it held up others for PT2H");
    readings.forget(broken.record());
    assertThat(readings.away()).isEmpty();

    Arrival next = arrival(1, "s3://photos/broken.png");
    readings.begin(next);
    await()
        .atMost(LONG)
        .untilAsserted(
            () ->
                assertThatThrownBy(() -> readings.await(next))
                    .isInstanceOf(RejectedImageException.class));
    Arrival sound = arrival(2, "s3://photos/sound.png");
    readings.begin(sound);
    await().atMost(LONG).until(() -> readings.await(sound).isEmpty());
    Arrival last = arrival(3, "s3://photos/broken.png");
    readings.begin(last);
    awaitFailure(last);
  }

  private void awaitFailure(Arrival arrival) {
    await().atMost(LONG).until(() -> readings.await(arrival).orElse("").startsWith("S3 answered"));
  }

  @Test
  void anObjectThatNeverAnswersIsOneThatFails() throws Exception {
    CountDownLatch never = new CountDownLatch(1);
    store.put(
        "photos",
        "broken.png",
        exchange -> {
          try {
            never.await();
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
          }
        });
    readings.begin(broken);
    readings.meanwhile(arrival(1, "s3://photos/sound.png"));
    await().pollInterval(POLL).atMost(LONG).until(() -> come(broken));
    readings.begin(broken);
    assertThatThrownBy(() -> readings.await(broken))
        .isInstanceOf(RejectedImageException.class)
        // The client's own timeout is as long.
        .hasMessageMatching("(?s)S3 has no answer .*(not read within PT1S|timed out).*");
  }
}
