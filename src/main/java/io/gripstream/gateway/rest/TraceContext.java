package io.gripstream.gateway.rest;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.util.List;
import java.util.regex.Pattern;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.internals.RecordHeader;

/**
 * A request's trace, as headers of the record that it writes (W3C Trace Context, level 1). What is
 * none is left out, as the standard asks: it must not cost the request.
 */
final class TraceContext {
  static final String PARENT = "traceparent";
  static final String STATE = "tracestate";

  /** Version, trace id, parent id, flags; section 3.2.2. */
  private static final Pattern PARENTS =
      Pattern.compile("(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}");

  /** What everybody has to pass on; section 3.3.1.5. */
  private static final int LONGEST_STATE = 512;

  private static final Pattern PRINTABLE = Pattern.compile("[ -~\\t]*");

  private TraceContext() {}

  /**
   * @param parents values of the header {@value #PARENT}; a trace has exactly one
   * @param states values of the header {@value #STATE}, which are one list together
   */
  static List<Header> headers(List<String> parents, List<String> states) {
    if (parents.size() != 1 || !PARENTS.matcher(parents.get(0)).matches()) {
      return List.of();
    }
    Header parent = header(PARENT, parents.get(0));
    String state = String.join(",", states);
    return state.isBlank() || state.length() > LONGEST_STATE || !PRINTABLE.matcher(state).matches()
        ? List.of(parent)
        : List.of(parent, header(STATE, state));
  }

  private static Header header(String name, String value) {
    return new RecordHeader(name, value.getBytes(US_ASCII));
  }
}
