package io.gripstream.cli;

import java.time.Duration;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.TypeConversionException;

/** Lengths of time as people write them: {@code 90s}, {@code 5m}, {@code 1h30m}, {@code 500ms}. */
public final class Durations {
  private static final Pattern PARTS =
      Pattern.compile("(?:(\\d+)h)?(?:(\\d+)m(?!s))?(?:(\\d+)s)?(?:(\\d+)ms)?");

  private Durations() {}

  public static Duration parse(String text) {
    Matcher parts = PARTS.matcher(text);
    if (text.isEmpty() || !parts.matches()) {
      throw new TypeConversionException("expected a length of time such as 90s, 5m or 1h30m");
    }
    try {
      Duration duration =
          Duration.ofHours(number(parts.group(1)))
              .plusMinutes(number(parts.group(2)))
              .plusSeconds(number(parts.group(3)))
              .plusMillis(number(parts.group(4)));
      if (duration.isZero()) {
        throw new TypeConversionException("expected a length of time above 0s");
      }
      return duration;
    } catch (ArithmeticException | NumberFormatException e) {
      throw new TypeConversionException("expected a shorter length of time");
    }
  }

  /** The same way, with at most two units: nobody waits for the seconds of an hour. */
  public static String format(Duration duration) {
    if (duration.toHours() > 0) {
      return "%dh%02dm".formatted(duration.toHours(), duration.toMinutesPart());
    }
    return duration.toMinutes() > 0
        ? "%dm%02ds".formatted(duration.toMinutes(), duration.toSecondsPart())
        : "%ds".formatted(duration.toSeconds());
  }

  private static long number(String digits) {
    return digits == null ? 0 : Long.parseLong(digits);
  }
}
