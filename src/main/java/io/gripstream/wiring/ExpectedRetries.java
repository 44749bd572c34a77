package io.gripstream.wiring;

import io.quarkus.logging.LoggingFilter;
import java.util.logging.Filter;
import java.util.logging.LogRecord;
import org.jboss.logmanager.ExtLogRecord;

/**
 * Keeps one line of Kafka's producer out of the log: that a transaction waits for the one before,
 * which a cluster of several brokers is still ending. The producer tries again by itself, and on a
 * busy cluster says so many times a second. If it gives up, its transaction fails, and whoever runs
 * it says why.
 */
@LoggingFilter(name = ExpectedRetries.NAME)
public final class ExpectedRetries implements Filter {
  static final String NAME = "expected-retries";

  private static final String SENDER = "org.apache.kafka.clients.producer.internals.Sender";

  @Override
  public boolean isLoggable(LogRecord line) {
    return !SENDER.equals(line.getLoggerName())
        || !ExtLogRecord.wrap(line).getFormattedMessage().contains("CONCURRENT_TRANSACTIONS");
  }
}
