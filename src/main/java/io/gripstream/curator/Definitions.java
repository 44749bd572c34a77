package io.gripstream.curator;

import io.gripstream.curator.Versions.Known;
import io.gripstream.event.PromptVersion;
import io.gripstream.event.RoundEventType;
import io.gripstream.event.TaskDefinition;
import java.util.Comparator;
import java.util.Optional;

/** What follows from a task being defined, and defined anew. */
final class Definitions {
  /**
   * Takes a definition over. If the live prompt is not of its classes and template, a known one
   * that is becomes live: the one that was live last, or the zero-shot one. If there is none, the
   * refiner is about to make one, and until then the live prompt stays and no round begins.
   *
   * <p>Another modality, strategy or paradigm changes nothing of what is live, nor the round in
   * flight: it is the next batch that bears it.
   */
  void adopt(TaskContext context, TaskDefinition definition) {
    TaskDefinition before = context.definition();
    context.redefine(definition);
    boolean same =
        before != null
            && before.getClasses().equals(definition.getClasses())
            && before.getTemplate().equals(definition.getTemplate());
    if (same) {
      return;
    }
    // What the round in flight trains is for other classes: it will be held when it comes.
    context.become(context.state().landed());
    TaskState.Live live = context.state().live();
    if (live != null) {
      boolean fits =
          context
              .versions()
              .find(live.version())
              .map(known -> Prompts.fits(known.prompt(), definition))
              .orElse(false);
      context.become(context.state().serving(live.fitting(fits), context.state().service()));
      if (fits) {
        return;
      }
      Candidates.unpin(context, "the task has other classes or another template now");
    }
    known(context, definition)
        .ifPresent(
            prompt -> {
              context.serve(prompt);
              context.note(
                  RoundEventType.PROMOTED,
                  prompt,
                  "the task's definition is the one that version %d was made for"
                      .formatted(prompt.getVersion()));
            });
  }

  private static Optional<PromptVersion> known(TaskContext context, TaskDefinition definition) {
    TaskState.Live live = context.state().live();
    return context.versions().all().stream()
        .filter(known -> known.served() || Prompts.zeroShot(known.prompt()))
        .filter(known -> Prompts.fits(known.prompt(), definition))
        .filter(known -> live == null || known.prompt().getModelId().equals(live.modelId()))
        .max(
            Comparator.comparingLong(Known::servedAt)
                .thenComparingInt(known -> known.prompt().getVersion()))
        .map(Known::prompt);
  }
}
