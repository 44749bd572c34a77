package io.gripstream.labeler;

import static io.gripstream.labeler.Events.BLUE;
import static io.gripstream.labeler.Events.GREEN;
import static io.gripstream.labeler.Events.RED;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.gripstream.event.Prediction;
import io.gripstream.event.PromptVersion;
import io.gripstream.kafka.DeadLetters;
import io.gripstream.kafka.SharedBroker;
import io.gripstream.kafka.registry.PromptSignature.Signer;
import java.awt.Color;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Which prompt serves: swaps, forgeries, signatures, and images that wait for one. */
class LabelerPromptsTest extends LabelerRig {
  @Test
  void everyPredictionComesFromTheFeaturesOfThePromptThatItNamesWhenVisualPromptsSwapIn() {
    start(Map.of("labeler.batch-size", "3"));
    define("colours", Events.task("red", "green", "blue"));
    for (int version = 0; version < 8; version++) {
      PromptVersion plain = Events.prompt("colours", version, COLOURS, RED, GREEN, BLUE);
      promote(version % 2 == 0 ? plain : Events.behind(plain, 9));
      for (int i = 0; i < 10; i++) {
        image(version + "-" + i, Events.image(ColourClip.png(Color.BLUE)));
      }
      // The next version comes when this one labels.
      int live = version;
      await()
          .atMost(LONG)
          .until(
              () -> {
                image("after", Events.image(ColourClip.png(Color.BLUE)));
                return predictions.values().stream().anyMatch(p -> p.getPromptVersion() == live);
              });
    }

    assertThat(predictions.values())
        .hasSizeGreaterThanOrEqualTo(80)
        .allSatisfy(
            prediction -> {
              boolean visual = prediction.getPromptVersion() % 2 == 1;
              assertThat(prediction.getLabels().get(0).getLabel())
                  .isEqualTo(visual ? "red" : "blue");
              assertThat(prediction.getZeroShot().getLabel()).isEqualTo("blue");
            });
  }

  @Test
  void anImageWaitsForThePromptOfItsTask() {
    start(Map.of());
    image("early", Events.image(ColourClip.png(Color.RED)));
    define("colours", Events.task("red", "green", "blue"));
    image("named", Events.image(ColourClip.png(Color.BLUE), "colours"));
    await().during(Duration.ofSeconds(1)).atMost(LONG).until(() -> predictions.values().isEmpty());
    promote(Events.prompt("colours", 0, COLOURS, RED, GREEN, BLUE));

    assertThat(awaitPredictions(2))
        .extracting(Prediction::getImageId)
        .containsExactlyInAnyOrder("early", "named");
    assertThat(deadLetters.records()).isEmpty();
  }

  @Test
  void imagesOfATaskWithoutAPromptWaitAsideAndTheOthersGoOn() {
    start(Map.of("labeler.batch-size", "8"));
    define("colours", Events.task("red", "green", "blue"));
    promote(Events.prompt("colours", 0, COLOURS, RED, GREEN, BLUE));
    define("late", Events.task("red", "green", "blue"));
    image("warm", Events.image(ColourClip.png(Color.RED), "colours"));
    awaitPredictions(1);

    Set<String> due = new HashSet<>(Set.of("colours warm"));
    int rounds = 40;
    for (int round = 0; round < rounds; round++) {
      String id = "r" + round;
      image("late-" + id, Events.image(ColourClip.png(Color.BLUE), "late"));
      image("both-" + id, Events.image(ColourClip.png(Color.BLUE), "colours", "late"));
      image("ours-" + id, Events.image(ColourClip.png(Color.RED), "colours"));
      due.add("colours ours-" + id);
      await().atMost(Duration.ofSeconds(2)).until(() -> predictions.values().size() >= due.size());
      // Whoever has the partitions next knows who waits.
      if (round == 20) {
        labeler.close();
        start(Map.of("labeler.batch-size", "3"));
        await().atMost(LONG).until(() -> labeler.notReady().isEmpty());
      }
    }
    assertThat(seen()).containsExactlyInAnyOrderElementsOf(due);

    promote(Events.prompt("late", 0, COLOURS, RED, GREEN, BLUE));
    for (int i = 0; i < rounds; i++) {
      due.addAll(List.of("late late-r" + i, "late both-r" + i, "colours both-r" + i));
    }
    awaitPredictions(due.size());
    assertThat(seen()).containsExactlyInAnyOrderElementsOf(due);
    image("after", Events.image(ColourClip.png(Color.RED), "late"));
    awaitPredictions(due.size() + 1);
    assertThat(deadLetters.records()).isEmpty();
    Map<Integer, Long> lastByPartition = new HashMap<>();
    for (Prediction prediction : predictions.values()) {
      if (prediction.getTask().equals("late")) {
        long offset = prediction.getImage().getOffset();
        Long last = lastByPartition.put(prediction.getImage().getPartition(), offset);
        assertThat(offset).isGreaterThan(last == null ? -1 : last);
      }
    }
  }

  @Test
  void imagesThatWaitAsideAreKnownWhenTheBrokersHaveForgottenTheGroup() throws Exception {
    start(Map.of());
    define("colours", Events.task("red", "green", "blue"));
    promote(Events.prompt("colours", 0, COLOURS, RED, GREEN, BLUE));
    define("late", Events.task("red", "green", "blue"));
    image("late", Events.image(ColourClip.png(Color.BLUE), "late"));
    for (int i = 0; i < 20; i++) {
      image("ours" + i, Events.image(ColourClip.png(Color.RED), "colours"));
    }
    awaitPredictions(20);
    await().atMost(LONG).until(() -> labeler.notReady().isEmpty());
    labeler.close();
    SharedBroker.forget(stream.topics().prefix() + "labeler");
    start(Map.of());
    promote(Events.prompt("late", 0, COLOURS, RED, GREEN, BLUE));
    assertThat(awaitPredictions(21))
        .extracting(Prediction::getImageId)
        .containsOnlyOnce("late", "ours0");
    assertThat(deadLetters.records()).isEmpty();
  }

  private List<String> seen() {
    return predictions.values().stream()
        .map(prediction -> prediction.getTask() + " " + prediction.getImageId())
        .toList();
  }

  @Test
  void aTaskThatGetsNoPromptDoesNotHoldUpTheOthersForEver() {
    start(Map.of("labeler.prompt-timeout", "2S"));
    define("colours", Events.task("red", "green", "blue"));
    promote(Events.prompt("colours", 0, COLOURS, RED, GREEN, BLUE));
    define("orphan", Events.task("a", "b"));
    image("theirs", Events.image(ColourClip.png(Color.RED), "orphan"));
    image("ours", Events.image(ColourClip.png(Color.RED), "colours"));

    assertThat(awaitPredictions(1).get(0).getImageId()).isEqualTo("ours");
    await().atMost(LONG).until(() -> deadLetters.records().size() == 1);
    assertThat(header(deadLetters.records().get(0), DeadLetters.CAUSE)).contains("orphan");
  }

  @Test
  void aPromptOfAnotherModelIsNotUsed() {
    start(Map.of());
    define("colours", Events.task("red", "green", "blue"));
    PromptVersion foreign =
        PromptVersion.newBuilder(Events.prompt("colours", 0, COLOURS, RED, GREEN, BLUE))
            .setModelId("another@2")
            .build();
    promote(foreign);
    image("one", Events.image(ColourClip.png(Color.RED), "colours"));
    await().atMost(LONG).until(() -> labeler.notReady().contains("colours"));
    assertThat(predictions.values()).isEmpty();

    promote(Events.prompt("colours", 1, COLOURS, RED, GREEN, BLUE));

    assertThat(awaitPredictions(1).get(0).getPromptVersion()).isEqualTo(1);
    await().atMost(LONG).until(() -> labeler.notReady().isEmpty());
  }

  @Test
  void forgedPromptsAreNotServedWhateverIsWrongWithThem() {
    start(Map.of());
    define("colours", Events.task("red", "green", "blue"));
    PromptVersion good = Events.prompt("colours", 1, COLOURS, RED, GREEN, BLUE);
    promote(good);
    image("before", Events.image(ColourClip.png(Color.RED), "colours"));
    awaitPredictions(1);
    PromptVersion swapped = Events.prompt("colours", 2, COLOURS, BLUE, GREEN, RED);
    List<PromptVersion> forgeries =
        List.of(
            swapped,
            PromptVersion.newBuilder(good).setClassFeatures(swapped.getClassFeatures()).build(),
            PromptVersion.newBuilder(good).setLogitScale(Float.NaN).build(),
            Events.prompt("colours", 1, List.of("blue", "green", "red"), RED, GREEN, BLUE));
    for (int i = 0; i < forgeries.size(); i++) {
      forge(forgeries.get(i));
      int refused = i + 1;
      await()
          .atMost(LONG)
          .until(() -> meters.get("gripstream.prompts.refused").counter().count() == refused);
      image("after-" + i, Events.image(ColourClip.png(Color.RED), "colours"));
    }

    assertThat(awaitPredictions(1 + forgeries.size()))
        .allSatisfy(
            prediction -> {
              assertThat(prediction.getPromptDigest()).isEqualTo(good.getDigest());
              assertThat(prediction.getLabels().get(0).getLabel()).isEqualTo("red");
            });
    assertThat(meters.get("gripstream.prompt.unusable").tag("task", "colours").gauge().value())
        .isEqualTo(1);
    assertThat(labeler.notReady()).as("the last good prompt serves").isEmpty();
    promote(swapped);
    await().atMost(LONG).until(() -> meters.get("gripstream.prompt.unusable").gauge().value() == 0);
  }

  @Test
  void whereAKeyIsConfiguredOnlySignedPromptsAreServed(@TempDir Path directory) throws Exception {
    KeyPair pair = KeyPairGenerator.getInstance("Ed25519").generateKeyPair();
    Path verifyKey = pem(directory, "PUBLIC", pair.getPublic().getEncoded());
    Signer signer = new Signer(pem(directory, "PRIVATE", pair.getPrivate().getEncoded()));
    start(Map.of("prompts.verify-key", verifyKey.toString()));
    define("colours", Events.task("red", "green", "blue"));
    promote(Events.prompt("colours", 0, COLOURS, RED, GREEN, BLUE));
    await().atMost(LONG).until(() -> labeler.notReady().contains("it is not signed"));
    image("one", Events.image(ColourClip.png(Color.RED), "colours"));

    PromptVersion signed = Events.prompt("colours", 0, COLOURS, RED, GREEN, BLUE);
    Headers headers = new RecordHeaders();
    byte[] value =
        signer
            .signing(stream.serdes().prompts().serializer())
            .serialize(stream.topics().prompts(), headers, signed);
    stream.send(
        new ProducerRecord<>(
            stream.topics().prompts(), null, "colours".getBytes(UTF_8), value, headers));
    awaitPredictions(1);

    // Anybody can write a tombstone; it takes nothing away.
    stream.sendRaw(stream.topics().prompts(), "colours".getBytes(UTF_8), null);
    promote(Events.prompt("colours", 1, COLOURS, BLUE, GREEN, RED));
    await()
        .atMost(LONG)
        .until(() -> meters.get("gripstream.prompts.refused").counter().count() == 2);
    image("two", Events.image(ColourClip.png(Color.RED), "colours"));
    assertThat(awaitPredictions(2))
        .allSatisfy(prediction -> assertThat(prediction.getPromptVersion()).isZero());
  }

  private static Path pem(Path directory, String kind, byte[] der) throws IOException {
    String body = Base64.getEncoder().encodeToString(der);
    return Files.writeString(
        directory.resolve(kind),
        "-----BEGIN %1$s KEY-----\n%2$s\n-----END %1$s KEY-----\n".formatted(kind, body));
  }

  @Test
  void everyPredictionNamesAVersionThatWasLiveAtTheTime() {
    start(Map.of("labeler.batch-size", "5", "labeler.batches-per-transaction", "2"));
    define("colours", Events.task("red", "green", "blue"));
    float[][] colours = {RED, GREEN, BLUE};
    List<String> names = COLOURS;
    Map<String, Integer> liveWhenSent = new HashMap<>();
    List<String> ids = new ArrayList<>();
    List<String> digests = new ArrayList<>();
    int seen = -1;
    for (int version = 0; version < 12; version++) {
      // Each version turns the classes by one, so that the label shows whose features made it.
      PromptVersion prompt =
          Events.prompt(
              "colours",
              version,
              names,
              colours[version % 3],
              colours[(version + 1) % 3],
              colours[(version + 2) % 3]);
      digests.add(prompt.getDigest());
      promote(prompt);
      for (int i = 0; i < 25; i++) {
        String id = version + "-" + i;
        ids.add(id);
        liveWhenSent.put(id, seen);
        image(id, Events.image(ColourClip.png(Color.RED)));
      }
      for (Prediction prediction : predictions.values()) {
        seen = Math.max(seen, prediction.getPromptVersion());
      }
    }

    List<Prediction> all = awaitPredictions(ids.size());
    assertThat(all).extracting(Prediction::getImageId).containsExactlyInAnyOrderElementsOf(ids);
    Set<Integer> versions = new HashSet<>();
    for (Prediction prediction : all) {
      int version = prediction.getPromptVersion();
      versions.add(version);
      assertThat(prediction.getPromptDigest()).isEqualTo(digests.get(version));
      // What had been seen to be live when the image was sent, or a later one.
      assertThat(version).isGreaterThanOrEqualTo(liveWhenSent.get(prediction.getImageId()));
      assertThat(version).isLessThan(12);
      assertThat(prediction.getLabels().get(0).getLabel())
          .isEqualTo(names.get(Math.floorMod(-version, 3)));
      assertThat(prediction.getZeroShot().getLabel()).isEqualTo("red");
    }
    assertThat(versions).hasSizeGreaterThan(1);
    Map<Integer, Integer> lastByPartition = new HashMap<>();
    all.stream()
        .sorted(java.util.Comparator.comparing(p -> p.getImage().getOffset()))
        .forEach(
            prediction -> {
              int partition = prediction.getImage().getPartition();
              assertThat(prediction.getPromptVersion())
                  .isGreaterThanOrEqualTo(lastByPartition.getOrDefault(partition, 0));
              lastByPartition.put(partition, prediction.getPromptVersion());
            });
  }
}
