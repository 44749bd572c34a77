package io.gripstream.curator;

import io.gripstream.curator.TaskState.Flight;
import io.gripstream.event.RoundEvent;
import io.gripstream.event.RoundEventType;
import io.gripstream.event.TaskDefinition;
import java.time.Duration;
import java.util.Optional;

/**
 * When a round begins, and when it is over without a candidate.
 *
 * <p>It is samples that make a round due, never labels: a person who labels images one by one would
 * set off a round with the first of them, which would take the task for one that has a single
 * labelled class. Labels wait for the next round, and REFINE_NOW does not.
 *
 * <p>While the zero-shot prompt is live, a calibration round is due besides, which takes seconds:
 * it comes early, and each time that it was for nothing it waits for twice as many samples as
 * before. It does not stand in for a round of the task's strategy, which goes first where both are
 * due.
 *
 * <p>At most one round of a task is in flight. It ends with its candidate, with a FAILED of the
 * refiner, with other classes or another template, or, lest a task be stuck for ever because its
 * batch is lost, when nothing was heard of it for {@link #SILENCE} and another one is due.
 */
final class Rounds {
  /**
   * Longer than a round may wait for the rounds of other tasks; by the clock, not by the time of
   * records.
   */
  static final Duration SILENCE = Duration.ofHours(6);

  /** Requests a round if enough samples have come since the last one and nothing is in the way. */
  void requestIfDue(TaskContext context) {
    if (context.definition() == null) {
      return;
    }
    boolean due = context.state().arrived() >= context.definition().getTrigger().getSamples();
    if ((!due && !calibrationDue(context)) || obstacle(context).isPresent()) {
      return;
    }
    int minimum = minimum(context.definition());
    if (context.pooled() < minimum) {
      context.become(due ? context.state().arrived(0) : context.state().calibrated());
      refuse(context, tooFew(context.pooled(), minimum));
      return;
    }
    giveUpFlight(context);
    if (due) {
      context.request();
    } else {
      context.calibrate();
    }
  }

  private static boolean calibrationDue(TaskContext context) {
    TaskState state = context.state();
    int first = context.definition().getTrigger().getCalibration();
    return first > 0
        && state.live() != null
        && state.live().zeroShot()
        && state.service().samples() >= Math.max(first, 2 * state.service().calibrated());
  }

  /**
   * Requests a round whatever the count says.
   *
   * @return why not; empty if it did
   */
  Optional<String> requestNow(TaskContext context) {
    Optional<String> obstacle = obstacle(context);
    if (obstacle.isPresent()) {
      return obstacle;
    }
    int minimum = minimum(context.definition());
    if (context.pooled() < minimum) {
      return Optional.of(tooFew(context.pooled(), minimum));
    }
    giveUpFlight(context);
    context.request();
    return Optional.empty();
  }

  /** Hears the refiner; what the curator itself wrote is no news. */
  void hear(TaskContext context, RoundEvent event) {
    Flight flight = context.state().flight();
    if (flight == null || flight.round() != event.getRound()) {
      return;
    }
    switch (event.getType()) {
      case FAILED -> context.become(context.state().landed());
      case STARTED, PROGRESS -> context.become(context.state().heard(context.clock()));
      default -> {}
    }
  }

  private static Optional<String> obstacle(TaskContext context) {
    TaskState state = context.state();
    if (state.live() == null || !state.live().fits()) {
      return Optional.of("no prompt with the task's classes and template is live yet");
    }
    if (state.paused()) {
      return Optional.of("the task is paused");
    }
    if (state.pinned()) {
      return Optional.of("version %d is pinned".formatted(state.live().version()));
    }
    if (state.flight() != null && !silent(context)) {
      return Optional.of("round %d is in flight".formatted(state.flight().round()));
    }
    return Optional.empty();
  }

  private static boolean silent(TaskContext context) {
    return context.clock() - context.state().flight().heard() >= SILENCE.toMillis();
  }

  private static void giveUpFlight(TaskContext context) {
    Flight flight = context.state().flight();
    if (flight != null) {
      context.note(
          RoundEventType.HELD,
          flight.round(),
          flight.version(),
          "nothing was heard of round %d for %d hours: it is given up"
              .formatted(flight.round(), SILENCE.toHours()));
    }
  }

  /** With fewer samples the gate could not promote whatever the round finds. */
  private static int minimum(TaskDefinition definition) {
    return Math.max(definition.getClasses().size(), definition.getGate().getMinimumEvidence());
  }

  private static String tooFew(int pooled, int minimum) {
    return "the pool has %d samples, a round needs %d".formatted(pooled, minimum);
  }

  static void refuse(TaskContext context, String why) {
    context.note(RoundEventType.REFUSED, context.state().rounds(), null, why);
  }
}
