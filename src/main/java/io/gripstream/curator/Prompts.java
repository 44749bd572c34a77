package io.gripstream.curator;

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

  /** What is wrong with the prompt as such; empty if nothing is. */
  static Optional<String> fault(PromptVersion prompt) {
    return PromptCheck.malformed(prompt);
  }
}
