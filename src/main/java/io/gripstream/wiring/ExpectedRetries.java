package io.gripstream.wiring;

import io.quarkus.logging.LoggingFilter;
import java.util.logging.Filter;
import java.util.logging.LogRecord;
import org.jboss.logmanager.ExtLogRecord;

/**
 * Keeps what is no fault of Kafka's clients out of the log.
 *
 * <p>The producer says that a transaction waits for the one before, which a cluster of several
 * brokers is still ending. The producer tries again by itself, and on a busy cluster says so many
 * times a second. If it gives up, its transaction fails, and whoever runs it says why.
 *
 * <p>A consumer that asks where a partition ends before it reads it is told of the last stable
 * offset, too, and says each time that it does not keep that. Whoever looks at the page's images
 * makes it ask for each.
 */
@LoggingFilter(name = ExpectedRetries.NAME)
public final class ExpectedRetries implements Filter {
  static final String NAME = "expected-retries";

  private static final String SENDER = "org.apache.kafka.clients.producer.internals.Sender";
  private static final String OFFSETS =
      "org.apache.kafka.clients.consumer.internals.OffsetFetcherUtils";

  @Override
  public boolean isLoggable(LogRecord line) {
    return !says(line, SENDER, "CONCURRENT_TRANSACTIONS")
        && !says(line, OFFSETS, "Not updating last stable offset for partition")
        && !says(line, OFFSETS, "Not updating high watermark for partition");
  }

  private static boolean says(LogRecord line, String logger, String text) {
    return logger.equals(line.getLoggerName())
        && ExtLogRecord.wrap(line).getFormattedMessage().contains(text);
  }
}
