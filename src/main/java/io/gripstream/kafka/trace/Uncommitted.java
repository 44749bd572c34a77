package io.gripstream.kafka.trace;

import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.StatusCode;
import java.util.ArrayList;
import java.util.List;

/**
 * Spans of what a transaction makes visible. They end with it: what was thrown away and done again
 * has a span for each attempt, of which one says that it went well. For one thread.
 */
public final class Uncommitted {
  private final List<Span> spans = new ArrayList<>();

  public void add(Span span) {
    if (span.isRecording()) {
      spans.add(span);
    }
  }

  /** Everybody sees what the spans tell of. */
  public void committed() {
    spans.forEach(Span::end);
    spans.clear();
  }

  /** Nobody sees it, as far as this process knows. */
  public void thrownAway() {
    for (Span span : spans) {
      span.setStatus(StatusCode.ERROR, "its transaction was not committed");
      span.end();
    }
    spans.clear();
  }
}
