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
 * for an operator to make live; but one that no labeler could serve is not kept. A candidate that
 * comes again changes nothing. Where the gate finds that the live prompt is worse than one before
 * it, {@link WayBack} follows.
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

  void consider(TaskContext context, PromptVersion candidate) {
    Optional<String> fault = Prompts.fault(candidate, context.state().live());
    if (fault.isPresent()) {
      context.skip(candidate.getVersion());
      hold(context, candidate, "the candidate cannot be served: " + fault.get());
      land(context, candidate);
      return;
    }
    Optional<Known> known = context.versions().find(candidate.getVersion());
    if (known.isPresent()) {
      if (!known.get().prompt().getDigest().equals(candidate.getDigest())) {
        refuse(
            context, candidate, "version %d is another prompt".formatted(candidate.getVersion()));
      }
      return;
    }
    OptionalInt round = context.versions().handedOutTo(candidate.getVersion());
    boolean handedOut =
        answers(context.state().flight(), candidate)
            || (round.isPresent() && round.getAsInt() == candidate.getRound());
    if (!handedOut) {
      refuse(
          context,
          candidate,
          round.isPresent()
              ? "version %d was handed out to round %d"
                  .formatted(candidate.getVersion(), round.getAsInt())
              : "version %d was not handed out".formatted(candidate.getVersion()));
    } else if (!Prompts.zeroShot(candidate)) {
      considerTrained(context, candidate);
    }
  }

  /**
   * Takes a zero-shot prompt in, which has no version yet. One that is known is given none, as
   * refiners may make it twice; but it goes live in place of another model's, which the service has
   * gone back from.
   */
  void admit(TaskContext context, PromptVersion made) {
    Optional<String> fault =
        Prompts.zeroShot(made)
            ? Prompts.fault(made, context.state().live())
            : Optional.of("a round made it");
    if (fault.isPresent()) {
      context.note(
          RoundEventType.REFUSED, 0, null, "the zero-shot prompt cannot be served: " + fault.get());
      return;
    }
    PromptVersion candidate =
        context.versions().all().stream()
            .map(Known::prompt)
            .filter(
                prompt ->
                    prompt.getDigest().equals(made.getDigest())
                        && prompt.getModelId().equals(made.getModelId())
                        && prompt.getTemplate().equals(made.getTemplate()))
            .findFirst()
            .orElseGet(() -> context.publish(made));
    TaskDefinition definition = context.definition();
    Live live = context.state().live();
    // Without a definition it waits: the two come from different topics, in either order.
    if (definition == null
        || !Prompts.fits(candidate, definition)
        || (live != null && live.fits() && live.modelId().equals(candidate.getModelId()))) {
      return;
    }
    if (live != null) {
      unpin(context, "the task has a new zero-shot prompt");
    }
    context.serve(candidate);
    context.note(
        RoundEventType.PROMOTED, 0, candidate.getVersion(), "the zero-shot prompt of the task");
  }

  private void considerTrained(TaskContext context, PromptVersion candidate) {
    Optional<String> obstacle = obstacle(context, candidate);
    land(context, candidate);
    if (obstacle.isPresent()) {
      if (context.definition() != null) {
        context.keep(new Known(candidate, Known.NEVER));
      }
      hold(context, candidate, obstacle.get());
      return;
    }
    Gate.Verdict verdict = gate.judge(context.definition().getGate(), candidate.getEvidence());
    switch (verdict.action()) {
      case PROMOTE -> {
        context.promote(candidate);
        context.note(RoundEventType.PROMOTED, candidate, verdict.reason());
      }
      case HOLD -> {
        context.keep(new Known(candidate, Known.NEVER));
        hold(context, candidate, verdict.reason());
      }
      case BACK_TO_PREDECESSOR, BACK_TO_ZERO_SHOT -> WayBack.follow(context, candidate, verdict);
    }
  }

  /** Why the gate need not even be asked. */
  private static Optional<String> obstacle(TaskContext context, PromptVersion candidate) {
    TaskState state = context.state();
    if (context.definition() == null) {
      return Optional.of("the task is not defined");
    }
    if (!Prompts.fits(candidate, context.definition())) {
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
  static void unpin(TaskContext context, String why) {
    if (context.state().pinned()) {
      context.become(context.state().pinned(false));
      context.note(
          RoundEventType.UNPINNED, context.state().rounds(), context.state().live().version(), why);
    }
  }

  private static boolean answers(Flight flight, PromptVersion candidate) {
    return flight != null
        && flight.round() == candidate.getRound()
        && flight.version() == candidate.getVersion();
  }

  private static void land(TaskContext context, PromptVersion candidate) {
    if (answers(context.state().flight(), candidate)) {
      context.become(context.state().landed());
    }
  }

  private static void refuse(TaskContext context, PromptVersion candidate, String why) {
    context.skip(candidate.getVersion());
    context.note(RoundEventType.REFUSED, candidate, why);
    land(context, candidate);
  }

  private static void hold(TaskContext context, PromptVersion candidate, String why) {
    context.note(RoundEventType.HELD, candidate, why);
  }
}
