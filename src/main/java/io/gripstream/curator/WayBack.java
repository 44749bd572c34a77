package io.gripstream.curator;

import io.gripstream.curator.TaskState.Live;
import io.gripstream.curator.Versions.Known;
import io.gripstream.event.PromptVersion;
import io.gripstream.event.RoundEventType;
import io.gripstream.event.TaskDefinition;
import io.gripstream.refine.judge.Gate;
import java.util.Comparator;
import java.util.Optional;

/**
 * The prompts that the live one can give way to, and what follows when a round finds it worse than
 * one of them. Only an operator's pin stands in the way, and no round is judged under one.
 */
final class WayBack {
  private WayBack() {}

  /**
   * The zero-shot prompt of the task's classes and template and of the live prompt's model: the one
   * that was live last, where there are several.
   */
  static Optional<PromptVersion> zeroShot(TaskContext context) {
    return context.versions().all().stream()
        .filter(known -> Prompts.zeroShot(known.prompt()))
        .filter(known -> comparable(context, known.prompt()))
        .max(
            Comparator.comparingLong(Known::servedAt)
                .thenComparingInt(known -> known.prompt().getVersion()))
        .map(Known::prompt);
  }

  /** The prompt that the live one was promoted in place of, if the two can be compared. */
  static Optional<PromptVersion> predecessor(TaskContext context) {
    return context
        .versions()
        .find(context.state().service().predecessor())
        .map(Known::prompt)
        .filter(prompt -> !Prompts.zeroShot(prompt))
        .filter(prompt -> prompt.getVersion() != context.state().live().version())
        .filter(prompt -> comparable(context, prompt));
  }

  /**
   * Holds the candidate, and serves the prompt that the live one was found worse than. What was
   * found worse is not compared with again.
   */
  static void follow(TaskContext context, PromptVersion candidate, Gate.Verdict verdict) {
    Live live = context.state().live();
    boolean toZeroShot = verdict.action() == Gate.Action.BACK_TO_ZERO_SHOT;
    context.keep(new Known(candidate, Known.NEVER));
    if (toZeroShot && live.zeroShot()) {
      context.note(RoundEventType.HELD, candidate, verdict.reason());
      return;
    }
    Optional<PromptVersion> better = toZeroShot ? zeroShot(context) : predecessor(context);
    if (better.isEmpty()) {
      context.note(
          RoundEventType.HELD,
          candidate,
          "%s %s But the %s is not known any more: version %d stays live."
              .formatted(
                  verdict.reason(),
                  verdict.back(),
                  toZeroShot ? "zero-shot version" : "predecessor",
                  live.version()));
      return;
    }
    context.note(RoundEventType.HELD, candidate, verdict.reason());
    context.serve(better.get());
    context.note(
        RoundEventType.ROLLED_BACK,
        candidate.getRound(),
        better.get().getVersion(),
        "version %d is live instead of version %d: %s"
            .formatted(better.get().getVersion(), live.version(), verdict.back()),
        candidate.getEvidence());
  }

  private static boolean comparable(TaskContext context, PromptVersion prompt) {
    TaskDefinition definition = context.definition();
    Live live = context.state().live();
    return definition != null
        && live != null
        && Prompts.fits(prompt, definition)
        && prompt.getModelId().equals(live.modelId());
  }
}
