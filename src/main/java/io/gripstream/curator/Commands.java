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

  void obey(Turn turn, Command command) {
    Live live = turn.state().live();
    Integer expected = command.getExpectedLive();
    if (expected != null && (live == null || live.version() != expected)) {
      refuse(
          turn,
          command,
          "version %d was expected to be live, and %s is"
              .formatted(expected, live == null ? "none" : "version " + live.version()));
      return;
    }
    switch (command.getType()) {
      case PIN -> pin(turn, command);
      case UNPIN -> unpin(turn, command);
      case ROLL_BACK -> rollBack(turn, command);
      case PAUSE -> pause(turn, command, true);
      case RESUME -> pause(turn, command, false);
      case REFINE_NOW ->
          rounds.requestNow(turn).ifPresent(obstacle -> refuse(turn, command, obstacle));
    }
  }

  private static void pin(Turn turn, Command command) {
    Live live = turn.state().live();
    if (command.getVersion() == null && live == null) {
      refuse(turn, command, "no prompt is live yet");
      return;
    }
    int version = command.getVersion() == null ? live.version() : command.getVersion();
    if (live == null || live.version() != version) {
      Optional<PromptVersion> prompt = servable(turn, command, version);
      if (prompt.isEmpty()) {
        return;
      }
      turn.serve(prompt.get());
    }
    turn.become(turn.state().pinned(true));
    answer(turn, RoundEventType.PINNED, command, "version %d is pinned".formatted(version));
  }

  private static void unpin(Turn turn, Command command) {
    if (!turn.state().pinned()) {
      refuse(turn, command, "no version is pinned");
      return;
    }
    turn.become(turn.state().pinned(false));
    answer(turn, RoundEventType.UNPINNED, command, "the gate decides again");
  }

  private static void rollBack(Turn turn, Command command) {
    Live live = turn.state().live();
    if (live == null) {
      refuse(turn, command, "no prompt is live yet");
      return;
    }
    Integer version = command.getVersion() == null ? parent(turn, live) : command.getVersion();
    if (version == null) {
      refuse(turn, command, "version %d has no parent".formatted(live.version()));
      return;
    }
    if (version == live.version()) {
      refuse(turn, command, "version %d is live already".formatted(version));
      return;
    }
    servable(turn, command, version)
        .ifPresent(
            prompt -> {
              turn.serve(prompt);
              String done =
                  "version %d is live instead of version %d".formatted(version, live.version());
              answer(turn, RoundEventType.ROLLED_BACK, command, done);
            });
  }

  private static Integer parent(Turn turn, Live live) {
    return turn.versions()
        .find(live.version())
        .map(known -> known.prompt().getParent())
        .map(PromptIdentity::getVersion)
        .orElse(null);
  }

  private static Optional<PromptVersion> servable(Turn turn, Command command, int version) {
    Optional<PromptVersion> prompt = turn.versions().find(version).map(Known::prompt);
    if (prompt.isEmpty()) {
      refuse(
          turn,
          command,
          "version %d is not among the last %d that are kept".formatted(version, Versions.KEPT));
      return Optional.empty();
    }
    if (!Prompts.fits(prompt.get(), turn.definition())) {
      refuse(
          turn,
          command,
          "version %d is of other classes or another template than the task".formatted(version));
      return Optional.empty();
    }
    return prompt;
  }

  private static void pause(Turn turn, Command command, boolean pause) {
    if (turn.state().paused() == pause) {
      refuse(turn, command, pause ? "the task is paused already" : "the task is not paused");
      return;
    }
    turn.become(turn.state().paused(pause));
    if (pause) {
      answer(turn, RoundEventType.PAUSED, command, "no round begins any more");
    } else {
      answer(turn, RoundEventType.RESUMED, command, "rounds begin again");
    }
  }

  private static void answer(Turn turn, RoundEventType type, Command command, String done) {
    Live live = turn.state().live();
    turn.note(
        type,
        turn.state().rounds(),
        live == null ? null : live.version(),
        withReason(done, command));
  }

  private static void refuse(Turn turn, Command command, String why) {
    String wish = command.getType().name();
    if (command.getType() == CommandType.PIN || command.getType() == CommandType.ROLL_BACK) {
      wish += command.getVersion() == null ? "" : " " + command.getVersion();
    }
    turn.note(
        RoundEventType.REFUSED,
        turn.state().rounds(),
        command.getVersion(),
        withReason(wish + ": " + why, command));
  }

  private static String withReason(String message, Command command) {
    return command.getReason().isBlank() ? message : message + " (" + command.getReason() + ")";
  }
}
