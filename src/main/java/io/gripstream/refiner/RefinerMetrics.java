package io.gripstream.refiner;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;

/** What the refiner counts. */
final class RefinerMetrics {
  final Timer trained;
  final Timer failed;
  final Counter abandoned;
  final Counter zeroShot;
  final Counter deadLetters;

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
    deadLetters =
        Counter.builder("gripstream.dead.letters")
            .description("Records that could not be processed")
            .tag("role", Refiner.ROLE)
            .register(registry);
  }

  private static Timer rounds(MeterRegistry registry, String outcome) {
    return Timer.builder("gripstream.rounds")
        .description("Rounds, from their first step to their last")
        .tag("outcome", outcome)
        .register(registry);
  }
}
