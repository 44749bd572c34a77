package io.gripstream.wiring;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.InputStream;
import java.time.Duration;
import java.util.Properties;
import java.util.concurrent.atomic.AtomicLong;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import org.apache.kafka.clients.NetworkClient;
import org.apache.kafka.clients.producer.internals.Sender;
import org.apache.kafka.common.protocol.Errors;
import org.jboss.logmanager.ExtLogRecord;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LogLinesTest {
  private static final String LINE =
      "[Producer clientId=p] Got error produce response with correlation id %s on topic-partition"
          + " gripstream.samples-0, retrying (2147483646 attempts left). Error: %s";

  private final LogLines filter = new LogLines();

  @Test
  void aProducerThatWaitsForTheTransactionBeforeIsNotToldOf() {
    assertThat(filter.isLoggable(line(Sender.class, Errors.CONCURRENT_TRANSACTIONS))).isFalse();
  }

  /** A consumer that asks where a partition ends before it reads it. */
  @ParameterizedTest
  @ValueSource(strings = {"last stable offset", "high watermark"})
  void aConsumerThatDoesNotKeepWhatItWasToldIsNotToldOf(String what) throws Exception {
    Class<?> offsets =
        Class.forName("org.apache.kafka.clients.consumer.internals.OffsetFetcherUtils");
    ExtLogRecord line = line(offsets, Errors.NONE, "Not updating " + what + " for partition %2$s");
    assertThat(filter.isLoggable(line)).isFalse();
    assertThat(filter.isLoggable(line(getClass(), Errors.NONE, "Not updating " + what))).isTrue();
    assertThat(filter.isLoggable(line(offsets, Errors.NONE, "failed"))).isTrue();
  }

  /** What it throws says the same, and whoever has it says that once. */
  @Test
  void aConsumerThatMayNotReadIsNotToldOf() throws Exception {
    Class<?> fetches = Class.forName("org.apache.kafka.clients.consumer.internals.FetchCollector");
    String refused = "[Consumer clientId=c] Not authorized to read from partition images-%s.";
    assertThat(filter.isLoggable(line(fetches, Errors.NONE, refused))).isFalse();
    assertThat(filter.isLoggable(line(getClass(), Errors.NONE, refused))).isTrue();
  }

  /** As the process's clients say it, each with each attempt. */
  @Test
  void aBrokerThatIsAwayIsToldOfOnceInTenSecondsByAllClientsTogether() {
    AtomicLong clock = new AtomicLong();
    LogLines lines = new LogLines(clock::get);
    String away =
        "[Consumer clientId=c%s] Connection to node -1 (localhost/127.0.0.1:9092) could not be"
            + " established. Node may not be available.";
    ExtLogRecord first = line(NetworkClient.class, Errors.NONE, away);
    assertThat(lines.isLoggable(first)).isTrue();
    // The file is asked after the console.
    assertThat(lines.isLoggable(first)).isTrue();
    assertThat(lines.isLoggable(line(NetworkClient.class, Errors.NONE, "x" + away))).isTrue();
    assertThat(lines.isLoggable(line(NetworkClient.class, Errors.NONE, away))).isFalse();
    assertThat(
            lines.isLoggable(line(NetworkClient.class, Errors.NONE, away.replace("9092", "9093"))))
        .isTrue();
    assertThat(lines.isLoggable(line(NetworkClient.class, Errors.NONE, "refused %s"))).isTrue();
    assertThat(lines.isLoggable(line(NetworkClient.class, Errors.NONE, "refused %s"))).isTrue();
    assertThat(lines.isLoggable(line(getClass(), Errors.NONE, away))).isTrue();
    clock.addAndGet(Duration.ofSeconds(10).toNanos());
    assertThat(lines.isLoggable(line(NetworkClient.class, Errors.NONE, away))).isTrue();
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
  void whatAStrangerNamedIsOneLineThatDoesNothing() {
    ExtLogRecord line =
        new ExtLogRecord(
            Level.WARNING,
            "dead letter: %s",
            ExtLogRecord.FormatStyle.PRINTF,
            LogLinesTest.class.getName());
    line.setParameters(
        new Object[] {"a\r\n2026 INFO all is well\u001b[2J\u202eb \u2028\tc\u0000 %s {0} é"});
    assertThat(filter.isLoggable(line)).isTrue();
    assertThat(line.getFormattedMessage())
        .isEqualTo(
            "dead letter: a\\u000d\\u000a2026 INFO all is well\\u001b[2J\\u202eb \\u2028\tc\\u0000 %s {0} é");
  }

  @Test
  void aMessageHasABound() {
    ExtLogRecord line =
        new ExtLogRecord(
            Level.WARNING,
            "x".repeat(200_000),
            ExtLogRecord.FormatStyle.NO_FORMAT,
            LogLinesTest.class.getName());
    assertThat(filter.isLoggable(line)).isTrue();
    assertThat(line.getFormattedMessage())
        .hasSizeLessThan(LogLines.LONGEST + 100)
        .endsWith("x... (200000 characters)");
  }

  @Test
  void theConsoleAndTheFileHaveTheFilter() throws Exception {
    Properties properties = new Properties();
    try (InputStream file = getClass().getResourceAsStream("/application.properties")) {
      properties.load(file);
    }
    assertThat(properties)
        .containsEntry("quarkus.log.console.filter", LogLines.NAME)
        .containsEntry("quarkus.log.file.filter", LogLines.NAME);
  }

  private static LogRecord line(Class<?> logger, Errors error) {
    return line(logger, error, LINE);
  }

  private static ExtLogRecord line(Class<?> logger, Errors error, String text) {
    ExtLogRecord line =
        new ExtLogRecord(
            Level.WARNING, text, ExtLogRecord.FormatStyle.PRINTF, ExtLogRecord.class.getName());
    line.setLoggerName(logger.getName());
    line.setParameters(new Object[] {7, error.name()});
    return line;
  }
}
