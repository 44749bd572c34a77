package io.gripstream.cli;

import java.nio.file.Path;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import org.apache.kafka.common.utils.Exit;
import org.jboss.logmanager.ExtLogRecord;
import org.jboss.logmanager.LogContext;

/**
 * Says in one line on the standard error stream why the embedded broker ended the process.
 *
 * <p>Kafka's broker logs what it cannot go on from, and halts the JVM. While a process starts, the
 * log is kept back until the application has read its settings, and would be lost with it; later
 * the reason lies above many lines of what it led to.
 */
public final class LastWords extends Handler {
  private static final LastWords INSTANCE = new LastWords();

  private volatile Path directory;
  private volatile String reason = "see its log";

  private LastWords() {
    setLevel(Level.SEVERE);
  }

  /**
   * From now on each end of the process by Kafka is told of.
   *
   * @param directory of the broker; whether its disk has room is part of the reason, since a write
   *     to a mapped file fails without a word of it
   */
  public static synchronized void keep(Path directory) {
    INSTANCE.directory = directory;
    for (String name : new String[] {"kafka", "org.apache.kafka"}) {
      var logger = LogContext.getLogContext().getLogger(name);
      logger.removeHandler(INSTANCE);
      logger.addHandler(INSTANCE);
    }
    Exit.setHaltProcedure(
        (code, message) -> {
          INSTANCE.say(message);
          Runtime.getRuntime().halt(code);
        });
    Exit.setExitProcedure(
        (code, message) -> {
          INSTANCE.say(message);
          System.exit(code);
        });
  }

  private void say(String message) {
    System.err.println(
        "gripstream: the embedded broker cannot go on and ends the process: %s (%d MiB are free for %s)"
            .formatted(
                message == null ? reason : message,
                directory.toFile().getUsableSpace() >> 20,
                directory));
    System.err.flush();
  }

  /** An error without an exception is what one with an exception led to. */
  @Override
  public void publish(LogRecord entry) {
    Throwable failure = entry.getThrown();
    if (isLoggable(entry) && failure != null) {
      Throwable cause = failure;
      while (cause.getCause() != null) {
        cause = cause.getCause();
      }
      String said = ExtLogRecord.wrap(entry).getFormattedMessage() + ": " + cause.getMessage();
      reason = said.strip().replaceAll("\\s*\\R\\s*", " ");
    }
  }

  @Override
  public void flush() {}

  @Override
  public void close() {}
}
