package io.gripstream.labeler;

import io.gripstream.kafka.trace.RoundStep;
import io.gripstream.kafka.trace.Traces;
import io.gripstream.labeler.PromptBoard.Served;
import io.gripstream.labeler.PromptBoard.Snapshot;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.StatusCode;
import java.util.HashMap;
import java.util.Map;
import org.apache.kafka.common.header.Headers;

/**
 * The spans of hot swaps: from a record of {@code prompts} until this process labels by it, or
 * refuses to. Only what goes live while this process runs is swapped, and only what bears a trace
 * has a span. Thread-safe.
 */
final class SwapSpans {
  private final Traces traces;
  private final String topic;
  private final Map<String, Swap> open = new HashMap<>();

  private record Swap(int version, Span span) {}

  /**
   * @param topic {@code prompts}
   */
  SwapSpans(Traces traces, String topic) {
    this.traces = traces;
    this.topic = topic;
  }

  /** A prompt is live. */
  synchronized void begin(String task, int round, int version, Headers headers) {
    if (traces.continues(headers)) {
      Span span = traces.round(RoundStep.SWAP, topic, headers, task, round, version);
      end(open.put(task, new Swap(version, span)), "another came before it was served");
    }
  }

  /** Ends those of which the board tells how they came out. */
  synchronized void look(Snapshot board) {
    open.entrySet()
        .removeIf(
            entry -> {
              Served served = board.served().get(entry.getKey());
              String refused = board.refused().get(entry.getKey());
              Swap swap = entry.getValue();
              if (served != null && served.prompt().version() == swap.version()) {
                swap.span().end();
                return true;
              }
              end(refused == null ? null : swap, refused);
              return refused != null;
            });
  }

  private static void end(Swap swap, String fault) {
    if (swap != null) {
      swap.span().setStatus(StatusCode.ERROR, fault);
      swap.span().end();
    }
  }
}
