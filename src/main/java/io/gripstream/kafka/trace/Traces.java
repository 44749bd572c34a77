package io.gripstream.kafka.trace;

import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanBuilder;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.api.trace.StatusCode;
import io.opentelemetry.api.trace.Tracer;
import io.opentelemetry.context.Context;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.header.internals.RecordHeaders;

/**
 * Starts the spans of records, named and described as OpenTelemetry's conventions for messaging ask
 * (semantic conventions 1.37), and hands their context on. Whoever starts a span ends it. Whether a
 * span is recorded is the sampler's decision, which keeps to the parent's.
 *
 * <p>{@link #OFF}: all spans are {@link Span#getInvalid}, and no headers are looked at.
 */
public final class Traces {
  /** Traces nothing. */
  public static final Traces OFF = new Traces(null);

  private static final AttributeKey<String> SYSTEM = AttributeKey.stringKey("messaging.system");
  private static final AttributeKey<String> NAME =
      AttributeKey.stringKey("messaging.operation.name");
  private static final AttributeKey<String> TYPE =
      AttributeKey.stringKey("messaging.operation.type");
  private static final AttributeKey<String> DESTINATION =
      AttributeKey.stringKey("messaging.destination.name");
  private static final AttributeKey<String> PARTITION =
      AttributeKey.stringKey("messaging.destination.partition.id");
  private static final AttributeKey<Long> OFFSET = AttributeKey.longKey("messaging.kafka.offset");
  private static final AttributeKey<String> GROUP =
      AttributeKey.stringKey("messaging.consumer.group.name");
  private static final AttributeKey<Long> BATCH =
      AttributeKey.longKey("messaging.batch.message_count");
  private static final AttributeKey<String> TASK = AttributeKey.stringKey("gripstream.task");
  private static final AttributeKey<Long> ROUND = AttributeKey.longKey("gripstream.round");
  private static final AttributeKey<Long> VERSION = AttributeKey.longKey("gripstream.version");

  /** Null: off. */
  private final Tracer tracer;

  private Traces(Tracer tracer) {
    this.tracer = tracer;
  }

  /** Spans by this tracer. */
  public static Traces by(Tracer tracer) {
    return new Traces(tracer);
  }

  public boolean on() {
    return tracer != null;
  }

  /** Whether a record's headers bear a trace that may be continued. */
  public boolean continues(Headers headers) {
    return on() && TraceContext.isIn(headers);
  }

  /**
   * A record is sent: a child of what the thread is at, or else of the context that the headers
   * bear.
   *
   * @see #headers what to send with it
   */
  public Span send(String topic, Headers headers) {
    if (!on()) {
      return Span.getInvalid();
    }
    Context current = Context.current();
    boolean within = Span.fromContext(current).getSpanContext().isValid();
    return messaging("send " + topic, SpanKind.PRODUCER, "send", topic)
        .setParent(within ? current : TraceContext.of(headers))
        .startSpan();
  }

  /** Notes where a record was written. */
  public static void written(Span span, int partition, long offset) {
    span.setAttribute(PARTITION, Integer.toString(partition)).setAttribute(OFFSET, offset);
  }

  /**
   * A record is processed: a child of the context that it bears, so that each record's trace goes
   * on, although it is one of a micro-batch.
   *
   * @param batch records in the micro-batch
   */
  public Span process(ConsumerRecord<?, ?> record, String group, int batch) {
    if (!on()) {
      return Span.getInvalid();
    }
    return messaging("process " + record.topic(), SpanKind.CONSUMER, "process", record.topic())
        .setParent(TraceContext.of(record.headers()))
        .setAttribute(PARTITION, Integer.toString(record.partition()))
        .setAttribute(OFFSET, record.offset())
        .setAttribute(GROUP, group)
        .setAttribute(BATCH, (long) batch)
        .startSpan();
  }

  /**
   * A step of a round.
   *
   * @param topic that it writes to, for {@link RoundStep#CLOSE}, or that it read of it
   * @param cause headers of the record that it follows from
   */
  public Span round(
      RoundStep step, String topic, Headers cause, String task, int round, int version) {
    if (!on()) {
      return Span.getInvalid();
    }
    String operation = step.kind() == SpanKind.PRODUCER ? "send" : "process";
    return messaging(step.span(), step.kind(), operation, topic)
        .setParent(TraceContext.of(cause))
        .setAttribute(TASK, task)
        .setAttribute(ROUND, (long) round)
        .setAttribute(VERSION, (long) version)
        .startSpan();
  }

  private SpanBuilder messaging(String span, SpanKind kind, String operation, String topic) {
    return tracer
        .spanBuilder(span)
        .setSpanKind(kind)
        .setAttribute(SYSTEM, "kafka")
        .setAttribute(NAME, operation)
        .setAttribute(TYPE, operation)
        .setAttribute(DESTINATION, topic);
  }

  /**
   * The headers of a record that follows from a span: those given, with its context instead of the
   * one that they bear. Without a span, those given.
   */
  public static Headers headers(Span span, Headers others) {
    return span.getSpanContext().isValid() ? TraceContext.replaced(others, span) : others;
  }

  /** The headers of a record that bears nothing else. */
  public static Headers headers(Span span) {
    return headers(span, new RecordHeaders());
  }

  /** Says on a span why what it tells of came to nothing; does not end it. */
  public static void fail(Span span, Throwable cause) {
    span.recordException(cause);
    span.setStatus(StatusCode.ERROR, String.valueOf(cause.getMessage()));
  }
}
