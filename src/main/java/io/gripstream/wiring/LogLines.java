package io.gripstream.wiring;

import io.quarkus.logging.LoggingFilter;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.function.LongSupplier;
import java.util.logging.Filter;
import java.util.logging.LogRecord;
import java.util.regex.Pattern;
import org.jboss.logmanager.ExtLogRecord;

/**
 * Keeps each entry of the log one line of a bearable length, and what is no fault of Kafka's
 * clients out of it.
 *
 * <p>Names, reasons and addresses in a message may be a stranger's: a line break in one would be an
 * entry that nobody wrote, and an escape sequence a command to the terminal. So control and
 * formatting characters are written as escapes.
 *
 * <p>The producer says that a transaction waits for the one before, which a cluster of several
 * brokers is still ending. The producer tries again by itself, and on a busy cluster says so many
 * times a second. If it gives up, its transaction fails, and whoever runs it says why.
 *
 * <p>A consumer that asks where a partition ends before it reads it is told of the last stable
 * offset, too, and says each time that it does not keep that. Whoever looks at the page's images
 * makes it ask for each.
 *
 * <p>A consumer that may not read says so of each partition with each attempt, and throws the same.
 *
 * <p>Each client says with each attempt that a broker is away, which makes several lines a second
 * in a process. The first of each ten seconds stands for all that say the same of the same broker.
 * {@code Lifecycle} says since when none has answered, and when they do again.
 */
@LoggingFilter(name = LogLines.NAME)
public final class LogLines implements Filter {
  static final String NAME = "log-lines";

  /** In characters. Longer than any of our own messages, and than Kafka's of a failed commit. */
  static final int LONGEST = 10_000;

  private static final String SENDER = "org.apache.kafka.clients.producer.internals.Sender";
  private static final String FETCHES =
      "org.apache.kafka.clients.consumer.internals.FetchCollector";
  private static final String OFFSETS =
      "org.apache.kafka.clients.consumer.internals.OffsetFetcherUtils";

  /** Line and paragraph separators and what turns the direction of writing among them. */
  private static final Pattern UNPRINTABLE =
      Pattern.compile("[\\p{Cc}\\p{Cf}\\p{Zl}\\p{Zp}&&[^\t]]");

  private static final String NETWORK = "org.apache.kafka.clients.NetworkClient";

  /** What stands before the part that all clients say alike. */
  private static final Pattern CLIENT = Pattern.compile("^\\[[^]]*\\] ");

  private static final Duration QUIET = Duration.ofSeconds(10);

  /** Brokers, each with what can be said of it. */
  private static final int MOST_SAID = 1000;

  private final LongSupplier nanoTime;

  /** What was said of brokers that are away; by itself guarded. */
  private final Map<String, Said> said = new HashMap<>();

  /** An entry of the log: the console and the file ask for each. */
  private record Said(long sequence, long at) {}

  public LogLines() {
    this(System::nanoTime);
  }

  LogLines(LongSupplier nanoTime) {
    this.nanoTime = nanoTime;
  }

  @Override
  public boolean isLoggable(LogRecord entry) {
    ExtLogRecord line = ExtLogRecord.wrap(entry);
    String message = line.getFormattedMessage();
    if (message == null) {
      return true;
    }
    if (expected(line.getLoggerName(), message) || isRepeated(line, message)) {
      return false;
    }
    String shown = shown(message);
    if (!shown.equals(message)) {
      line.setMessage(shown, ExtLogRecord.FormatStyle.NO_FORMAT);
    }
    return true;
  }

  private static boolean expected(String logger, String message) {
    return SENDER.equals(logger) && message.contains("CONCURRENT_TRANSACTIONS")
        || FETCHES.equals(logger) && message.contains("Not authorized to read from partition")
        || OFFSETS.equals(logger)
            && (message.contains("Not updating last stable offset for partition")
                || message.contains("Not updating high watermark for partition"));
  }

  private boolean isRepeated(ExtLogRecord line, String message) {
    boolean away =
        NETWORK.equals(line.getLoggerName())
            && (message.contains("could not be established")
                || message.contains("Bootstrap broker") && message.contains("disconnected"));
    if (!away) {
      return false;
    }
    String what = CLIENT.matcher(message).replaceFirst("");
    long now = nanoTime.getAsLong();
    synchronized (said) {
      Said last = said.get(what);
      if (last != null && now - last.at() < QUIET.toNanos()) {
        return last.sequence() != line.getSequenceNumber();
      }
      if (said.size() >= MOST_SAID) {
        said.clear();
      }
      said.put(what, new Said(line.getSequenceNumber(), now));
      return false;
    }
  }

  private static String shown(String message) {
    String shown =
        message.length() <= LONGEST
            ? message
            : "%s... (%d characters)".formatted(message.substring(0, LONGEST), message.length());
    return UNPRINTABLE
        .matcher(shown)
        .replaceAll(found -> "\\\\u%04x".formatted(found.group().codePointAt(0)));
  }
}
