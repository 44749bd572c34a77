package io.gripstream.refiner;

import io.gripstream.kafka.Fault;
import io.gripstream.kafka.LetterCounts;
import io.gripstream.kafka.loop.RemovedRecords;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;

/** What the refiner counts. */
final class RefinerMetrics {
  final Timer trained;
  final Timer failed;
  final Counter abandoned;
  final Counter zeroShot;
  final LetterCounts deadLetters;
  final Counter engineFailures;
  final Counter removed;

  RefinerMetrics(MeterRegistry registry) {
    trained = rounds(registry, "trained");
    failed = rounds(registry, "failed");
    abandoned =
        Counter.builder("gripstream.rounds.abandoned")
            .description("Rounds that were left for another process, or for after a restart")
            .register(registry);
    zeroShot =
        Counter.builder("gripstream.zero.shot.prompts")
            .description("Zero-shot prompts made")
            .register(registry);
    deadLetters = new LetterCounts(registry, Refiner.ROLE);
    removed = RemovedRecords.counter(registry, Refiner.ROLE);
    engineFailures =
        Counter.builder("gripstream.engine.failures")
            .description("Failures of the engine; what it was to do is done again")
            .tag("role", Refiner.ROLE)
            .register(registry);
  }

  /** Counts a failure if it is the engine's. */
  void failed(Throwable failure) {
    if (Fault.of(failure) == Fault.ENGINE) {
      engineFailures.increment();
    }
  }

  private static Timer rounds(MeterRegistry registry, String outcome) {
    return Timer.builder("gripstream.rounds")
        .description("Rounds, from their first step to their last")
        .tag("outcome", outcome)
        .register(registry);
  }
}
