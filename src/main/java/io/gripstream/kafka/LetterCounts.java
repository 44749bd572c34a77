package io.gripstream.kafka;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;

/** Counts the dead letters of a role by reason. All counters are there from the start, with 0. */
public final class LetterCounts {
  public static final String METER = "gripstream.dead.letters";

  private final Map<Reason, Counter> counters = new EnumMap<>(Reason.class);

  /** The reasons that are counted apart; the letter has it in words. */
  public enum Reason {
    /** The record breaks the contract of its topic. */
    MALFORMED,
    /** The image is meant for a task that does not exist, or has had no prompt for too long. */
    UNASSIGNED,
    /** The image's place is not allowed, does not answer, or has none. */
    UNREADABLE,
    /** The image's bytes are not those that were promised. */
    CHANGED,
    /** The image's bytes are no image, or none that is to be decoded. */
    UNDECODABLE,
    /** It was tried several times, and failed. */
    FAILED;

    /** As a tag's value. */
    public String tag() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /**
   * @param role as in the letters
   */
  public LetterCounts(MeterRegistry meters, String role) {
    for (Reason reason : Reason.values()) {
      counters.put(
          reason,
          Counter.builder(METER)
              .description("Records that could not be processed")
              .tag("role", role)
              .tag("reason", reason.tag())
              .register(meters));
    }
  }

  public void count(Reason reason) {
    counters.get(reason).increment();
  }
}
