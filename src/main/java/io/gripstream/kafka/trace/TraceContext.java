package io.gripstream.kafka.trace;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.US_ASCII;

import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.propagation.W3CTraceContextPropagator;
import io.opentelemetry.context.Context;
import io.opentelemetry.context.propagation.TextMapGetter;
import java.util.List;
import java.util.regex.Pattern;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.header.internals.RecordHeader;
import org.apache.kafka.common.header.internals.RecordHeaders;

/**
 * A trace as headers of a request or of a record (W3C Trace Context, level 1). What is none is left
 * out, as the standard asks: it must not cost the request or the record. Baggage is nothing to us:
 * it is carried as any other header is.
 */
public final class TraceContext {
  public static final String PARENT = "traceparent";
  public static final String STATE = "tracestate";

  /** Version, trace id, parent id, flags; section 3.2.2. */
  private static final Pattern PARENTS =
      Pattern.compile("(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}");

  private static final int LONGEST_PARENT = 55;

  /** What everybody has to pass on; section 3.3.1.5. */
  private static final int LONGEST_STATE = 512;

  private static final Pattern PRINTABLE = Pattern.compile("[ -~\\t]*");

  private TraceContext() {}

  /**
   * A request's trace, for the record that it writes.
   *
   * @param parents values of the header {@value #PARENT}; a trace has exactly one
   * @param states values of the header {@value #STATE}, which are one list together
   */
  public static List<Header> headers(List<String> parents, List<String> states) {
    if (parents.size() != 1 || !PARENTS.matcher(parents.get(0)).matches()) {
      return List.of();
    }
    Header parent = header(PARENT, parents.get(0));
    String state = String.join(",", states);
    return state.isBlank() || !isState(state)
        ? List.of(parent)
        : List.of(parent, header(STATE, state));
  }

  /** The context that a record's headers bear, as a parent of spans; the root: they bear none. */
  static Context of(Headers headers) {
    return W3CTraceContextPropagator.getInstance().extract(Context.root(), headers, GETTER);
  }

  /** Whether a record's headers bear a context. */
  static boolean isIn(Headers headers) {
    return Span.fromContext(of(headers)).getSpanContext().isValid();
  }

  /** The headers with this span's context instead of the one that they bear. */
  static Headers replaced(Headers headers, Span span) {
    Headers continued = new RecordHeaders(headers).remove(PARENT).remove(STATE);
    W3CTraceContextPropagator.getInstance()
        .inject(
            Context.root().with(span),
            continued,
            (into, name, value) -> into.add(header(name, value)));
    return continued;
  }

  private static boolean isState(String state) {
    return state.length() <= LONGEST_STATE && PRINTABLE.matcher(state).matches();
  }

  private static Header header(String name, String value) {
    return new RecordHeader(name, value.getBytes(US_ASCII));
  }

  /** Shows of a record's headers what the standard allows, before anything is made of them. */
  private static final TextMapGetter<Headers> GETTER =
      new TextMapGetter<>() {
        @Override
        public Iterable<String> keys(Headers headers) {
          return List.of(PARENT, STATE);
        }

        @Override
        public String get(Headers headers, String name) {
          Header header = headers.lastHeader(name);
          if (header == null || header.value() == null || header.value().length > LONGEST_STATE) {
            return null;
          }
          String value = new String(header.value(), ISO_8859_1);
          boolean fits =
              name.equals(PARENT)
                  ? value.length() == LONGEST_PARENT && PARENTS.matcher(value).matches()
                  : isState(value);
          return fits ? value : null;
        }
      };
}
