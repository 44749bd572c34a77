package io.gripstream.labeler;

import static io.gripstream.labeler.Events.BLUE;
import static io.gripstream.labeler.Events.GREEN;
import static io.gripstream.labeler.Events.RED;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import ai.djl.engine.EngineException;
import com.sun.net.httpserver.HttpServer;
import io.gripstream.clip.Digests;
import io.gripstream.clip.Float16;
import io.gripstream.event.ImageEvent;
import io.gripstream.event.Modality;
import io.gripstream.event.Prediction;
import io.gripstream.event.PromptVersion;
import io.gripstream.event.Sample;
import io.gripstream.event.Strategy;
import io.gripstream.event.TaskDefinition;
import io.gripstream.image.ObjectFailures;
import io.gripstream.image.StubS3;
import io.gripstream.kafka.Backoff;
import io.gripstream.kafka.CarriedHeaders;
import io.gripstream.kafka.DeadLetters;
import io.gripstream.kafka.KafkaClients;
import io.gripstream.kafka.Keys;
import io.gripstream.kafka.LetterCounts;
import io.gripstream.kafka.SharedBroker;
import io.gripstream.kafka.loop.TransactionalLoop.Pauses;
import io.gripstream.kafka.registry.PromptSignature.Signer;
import io.gripstream.kafka.trace.RecordedSpans;
import io.gripstream.wiring.TestStream;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.trace.StatusCode;
import io.opentelemetry.sdk.trace.data.EventData;
import io.opentelemetry.sdk.trace.data.SpanData;
import java.awt.Color;
import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.MessageDigest;
import java.security.MessageDigestSpi;
import java.security.Provider;
import java.security.Security;
import java.time.Duration;
import java.time.Year;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.zip.CRC32;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.serialization.Serdes;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The labeler on a real broker, with a model that one can follow by hand. */
class LabelerTest {
  private static final Duration LONG = Duration.ofSeconds(40);
  private static final List<String> COLOURS = List.of("red", "green", "blue");

  private final ColourClip model = new ColourClip();
  private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
  private TestStream stream;
  private TestStream.Tail<Prediction> predictions;
  private TestStream.Tail<Sample> samples;
  private TestStream.Tail<byte[]> deadLetters;
  private Labeler labeler;

  /** So many seconds pass for the labeler in one. */
  private long haste = 1;

  @BeforeEach
  void open() {
    stream = new TestStream(2);
    predictions = stream.tail(stream.topics().predictions(), stream.serdes().predictions());
    samples = stream.tail(stream.topics().samples(), stream.serdes().samples());
    deadLetters = stream.tail(stream.topics().deadLetters(), Serdes.ByteArray());
  }

  @AfterEach
  void close() {
    if (labeler != null) {
      labeler.close();
    }
    predictions.close();
    samples.close();
    deadLetters.close();
    stream.close();
  }

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

  @Test
  void anImagesHeadersAreCarriedToItsPredictionsUpToABound() {
    start(Map.of());
    define("colours", Events.task("red", "green", "blue"));
    define("tints", Events.task("red", "green", "blue"));
    promote(Events.prompt("colours", 0, COLOURS, RED, GREEN, BLUE));
    promote(Events.prompt("tints", 0, COLOURS, RED, GREEN, BLUE));
    Headers few = new RecordHeaders();
    few.add("camera", new byte[] {1, 2, 3}).add("nothing", null).add("traceparent", new byte[55]);
    image("few", few);
    Headers many = new RecordHeaders();
    IntStream.range(0, 1000).forEach(i -> many.add("h" + i, new byte[1]));
    many.add("traceparent", new byte[55]);
    image("many", many);
    Headers large = new RecordHeaders();
    large.add("large", new byte[CarriedHeaders.BYTES]).add("small", new byte[3]);
    image("large", large);

    awaitPredictions(6);
    for (ConsumerRecord<byte[], byte[]> prediction : predictions.records()) {
      List<Header> carried = List.of(prediction.headers().toArray());
      List<String> names = carried.stream().map(Header::key).toList();
      switch (new String(prediction.key(), UTF_8)) {
        case "few" -> {
          assertThat(names).containsExactly("traceparent", "camera", "nothing");
          assertThat(carried.get(1).value()).containsExactly(1, 2, 3);
          assertThat(carried.get(2).value()).isNull();
        }
        case "many" ->
            assertThat(names).hasSize(CarriedHeaders.MOST).startsWith("traceparent", "h0", "h1");
        default -> assertThat(names).containsExactly("small");
      }
    }
    await().atMost(LONG).until(() -> samples.values().size() == 6);
    assertThat(samples.records()).allMatch(sample -> sample.headers().toArray().length == 0);
  }

  @Test
  void anImagesTraceGoesOnToEachOfItsPredictionsAndEndsWithTheirCommit() {
    RecordedSpans spans = new RecordedSpans();
    start(Map.of("labeler.batch-size", "4"), stream.clients().with(spans.traces()));
    define("colours", Events.task("red", "green", "blue"));
    define("tints", Events.task("red", "green", "blue"));
    promote(Events.prompt("colours", 0, COLOURS, RED, GREEN, BLUE));
    promote(Events.prompt("tints", 0, COLOURS, RED, GREEN, BLUE));
    String trace = "0af7651916cd43dd8448eb211c80319c";
    String parent = "00-" + trace + "-b7ad6b7169203331-";
    // The engine fails for a while: each attempt has a span, of which one went well.
    model.failure = new EngineException("injected");
    image("sampled", traced(parent + "01").add("camera", new byte[] {7}));
    image("unsampled", traced(parent + "00"));
    image("malformed", traced("x".repeat(100_000)).add("baggage", new byte[100_000]));
    image("none", new RecordHeaders());
    stream.sendRaw(stream.topics().images(), "no-avro".getBytes(UTF_8), "hello".getBytes(UTF_8));
    String name = "process " + stream.topics().images();
    await().atMost(LONG).until(() -> spans.named(name).size() > 2);
    model.failure = null;

    awaitPredictions(8);
    await().atMost(LONG).until(() -> deadLetters.records().size() == 1);
    labeler.close();
    List<SpanData> went =
        spans.named(name).stream()
            .filter(span -> span.getStatus().getStatusCode() != StatusCode.ERROR)
            .toList();
    assertThat(went).hasSize(3).noneMatch(span -> span.getEvents().isEmpty());
    assertThat(went.get(0).getEvents())
        .extracting(EventData::getName)
        .containsExactly("decoded", "encoded", "classified");
    assertThat(spans.named(name))
        .filteredOn(span -> !went.contains(span))
        .extracting(span -> span.getStatus().getDescription())
        .anyMatch(reason -> reason.equals("injected"))
        .anyMatch(reason -> reason.startsWith("not an image event"));
    Map<String, SpanData> byId =
        went.stream().collect(Collectors.toMap(SpanData::getSpanId, span -> span));
    for (ConsumerRecord<byte[], byte[]> prediction : predictions.records()) {
      String[] parts = header(prediction, "traceparent").split("-");
      assertThat(prediction.headers().headers("traceparent")).hasSize(1);
      switch (new String(prediction.key(), UTF_8)) {
        case "sampled" -> {
          assertThat(parts[1]).isEqualTo(trace);
          assertThat(parts[3]).isEqualTo("01");
          assertThat(byId.get(parts[2]).getParentSpanId()).isEqualTo("b7ad6b7169203331");
          assertThat(prediction.headers().lastHeader("camera").value()).containsExactly(7);
        }
        case "unsampled" -> {
          assertThat(parts[1]).isEqualTo(trace);
          assertThat(parts[3]).isEqualTo("00");
          assertThat(byId).doesNotContainKey(parts[2]);
        }
        default -> {
          assertThat(byId.get(parts[2]).getTraceId()).isEqualTo(parts[1]).isNotEqualTo(trace);
          assertThat(byId.get(parts[2]).getParentSpanContext().isValid()).isFalse();
        }
      }
    }
  }

  @Test
  void aHotSwapIsTracedAndWhatWasLiveBeforeTheStartIsNone() {
    RecordedSpans spans = new RecordedSpans();
    String parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    define("colours", Events.task("red", "green", "blue"));
    promote(Events.prompt("colours", 0, COLOURS, RED, GREEN, BLUE), traced(parent));
    start(Map.of(), stream.clients().with(spans.traces()));
    await().atMost(LONG).until(() -> labeler.notReady().isEmpty());
    promote(Events.prompt("colours", 1, COLOURS, RED, GREEN, BLUE), new RecordHeaders());
    promote(Events.prompt("colours", 2, COLOURS, RED, GREEN, BLUE), traced(parent));
    await().atMost(LONG).until(() -> spans.ended().size() == 1);
    PromptVersion three = Events.sealed(Events.prompt("colours", 3, COLOURS, RED, GREEN, BLUE));
    forge(PromptVersion.newBuilder(three).setDigest("0".repeat(64)).build(), traced(parent));
    await().atMost(LONG).until(() -> spans.ended().size() == 2);

    assertThat(spans.named("round swap"))
        .allMatch(swap -> swap.getParentSpanId().equals("b7ad6b7169203331"))
        .extracting(swap -> swap.getAttributes().get(AttributeKey.longKey("gripstream.version")))
        .containsExactly(2L, 3L);
    assertThat(spans.ended().get(0).getStatus().getStatusCode()).isEqualTo(StatusCode.UNSET);
    assertThat(spans.ended().get(1).getStatus().getStatusCode()).isEqualTo(StatusCode.ERROR);
    assertThat(spans.ended().get(1).getStatus().getDescription()).contains("digest");
  }

  private static Headers traced(String parent) {
    return new RecordHeaders().add("traceparent", parent.getBytes(UTF_8));
  }

  private void image(String id, Headers headers) {
    String topic = stream.topics().images();
    byte[] event =
        stream
            .serdes()
            .images()
            .serializer()
            .serialize(topic, Events.image(ColourClip.png(Color.RED)));
    stream.send(new ProducerRecord<>(topic, null, id.getBytes(UTF_8), event, headers));
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

  private void start(Map<String, String> settings) {
    start(settings, stream.clients());
  }

  private void start(Map<String, String> settings, KafkaClients clients) {
    labeler =
        Labeler.start(
            stream.config(settings),
            clients,
            stream.topics(),
            stream.serdes(),
            model,
            meters,
            new Pauses(Backoff.FIRST, Duration.ofSeconds(1), Duration.ofSeconds(3)),
            () -> haste * System.nanoTime());
  }

  private void define(String task, TaskDefinition definition) {
    stream.send(stream.topics().tasks(), task, definition, stream.serdes().tasks());
  }

  /** Makes a candidate live, under the digest of what it holds. */
  private void promote(PromptVersion prompt) {
    promote(prompt, new RecordHeaders());
  }

  private void promote(PromptVersion prompt, Headers headers) {
    PromptVersion sealed = Events.sealed(prompt);
    stream.send(
        stream.topics().candidates(),
        sealed.getTask() + "/" + sealed.getVersion(),
        sealed,
        stream.serdes().candidates());
    forge(sealed, headers);
  }

  /** Writes a live prompt as it is. */
  private void forge(PromptVersion prompt) {
    forge(prompt, new RecordHeaders());
  }

  private void forge(PromptVersion prompt, Headers headers) {
    String topic = stream.topics().prompts();
    byte[] value = stream.serdes().prompts().serializer().serialize(topic, prompt);
    stream.send(new ProducerRecord<>(topic, null, Keys.bytes(prompt.getTask()), value, headers));
  }

  private void image(String id, ImageEvent event) {
    stream.send(stream.topics().images(), id, event, stream.serdes().images());
  }

  private double tower(String what, String kind) {
    return meters.get("gripstream.labeler.tower." + what).tag("kind", kind).counter().count();
  }

  /** Exactly so many; more would be duplicates. */
  private List<Prediction> awaitPredictions(int count) {
    await().atMost(LONG).until(() -> predictions.values().size() >= count);
    List<Prediction> all = predictions.values();
    assertThat(all).hasSize(count);
    return all;
  }

  private static String header(ConsumerRecord<byte[], byte[]> record, String name) {
    return new String(record.headers().lastHeader(name).value(), UTF_8);
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
