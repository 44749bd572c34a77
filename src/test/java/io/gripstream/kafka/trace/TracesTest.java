package io.gripstream.kafka.trace;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.api.trace.StatusCode;
import io.opentelemetry.sdk.trace.data.SpanData;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TracesTest {
  private static final String TRACE = "0af7651916cd43dd8448eb211c80319c";
  private static final String PARENT = "b7ad6b7169203331";
  private static final String SAMPLED = "00-" + TRACE + "-" + PARENT + "-01";

  private final RecordedSpans spans = new RecordedSpans();
  private final Traces traces = spans.traces();

  @Test
  void aRecordsTraceGoesOnInWhatFollowsFromIt() {
    Headers headers = headers(SAMPLED, "a=1,b=2").add("camera", new byte[] {7});
    Span span = traces.process(record(headers), "labelers", 16);
    Headers next = Traces.headers(span, headers);
    span.end();

    SpanData ended = spans.ended().get(0);
    assertThat(ended.getName()).isEqualTo("process images");
    assertThat(ended.getKind()).isEqualTo(SpanKind.CONSUMER);
    assertThat(ended.getTraceId()).isEqualTo(TRACE);
    assertThat(ended.getParentSpanId()).isEqualTo(PARENT);
    assertThat(ended.getAttributes().asMap().toString())
        .contains("messaging.system=kafka", "messaging.operation.type=process")
        .contains("messaging.destination.name=images", "messaging.destination.partition.id=3")
        .contains("messaging.kafka.offset=42", "messaging.consumer.group.name=labelers")
        .contains("messaging.batch.message_count=16");
    assertThat(next.headers(TraceContext.PARENT))
        .extracting(TracesTest::text)
        .containsExactly("00-%s-%s-01".formatted(TRACE, ended.getSpanId()));
    assertThat(text(next.lastHeader(TraceContext.STATE))).isEqualTo("a=1,b=2");
    assertThat(next.lastHeader("camera").value()).containsExactly(7);
    assertThat(text(headers.lastHeader(TraceContext.PARENT))).isEqualTo(SAMPLED);
  }

  @Test
  void whatIsNotSampledIsNotRecordedAndItsTraceGoesOnUnsampled() {
    Headers headers = headers(SAMPLED.replace("-01", "-00"), null);
    Span span = traces.process(record(headers), "labelers", 1);
    assertThat(span.isRecording()).isFalse();
    span.end();
    assertThat(spans.ended()).isEmpty();
    assertThat(text(Traces.headers(span, headers).lastHeader(TraceContext.PARENT)))
        .startsWith("00-" + TRACE)
        .endsWith("-00");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "00-0af7",
        "00-00000000000000000000000000000000-b7ad6b7169203331-01",
        "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
        "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-zz",
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\n",
        "cc-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-\u0000\u0001",
      })
  void aParentThatIsNoneIsIgnored(String parent) {
    Headers headers = headers(parent, "a=1");
    assertThat(traces.continues(headers)).isFalse();
    Span span = traces.process(record(headers), "labelers", 1);
    span.end();
    assertThat(spans.ended().get(0).getParentSpanContext().isValid()).isFalse();
    assertThat(Traces.headers(span, headers).headers(TraceContext.PARENT)).hasSize(1);
  }

  @Test
  void hugeOrBrokenContextsAreIgnoredAndNeverAFailure() {
    String huge = "x".repeat(1 << 20);
    for (Headers headers :
        new Headers[] {
          headers(huge, huge),
          new RecordHeaders().add(TraceContext.PARENT, null).add(TraceContext.STATE, null),
          new RecordHeaders().add(TraceContext.PARENT, new byte[55]),
        }) {
      assertThat(traces.continues(headers)).isFalse();
    }
    for (String state :
        new String[] {huge, "a", "=,=,=", ",".repeat(500), "a=\u00fc", "a=1\u0000"}) {
      Headers headers = headers(SAMPLED, state).add("baggage", huge.getBytes(UTF_8));
      Span span = traces.send("images", headers);
      Headers next = Traces.headers(span, headers);
      assertThat(span.getSpanContext().getTraceId()).isEqualTo(TRACE);
      assertThat(next.lastHeader(TraceContext.STATE)).isNull();
      assertThat(next.lastHeader("baggage").value()).hasSize(1 << 20);
    }
  }

  @Test
  void switchedOffThereIsNoSpanAndHeadersStayAsTheyAre() {
    Headers headers = headers(SAMPLED, "a=1");
    for (Span span :
        new Span[] {
          Traces.OFF.process(record(headers), "labelers", 1),
          Traces.OFF.send("images", headers),
          Traces.OFF.round(RoundStep.CLOSE, "batches", headers, "task", 1, 2)
        }) {
      assertThat(span).isSameAs(Span.getInvalid());
      assertThat(Traces.headers(span, headers)).isSameAs(headers);
    }
    assertThat(Traces.OFF.continues(headers)).isFalse();
  }

  @Test
  void ofWhatIsDoneAgainOnlyTheAttemptThatWasCommittedWentWell() {
    Uncommitted uncommitted = new Uncommitted();
    for (int attempt = 0; attempt < 3; attempt++) {
      uncommitted.add(traces.process(record(new RecordHeaders()), "labelers", 1));
      assertThat(spans.ended()).hasSize(attempt);
      if (attempt < 2) {
        uncommitted.thrownAway();
      }
    }
    uncommitted.committed();
    uncommitted.thrownAway();
    assertThat(spans.ended())
        .extracting(span -> span.getStatus().getStatusCode())
        .containsExactly(StatusCode.ERROR, StatusCode.ERROR, StatusCode.UNSET);
  }

  private static ConsumerRecord<byte[], byte[]> record(Headers headers) {
    ConsumerRecord<byte[], byte[]> record =
        new ConsumerRecord<>("images", 3, 42, new byte[0], new byte[0]);
    headers.forEach(record.headers()::add);
    return record;
  }

  private static Headers headers(String parent, String state) {
    Headers headers = new RecordHeaders().add(TraceContext.PARENT, parent.getBytes(UTF_8));
    return state == null ? headers : headers.add(TraceContext.STATE, state.getBytes(UTF_8));
  }

  private static String text(Header header) {
    return new String(header.value(), UTF_8);
  }
}
