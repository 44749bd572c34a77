package io.gripstream.gateway;

import static java.lang.Double.NaN;
import static java.util.Map.entry;

import io.gripstream.event.BatchSample;
import io.gripstream.event.ImageReference;
import io.gripstream.event.Paradigm;
import io.gripstream.event.PromptVersion;
import io.gripstream.event.RoundEventType;
import io.gripstream.event.ScoredLabel;
import io.gripstream.event.Strategy;
import io.gripstream.event.TaskDefinition;
import io.gripstream.refine.judge.Comparison;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

/**
 * Some minutes in the life of a task: labels that get better with each round, and one round that is
 * held.
 */
final class DigitStream {
  private static final double[] ZERO_SHOT = {.81, .74, .38, .52, .61, .29, .34, .70, .22, .45};
  private static final double[] SHARE_OF_ERRORS_LEFT = {1, .62, .62, .38, .33};

  /** The first round calibrates. */
  private static final Strategy[] MADE_BY = {
    null, Strategy.BALANCE, Strategy.GRIP, Strategy.MIXTURE
  };

  private static final List<String> COMPARISONS =
      List.of("gain", "overZeroShot", "zeroShotBack", "predecessorBack");

  private final Traffic traffic;
  private final String task;
  private final Random random = new Random(7);
  private final Map<String, String> truths = new LinkedHashMap<>();
  private final List<BatchSample> samples = new ArrayList<>();
  private PromptVersion base;
  private int images;

  DigitStream(Traffic traffic, String task) {
    this.traffic = traffic;
    this.task = task;
  }

  /** What the images written since the last call show. */
  Map<String, String> drainTruths() {
    Map<String, String> drained = new LinkedHashMap<>(truths);
    truths.clear();
    return drained;
  }

  /** Five minutes that end at {@code now}, with the fourth round half way. */
  void play(Instant now) {
    Instant start = now.minusSeconds(300);
    PromptVersion zeroShot = traffic.candidate(task, Strokes.NAMES, 0, null, 0, Map.of(), start);
    traffic.live(zeroShot);
    base = Traffic.told(zeroShot);
    traffic.round(
        task,
        0,
        RoundEventType.PROMOTED,
        0,
        1,
        "The zero-shot prompt needs no evidence.",
        Map.of(),
        start);
    images(230, 0, start, 80);
    round(
        1,
        0,
        RoundEventType.PROMOTED,
        "Held-out score 0.641, live 0.552: better.",
        .552,
        .641,
        start.plusSeconds(80));
    images(200, 1, start.plusSeconds(80), 70);
    round(
        2,
        1,
        RoundEventType.HELD,
        "Held-out score 0.629, live 0.641: not better, kept aside.",
        .641,
        .629,
        start.plusSeconds(150));
    images(150, 1, start.plusSeconds(150), 50);
    round(
        3,
        1,
        RoundEventType.PROMOTED,
        "Held-out score 0.774, live 0.641: better.",
        .641,
        .774,
        start.plusSeconds(200));
    images(300, 3, start.plusSeconds(200), 100);
    Instant fourth = now.minusSeconds(14);
    traffic.batch(task, definition(), base, null, 4, List.copyOf(samples), fourth);
    traffic.round(
        task,
        4,
        RoundEventType.REQUESTED,
        4,
        Paradigm.SSL,
        0,
        "from version 3, with 500 samples, 20 of them labelled: SSL",
        Map.of("labelled", 20.0, "labels", 21.0),
        fourth);
    traffic.round(
        task,
        4,
        RoundEventType.STARTED,
        4,
        0,
        "",
        Map.of("samples", (double) samples.size(), "pseudolabels", 416.0),
        fourth.plusSeconds(1));
    traffic.round(
        task,
        4,
        RoundEventType.PROGRESS,
        4,
        .46,
        "",
        Map.of("epoch", 69.0, "loss", .4127, "validationLoss", .5311),
        now);
    traffic.deadLetter(
        "upload-0047", new byte[] {1, 2, 3}, "not an image: the bytes begin like no known format");
    traffic.deadLetter(
        "scan-1180", new byte[900], "an image of 20000 x 10000 pixels is larger than allowed");
  }

  /** Images that a version labels, evenly over some time. */
  void during(int count, int version, Instant from, int seconds) {
    images(count, version, from, seconds);
  }

  /** A few images more, as the stream goes on. */
  void goOn(int count) {
    images(count, 3, Instant.now(), 0);
  }

  private void round(
      int round,
      int parent,
      RoundEventType verdict,
      String reason,
      double live,
      double candidate,
      Instant end) {
    Instant begin = end.minusSeconds(16);
    Paradigm paradigm = round == 3 ? Paradigm.SSL : Paradigm.UL;
    Strategy instead = round == 1 ? Strategy.BALANCE : null;
    traffic.batch(task, definition(), base, instead, round, List.copyOf(samples), begin);
    traffic.round(
        task,
        round,
        RoundEventType.REQUESTED,
        round,
        paradigm,
        0,
        "from version %d, with 500 samples".formatted(parent),
        Map.of("labelled", round == 3 ? 20.0 : 0.0, "labels", round == 3 ? 21.0 : 0.0),
        begin);
    traffic.round(
        task,
        round,
        RoundEventType.STARTED,
        round,
        0,
        "",
        Map.of("pseudolabels", 90.0 * round),
        begin);
    Map<String, Double> evidence = new HashMap<>();
    Comparison comparison =
        new Comparison(101, .24, .41, 5.2, .33, .08, .02, 0, .3, .6, .1, .6, .5, .7, NaN, NaN);
    for (String prefix : COMPARISONS) {
      evidence.putAll(comparison.evidence(prefix));
    }
    evidence.put("aFigureOfTomorrow", 42.0);
    evidence.putAll(
        Map.ofEntries(
            entry("heldOut", 101.0),
            entry("baseScore", live),
            entry("candidateScore", candidate),
            entry("zeroShotScore", .552),
            entry("agreement", .81),
            entry("temperature", 1.42),
            entry("pseudolabels", 416.0),
            entry("gamma", round == 3 ? 20.8 : 0.0),
            entry("lambda", 1.0),
            entry("imageEncodings", 0.0),
            entry("imagesGone", 0.0),
            entry("samples", 500.0)));
    PromptVersion prompt =
        traffic.candidate(
            task, Strokes.NAMES, round, parent, round, paradigm, MADE_BY[round], evidence, end);
    traffic.round(task, round, verdict, round, paradigm, 1, reason, evidence, end);
    if (verdict == RoundEventType.PROMOTED) {
      traffic.live(prompt);
    }
  }

  private static TaskDefinition definition() {
    return TaskDefinition.newBuilder().setClasses(Strokes.NAMES).build();
  }

  private void images(int count, int version, Instant from, int seconds) {
    for (int i = 0; i < count; i++) {
      int digit = random.nextInt(10);
      String id = "digit-%05d".formatted(images++);
      ImageReference image = traffic.image(id, Strokes.png(digit, random));
      truths.put(id, Strokes.NAMES.get(digit));
      if (samples.size() < 500) {
        String label = i % 23 == 0 ? Strokes.NAMES.get(digit) : null;
        samples.add(Traffic.sample(id, image, Traffic.only(digit, 10), label));
      }
      double luck = random.nextDouble();
      String wrong = Strokes.NAMES.get((digit + 1 + random.nextInt(9)) % 10);
      boolean zeroShotRight = luck < ZERO_SHOT[digit];
      boolean liveRight = luck < 1 - (1 - ZERO_SHOT[digit]) * SHARE_OF_ERRORS_LEFT[version];
      String truth = Strokes.NAMES.get(digit);
      ScoredLabel zeroShot =
          new ScoredLabel(zeroShotRight ? truth : wrong, .35f + random.nextFloat() * .4f);
      String best = liveRight ? truth : wrong;
      float confidence = (liveRight ? .7f : .45f) + random.nextFloat() * .28f;
      List<ScoredLabel> labels = new ArrayList<>(List.of(new ScoredLabel(best, confidence)));
      float rest = 1 - confidence;
      for (int k = 1; k < 5; k++) {
        String other = Strokes.NAMES.get((Strokes.NAMES.indexOf(best) + 2 * k) % 10);
        labels.add(new ScoredLabel(other, rest *= .55f));
      }
      traffic.prediction(
          task, id, image, labels, zeroShot, version, from.plusMillis(1000L * seconds * i / count));
    }
  }
}
