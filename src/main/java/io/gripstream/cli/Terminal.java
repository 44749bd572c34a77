package io.gripstream.cli;

import java.io.PrintWriter;
import java.time.Duration;

/**
 * One line of progress: rewritten in place where a person watches, now and then a new line where a
 * file does. Not thread-safe.
 */
public final class Terminal {
  private static final Duration IN_PLACE = Duration.ofSeconds(1);
  private static final Duration IN_A_FILE = Duration.ofSeconds(15);

  private final PrintWriter out;
  private final boolean inPlace;
  private long last = System.nanoTime() - IN_A_FILE.toNanos();
  private int width;

  public Terminal(PrintWriter out) {
    this.out = out;
    // The launcher knows; Java 17 cannot tell a terminal from a pipe.
    this.inPlace = Boolean.getBoolean("cli.terminal");
  }

  /** Whether a person watches, who sees progress in place. */
  public boolean isWatched() {
    return inPlace;
  }

  /** Whether it is time for another line of progress. */
  public boolean due() {
    return System.nanoTime() - last >= (inPlace ? IN_PLACE : IN_A_FILE).toNanos();
  }

  public void progress(String line) {
    last = System.nanoTime();
    if (inPlace) {
      out.print("\r" + line + " ".repeat(Math.max(0, width - line.length())));
      width = line.length();
    } else {
      out.println(line);
    }
    out.flush();
  }

  /** A line that stays. */
  public void say(String line) {
    if (width > 0) {
      out.println();
      width = 0;
    }
    out.println(line);
    out.flush();
  }
}
