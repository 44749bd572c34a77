package io.gripstream.curator;

import io.gripstream.curator.TaskState.Live;
import io.gripstream.curator.Versions.Known;
import io.gripstream.event.Command;
import io.gripstream.event.CommandType;
import io.gripstream.event.PromptIdentity;
import io.gripstream.event.PromptVersion;
import io.gripstream.event.RoundEventType;
import java.util.Optional;

/**
 * Operators' wishes. Each is answered by exactly one entry in the task's diary that bears its
 * reason: what was done, or REFUSED and why. (REFINE_NOW is answered by the REQUESTED of its
 * round.)
 *
 * <p>A round in flight goes on under every command; if the live prompt has changed when its
 * candidate comes, the candidate is held. While a version is pinned a roll-back moves the pin
 * along.
 */
final class Commands {
  private final Rounds rounds;

  Commands(Rounds rounds) {
    this.rounds = rounds;
  }

  void obey(TaskContext context, Command command) {
    Live live = context.state().live();
    Integer expected = command.getExpectedLive();
    if (expected != null && (live == null || live.version() != expected)) {
      refuse(
          context,
          command,
          "version %d was expected to be live, and %s is"
              .formatted(expected, live == null ? "none" : "version " + live.version()));
      return;
    }
    switch (command.getType()) {
      case PIN -> pin(context, command);
      case UNPIN -> unpin(context, command);
      case ROLL_BACK -> rollBack(context, command);
      case PAUSE -> pause(context, command, true);
      case RESUME -> pause(context, command, false);
      case REFINE_NOW ->
          rounds.requestNow(context).ifPresent(obstacle -> refuse(context, command, obstacle));
    }
  }

  private static void pin(TaskContext context, Command command) {
    Live live = context.state().live();
    if (command.getVersion() == null && live == null) {
      refuse(context, command, "no prompt is live yet");
      return;
    }
    int version = command.getVersion() == null ? live.version() : command.getVersion();
    if (live == null || live.version() != version) {
      Optional<PromptVersion> prompt = servable(context, command, version);
      if (prompt.isEmpty()) {
        return;
      }
      context.serve(prompt.get());
    }
    context.become(context.state().pinned(true));
    answer(context, RoundEventType.PINNED, command, "version %d is pinned".formatted(version));
  }

  private static void unpin(TaskContext context, Command command) {
    if (!context.state().pinned()) {
      refuse(context, command, "no version is pinned");
      return;
    }
    context.become(context.state().pinned(false));
    answer(context, RoundEventType.UNPINNED, command, "the gate decides again");
  }

  private static void rollBack(TaskContext context, Command command) {
    Live live = context.state().live();
    if (live == null) {
      refuse(context, command, "no prompt is live yet");
      return;
    }
    Integer version = command.getVersion() == null ? parent(context, live) : command.getVersion();
    if (version == null) {
      refuse(context, command, "version %d has no parent".formatted(live.version()));
      return;
    }
    if (version == live.version()) {
      refuse(context, command, "version %d is live already".formatted(version));
      return;
    }
    servable(context, command, version)
        .ifPresent(
            prompt -> {
              context.serve(prompt);
              String done =
                  "version %d is live instead of version %d".formatted(version, live.version());
              answer(context, RoundEventType.ROLLED_BACK, command, done);
            });
  }

  private static Integer parent(TaskContext context, Live live) {
    return context
        .versions()
        .find(live.version())
        .map(known -> known.prompt().getParent())
        .map(PromptIdentity::getVersion)
        .orElse(null);
  }

  private static Optional<PromptVersion> servable(
      TaskContext context, Command command, int version) {
    Optional<PromptVersion> prompt = context.versions().find(version).map(Known::prompt);
    if (prompt.isEmpty()) {
      refuse(
          context,
          command,
          "version %d is not among the last %d that are kept".formatted(version, Versions.KEPT));
      return Optional.empty();
    }
    if (!Prompts.fits(prompt.get(), context.definition())) {
      refuse(
          context,
          command,
          "version %d is of other classes or another template than the task".formatted(version));
      return Optional.empty();
    }
    return prompt;
  }

  private static void pause(TaskContext context, Command command, boolean pause) {
    if (context.state().paused() == pause) {
      refuse(context, command, pause ? "the task is paused already" : "the task is not paused");
      return;
    }
    context.become(context.state().paused(pause));
    if (pause) {
      answer(context, RoundEventType.PAUSED, command, "no round begins any more");
    } else {
      answer(context, RoundEventType.RESUMED, command, "rounds begin again");
    }
  }

  private static void answer(
      TaskContext context, RoundEventType type, Command command, String done) {
    Live live = context.state().live();
    context.note(
        type,
        context.state().rounds(),
        live == null ? null : live.version(),
        withReason(done, command));
  }

  private static void refuse(TaskContext context, Command command, String why) {
    String wish = command.getType().name();
    if (command.getType() == CommandType.PIN || command.getType() == CommandType.ROLL_BACK) {
      wish += command.getVersion() == null ? "" : " " + command.getVersion();
    }
    context.note(
        RoundEventType.REFUSED,
        context.state().rounds(),
        command.getVersion(),
        withReason(wish + ": " + why, command));
  }

  private static String withReason(String message, Command command) {
    return command.getReason().isBlank() ? message : message + " (" + command.getReason() + ")";
  }
}
