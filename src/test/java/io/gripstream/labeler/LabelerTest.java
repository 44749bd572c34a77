package io.gripstream.labeler;

import static io.gripstream.labeler.Events.BLUE;
import static io.gripstream.labeler.Events.GREEN;
import static io.gripstream.labeler.Events.RED;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.gripstream.clip.Float16;
import io.gripstream.event.ImageEvent;
import io.gripstream.event.Modality;
import io.gripstream.event.Prediction;
import io.gripstream.event.PromptVersion;
import io.gripstream.event.Sample;
import io.gripstream.event.Strategy;
import io.gripstream.event.TaskDefinition;
import io.gripstream.kafka.DeadLetters;
import io.gripstream.kafka.LetterCounts;
import java.awt.Color;
import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.zip.CRC32;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.junit.jupiter.api.Test;

/** Which labels an image gets, and what becomes of it when it can get none. */
class LabelerTest extends LabelerRig {
  @Test
  void anImageGetsItsLabelsAndBecomesASample() {
    start(Map.of());
    define("colours", Events.task("red", "green", "blue"));
    PromptVersion three = Events.prompt("colours", 3, COLOURS, RED, GREEN, BLUE);
    promote(three);
    image("one", Events.image(ColourClip.png(new Color(10, 200, 30)), "colours"));

    Prediction prediction = awaitPredictions(1).get(0);
    assertThat(prediction.getImageId()).isEqualTo("one");
    assertThat(prediction.getTask()).isEqualTo("colours");
    assertThat(prediction.getLabels()).hasSize(3);
    assertThat(prediction.getLabels().get(0).getLabel()).isEqualTo("green");
    assertThat(prediction.getLabels().get(0).getConfidence()).isGreaterThan(0.99f);
    assertThat(prediction.getLabels().get(2).getLabel()).isEqualTo("red");
    assertThat(prediction.getZeroShot().getLabel()).isEqualTo("green");
    assertThat(prediction.getPromptVersion()).isEqualTo(3);
    assertThat(prediction.getPromptDigest()).isEqualTo(three.getDigest());
    assertThat(prediction.getModelId()).isEqualTo(ColourClip.ID);
    assertThat(prediction.getAttributes()).containsEntry("from", "test");
    assertThat(prediction.getImage().getTopic()).isEqualTo(stream.topics().images());
    assertThat(prediction.getImage().getSha256()).hasSize(64);

    await().atMost(LONG).until(() -> samples.values().size() == 1);
    Sample sample = samples.values().get(0);
    assertThat(sample.getImageId()).isEqualTo("one");
    assertThat(sample.getImage()).isEqualTo(prediction.getImage());
    assertThat(sample.getProbabilities()).hasSize(3);
    assertThat(sample.getPromptVersion()).isEqualTo(3);
    assertThat(Float16.decode(sample.getFeature())[1]).isBetween(0.98f, 1f);
    assertThat(new String(samples.records().get(0).key(), UTF_8)).isEqualTo("colours");
    assertThat(meters.get("gripstream.prompt.version").tag("task", "colours").gauge().value())
        .isEqualTo(3);
    assertThat(labeler.notReady()).isEmpty();
  }

  @Test
  void whateverCannotBeLabelledEndsInDeadLettersWithItsReasonAndTheStreamGoesOn()
      throws IOException {
    start(Map.of("labeler.batch-size", "4", "images.allowed-schemes", "https"));
    define("colours", Events.task("red", "green", "blue"));
    define("Not a name", Events.task("red", "green", "blue"));
    promote(Events.prompt("colours", 0, COLOURS, RED, GREEN, BLUE));
    byte[] png = ColourClip.png(Color.RED);
    String zeros = "0".repeat(64);

    Map<String, String> reasons = new TreeMap<>();
    image("before", Events.image(png, "colours"));
    stream.sendRaw(stream.topics().images(), "no-avro".getBytes(UTF_8), "hello".getBytes(UTF_8));
    reasons.put("no-avro", "not an image event");
    stream.sendRaw(stream.topics().images(), "tombstone".getBytes(UTF_8), null);
    reasons.put("tombstone", "there is no value");
    image("", Events.image(png, "colours"));
    reasons.put("", "no image id");
    image("no-image", Events.image("what is this".getBytes(UTF_8), "colours"));
    reasons.put("no-image", "");
    image("huge", Events.image(hugePng(), "colours"));
    reasons.put("huge", "20000");
    image("no-task", Events.image(png, "colours", "shapes"));
    reasons.put("no-task", "there is no task 'shapes'");
    ImageEvent neither = ImageEvent.newBuilder().build();
    image("neither", neither);
    reasons.put("neither", "exactly one of content and uri");
    ImageEvent both =
        ImageEvent.newBuilder(Events.image(png)).setUri("https://a/b").setSha256(zeros).build();
    image("both", both);
    reasons.put("both", "exactly one of content and uri");
    image("changed", ImageEvent.newBuilder(Events.image(png)).setSha256(zeros).build());
    reasons.put("changed", "sha256 is ");
    image("no-hash", Events.at("https://allowed/x.png", null));
    reasons.put("no-hash", "must come with a sha256");
    image("file", Events.at("file:///etc/passwd", zeros));
    reasons.put("file", "scheme 'file' are not allowed");
    image("inside", Events.at("https://169.254.169.254/latest", zeros));
    reasons.put("inside", "host '169.254.169.254' is not allowed");
    image("after", Events.image(png, "colours"));

    await().atMost(LONG).until(() -> deadLetters.records().size() >= reasons.size());
    Map<String, String> causes = new TreeMap<>();
    for (ConsumerRecord<byte[], byte[]> letter : deadLetters.records()) {
      causes.put(new String(letter.key(), UTF_8), header(letter, DeadLetters.CAUSE));
      assertThat(header(letter, DeadLetters.ROLE)).isEqualTo("labeler");
      assertThat(header(letter, DeadLetters.ORIGIN_TOPIC)).isEqualTo(stream.topics().images());
    }
    assertThat(causes.keySet()).isEqualTo(reasons.keySet());
    reasons.forEach((id, reason) -> assertThat(causes.get(id)).contains(reason));
    assertThat(awaitPredictions(2))
        .extracting(Prediction::getImageId)
        .containsExactlyInAnyOrder("before", "after");
    Map<String, Double> counted = new TreeMap<>();
    meters
        .get(LetterCounts.METER)
        .counters()
        .forEach(counter -> counted.put(counter.getId().getTag("reason"), counter.count()));
    assertThat(counted)
        .isEqualTo(
            Map.of(
                "malformed",
                6.,
                "unassigned",
                1.,
                "unreadable",
                2.,
                "changed",
                1.,
                "undecodable",
                2.,
                "failed",
                0.));
    image("later", Events.image(png, "colours"));
    awaitPredictions(3);
  }

  @Test
  void thePromptsBiasDecidesBetweenClassesThatLookAlike() {
    start(Map.of());
    define("colours", Events.task("red", "green", "blue"));
    promote(
        PromptVersion.newBuilder(Events.prompt("colours", 1, COLOURS, RED, GREEN, BLUE))
            .setBias(List.of(0f, 0f, 6f))
            .build());
    image("one", Events.image(ColourClip.png(new Color(0, 200, 170)), "colours"));

    Prediction prediction = awaitPredictions(1).get(0);
    assertThat(prediction.getLabels().get(0).getLabel()).isEqualTo("blue");
    assertThat(prediction.getZeroShot().getLabel()).isEqualTo("green");
    await().atMost(LONG).until(() -> samples.values().size() == 1);
    assertThat(samples.values().get(0).getProbabilities().get(2))
        .isEqualTo(prediction.getLabels().get(0).getConfidence());
  }

  /** In closed form nothing was tuned: such a version is TEXT, whatever its task tunes. */
  @Test
  void aVisualTaskIsServedByABiasOrAHeadThatHasNoPrefix() {
    start(Map.of());
    define("tinted", visual());
    promote(
        PromptVersion.newBuilder(Events.prompt("tinted", 1, COLOURS, RED, GREEN, BLUE))
            .setMadeBy(Strategy.BALANCE)
            .setBias(List.of(0f, 0f, 6f))
            .build());
    define("headed", visual());
    promote(
        PromptVersion.newBuilder(
                Events.prompt("headed", 2, COLOURS, RED, GREEN, new float[] {0, 0, 3}))
            .setMadeBy(Strategy.MIXTURE)
            .build());
    image("one", Events.image(ColourClip.png(new Color(0, 200, 170)), "tinted", "headed"));

    for (Prediction prediction : awaitPredictions(2)) {
      assertThat(prediction.getLabels().get(0).getLabel()).isEqualTo("blue");
      assertThat(prediction.getZeroShot().getLabel()).isEqualTo("green");
      assertThat(prediction.getPromptVersion())
          .isEqualTo(prediction.getTask().equals("tinted") ? 1 : 2);
    }
    assertThat(model.prefixedPasses).hasValue(0);
    assertThat(labeler.notReady()).isEmpty();
  }

  private static TaskDefinition visual() {
    return TaskDefinition.newBuilder(Events.task("red", "green", "blue"))
        .setModality(Modality.VISUAL)
        .build();
  }

  @Test
  void whatIsLessSureThanTheTaskAsksIsNoneOfItsClasses() {
    start(Map.of());
    TaskDefinition cautious =
        TaskDefinition.newBuilder(Events.task("red", "green", "blue")).setAbstainBelow(.6f).build();
    define("cautious", cautious);
    promote(Events.prompt("cautious", 1, COLOURS, RED, GREEN, BLUE));
    define("bold", Events.task("red", "green", "blue"));
    promote(Events.prompt("bold", 1, COLOURS, RED, GREEN, BLUE));
    image("clear", Events.image(ColourClip.png(Color.RED), "cautious", "bold"));
    image("grey", Events.image(ColourClip.png(Color.GRAY), "cautious", "bold"));

    Map<String, Boolean> abstained = new TreeMap<>();
    for (Prediction prediction : awaitPredictions(4)) {
      abstained.put(
          prediction.getTask() + " " + prediction.getImageId(), prediction.getAbstained());
      assertThat(prediction.getLabels()).hasSize(3);
    }
    assertThat(abstained)
        .isEqualTo(
            Map.of(
                "cautious clear",
                false,
                "cautious grey",
                true,
                "bold clear",
                false,
                "bold grey",
                false));
    await().atMost(LONG).until(() -> samples.values().size() == 4);
  }

  @Test
  void oneTowerPassServesAllTasks() {
    start(Map.of());
    define("colours", Events.task("red", "green", "blue"));
    promote(Events.prompt("colours", 0, COLOURS, RED, GREEN, BLUE));
    define("mood", Events.task("angry", "calm", "sad"));
    promote(Events.prompt("mood", 7, List.of("angry", "calm", "sad"), RED, GREEN, BLUE));
    image("first", Events.image(ColourClip.png(Color.RED), "colours", "mood"));
    awaitPredictions(2);

    for (int i = 0; i < 20; i++) {
      image("all-" + i, Events.image(ColourClip.png(Color.BLUE)));
    }

    List<Prediction> all = awaitPredictions(42);
    assertThat(model.images).hasValue(21);
    assertThat(model.passes.get()).isLessThanOrEqualTo(21);
    for (int i = 0; i < 20; i++) {
      String id = "all-" + i;
      assertThat(all)
          .filteredOn(prediction -> prediction.getImageId().equals(id))
          .extracting(prediction -> prediction.getLabels().get(0).getLabel())
          .containsExactlyInAnyOrder("blue", "sad");
    }
  }

  @Test
  void aVisualPromptHasATowerPassOfItsOwnOverTheImagesThatAreMeantForIt() {
    start(Map.of());
    define("colours", Events.task("red", "green", "blue"));
    promote(Events.prompt("colours", 0, COLOURS, RED, GREEN, BLUE));
    define("tinted", Events.task("red", "green", "blue"));
    promote(Events.behind(Events.prompt("tinted", 1, COLOURS, RED, GREEN, BLUE), 9));
    define("also-tinted", Events.task("red", "green", "blue"));
    promote(Events.behind(Events.prompt("also-tinted", 2, COLOURS, RED, GREEN, BLUE), 9));
    for (int i = 0; i < 10; i++) {
      String[] tasks =
          i % 2 == 0 ? new String[] {"colours", "tinted", "also-tinted"} : new String[] {"colours"};
      image("image-" + i, Events.image(ColourClip.png(Color.BLUE), tasks));
    }

    for (Prediction prediction : awaitPredictions(20)) {
      boolean tinted = prediction.getTask().endsWith("tinted");
      assertThat(prediction.getLabels().get(0).getLabel()).isEqualTo(tinted ? "red" : "blue");
      // What the task had without any tuning, so without the prefix too.
      assertThat(prediction.getZeroShot().getLabel()).isEqualTo("blue");
    }
    await().atMost(LONG).until(() -> samples.values().size() == 20);
    for (Sample sample : samples.values()) {
      assertThat(Float16.decode(sample.getFeature())).containsExactly(BLUE);
      boolean tinted = sample.getPromptVersion() > 0;
      assertThat(sample.getProbabilities().get(tinted ? 0 : 2)).isGreaterThan(0.9f);
    }
    assertThat(model.images).hasValue(10);
    // Two tasks with the same visual prompt share its pass.
    assertThat(model.prefixedImages).hasValue(5);
    assertThat(model.prefixedPasses.get()).isBetween(1, 5);
    // A pass in two halves is one.
    assertThat(tower("passes", "plain")).isBetween(1.0, (double) model.passes.get());
    assertThat(tower("images", "plain")).isEqualTo(10);
    assertThat(tower("passes", "prefixed")).isEqualTo(model.prefixedPasses.get());
    assertThat(tower("images", "prefixed")).isEqualTo(5);
  }

  private double tower(String what, String kind) {
    return meters.get("gripstream.labeler.tower." + what).tag("kind", kind).counter().count();
  }

  /** A PNG whose header promises 200 million pixels. */
  private static byte[] hugePng() throws IOException {
    ByteBuffer header = ByteBuffer.allocate(17);
    header.put("IHDR".getBytes(UTF_8)).putInt(20000).putInt(10000);
    header.put(new byte[] {8, 2, 0, 0, 0});
    CRC32 crc = new CRC32();
    crc.update(header.array());
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    DataOutputStream out = new DataOutputStream(bytes);
    out.writeLong(0x89504e470d0a1a0aL);
    out.writeInt(13);
    out.write(header.array());
    out.writeInt((int) crc.getValue());
    return bytes.toByteArray();
  }
}
