package io.gripstream.kafka;

import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.stream.StreamSupport;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.utils.Utils;

/**
 * Chooses the headers of a record that its effects bear, too: so that whoever traces an image finds
 * its labels. They are anybody's, so their number and their size have a bound: else a record that
 * its headers fill would have effects that no topic takes. What is beyond it is left out, those of
 * a trace last.
 */
public final class CarriedHeaders {
  public static final int MOST = 32;

  /** Keys and values together. An image has a prediction for each task, so they are sent often. */
  public static final int BYTES = 4 * 1024;

  private static final Set<String> OF_A_TRACE = Set.of("traceparent", "tracestate", "baggage");

  private CarriedHeaders() {}

  /** In their order, but those of a trace first. */
  public static Headers of(Headers came) {
    List<Header> asked =
        StreamSupport.stream(came.spliterator(), false)
            .sorted(Comparator.comparing(header -> !OF_A_TRACE.contains(header.key())))
            .toList();
    RecordHeaders carried = new RecordHeaders();
    int number = 0;
    int bytes = 0;
    for (Header header : asked) {
      int size =
          Utils.utf8Length(header.key()) + (header.value() == null ? 0 : header.value().length);
      if (number < MOST && bytes + size <= BYTES) {
        carried.add(header);
        number++;
        bytes += size;
      }
    }
    return carried;
  }
}
