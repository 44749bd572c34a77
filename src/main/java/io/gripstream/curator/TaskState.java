package io.gripstream.curator;

import io.gripstream.event.PromptVersion;

/**
 * Where a task stands, apart from what it remembers. Small, since it is written for every sample.
 *
 * @param live the prompt that is live; null until there is one
 * @param service how long it has been, and what it replaced
 * @param pinned whether an operator decided what is live, and no round may change it
 * @param paused whether no round may begin
 * @param rounds how many rounds were requested, ever; also the number of the last one
 * @param calibrations how many of them were calibration rounds
 * @param changed rounds up to this one were requested before the stream last changed; 0: it never
 *     has
 * @param nextVersion above every version seen or given away
 * @param arrived samples that came into the pool since the last round of the task's strategy was
 *     requested, and since the stream changed
 * @param flight the round that was requested and not answered; null when there is none
 */
record TaskState(
    Live live,
    Service service,
    boolean pinned,
    boolean paused,
    int rounds,
    int calibrations,
    int changed,
    int nextVersion,
    long arrived,
    Flight flight) {

  static final TaskState NEW = new TaskState(null, Service.NEW, false, false, 0, 0, 0, 0, 0, null);

  /**
   * The live prompt, by name.
   *
   * @param dimension D of its class features
   * @param fits whether it has the classes and the template that the task has now
   * @param zeroShot whether nothing was tuned
   */
  record Live(
      int version, String digest, String modelId, int dimension, boolean fits, boolean zeroShot) {
    static Live of(PromptVersion prompt, boolean fits) {
      return new Live(
          prompt.getVersion(),
          prompt.getDigest(),
          prompt.getModelId(),
          prompt.getClassFeatures().getShape().get(1),
          fits,
          Prompts.zeroShot(prompt));
    }

    Live fitting(boolean now) {
      return new Live(version, digest, modelId, dimension, now, zeroShot);
    }
  }

  /**
   * What has been since the live prompt went live.
   *
   * @param samples that arrived since then, and since the stream changed
   * @param calibrated what that count was when the last calibration round was requested; 0: none
   *     was
   * @param predecessor the version that this one was promoted in place of; {@link #NONE} if it came
   *     by another way
   */
  record Service(long samples, long calibrated, int predecessor) {
    static final int NONE = -1;
    static final Service NEW = after(NONE);

    static Service after(int predecessor) {
      return new Service(0, 0, predecessor);
    }
  }

  /**
   * A round that was requested.
   *
   * @param version the version its candidate shall have
   * @param heard when it was requested, or the refiner last spoke of it, by the clock
   */
  record Flight(int round, int version, long heard) {}

  TaskState serving(Live next, Service since) {
    return new TaskState(
        next, since, pinned, paused, rounds, calibrations, changed, nextVersion, arrived, flight);
  }

  TaskState pinned(boolean now) {
    return new TaskState(
        live, service, now, paused, rounds, calibrations, changed, nextVersion, arrived, flight);
  }

  TaskState paused(boolean now) {
    return new TaskState(
        live, service, pinned, now, rounds, calibrations, changed, nextVersion, arrived, flight);
  }

  /** One sample more has come into the pool. */
  TaskState sampled() {
    Service now = new Service(service.samples + 1, service.calibrated, service.predecessor);
    return serving(live, now).arrived(arrived + 1);
  }

  TaskState arrived(long samples) {
    return new TaskState(
        live, service, pinned, paused, rounds, calibrations, changed, nextVersion, samples, flight);
  }

  TaskState seen(int version) {
    int next = Math.max(nextVersion, version + 1);
    return new TaskState(
        live, service, pinned, paused, rounds, calibrations, changed, next, arrived, flight);
  }

  /** A round of the task's strategy begins. */
  TaskState requested(long clock) {
    return begun(clock, calibrations).arrived(0);
  }

  /** A calibration round begins. */
  TaskState calibrating(long clock) {
    return begun(clock, calibrations + 1).calibrated();
  }

  /** The next calibration round waits until twice as many samples have come. */
  TaskState calibrated() {
    return serving(live, new Service(service.samples, service.samples, service.predecessor));
  }

  private TaskState begun(long clock, int calibrationsNow) {
    int round = rounds + 1;
    Flight next = new Flight(round, nextVersion, clock);
    return new TaskState(
        live,
        service,
        pinned,
        paused,
        round,
        calibrationsNow,
        changed,
        nextVersion + 1,
        arrived,
        next);
  }

  TaskState heard(long clock) {
    return flying(new Flight(flight.round, flight.version, Math.max(flight.heard, clock)));
  }

  TaskState landed() {
    return flying(null);
  }

  private TaskState flying(Flight next) {
    return new TaskState(
        live, service, pinned, paused, rounds, calibrations, changed, nextVersion, arrived, next);
  }

  /** The stream has changed: what came before counts no more, and no round is awaited. */
  TaskState streamChanged() {
    return new TaskState(
        live,
        Service.after(service.predecessor),
        pinned,
        paused,
        rounds,
        calibrations,
        rounds,
        nextVersion,
        0,
        null);
  }

  /** What is left when the task ends: its numbers, so that none is ever given out twice. */
  TaskState ended() {
    return new TaskState(
        null, Service.NEW, false, false, rounds, calibrations, changed, nextVersion, 0, null);
  }
}
