package io.gripstream.labeler;

import static io.gripstream.labeler.Events.BLUE;
import static io.gripstream.labeler.Events.GREEN;
import static io.gripstream.labeler.Events.RED;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import ai.djl.engine.EngineException;
import io.gripstream.event.PromptVersion;
import io.gripstream.kafka.CarriedHeaders;
import io.gripstream.kafka.trace.RecordedSpans;
import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.trace.StatusCode;
import io.opentelemetry.sdk.trace.data.EventData;
import io.opentelemetry.sdk.trace.data.SpanData;
import java.awt.Color;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.junit.jupiter.api.Test;

/** What goes with an image or a prompt in its record's headers: others' headers, and traces. */
class LabelerHeadersTest extends LabelerRig {
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
}
