package io.gripstream.kafka.trace;

import io.opentelemetry.context.Context;
import io.opentelemetry.sdk.trace.ReadWriteSpan;
import io.opentelemetry.sdk.trace.ReadableSpan;
import io.opentelemetry.sdk.trace.SdkTracerProvider;
import io.opentelemetry.sdk.trace.SpanProcessor;
import io.opentelemetry.sdk.trace.data.SpanData;
import jakarta.enterprise.inject.Alternative;
import jakarta.inject.Singleton;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** Keeps the spans that have ended. An application has it whose profile says so. */
@Alternative
@Singleton
public class RecordedSpans implements SpanProcessor {
  private final List<SpanData> spans = new CopyOnWriteArrayList<>();

  /** Traces whose spans come here, by an SDK of their own. */
  public Traces traces() {
    return Traces.by(SdkTracerProvider.builder().addSpanProcessor(this).build().get("test"));
  }

  /** All that have ended, in that order. */
  public List<SpanData> ended() {
    return List.copyOf(spans);
  }

  /** Those of a name. */
  public List<SpanData> named(String name) {
    return spans.stream().filter(span -> span.getName().equals(name)).toList();
  }

  @Override
  public void onStart(Context parent, ReadWriteSpan span) {}

  @Override
  public boolean isStartRequired() {
    return false;
  }

  @Override
  public void onEnd(ReadableSpan span) {
    spans.add(span.toSpanData());
  }

  @Override
  public boolean isEndRequired() {
    return true;
  }
}
