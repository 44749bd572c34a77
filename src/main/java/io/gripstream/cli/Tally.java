package io.gripstream.cli;

import io.gripstream.event.Prediction;
import io.gripstream.event.RoundEvent;
import io.gripstream.refine.RobinHood;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * Keeps count of what becomes of one producer's images in one task. Truth goes in with {@link
 * #sent} and never leaves but as a share. A prediction that abstained is a label of no class: it
 * counts, and is never right. Thread-safe.
 */
final class Tally {
  /** Of so many finished images the ids are remembered, to notice a second prediction. */
  private static final int MOST_REMEMBERED = 300_000;

  private final String task;
  private final List<String> classes;
  private final Map<String, String> pending = new HashMap<>();
  private final Map<String, Boolean> finished =
      new LinkedHashMap<>() {
        private static final long serialVersionUID = 1;

        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Boolean> eldest) {
          return size() > MOST_REMEMBERED;
        }
      };
  private final Map<Integer, Score> byVersion = new TreeMap<>();
  private final Set<Integer> rounds = new HashSet<>();

  private long images;
  private long predictions;
  private long deadLettered;
  private long duplicates;
  private long promoted;
  private long zeroShotPromoted;
  private long held;
  private long failed;
  private long rolledBack;
  private long drifted;
  private Integer live;
  private RoundEvent latest;
  private Instant firstSent;
  private Instant firstPrediction;
  private Instant lastPrediction;

  /**
   * @param classes the task's
   */
  Tally(String task, List<String> classes) {
    this.task = task;
    this.classes = List.copyOf(classes);
  }

  /**
   * Call before the image is sent, so that no prediction can overtake its truth.
   *
   * @param truth the image's class; null if it is not known
   */
  synchronized void sent(String imageId, String truth, Instant at) {
    if (firstSent == null) {
      firstSent = at;
    }
    images++;
    pending.put(imageId, truth == null ? "" : truth);
  }

  synchronized void predicted(Prediction prediction, Instant at) {
    if (!prediction.getTask().equals(task)) {
      return;
    }
    String truth = pending.remove(prediction.getImageId());
    if (truth == null) {
      // Somebody else's image, unless it is one of ours that was finished before.
      duplicates += finished.containsKey(prediction.getImageId()) ? 1 : 0;
      return;
    }
    finished.put(prediction.getImageId(), true);
    predictions++;
    lastPrediction = at;
    if (firstPrediction == null) {
      firstPrediction = at;
    }
    if (!truth.isEmpty()) {
      byVersion
          .computeIfAbsent(prediction.getPromptVersion(), version -> new Score(classes))
          .add(
              truth,
              prediction.getZeroShot().getLabel(),
              prediction.getAbstained() ? null : prediction.getLabels().get(0).getLabel());
    }
  }

  synchronized void deadLettered(String imageId) {
    if (pending.remove(imageId) != null) {
      finished.put(imageId, true);
      deadLettered++;
    }
  }

  synchronized void happened(RoundEvent event) {
    if (!event.getTask().equals(task)) {
      return;
    }
    latest = event;
    if (event.getRound() > 0) {
      rounds.add(event.getRound());
    }
    switch (event.getType()) {
      case PROMOTED -> {
        promoted += event.getRound() > 0 ? 1 : 0;
        zeroShotPromoted += event.getRound() > 0 ? 0 : 1;
      }
      case HELD -> held++;
      case FAILED -> failed++;
      case ROLLED_BACK -> rolledBack++;
      case DRIFTED -> drifted++;
      default -> {}
    }
  }

  /** Hears which version the task's labels are made with from now on. */
  synchronized void live(int version) {
    live = version;
  }

  /** Whether every image that was sent has a prediction or a dead letter. */
  synchronized boolean settled() {
    return pending.isEmpty();
  }

  /** Images of which nothing was seen yet. */
  synchronized long open() {
    return pending.size();
  }

  /** Whether a round is under way. */
  synchronized boolean refining() {
    return latest != null
        && switch (latest.getType()) {
          case REQUESTED, STARTED, PROGRESS -> true;
          default -> false;
        };
  }

  /** How many images the live version has labelled. */
  synchronized long measured() {
    Score score = live == null ? null : byVersion.get(live);
    return score == null ? 0 : score.images();
  }

  /** A line for people who watch. */
  synchronized String line(Duration elapsed) {
    StringBuilder line = new StringBuilder();
    line.append(
        "%02d:%02d  %d sent, %d labelled"
            .formatted(elapsed.toMinutes(), elapsed.toSecondsPart(), images, predictions));
    if (deadLettered > 0) {
      line.append(", %d dead %s".formatted(deadLettered, deadLettered == 1 ? "letter" : "letters"));
    }
    line.append("  rounds %d (%d promoted, %d held)".formatted(rounds.size(), promoted, held));
    if (rolledBack > 0) {
      line.append(", %d rolled back".formatted(rolledBack));
    }
    if (drifted > 0) {
      line.append(", %d %s of the stream".formatted(drifted, drifted == 1 ? "change" : "changes"));
    }
    if (live != null) {
      line.append("  live v").append(live);
      Score score = byVersion.get(live);
      if (score != null && score.images() > 0) {
        Score.Accuracy accuracy = score.total();
        line.append(
            " %.1f %% (zero-shot %.1f %%)"
                .formatted(100 * accuracy.live(), 100 * accuracy.zeroShot()));
        if (score.abstained() > 0) {
          line.append(", %d abstained, counted as wrong".formatted(score.abstained()));
        }
      }
    }
    if (refining()) {
      line.append("  round %d at %.0f %%".formatted(latest.getRound(), 100 * latest.getProgress()));
    }
    return line.toString();
  }

  /**
   * @param jvmStart when this process began
   * @param now the end of the measurement
   */
  synchronized Report report(Instant jvmStart, Instant now) {
    Score last = live == null ? null : byVersion.get(live);
    Score score = last == null ? new Score(classes) : last;
    Map<Integer, Score.Accuracy> versions = new TreeMap<>();
    byVersion.forEach((version, each) -> versions.put(version, each.total()));
    RobinHood halves = robinHood(score);
    return new Report(
        task,
        images,
        predictions,
        deadLettered,
        pending.size(),
        duplicates,
        rounds.size(),
        promoted,
        zeroShotPromoted,
        held,
        failed,
        rolledBack,
        drifted,
        live,
        score.images(),
        score.abstained(),
        score.total().zeroShot(),
        score.total().live(),
        versions,
        score.perClass(),
        halves == null ? null : halves.poorChange(),
        halves == null ? null : halves.richChange(),
        firstPrediction == null ? null : seconds(jvmStart, firstPrediction),
        firstSent == null ? 0 : seconds(firstSent, now),
        lastPrediction == null || !lastPrediction.isAfter(firstSent)
            ? null
            : predictions / seconds(firstSent, lastPrediction));
  }

  private static RobinHood robinHood(Score score) {
    List<Score.Accuracy> seen =
        score.perClass().values().stream().filter(each -> each.images() > 0).toList();
    return seen.size() < 2
        ? null
        : RobinHood.of(
            seen.stream().mapToDouble(Score.Accuracy::zeroShot).toArray(),
            seen.stream().mapToDouble(Score.Accuracy::live).toArray());
  }

  private static double seconds(Instant from, Instant to) {
    return Duration.between(from, to).toMillis() / 1e3;
  }
}
