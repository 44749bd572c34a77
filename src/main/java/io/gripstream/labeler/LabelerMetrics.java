package io.gripstream.labeler;

import io.gripstream.kafka.Fault;
import io.gripstream.kafka.LetterCounts;
import io.gripstream.kafka.loop.RemovedRecords;
import io.gripstream.labeler.PromptBoard.Snapshot;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.MultiGauge;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.LongStream;

/** What the labeler counts. A batch that is done again after a fault is counted again. */
final class LabelerMetrics {
  /**
   * A micro-batch is to take a tenth of a second; a large model on few processors takes seconds.
   */
  private static final Duration[] WORK =
      millis(1, 2, 5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000);

  /** Moments while all keep up; minutes and hours behind a backlog. */
  private static final Duration[] WAYS =
      millis(
          50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 30_000, 60_000, 300_000, 1_800_000,
          7_200_000);

  final Counter imagesLabelled;
  final Counter predictions;
  final LetterCounts deadLetters;
  final Counter engineFailures;
  final Counter removed;
  final Counter promptsRefused;
  final Timer batch;
  final Timer tower;
  final Timer decode;
  final Timer endToEnd;
  final Timer now;
  final Counter nowRefused;
  final Passes plain;
  final Passes prefixed;
  private final MultiGauge promptVersions;
  private final MultiGauge unusablePrompts;

  LabelerMetrics(MeterRegistry registry) {
    imagesLabelled =
        Counter.builder("gripstream.images.labelled")
            .description("Images that got at least one prediction")
            .register(registry);
    predictions =
        Counter.builder("gripstream.predictions")
            .description("Predictions made, one per image and task")
            .register(registry);
    deadLetters = new LetterCounts(registry, Labeler.ROLE);
    removed = RemovedRecords.counter(registry, Labeler.ROLE);
    engineFailures =
        Counter.builder("gripstream.engine.failures")
            .description("Failures of the engine; what it was to do is done again")
            .tag("role", Labeler.ROLE)
            .register(registry);
    promptsRefused =
        Counter.builder("gripstream.prompts.refused")
            .description("Live prompts that could not be verified, and are not served")
            .register(registry);
    batch =
        Timer.builder("gripstream.labeler.batch")
            .description("From a batch of image events to its predictions")
            .serviceLevelObjectives(WORK)
            .register(registry);
    tower =
        Timer.builder("gripstream.labeler.tower")
            .description("A run of the image tower")
            .serviceLevelObjectives(WORK)
            .register(registry);
    decode =
        Timer.builder("gripstream.labeler.decode")
            .description("From an image's encoded bytes to its pixels")
            .serviceLevelObjectives(WORK)
            .register(registry);
    endToEnd =
        Timer.builder("gripstream.labeler.end.to.end")
            .description("From an image record's timestamp until its predictions can be seen")
            .serviceLevelObjectives(WAYS)
            .register(registry);
    now =
        Timer.builder("gripstream.labeler.now")
            .description("From a request to label one image at once to its answer")
            .serviceLevelObjectives(WORK)
            .register(registry);
    nowRefused =
        Counter.builder("gripstream.labeler.now.refused")
            .description("Requests to label one image at once that found no place to wait")
            .register(registry);
    plain = passes(registry, "plain");
    prefixed = passes(registry, "prefixed");
    promptVersions =
        MultiGauge.builder("gripstream.prompt.version")
            .description("The prompt version that labels now")
            .register(registry);
    unusablePrompts =
        MultiGauge.builder("gripstream.prompt.unusable")
            .description("1 for a task whose live prompt this process does not serve, else 0")
            .register(registry);
  }

  /** Counts a failure if it is the engine's. */
  void failed(Throwable failure) {
    if (Fault.of(failure) == Fault.ENGINE) {
      engineFailures.increment();
    }
  }

  private static Duration[] millis(long... bounds) {
    return LongStream.of(bounds).mapToObj(Duration::ofMillis).toArray(Duration[]::new);
  }

  /** Runs of the image tower of one kind. */
  record Passes(Counter passes, Counter images) {
    void count(int encoded) {
      passes.increment();
      images.increment(encoded);
    }
  }

  private static Passes passes(MeterRegistry registry, String kind) {
    return new Passes(
        Counter.builder("gripstream.labeler.tower.passes")
            .description("Runs of the image tower: plain, or behind a visual prompt")
            .tag("kind", kind)
            .register(registry),
        Counter.builder("gripstream.labeler.tower.images")
            .description("Images that went through the image tower; one may go several times")
            .tag("kind", kind)
            .register(registry));
  }

  /**
   * Shows what is live now. Called by several threads: the snapshot is taken in here, so that none
   * is overtaken by an older one.
   */
  synchronized void prompts(PromptBoard board) {
    Snapshot snapshot = board.snapshot();
    List<MultiGauge.Row<?>> versions =
        snapshot.served().values().stream()
            .<MultiGauge.Row<?>>map(
                served ->
                    MultiGauge.Row.of(
                        Tags.of("task", served.prompt().task()), served.prompt().version()))
            .toList();
    promptVersions.register(versions, true);
    Set<String> tasks = new TreeSet<>(snapshot.served().keySet());
    tasks.addAll(snapshot.refused().keySet());
    List<MultiGauge.Row<?>> unusable =
        tasks.stream()
            .<MultiGauge.Row<?>>map(
                task ->
                    MultiGauge.Row.of(
                        Tags.of("task", task), snapshot.refused().containsKey(task) ? 1 : 0))
            .toList();
    unusablePrompts.register(unusable, true);
  }
}
