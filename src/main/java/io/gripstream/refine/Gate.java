package io.gripstream.refine;

import io.gripstream.event.GateLimits;
import java.util.Map;

/** Decides from a candidate's evidence alone whether it goes live. */
public final class Gate {
  private Gate() {}

  /**
   * @param reason a sentence for the task's diary
   */
  public record Verdict(boolean promote, String reason) {}

  /**
   * @param evidence {@code PromptVersion.evidence} of the candidate
   */
  public static Verdict judge(GateLimits limits, Map<String, Double> evidence) {
    throw new IllegalStateException("not built yet");
  }
}
