package io.gripstream.gateway.board;

import io.gripstream.gateway.board.ScoreView.ClassAccuracy;
import io.gripstream.gateway.board.ScoreView.VersionAccuracy;
import io.gripstream.refine.RobinHood;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Compares predictions with the truth, for the page's and reports' figures only: nothing in here
 * reaches a topic, so nothing in here can train. Truth and prediction may come in either order, and
 * "the latest" images are those that were labelled last, whenever their truth became known. A
 * prediction that abstained is a label of no class: it counts, and is never right. Not thread-safe.
 */
final class Scoreboard {
  static final int WINDOW = 200;
  private static final int REMEMBERED = 20_000;
  private static final int VERSIONS = 100;

  private final Map<String, String> truths = bounded(REMEMBERED);
  private final Map<String, Guess> guesses = bounded(REMEMBERED);

  /** The images that were labelled last, of those whose truth is known. */
  private final TreeSet<Guess> window =
      new TreeSet<>(Comparator.<Guess>comparingLong(g -> g.at).thenComparingLong(g -> g.seq));

  private Tally overall = new Tally();
  private final TreeMap<Integer, VersionTally> versions = new TreeMap<>();
  private final AccuracySeries series = new AccuracySeries();
  private long outcomes;

  /** A prediction came by. Returns its truth, or null while that is unknown. */
  String predicted(PredictionView prediction) {
    Guess guess = new Guess(prediction);
    guesses.put(prediction.imageId(), guess);
    String truth = truths.get(prediction.imageId());
    if (truth != null) {
      score(guess, truth);
    }
    return truth;
  }

  /** Someone knows what an image shows; null takes it back. Saying the same twice counts once. */
  void truth(String imageId, String label) {
    if (label == null) {
      truths.remove(imageId);
    } else {
      truths.put(imageId, label);
    }
    Guess guess = guesses.get(imageId);
    if (guess == null) {
      return;
    }
    if (guess.truth != null && !guess.truth.equals(label)) {
      tally(guess, -1);
      window.remove(guess);
      guess.truth = null;
    }
    if (guess.truth == null && label != null) {
      score(guess, label);
    }
  }

  /** Whether there is anything to show. */
  boolean used() {
    return outcomes > 0;
  }

  long outcomes() {
    return outcomes;
  }

  void clear() {
    truths.clear();
    forgetPredictions();
  }

  /** Forgets what was predicted, when the classes have become others; the truth stays. */
  void forgetPredictions() {
    guesses.clear();
    window.clear();
    series.clear();
    versions.clear();
    overall = new Tally();
    outcomes = 0;
  }

  /**
   * @param live the version that is live, or null
   */
  ScoreView view(String task, String source, Integer live) {
    VersionTally current = live == null ? null : versions.get(live);
    List<ClassAccuracy> classes = current == null ? List.of() : current.classes();
    RobinHood halves =
        classes.size() < 2
            ? null
            : RobinHood.of(
                classes.stream().mapToDouble(ClassAccuracy::zeroShot).toArray(),
                classes.stream().mapToDouble(ClassAccuracy::live).toArray());
    return new ScoreView(
        task,
        source,
        overall.accuracy(),
        windowed(),
        live == null ? null : of(live, current == null ? new VersionTally() : current),
        versions.entrySet().stream().map(e -> of(e.getKey(), e.getValue())).toList(),
        classes,
        halves == null ? null : halves.poorChange(),
        halves == null ? null : halves.richChange(),
        series.points(WINDOW));
  }

  private void score(Guess guess, String truth) {
    guess.truth = truth;
    tally(guess, 1);
    window.add(guess);
    if (window.size() > WINDOW) {
      window.pollFirst();
    }
    outcomes++;
  }

  private void tally(Guess guess, int sign) {
    overall.add(guess.zeroShotRight(), guess.liveRight(), sign);
    series.add(guess.at, guess.version, guess.zeroShotRight(), guess.liveRight(), sign);
    VersionTally version = versions.computeIfAbsent(guess.version, v -> new VersionTally());
    version.all.add(guess.zeroShotRight(), guess.liveRight(), sign);
    version
        .byClass
        .computeIfAbsent(guess.truth, c -> new Tally())
        .add(guess.zeroShotRight(), guess.liveRight(), sign);
    if (versions.size() > VERSIONS) {
      versions.pollFirstEntry();
    }
  }

  private Accuracy windowed() {
    Tally tally = new Tally();
    for (Guess guess : window) {
      if (guess.truth != null) {
        tally.add(guess.zeroShotRight(), guess.liveRight(), 1);
      }
    }
    return tally.accuracy();
  }

  private static VersionAccuracy of(int version, VersionTally tally) {
    Accuracy accuracy = tally.all.accuracy();
    return new VersionAccuracy(version, accuracy.scored(), accuracy.zeroShot(), accuracy.live());
  }

  private static <K, V> Map<K, V> bounded(int capacity) {
    return new LinkedHashMap<>() {
      @Override
      protected boolean removeEldestEntry(Map.Entry<K, V> eldest) {
        return size() > capacity;
      }
    };
  }

  private static final class VersionTally {
    private final Tally all = new Tally();
    private final Map<String, Tally> byClass = new TreeMap<>();

    private List<ClassAccuracy> classes() {
      return byClass.entrySet().stream()
          .filter(e -> e.getValue().accuracy().scored() > 0)
          .map(
              e -> {
                Accuracy accuracy = e.getValue().accuracy();
                return new ClassAccuracy(
                    e.getKey(), accuracy.scored(), accuracy.zeroShot(), accuracy.live());
              })
          .sorted(Comparator.comparingDouble(ClassAccuracy::zeroShot))
          .toList();
    }
  }

  private static final class Guess {
    private final String zeroShot;
    private final String live;
    private final int version;
    private final long at;
    private final long seq;
    private String truth;

    private Guess(PredictionView prediction) {
      this.zeroShot = prediction.zeroShot().label();
      this.live = prediction.label();
      this.version = prediction.version();
      this.at = prediction.at();
      this.seq = prediction.seq();
    }

    private boolean zeroShotRight() {
      return truth.equals(zeroShot);
    }

    private boolean liveRight() {
      return truth.equals(live);
    }
  }
}
