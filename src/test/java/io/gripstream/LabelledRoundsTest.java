package io.gripstream;

import static io.restassured.RestAssured.given;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.hamcrest.Matchers.equalTo;
import static org.hamcrest.Matchers.everyItem;
import static org.hamcrest.Matchers.is;

import io.gripstream.event.ImageEvent;
import io.gripstream.kafka.registry.TopicSerdes;
import io.gripstream.refine.train.HeldOut;
import io.gripstream.sample.LabelledImage;
import io.gripstream.sample.SampleStream;
import io.gripstream.sample.SampleStreams;
import io.quarkus.test.junit.QuarkusTest;
import io.quarkus.test.junit.TestProfile;
import io.restassured.http.ContentType;
import io.restassured.path.json.JsonPath;
import jakarta.inject.Inject;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.eclipse.microprofile.config.inject.ConfigProperty;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * The whole application while a person begins to label: a round without labels, two labels for each
 * class, and the next round. Nothing is restarted. The stream is driven once, before the first
 * test.
 */
@QuarkusTest
@TestProfile(LabelledRoundsTest.LabelledStream.class)
class LabelledRoundsTest {
  private static final String PREFIX = "labelled.";
  private static final String TASK = "digits";
  private static final String PATH = "/api/tasks/" + TASK;
  private static final int ROUND = 100;
  private static final int LABELLED_ROUND = 2;

  /** The pool turns over between the labels and the round that trains on them. */
  private static final int POOL = 120;

  private static final int LABELS_PER_CLASS = 2;
  private static final double HELD_OUT = 0.2;
  private static final Duration LONG = Duration.ofSeconds(120);
  private static final SampleStream STREAM = SampleStreams.byName(TASK);

  private static KafkaProducer<byte[], byte[]> producer;
  private static int sent;
  private static int labels;

  @Inject TopicSerdes serdes;

  @ConfigProperty(name = "gripstream.kafka.bootstrap-servers")
  String brokers;

  /** Its topics apart from others'. */
  public static final class LabelledStream extends WholeApplication {
    public LabelledStream() {
      super(PREFIX, Map.of("gripstream.labeler.pool-turnover", "0S"));
    }
  }

  @BeforeEach
  void aPersonLabelsTwoImagesOfEachClassAfterTheFirstRound() {
    if (producer != null) {
      return;
    }
    await()
        .atMost(LONG)
        .untilAsserted(() -> given().get("/q/health/ready").then().body("status", equalTo("UP")));
    given()
        .contentType(ContentType.JSON)
        .body(
            Map.of(
                "classes", STREAM.classes(),
                "template", STREAM.template(),
                "trigger", Map.of("samples", ROUND),
                "pool", Map.of("samples", POOL),
                "training", Map.of("epochs", 3),
                "gate", Map.of("heldOutShare", HELD_OUT)))
        .put(PATH)
        .then()
        .statusCode(201);
    producer =
        new KafkaProducer<>(
            Map.of(ProducerConfig.BOOTSTRAP_SERVERS_CONFIG, brokers),
            new ByteArraySerializer(),
            new ByteArraySerializer());
    awaitEnd(0);
    send(ROUND);
    awaitEnd(1);
    label();
    send(ROUND);
    awaitEnd(LABELLED_ROUND);
  }

  @AfterAll
  static void close() {
    if (producer != null) {
      producer.close();
    }
  }

  @Test
  void theRoundBeforeTheLabelsIsUnsupervisedAndTheOneAfterThemSemiSupervised() {
    JsonPath before = requested(1);
    assertThat(before.getString("paradigm")).isEqualTo("UL");
    assertThat(before.getFloat("metrics.labelled")).isZero();
    JsonPath after = requested(LABELLED_ROUND);
    assertThat(after.getString("paradigm")).isEqualTo("SSL");
    assertThat(after.getFloat("metrics.labelled")).isEqualTo(labels);
    assertThat(after.getFloat("metrics.labels")).isEqualTo(labels);
    assertThat(after.getString("message"))
        .isEqualTo(
            "from version %d, with %d samples, %d of them labelled: SSL"
                .formatted(baseOf(LABELLED_ROUND), POOL, labels));
    JsonPath batch = given().get(PATH + "/rounds/" + LABELLED_ROUND + "?limit=1000").jsonPath();
    assertThat(batch.getString("strategy")).isEqualTo("AUTO");
    assertThat(batch.getList("samples.findAll { it.label != null }")).hasSize(labels);
  }

  @Test
  void theRefinersEntriesSayTheSame() {
    assertThat(paradigms(1, "STARTED")).containsExactly("UL");
    assertThat(paradigms(LABELLED_ROUND, "STARTED")).containsExactly("SSL");
  }

  @Test
  void whoLabelledSeesHowManyLabelsEachClassHas() {
    given()
        .get(PATH + "/labels")
        .then()
        .body("labels", is(labels))
        .body("paradigm", equalTo("SSL"))
        .body("classes.label", equalTo(STREAM.classes()))
        .body("classes.training", everyItem(is(LABELS_PER_CLASS)))
        .body("classes.heldOut", everyItem(is(0)));
  }

  @Test
  void theCandidateOfTheLabelledRoundIsSemiSupervised() {
    given()
        .get(PATH + "/prompts")
        .then()
        .body("find { it.round == %d }.paradigm".formatted(LABELLED_ROUND), equalTo("SSL"))
        .body("find { it.round == 1 }.paradigm", equalTo("UL"));
    assertThat(paradigms(LABELLED_ROUND, "PROMOTED", "HELD")).containsExactly("SSL");
  }

  /** Two images of each class, of those that were sent first and may train. */
  private void label() {
    Map<String, Integer> given = new HashMap<>();
    List<Map<String, String>> body = new ArrayList<>();
    for (int i = 0; i < sent; i++) {
      LabelledImage image = STREAM.image(i);
      if (!HeldOut.contains(TASK, image.id(), HELD_OUT)
          && given.merge(image.label(), 1, Integer::sum) <= LABELS_PER_CLASS) {
        body.add(Map.of("imageId", image.id(), "label", image.label(), "annotator", "ann"));
      }
    }
    labels = body.size();
    assertThat(labels).isEqualTo(LABELS_PER_CLASS * STREAM.classes().size());
    given()
        .contentType(ContentType.JSON)
        .body(body)
        .post(PATH + "/labels")
        .then()
        .statusCode(202)
        .body("labels", is(labels));
    // Where a transaction ended is an offset, too.
    await("the curator knows the labels").atMost(LONG).until(() -> read("labels") >= labels);
  }

  /** How many records of a topic the curator is done with. */
  private long read(String topic) throws ExecutionException, InterruptedException {
    try (Admin admin = Admin.create(Map.of(AdminClientConfig.BOOTSTRAP_SERVERS_CONFIG, brokers))) {
      return admin
          .listConsumerGroupOffsets(PREFIX + "curator")
          .partitionsToOffsetAndMetadata()
          .get()
          .entrySet()
          .stream()
          .filter(entry -> entry.getKey().topic().equals(PREFIX + topic))
          .mapToLong(entry -> entry.getValue().offset())
          .sum();
    }
  }

  private void send(int count) {
    for (int i = 0; i < count; i++) {
      LabelledImage image = STREAM.image(sent++);
      ImageEvent event = ImageEvent.newBuilder().setContent(ByteBuffer.wrap(image.png())).build();
      producer.send(
          new ProducerRecord<>(
              PREFIX + "images",
              image.id().getBytes(UTF_8),
              serdes.images().serialize(PREFIX + "images", event)));
    }
  }

  private static void awaitEnd(int round) {
    await("the end of round " + round)
        .atMost(LONG)
        .until(() -> !paradigms(round, "PROMOTED", "HELD").isEmpty());
  }

  /** What the diary's entries of a round say, those of these types. */
  private static List<String> paradigms(int round, String... types) {
    return given()
        .get(PATH + "/rounds")
        .jsonPath()
        .param("types", List.of(types))
        .getList("diary.findAll { it.round == %d && it.type in types }.paradigm".formatted(round));
  }

  private static JsonPath requested(int round) {
    return given()
        .get(PATH + "/rounds")
        .jsonPath()
        .setRootPath("diary.find { it.round == %d && it.type == 'REQUESTED' }".formatted(round));
  }

  private static int baseOf(int round) {
    return given()
        .get(PATH + "/prompts")
        .jsonPath()
        .getInt("find { it.round == %d }.parent".formatted(round));
  }
}
