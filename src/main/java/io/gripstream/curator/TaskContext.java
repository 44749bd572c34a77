package io.gripstream.curator;

import io.gripstream.curator.TaskState.Live;
import io.gripstream.curator.TaskState.Service;
import io.gripstream.event.Paradigm;
import io.gripstream.event.PromptVersion;
import io.gripstream.event.RoundEvent;
import io.gripstream.event.RoundEventType;
import io.gripstream.event.TaskDefinition;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.IntSupplier;

/** One record's turn at one task: what the rules see, and what they make of it. */
final class TaskContext {
  private final String task;
  private final Versions versions;
  private final IntSupplier pooled;
  private final long clock;
  private final List<Decision> decisions = new ArrayList<>();
  private TaskDefinition definition;
  private TaskState state;

  /**
   * @param definition null when the task has none, or has ended
   * @param pooled how many samples the pool has
   * @param clock the time now, in epoch milliseconds, which everything that follows bears and by
   *     which silence is measured: the record may be of the past
   */
  TaskContext(
      String task,
      TaskDefinition definition,
      TaskState state,
      Versions versions,
      IntSupplier pooled,
      long clock) {
    this.task = task;
    this.definition = definition;
    this.state = state;
    this.versions = versions;
    this.pooled = pooled;
    this.clock = clock;
  }

  String task() {
    return task;
  }

  /** Null when the task has none. */
  TaskDefinition definition() {
    return definition;
  }

  TaskState state() {
    return state;
  }

  Versions versions() {
    return versions;
  }

  int pooled() {
    return pooled.getAsInt();
  }

  long clock() {
    return clock;
  }

  /** In the order in which they are to be carried out. */
  List<Decision> decisions() {
    return decisions;
  }

  void become(TaskState next) {
    state = next;
  }

  void redefine(TaskDefinition next) {
    definition = next;
  }

  /** Makes a prompt live in place of the live one, which the next rounds compare it with. */
  void promote(PromptVersion prompt) {
    Live before = state.live();
    serve(prompt, before == null ? Service.NEW : Service.after(before.version()));
  }

  /** Makes a prompt live that is not to be compared with the one before it. */
  void serve(PromptVersion prompt) {
    serve(prompt, Service.NEW);
  }

  private void serve(PromptVersion prompt, Service since) {
    Live before = state.live();
    if (before != null && !before.modelId().equals(prompt.getModelId())) {
      decisions.add(new Decision.ForgetPool());
      state = state.arrived(0);
    }
    boolean fits = definition != null && Prompts.fits(prompt, definition);
    state = state.serving(Live.of(prompt, fits), since);
    keep(new Versions.Known(prompt, clock));
    decisions.add(new Decision.Serve(prompt));
  }

  /**
   * Gives a zero-shot prompt a version, and publishes it.
   *
   * @return the prompt with its version
   */
  PromptVersion publish(PromptVersion zeroShot) {
    PromptVersion prompt =
        PromptVersion.newBuilder(zeroShot).setVersion(state.nextVersion()).build();
    versions.handOut(prompt.getVersion(), 0);
    keep(new Versions.Known(prompt, Versions.Known.NEVER));
    decisions.add(new Decision.Publish(prompt));
    return prompt;
  }

  /** Gives nobody a version that is taken; one far ahead does not use up all numbers before it. */
  void skip(int version) {
    if (version - state.nextVersion() < Versions.REMEMBERED) {
      state = state.seen(version);
    }
  }

  /** Keeps a prompt, so that a command can make it live. */
  void keep(Versions.Known known) {
    state = state.seen(known.prompt().getVersion());
    versions.keep(known, this::mustStay);
  }

  private boolean mustStay(PromptVersion prompt) {
    return (state.live() != null && prompt.getVersion() == state.live().version())
        || prompt.getVersion() == state.service().predecessor()
        || (definition != null && Prompts.zeroShot(prompt) && Prompts.fits(prompt, definition));
  }

  /** Requests a round of the task's strategy from what the pool has. */
  void request() {
    state = state.requested(clock);
    versions.handOut(state.flight().version(), state.flight().round());
    decisions.add(
        new Decision.Request(
            state.flight().round(),
            state.flight().version(),
            state.rounds() - state.calibrations()));
  }

  /** Requests a calibration round from what the pool has. */
  void calibrate() {
    state = state.calibrating(clock);
    versions.handOut(state.flight().version(), state.flight().round());
    decisions.add(new Decision.Request(state.flight().round(), state.flight().version(), 0));
  }

  /** Empties the pool but for the newest samples. */
  void keepNewest(int samples) {
    decisions.add(new Decision.KeepNewest(samples));
  }

  /**
   * @param version null when it is about none
   */
  void note(RoundEventType type, int round, Integer version, String message) {
    note(type, round, version, null, message, Map.of());
  }

  /** Notes what became of a prompt, and what speaks for it. */
  void note(RoundEventType type, PromptVersion prompt, String message) {
    note(
        type,
        prompt.getRound(),
        prompt.getVersion(),
        prompt.getParadigm(),
        message,
        prompt.getEvidence());
  }

  /**
   * @param metrics what was measured, by name
   */
  void note(
      RoundEventType type,
      int round,
      Integer version,
      String message,
      Map<String, Double> metrics) {
    note(type, round, version, null, message, metrics);
  }

  private void note(
      RoundEventType type,
      int round,
      Integer version,
      Paradigm paradigm,
      String message,
      Map<String, Double> metrics) {
    decisions.add(
        new Decision.Note(
            new RoundEvent(
                task,
                round,
                type,
                version,
                paradigm,
                0.0,
                message,
                metrics,
                Instant.ofEpochMilli(clock))));
  }
}
