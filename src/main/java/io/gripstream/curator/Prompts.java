package io.gripstream.curator;

import io.gripstream.curator.TaskState.Live;
import io.gripstream.event.PromptVersion;
import io.gripstream.event.TaskDefinition;
import io.gripstream.prompt.Prompt;
import io.gripstream.prompt.PromptCheck;
import java.util.Optional;

/** What the curator must know of a prompt to make it live. */
final class Prompts {
  private Prompts() {}

  /** Whether no round made it. */
  static boolean zeroShot(PromptVersion prompt) {
    return Prompt.zeroShot(prompt);
  }

  /** Whether the prompt has the task's classes, in their order, and its template. */
  static boolean fits(PromptVersion prompt, TaskDefinition definition) {
    return prompt.getClasses().equals(definition.getClasses())
        && prompt.getTemplate().equals(definition.getTemplate());
  }

  /**
   * Why no labeler would ever serve the prompt, or, where it is of the live prompt's model, why it
   * cannot be; empty if nothing is wrong with it.
   *
   * @param live null when nothing is live
   */
  static Optional<String> fault(PromptVersion prompt, Live live) {
    return PromptCheck.fault(prompt)
        .or(
            () ->
                live == null || !live.modelId().equals(prompt.getModelId())
                    ? Optional.empty()
                    : PromptCheck.misfit(prompt, live.modelId(), live.dimension()));
  }
}
