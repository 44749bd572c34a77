package io.gripstream.gateway;

import io.gripstream.event.ScoredLabel;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Random;

/** A stream whose producer would like to run a script in the viewer's browser. */
record Hostile(Traffic traffic, String task, String script) {
  void play() {
    Instant now = Instant.now();
    traffic.live(
        traffic.candidate(task, List.of(script, "b"), 0, null, 0, Map.of(script, 1.0), now));
    traffic.prediction(
        task,
        script,
        traffic.image(script, Strokes.png(3, new Random(1))),
        List.of(new ScoredLabel(script, .9f)),
        new ScoredLabel("b", .6f),
        0,
        now);
  }
}
