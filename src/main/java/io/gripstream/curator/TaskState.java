package io.gripstream.curator;

import io.gripstream.event.PromptVersion;

/**
 * Where a task stands, apart from what it remembers. Small, since it is written for every sample.
 *
 * @param live the prompt that is live; null until there is one
 * @param pinned whether an operator decided what is live, and no round may change it
 * @param paused whether no round may begin
 * @param rounds how many rounds were requested, ever; also the number of the last one
 * @param nextVersion above every version seen or given away
 * @param arrived samples that came into the pool since the last round was requested
 * @param flight the round that was requested and not answered; null when there is none
 */
record TaskState(
    Live live,
    boolean pinned,
    boolean paused,
    int rounds,
    int nextVersion,
    long arrived,
    Flight flight) {

  static final TaskState NEW = new TaskState(null, false, false, 0, 0, 0, null);

  /**
   * The live prompt, by name.
   *
   * @param dimension D of its class features
   * @param fits whether it has the classes and the template that the task has now
   */
  record Live(int version, String digest, String modelId, int dimension, boolean fits) {
    static Live of(PromptVersion prompt, boolean fits) {
      return new Live(
          prompt.getVersion(),
          prompt.getDigest(),
          prompt.getModelId(),
          prompt.getClassFeatures().getShape().get(1),
          fits);
    }

    Live fitting(boolean now) {
      return new Live(version, digest, modelId, dimension, now);
    }
  }

  /**
   * A round that was requested.
   *
   * @param version the version its candidate shall have
   * @param heard when it was requested, or the refiner last spoke of it, by the clock
   */
  record Flight(int round, int version, long heard) {}

  TaskState serving(Live next) {
    return new TaskState(next, pinned, paused, rounds, nextVersion, arrived, flight);
  }

  TaskState pinned(boolean now) {
    return new TaskState(live, now, paused, rounds, nextVersion, arrived, flight);
  }

  TaskState paused(boolean now) {
    return new TaskState(live, pinned, now, rounds, nextVersion, arrived, flight);
  }

  TaskState arrived(long samples) {
    return new TaskState(live, pinned, paused, rounds, nextVersion, samples, flight);
  }

  TaskState seen(int version) {
    int next = Math.max(nextVersion, version + 1);
    return new TaskState(live, pinned, paused, rounds, next, arrived, flight);
  }

  TaskState requested(long clock) {
    Flight next = new Flight(rounds + 1, nextVersion, clock);
    return new TaskState(live, pinned, paused, rounds + 1, nextVersion + 1, 0, next);
  }

  TaskState heard(long clock) {
    Flight next = new Flight(flight.round, flight.version, Math.max(flight.heard, clock));
    return new TaskState(live, pinned, paused, rounds, nextVersion, arrived, next);
  }

  TaskState landed() {
    return new TaskState(live, pinned, paused, rounds, nextVersion, arrived, null);
  }

  /** What is left when the task ends: its numbers, so that none is ever given out twice. */
  TaskState ended() {
    return new TaskState(null, false, false, rounds, nextVersion, 0, null);
  }
}
