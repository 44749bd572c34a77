package io.gripstream.curator;

import io.gripstream.curator.TaskState.Flight;
import io.gripstream.curator.TaskState.Live;
import io.gripstream.curator.Versions.Known;
import io.gripstream.event.GateLimits;
import io.gripstream.event.PromptVersion;
import io.gripstream.event.RoundEventType;
import io.gripstream.event.TaskDefinition;
import io.gripstream.refine.judge.Gate;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * Whether a candidate goes live.
 *
 * <p>A trained one does if it answers the round in flight, was trained from the prompt that is live
 * at this moment, and passes the gate. A zero-shot one does, without evidence, if it is what the
 * task's definition asks for and the live prompt is not. Every other one is held: kept and visible,
 * for an operator to make live. A candidate that comes again changes nothing. Where the gate finds
 * that the live prompt is worse than one before it, {@link WayBack} follows.
 *
 * <p>A version is handed out here only: to a round with its batch, and to a zero-shot prompt when
 * it is admitted. A candidate under any other version is refused, so that no version is two
 * prompts.
 */
final class Candidates {
  private final Judge gate;

  Candidates(Judge gate) {
    this.gate = gate;
  }

  /** {@link Gate#judge}, or what a test puts in its place. */
  @FunctionalInterface
  interface Judge {
    Gate.Verdict judge(GateLimits limits, Map<String, Double> evidence);
  }

  void consider(Turn turn, PromptVersion candidate) {
    Optional<String> fault = Prompts.fault(candidate);
    if (fault.isPresent()) {
      hold(turn, candidate, "the candidate is malformed: " + fault.get());
      land(turn, candidate);
      return;
    }
    Optional<Known> known = turn.versions().find(candidate.getVersion());
    if (known.isPresent()) {
      if (!known.get().prompt().getDigest().equals(candidate.getDigest())) {
        refuse(turn, candidate, "version %d is another prompt".formatted(candidate.getVersion()));
      }
      return;
    }
    OptionalInt round = turn.versions().handedOutTo(candidate.getVersion());
    boolean handedOut =
        answers(turn.state().flight(), candidate)
            || (round.isPresent() && round.getAsInt() == candidate.getRound());
    if (!handedOut) {
      refuse(
          turn,
          candidate,
          round.isPresent()
              ? "version %d was handed out to round %d"
                  .formatted(candidate.getVersion(), round.getAsInt())
              : "version %d was not handed out".formatted(candidate.getVersion()));
    } else if (!Prompts.zeroShot(candidate)) {
      considerTrained(turn, candidate);
    }
  }

  /**
   * Takes a zero-shot prompt in, which has no version yet. One that is known changes nothing:
   * refiners may make it twice.
   */
  void admit(Turn turn, PromptVersion made) {
    Optional<String> fault =
        Prompts.zeroShot(made) ? Prompts.fault(made) : Optional.of("a round made it");
    if (fault.isPresent()) {
      turn.note(
          RoundEventType.REFUSED, 0, null, "the zero-shot prompt is malformed: " + fault.get());
      return;
    }
    boolean known =
        turn.versions().all().stream()
            .map(Known::prompt)
            .anyMatch(
                prompt ->
                    prompt.getDigest().equals(made.getDigest())
                        && prompt.getModelId().equals(made.getModelId())
                        && prompt.getTemplate().equals(made.getTemplate()));
    if (known) {
      return;
    }
    PromptVersion candidate = turn.publish(made);
    TaskDefinition definition = turn.definition();
    Live live = turn.state().live();
    // Without a definition it waits: the two come from different topics, in either order.
    if (definition == null
        || !Prompts.fits(candidate, definition)
        || (live != null && live.fits() && live.modelId().equals(candidate.getModelId()))) {
      return;
    }
    if (live != null) {
      unpin(turn, "the task has a new zero-shot prompt");
    }
    turn.serve(candidate);
    turn.note(
        RoundEventType.PROMOTED, 0, candidate.getVersion(), "the zero-shot prompt of the task");
  }

  private void considerTrained(Turn turn, PromptVersion candidate) {
    Optional<String> obstacle = obstacle(turn, candidate);
    land(turn, candidate);
    if (obstacle.isPresent()) {
      if (turn.definition() != null) {
        turn.keep(new Known(candidate, Known.NEVER));
      }
      hold(turn, candidate, obstacle.get());
      return;
    }
    Gate.Verdict verdict = gate.judge(turn.definition().getGate(), candidate.getEvidence());
    switch (verdict.action()) {
      case PROMOTE -> {
        turn.promote(candidate);
        turn.note(RoundEventType.PROMOTED, candidate, verdict.reason());
      }
      case HOLD -> {
        turn.keep(new Known(candidate, Known.NEVER));
        hold(turn, candidate, verdict.reason());
      }
      case BACK_TO_PREDECESSOR, BACK_TO_ZERO_SHOT -> WayBack.follow(turn, candidate, verdict);
    }
  }

  /** Why the gate need not even be asked. */
  private static Optional<String> obstacle(Turn turn, PromptVersion candidate) {
    TaskState state = turn.state();
    if (turn.definition() == null) {
      return Optional.of("the task is not defined");
    }
    if (!Prompts.fits(candidate, turn.definition())) {
      return Optional.of("the task has other classes or another template now");
    }
    if (candidate.getRound() > 0 && candidate.getRound() <= state.changed()) {
      return Optional.of("the stream has changed since its batch was closed");
    }
    if (!answers(state.flight(), candidate)) {
      return Optional.of("round %d is not in flight".formatted(candidate.getRound()));
    }
    Live live = state.live();
    if (live == null
        || candidate.getParent() == null
        || candidate.getParent().getVersion() != live.version()
        || !candidate.getParent().getDigest().equals(live.digest())) {
      return Optional.of(
          "it was trained from %s, but %s is live now"
              .formatted(
                  candidate.getParent() == null
                      ? "no version"
                      : "version " + candidate.getParent().getVersion(),
                  live == null ? "none" : "version " + live.version()));
    }
    if (!live.modelId().equals(candidate.getModelId())) {
      return Optional.of("it is of another model than the live prompt");
    }
    if (state.pinned()) {
      return Optional.of("version %d is pinned".formatted(live.version()));
    }
    return Optional.empty();
  }

  /** Takes a pin off that its reason has left. */
  static void unpin(Turn turn, String why) {
    if (turn.state().pinned()) {
      turn.become(turn.state().pinned(false));
      turn.note(RoundEventType.UNPINNED, turn.state().rounds(), turn.state().live().version(), why);
    }
  }

  private static boolean answers(Flight flight, PromptVersion candidate) {
    return flight != null
        && flight.round() == candidate.getRound()
        && flight.version() == candidate.getVersion();
  }

  private static void land(Turn turn, PromptVersion candidate) {
    if (answers(turn.state().flight(), candidate)) {
      turn.become(turn.state().landed());
    }
  }

  private static void refuse(Turn turn, PromptVersion candidate, String why) {
    turn.skip(candidate.getVersion());
    turn.note(RoundEventType.REFUSED, candidate, why);
    land(turn, candidate);
  }

  private static void hold(Turn turn, PromptVersion candidate, String why) {
    turn.note(RoundEventType.HELD, candidate, why);
  }
}
