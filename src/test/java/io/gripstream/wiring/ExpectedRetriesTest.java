package io.gripstream.wiring;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.InputStream;
import java.util.Properties;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import org.apache.kafka.clients.producer.internals.Sender;
import org.apache.kafka.common.protocol.Errors;
import org.jboss.logmanager.ExtLogRecord;
import org.junit.jupiter.api.Test;

class ExpectedRetriesTest {
  private static final String LINE =
      "[Producer clientId=p] Got error produce response with correlation id %s on topic-partition"
          + " gripstream.samples-0, retrying (2147483646 attempts left). Error: %s";

  private final ExpectedRetries filter = new ExpectedRetries();

  @Test
  void aProducerThatWaitsForTheTransactionBeforeIsNotToldOf() {
    assertThat(filter.isLoggable(line(Sender.class, Errors.CONCURRENT_TRANSACTIONS))).isFalse();
  }

  @Test
  void everythingElseIs() {
    for (Errors error : Errors.values()) {
      assertThat(filter.isLoggable(line(getClass(), error))).isTrue();
      assertThat(filter.isLoggable(line(Sender.class, error)))
          .as(error.name())
          .isEqualTo(error != Errors.CONCURRENT_TRANSACTIONS);
    }
    assertThat(filter.isLoggable(new LogRecord(Level.WARNING, null))).isTrue();
  }

  @Test
  void theConsoleHasTheFilter() throws Exception {
    Properties properties = new Properties();
    try (InputStream file = getClass().getResourceAsStream("/application.properties")) {
      properties.load(file);
    }
    assertThat(properties).containsEntry("quarkus.log.console.filter", ExpectedRetries.NAME);
  }

  private static LogRecord line(Class<?> logger, Errors error) {
    ExtLogRecord line =
        new ExtLogRecord(
            Level.WARNING, LINE, ExtLogRecord.FormatStyle.PRINTF, ExtLogRecord.class.getName());
    line.setLoggerName(logger.getName());
    line.setParameters(new Object[] {7, error.name()});
    return line;
  }
}
