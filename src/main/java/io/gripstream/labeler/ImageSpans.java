package io.gripstream.labeler;

import io.gripstream.kafka.trace.Traces;
import io.gripstream.kafka.trace.Uncommitted;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.StatusCode;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.kafka.clients.consumer.ConsumerRecord;

/**
 * The spans of images: one for each, from the moment that its micro-batch is labelled until its
 * predictions are committed, with events in between. Where traces are off there is none. For one
 * thread.
 */
final class ImageSpans {
  private final Traces traces;
  private final String group;
  private final Uncommitted uncommitted = new Uncommitted();
  private final Map<ConsumerRecord<?, ?>, Span> inHand = new IdentityHashMap<>();
  private final List<Span> refused = new ArrayList<>();

  /**
   * @param group the labelers' consumer group
   */
  ImageSpans(Traces traces, String group) {
    this.traces = traces;
    this.group = group;
  }

  /**
   * Records are labelled, or refused.
   *
   * @param batch records in the micro-batch
   */
  void begin(Stream<ConsumerRecord<byte[], byte[]>> records, int batch) {
    if (traces.on()) {
      records.forEach(record -> inHand.put(record, traces.process(record, group, batch)));
    }
  }

  /** A record's; the invalid one where it has none. */
  Span of(ConsumerRecord<?, ?> record) {
    return inHand.getOrDefault(record, Span.getInvalid());
  }

  /** A record ends as a dead letter. */
  void refuse(ConsumerRecord<?, ?> record, String cause) {
    Span span = inHand.remove(record);
    if (span != null) {
      refused.add(span.setStatus(StatusCode.ERROR, cause));
    }
  }

  /** A record waits aside after all. */
  void putAside(ConsumerRecord<?, ?> record) {
    Span span = inHand.remove(record);
    if (span != null) {
      span.setStatus(StatusCode.ERROR, "it waits aside").end();
    }
  }

  /** All in hand that are not refused have come so far. */
  void reach(String event) {
    inHand.values().forEach(span -> span.addEvent(event));
  }

  /** What became of them can be committed. */
  void handled() {
    inHand.values().forEach(uncommitted::add);
    refused.forEach(uncommitted::add);
    clear();
  }

  /** They are handed in again, or given up. */
  void failed(Throwable cause) {
    refused.addAll(inHand.values());
    for (Span span : refused) {
      Traces.fail(span, cause);
      span.end();
    }
    clear();
  }

  private void clear() {
    inHand.clear();
    refused.clear();
  }

  /** What was handled can be seen. */
  void committed() {
    uncommitted.committed();
  }

  /** What was handled is handed in again. */
  void thrownAway() {
    uncommitted.thrownAway();
  }
}
