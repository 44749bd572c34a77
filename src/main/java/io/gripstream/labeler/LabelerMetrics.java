package io.gripstream.labeler;

import io.gripstream.labeler.PromptBoard.Snapshot;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.MultiGauge;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.Timer;
import java.util.List;

/** What the labeler counts. A batch that is done again after a fault is counted again. */
final class LabelerMetrics {
  final Counter imagesLabelled;
  final Counter predictions;
  final Counter deadLetters;
  final Counter promptsRefused;
  final Timer batch;
  final Timer tower;
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
    deadLetters =
        Counter.builder("gripstream.dead.letters")
            .description("Records that could not be processed")
            .tag("role", Labeler.ROLE)
            .register(registry);
    promptsRefused =
        Counter.builder("gripstream.prompts.refused")
            .description("Live prompts that could not be verified, and are not served")
            .register(registry);
    batch =
        Timer.builder("gripstream.labeler.batch")
            .description("From a batch of image events to its predictions")
            .register(registry);
    tower =
        Timer.builder("gripstream.labeler.tower")
            .description("The image tower's part of a batch")
            .register(registry);
    now =
        Timer.builder("gripstream.labeler.now")
            .description("From a request to label one image at once to its answer")
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
            .description("1 for a task whose live prompt this process does not serve")
            .register(registry);
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
    List<MultiGauge.Row<?>> unusable =
        snapshot.refused().keySet().stream()
            .<MultiGauge.Row<?>>map(task -> MultiGauge.Row.of(Tags.of("task", task), 1))
            .toList();
    unusablePrompts.register(unusable, true);
  }
}
