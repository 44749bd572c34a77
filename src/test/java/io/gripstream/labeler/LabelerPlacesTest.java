package io.gripstream.labeler;

import static io.gripstream.labeler.Events.BLUE;
import static io.gripstream.labeler.Events.GREEN;
import static io.gripstream.labeler.Events.RED;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.sun.net.httpserver.HttpServer;
import io.gripstream.clip.Digests;
import io.gripstream.event.Prediction;
import io.gripstream.image.ObjectFailures;
import io.gripstream.image.StubS3;
import io.gripstream.kafka.DeadLetters;
import io.gripstream.kafka.LetterCounts;
import java.awt.Color;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Images that lie elsewhere: stores that are away, objects that fail, hosts that are slow. */
class LabelerPlacesTest extends LabelerRig {
  @Test
  void aStoreThatIsAwayIsNoImagesFaultAndNothingIsToldTwiceWhenItIsBack() throws Exception {
    byte[] png = ColourClip.png(Color.RED);
    String sha256 = Digests.sha256(png);
    try (StubS3 store = new StubS3()) {
      store.put("photos", "a.png", png);
      store.refuse(1000, 503, "SlowDown");
      start(store.settings("", "photos"));
      define("colours", Events.task("red", "green", "blue"));
      promote(Events.prompt("colours", 0, COLOURS, RED, GREEN, BLUE));
      image("there", Events.at("s3://photos/a.png", sha256));
      await().atMost(LONG).until(() -> !store.requests().isEmpty());
      stream.sendRaw(stream.topics().images(), "bad".getBytes(UTF_8), "hello".getBytes(UTF_8));
      image("missing", Events.at("s3://photos/b.png", sha256));
      image("inline", Events.image(png));

      // Others go on while it is away, whatever the partition.
      assertThat(awaitPredictions(1)).extracting(Prediction::getImageId).containsExactly("inline");
      await().atMost(LONG).until(() -> deadLetters.records().size() == 1);
      int asked = store.requests().size();
      await().atMost(LONG).until(() -> store.requests().size() > asked + 2);
      assertThat(labeler.notReady())
          .startsWith("images wait for their places: {s3://photos=S3 answered 503")
          .doesNotContain(StubS3.KEY_ID);
      assertThat(labeler.notAlive()).isEmpty();
      store.refuseNoMore();

      assertThat(awaitPredictions(2))
          .extracting(Prediction::getImageId)
          .containsExactlyInAnyOrder("there", "inline");
      await().atMost(LONG).until(() -> deadLetters.records().size() >= 2);
      assertThat(deadLetters.records())
          .extracting(letter -> header(letter, DeadLetters.CAUSE))
          .hasSize(2)
          .contains("S3 answered 404 (NoSuchKey)");
      await().atMost(LONG).until(() -> labeler.notReady().isEmpty());
    }
    for (String reason : List.of("unreadable", "malformed")) {
      assertThat(meters.get(LetterCounts.METER).tag("reason", reason).counter().count())
          .isEqualTo(1);
    }
  }

  @Test
  void anObjectThatFailsForEverIsADeadLetterAndWhatLiesBehindItGoesOn() throws Exception {
    byte[] png = ColourClip.png(Color.RED);
    String sha256 = Digests.sha256(png);
    try (StubS3 store = new StubS3()) {
      store.put("photos", "a.png", png);
      store.put(
          "photos",
          "broken.png",
          exchange -> {
            exchange.sendResponseHeaders(500, -1);
            exchange.close();
          });
      haste = 10;
      start(store.settings("", "photos"));
      define("colours", Events.task("red", "green", "blue"));
      promote(Events.prompt("colours", 0, COLOURS, RED, GREEN, BLUE));
      long began = System.nanoTime();
      // Of one key, so of one partition.
      for (int i = 0; i < 30; i++) {
        String key = i == 3 || i == 8 ? "broken" : "a";
        image("photo", Events.at("s3://photos/" + key + ".png", sha256));
      }
      image("inline", Events.image(png));
      await().atMost(LONG).until(() -> predictions.values().size() >= 4);

      await().atMost(Duration.ofMinutes(3)).until(() -> deadLetters.records().size() == 2);
      assertThat(Duration.ofNanos(haste * (System.nanoTime() - began)))
          .isGreaterThan(ObjectFailures.LEAST);
      assertThat(deadLetters.records())
          .extracting(letter -> header(letter, DeadLetters.CAUSE))
          .allSatisfy(
              cause ->
                  assertThat(cause)
                      .startsWith("S3 answered 500 for s3://photos/broken.png; so it was ")
                      .endsWith(" seconds, while others of its place came"));
      assertThat(awaitPredictions(29))
          .filteredOn(prediction -> prediction.getImageId().equals("photo"))
          .extracting(prediction -> prediction.getImage().getOffset())
          .isSorted();
      await().atMost(LONG).until(() -> labeler.notReady().isEmpty());
    }
    assertThat(meters.get(LetterCounts.METER).tag("reason", "unreadable").counter().count())
        .isEqualTo(2);
  }

  /** Of some hundred images one in five is of a host that keeps whoever asks waiting. */
  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void aHostThatIsSlowHoldsUpItsOwnImagesOnlyAndNoneIsToldTwiceWhateverRestarts(
      boolean sharesProcessors) throws Exception {
    model.sharesProcessors = sharesProcessors;
    byte[] png = ColourClip.png(Color.RED);
    String sha256 = Digests.sha256(png);
    CountDownLatch awake = new CountDownLatch(1);
    ExecutorService threads = Executors.newCachedThreadPool();
    HttpServer host =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    host.setExecutor(threads);
    host.createContext(
        "/",
        exchange -> {
          try {
            awake.await();
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
          }
          exchange.sendResponseHeaders(200, png.length);
          exchange.getResponseBody().write(png);
          exchange.close();
        });
    host.start();
    try {
      String place = "127.0.0.1:" + host.getAddress().getPort();
      Map<String, String> settings =
          Map.of(
              "images.allowed-schemes",
              "http",
              "images.allowed-hosts",
              place,
              "images.timeout",
              "60S",
              "labeler.batch-size",
              "8");
      start(settings);
      define("colours", Events.task("red", "green", "blue"));
      promote(Events.prompt("colours", 0, COLOURS, RED, GREEN, BLUE));
      long began = System.nanoTime();
      List<String> slow = new ArrayList<>();
      List<String> others = new ArrayList<>();
      for (int i = 0; i < 200; i++) {
        if (i % 5 == 0) {
          slow.add("slow-" + i);
          image("slow-" + i, Events.at("http://" + place + "/" + i, sha256));
        } else {
          others.add("inline-" + i);
          image("inline-" + i, Events.image(png, "colours"));
        }
      }
      assertThat(awaitPredictions(others.size()))
          .extracting(Prediction::getImageId)
          .containsExactlyInAnyOrderElementsOf(others);
      // Nobody waited for the host but once in each partition.
      assertThat(Duration.ofNanos(System.nanoTime() - began)).isLessThan(Duration.ofSeconds(15));
      assertThat(labeler.notReady()).isEmpty();

      labeler.close();
      start(settings);
      image("later", Events.image(png, "colours"));
      awaitPredictions(others.size() + 1);
      awake.countDown();

      List<String> all = new ArrayList<>(slow);
      all.addAll(others);
      all.add("later");
      assertThat(awaitPredictions(all.size()))
          .extracting(Prediction::getImageId)
          .containsExactlyInAnyOrderElementsOf(all);
      image("last", Events.image(png, "colours"));
      awaitPredictions(all.size() + 1);
      assertThat(deadLetters.records()).isEmpty();
    } finally {
      awake.countDown();
      host.stop(0);
      threads.shutdownNow();
    }
  }
}
