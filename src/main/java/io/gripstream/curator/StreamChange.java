package io.gripstream.curator;

import io.gripstream.curator.TaskState.Live;
import io.gripstream.event.PromptVersion;
import io.gripstream.event.RoundEventType;
import io.gripstream.refine.judge.Drift;
import io.gripstream.refine.judge.DriftReference;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * What follows when a stream shows something else than it did: a refined prompt was made for what
 * came before, so the zero-shot one goes live, and the pool begins anew. The round in flight is for
 * the old stream too, and its candidate will be held.
 *
 * <p>A pinned version stays live. Nothing is noted where little changes: the zero-shot prompt is
 * live already, and the pool has few samples of before.
 */
final class StreamChange {
  private StreamChange() {}

  static void follow(TaskContext context, Drift.Alarm alarm) {
    Live live = context.state().live();
    int before = context.pooled() - alarm.window();
    context.become(context.state().streamChanged());
    context.keepNewest(alarm.window());
    if (live.zeroShot()) {
      if (before >= DriftReference.LEAST) {
        note(context, alarm, "The pool keeps these only.");
      }
      return;
    }
    if (context.state().pinned()) {
      note(context, alarm, "Version %d is pinned and stays live.".formatted(live.version()));
      return;
    }
    Optional<PromptVersion> zeroShot = WayBack.zeroShot(context);
    if (zeroShot.isEmpty()) {
      note(
          context,
          alarm,
          "The zero-shot version is not known any more: version %d stays live."
              .formatted(live.version()));
      return;
    }
    context.serve(zeroShot.get());
    note(
        context,
        alarm,
        "Version %d, the zero-shot one, is live instead of version %d."
            .formatted(zeroShot.get().getVersion(), live.version()));
  }

  private static void note(TaskContext context, Drift.Alarm alarm, String follows) {
    context.note(
        RoundEventType.DRIFTED,
        context.state().rounds(),
        context.state().live().version(),
        String.format(
            Locale.ROOT,
            "The stream has changed: the newest %d images lie %.1f times as far from the %d before"
                + " as chance explains. %s",
            alarm.window(),
            alarm.times(),
            alarm.reference(),
            follows),
        Map.of(
            "window",
            (double) alarm.window(),
            "reference",
            (double) alarm.reference(),
            "times",
            alarm.times(),
            "score",
            alarm.score()));
  }
}
