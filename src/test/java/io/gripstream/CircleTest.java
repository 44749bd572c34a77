package io.gripstream;

import static io.restassured.RestAssured.given;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.hamcrest.Matchers.equalTo;

import io.gripstream.Subscriber.Message;
import io.gripstream.clip.ComputeDevice;
import io.gripstream.clip.TorchClip;
import io.gripstream.event.ImageEvent;
import io.gripstream.event.PromptVersion;
import io.gripstream.event.RefinementBatch;
import io.gripstream.kafka.registry.TopicSerdes;
import io.gripstream.kafka.trace.RecordedSpans;
import io.gripstream.refine.ImageSource;
import io.gripstream.refine.PromptRefinement;
import io.gripstream.refine.train.RoundBatch;
import io.gripstream.sample.LabelledImage;
import io.gripstream.sample.SampleStream;
import io.gripstream.sample.SampleStreams;
import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.trace.StatusCode;
import io.opentelemetry.sdk.trace.data.SpanData;
import io.quarkus.test.common.http.TestHTTPResource;
import io.quarkus.test.junit.QuarkusTest;
import io.quarkus.test.junit.TestProfile;
import io.restassured.http.ContentType;
import io.restassured.path.json.JsonPath;
import jakarta.inject.Inject;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ExecutionException;
import java.util.zip.CRC32;
import org.apache.avro.generic.GenericRecord;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.eclipse.microprofile.config.inject.ConfigProperty;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * The whole application with the model it ships, seen from outside: images flow in until the prompt
 * that labels them was refined from them. The stream is driven once, before the first test.
 */
@QuarkusTest
@TestProfile(CircleTest.CircleStream.class)
class CircleTest {
  private static final String PREFIX = "circle.";
  private static final String TASK = "digits";
  private static final int IMAGES = 900;
  private static final int IMAGES_AT_MOST = 6000;
  private static final int IMAGES_A_STEP = 10;
  private static final Duration STEP = Duration.ofMillis(100);
  private static final Duration LONG = Duration.ofSeconds(120);
  private static final Duration SHORT = Duration.ofSeconds(30);
  private static final String SENDERS_TRACE = "0af7651916cd43dd8448eb211c80319c";

  /** Between a promotion and the first label that shows it. */
  private static final long HOT_SWAP_MILLIS = 10_000;

  /** A prompt is stamped when its candidate was written, so hardly any is needed. */
  private static final long STAMP_MILLIS = 50;

  private static final SampleStream STREAM = SampleStreams.byName(TASK);

  /** The ids of all good images, in the order of sending. */
  private static final List<String> SENT = new ArrayList<>();

  private static KafkaProducer<byte[], byte[]> producer;

  @Inject TopicSerdes serdes;
  @Inject RecordedSpans spans;

  @ConfigProperty(name = "gripstream.kafka.bootstrap-servers")
  String brokers;

  @TestHTTPResource("/")
  URI home;

  /** Its topics apart from others'. */
  public static final class CircleStream extends WholeApplication {
    public CircleStream() {
      super(
          PREFIX,
          Map.of("quarkus.otel.sdk.disabled", "false", "quarkus.otel.traces.exporter", "none"));
    }

    @Override
    public Set<Class<?>> getEnabledAlternatives() {
      return Set.of(RecordedSpans.class);
    }
  }

  @BeforeEach
  void imagesFlowUntilARefinedPromptLabelsThem() {
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
                "trigger", Map.of("samples", 250),
                "training", Map.of("rounds", 3),
                "gate", Map.of("heldOutShare", 0.3)))
        .put("/api/tasks/" + TASK)
        .then()
        .statusCode(201);
    producer =
        new KafkaProducer<>(
            Map.of(ProducerConfig.BOOTSTRAP_SERVERS_CONFIG, brokers),
            new ByteArraySerializer(),
            new ByteArraySerializer());
    try (Subscriber predictions = subscriber("predictions")) {
      await()
          .atMost(LONG)
          .pollInterval(STEP)
          .until(
              () -> {
                boolean refined =
                    predictions.messages().stream().anyMatch(m -> version(m.value()) > 0);
                if (!(refined && SENT.size() >= IMAGES) && SENT.size() < IMAGES_AT_MOST) {
                  for (int i = 0; i < IMAGES_A_STEP; i++) {
                    sendNext();
                  }
                }
                return refined && SENT.size() >= IMAGES;
              });
      await().atMost(SHORT).until(() -> predictions.messages().size() >= SENT.size());
    }
  }

  @AfterAll
  static void close() {
    if (producer != null) {
      producer.close();
    }
  }

  @Test
  void everyImageHasOnePredictionThatNamesAPromptOfTheStream() {
    try (Subscriber predictions = subscriber("predictions");
        Subscriber prompts = subscriber("prompts")) {
      List<Message> labelled = predictions.messages();
      assertThat(labelled.stream().map(m -> text(m.record().key())))
          .containsExactlyInAnyOrderElementsOf(SENT);
      Map<String, GenericRecord> live = new HashMap<>();
      prompts.messages().forEach(m -> live.put(identityOf(m.value()), m.value()));
      assertThat(live).hasSizeGreaterThan(1);
      assertThat(labelled)
          .allSatisfy(
              m -> {
                GenericRecord prediction = m.value();
                assertThat(prediction.get("imageId")).hasToString(text(m.record().key()));
                assertThat(prediction.get("task")).hasToString(TASK);
                assertThat(live).containsKey(promptOf(prediction));
                assertThat(prediction.get("modelId"))
                    .isEqualTo(live.get(promptOf(prediction)).get("modelId"));
              });
      assertThat(labelled).anyMatch(m -> version(m.value()) > 0);
    }
  }

  @Test
  void thePromptThatAPredictionNamesWasLiveWhenItWasMade() {
    try (Subscriber predictions = subscriber("predictions");
        Subscriber prompts = subscriber("prompts")) {
      List<Message> labelled = predictions.messages();
      // One task: all its prompts are on one partition, in the order of their going live.
      List<Message> live = prompts.messages();
      Map<String, Long> from = new HashMap<>();
      Map<String, Long> until = new HashMap<>();
      for (int i = 0; i < live.size(); i++) {
        String identity = identityOf(live.get(i).value());
        from.put(identity, live.get(i).record().timestamp());
        until.put(
            identity,
            i + 1 < live.size() ? live.get(i + 1).record().timestamp() : Long.MAX_VALUE / 2);
      }
      assertThat(labelled)
          .allSatisfy(
              m -> {
                String identity = promptOf(m.value());
                assertThat(m.record().timestamp())
                    .as("time of a prediction by %s", identity)
                    .isBetween(
                        from.get(identity) - STAMP_MILLIS, until.get(identity) + HOT_SWAP_MILLIS);
              });
    }
  }

  @Test
  void badInputEndsAsDeadLettersThatSayWhyAndTheNextImageIsLabelled() {
    byte[] good = STREAM.image(SENT.size()).png();
    record Bad(String key, byte[] value, String cause) {}
    List<Bad> bad =
        List.of(
            new Bad(
                "no-image",
                event("not an image".getBytes(UTF_8), List.of()),
                "neither JPEG, PNG, GIF, BMP, WebP nor TIFF"),
            new Bad("garbage", new byte[] {7, 7, 7, 7, 7, 7, 7}, "not an image event: "),
            new Bad("no-task", event(good, List.of("nowhere")), "there is no task 'nowhere'"),
            new Bad("", event(good, List.of()), "no image id: "),
            new Bad(
                "huge",
                event(pngThatClaims(20_000, 10_000), List.of()),
                "PNG of 20000 x 10000 pixels is larger than the "));
    Map<String, String> causes = new HashMap<>();
    for (Bad record : bad) {
      causes.put(place(send(record.key(), record.value())), record.cause());
    }
    oneMoreIsLabelled();

    try (Subscriber letters = new Subscriber(brokers, null, PREFIX + "dead-letters")) {
      await().atMost(SHORT).until(() -> letters.messages().size() >= bad.size());
      Map<String, String> told = new HashMap<>();
      letters
          .messages()
          .forEach(
              m ->
                  told.put(
                      header(m, "origin.partition") + "@" + header(m, "origin.offset"),
                      header(m, "cause")));
      assertThat(told).containsOnlyKeys(causes.keySet());
      causes.forEach((place, cause) -> assertThat(told.get(place)).contains(cause));
      assertThat(letters.messages().stream().map(m -> m.record().value()).toList())
          .containsExactlyInAnyOrderElementsOf(bad.stream().map(Bad::value).toList());
    }
  }

  private void oneMoreIsLabelled() {
    String id = STREAM.image(SENT.size()).id();
    sendNext();
    try (Subscriber predictions = subscriber("predictions")) {
      await()
          .atMost(SHORT)
          .until(
              () ->
                  predictions.messages().stream().anyMatch(m -> text(m.record().key()).equals(id)));
    }
  }

  @Test
  void aBatchOfTheStreamMakesTheCandidateAgainByteForByte() throws Exception {
    try (Subscriber candidates = subscriber("candidates");
        Subscriber batches = subscriber("batches");
        TorchClip clip = TorchClip.load(pico(), "pico", ComputeDevice.cpu())) {
      Message first =
          candidates.messages().stream()
              .filter(m -> m.value().get("round").equals(1))
              .findFirst()
              .orElseThrow();
      List<RefinementBatch> chunks =
          batches.messages().stream()
              .filter(m -> m.value().get("round").equals(1))
              .map(m -> serdes.batches().deserialize(m.record().topic(), m.record().value()))
              .sorted(Comparator.comparing(RefinementBatch::getChunk))
              .toList();
      RoundBatch batch = RoundBatch.assemble(chunks);
      PromptVersion again =
          new PromptRefinement(clip, ImageSource.NONE).train(batch, (done, metrics) -> {});

      assertThat(text(first.record().key())).isEqualTo(TASK + "/" + again.getVersion());
      assertThat(serdes.candidates().serialize(first.record().topic(), again))
          .isEqualTo(first.record().value());
    }
  }

  @Test
  void theFirstRoundShowsWhatItTrainedOn() {
    JsonPath detail =
        given().get("/api/tasks/" + TASK + "/rounds/1").then().statusCode(200).extract().jsonPath();
    assertThat(detail.getString("round.state")).isIn("PROMOTED", "HELD");
    assertThat(detail.getInt("total")).isGreaterThanOrEqualTo(250);
    List<String> images = detail.getList("samples.imageId");
    assertThat(images).hasSize(100).doesNotHaveDuplicates().isSubsetOf(SENT).isSorted();
    byte[] shown =
        given()
            .get(
                "/api/images/{partition}/{offset}",
                detail.getInt("samples[0].image.partition"),
                detail.getInt("samples[0].image.offset"))
            .then()
            .statusCode(200)
            .extract()
            .asByteArray();
    assertThat(shown).isEqualTo(STREAM.image(SENT.indexOf(images.get(0))).png());
  }

  @Test
  void everyMetricOfTheOperatorsTableHasDataAndEveryOneOfOursIsInIt() throws IOException {
    MetricsTable documented = MetricsTable.read();
    // Some of Kafka's figures are of the last minute only.
    oneMoreIsLabelled();
    await()
        .atMost(SHORT)
        .untilAsserted(
            () -> {
              Set<String> known = new TreeSet<>();
              Set<String> unknown = new TreeSet<>();
              for (String line : given().get("/q/metrics").asString().split("\n")) {
                String name = line.replaceAll("[ {].*", "");
                assertThat(line)
                    .doesNotContain("topic=\"" + PREFIX.replace('.', '_'))
                    .doesNotStartWith("kafka_stream_state_");
                Optional<String> row = documented.of(name);
                if (row.isEmpty() && name.startsWith("gripstream_")) {
                  unknown.add(name);
                } else if (!line.endsWith(" NaN")) {
                  row.ifPresent(known::add);
                }
              }
              assertThat(known).isEqualTo(documented.names());
              assertThat(unknown).isEmpty();
            });
  }

  @Test
  void anImagesTraceGoesFromItsSenderToItsPrediction() {
    String parent = "00-" + SENDERS_TRACE + "-b7ad6b7169203331-01";
    LabelledImage produced =
        sendNext(new RecordHeaders().add("traceparent", parent.getBytes(UTF_8)));
    LabelledImage posted = STREAM.image(SENT.size());
    SENT.add(posted.id());
    given()
        .contentType("image/png")
        .header("traceparent", parent.replace("0af765", "1af765"))
        .queryParam("id", posted.id())
        .body(posted.png())
        .post("/api/images")
        .then()
        .statusCode(202);
    try (Subscriber predictions = subscriber("predictions")) {
      await()
          .atMost(SHORT)
          .until(
              () ->
                  predictions.messages().stream()
                      .map(m -> text(m.record().key()))
                      .toList()
                      .containsAll(List.of(produced.id(), posted.id())));
      for (Message message : predictions.messages()) {
        String[] context = header(message, "traceparent").split("-");
        SpanData process = span(context[2]);
        assertThat(process.getTraceId()).isEqualTo(context[1]);
        assertThat(process.getName()).isEqualTo("process " + PREFIX + "images");
        String id = text(message.record().key());
        if (id.equals(produced.id())) {
          assertThat(context[1]).isEqualTo(SENDERS_TRACE);
          assertThat(process.getParentSpanId()).isEqualTo("b7ad6b7169203331");
        } else if (id.equals(posted.id())) {
          SpanData send = span(process.getParentSpanId());
          SpanData request = span(send.getParentSpanId());
          assertThat(send.getName()).isEqualTo("send " + PREFIX + "images");
          assertThat(request.getName()).isEqualTo("POST /api/images");
          assertThat(request.getTraceId()).isEqualTo(SENDERS_TRACE.replace("0af765", "1af765"));
          assertThat(request.getParentSpanId()).isEqualTo("b7ad6b7169203331");
        } else {
          assertThat(process.getParentSpanContext().isValid()).isFalse();
        }
      }
    }
  }

  @Test
  void aRoundIsOneTraceFromItsBatchToItsSwap() {
    await().atMost(SHORT).until(() -> !spans.named("round swap").isEmpty());
    for (SpanData swap : spans.named("round swap")) {
      SpanData judge = span(swap.getParentSpanId());
      SpanData train = span(judge.getParentSpanId());
      SpanData close = span(train.getParentSpanId());
      assertThat(List.of(close, train, judge, swap))
          .extracting(SpanData::getName)
          .containsExactly("round close", "round train", "round judge", "round swap");
      assertThat(close.getParentSpanContext().isValid()).isFalse();
      assertThat(List.of(train, judge, swap))
          .allSatisfy(
              span -> {
                assertThat(span.getTraceId()).isEqualTo(close.getTraceId());
                assertThat(span.getStatus().getStatusCode()).isEqualTo(StatusCode.UNSET);
                assertThat(span.getAttributes().get(AttributeKey.longKey("gripstream.round")))
                    .isEqualTo(close.getAttributes().get(AttributeKey.longKey("gripstream.round")))
                    .isPositive();
                assertThat(span.getAttributes().get(AttributeKey.stringKey("gripstream.task")))
                    .isEqualTo(TASK);
              });
      assertThat(train.getAttributes().get(AttributeKey.longKey("gripstream.steps"))).isPositive();
      assertThat(judge.getAttributes().get(AttributeKey.stringKey("gripstream.verdict")))
          .isEqualTo("PROMOTED");
      assertThat(judge.getAttributes().get(AttributeKey.stringKey("gripstream.reason")))
          .isNotBlank();
    }
  }

  private SpanData span(String id) {
    return spans.ended().stream()
        .filter(span -> span.getSpanId().equals(id))
        .findFirst()
        .orElseThrow(() -> new AssertionError("no span " + id));
  }

  private Subscriber subscriber(String topic) {
    return new Subscriber(brokers, Subscriber.registry(home), PREFIX + topic);
  }

  /** The stream's next image, as an event for every task. */
  private void sendNext() {
    sendNext(new RecordHeaders());
  }

  private LabelledImage sendNext(Headers headers) {
    LabelledImage image = STREAM.image(SENT.size());
    producer.send(
        new ProducerRecord<>(
            PREFIX + "images",
            null,
            image.id().getBytes(UTF_8),
            event(image.png(), List.of()),
            headers));
    SENT.add(image.id());
    return image;
  }

  private static RecordMetadata send(String key, byte[] value) {
    try {
      return producer
          .send(new ProducerRecord<>(PREFIX + "images", key.getBytes(UTF_8), value))
          .get();
    } catch (InterruptedException | ExecutionException e) {
      throw new IllegalStateException(e);
    }
  }

  private byte[] event(byte[] content, List<String> tasks) {
    return serdes
        .images()
        .serialize(
            PREFIX + "images",
            ImageEvent.newBuilder().setContent(ByteBuffer.wrap(content)).setTasks(tasks).build());
  }

  /** A signature and a sound header, and then nothing. */
  private static byte[] pngThatClaims(int width, int height) {
    byte[] header =
        ByteBuffer.allocate(17)
            .put("IHDR".getBytes(UTF_8))
            .putInt(width)
            .putInt(height)
            .put(new byte[] {8, 2, 0, 0, 0})
            .array();
    CRC32 crc = new CRC32();
    crc.update(header);
    ByteArrayOutputStream png = new ByteArrayOutputStream();
    png.writeBytes(new byte[] {(byte) 0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'});
    png.writeBytes(ByteBuffer.allocate(4).putInt(13).array());
    png.writeBytes(header);
    png.writeBytes(ByteBuffer.allocate(4).putInt((int) crc.getValue()).array());
    return png.toByteArray();
  }

  private static Path pico() throws URISyntaxException {
    return Path.of(CircleTest.class.getResource("/models/pico/config.json").toURI()).getParent();
  }

  private static int version(GenericRecord prediction) {
    return (Integer) prediction.get("promptVersion");
  }

  private static String identityOf(GenericRecord prompt) {
    return prompt.get("version") + " " + prompt.get("digest");
  }

  private static String promptOf(GenericRecord prediction) {
    return prediction.get("promptVersion") + " " + prediction.get("promptDigest");
  }

  private static String place(RecordMetadata record) {
    return record.partition() + "@" + record.offset();
  }

  private static String header(Message message, String name) {
    return text(message.record().headers().lastHeader(name).value());
  }

  private static String text(byte[] bytes) {
    return new String(bytes, UTF_8);
  }
}
