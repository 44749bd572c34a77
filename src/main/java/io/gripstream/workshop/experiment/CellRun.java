package io.gripstream.workshop.experiment;

import io.gripstream.clip.FloatTensor;
import io.gripstream.event.BatchSample;
import io.gripstream.event.ImageReference;
import io.gripstream.event.PromptVersion;
import io.gripstream.event.TaskDefinition;
import io.gripstream.refine.Refinement;
import io.gripstream.refine.RobinHood;
import io.gripstream.refine.head.Classifier;
import io.gripstream.refine.judge.Gate;
import io.gripstream.refine.select.Pseudolabel;
import io.gripstream.refine.train.RoundBatch;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** Runs one cell: its rounds one after another, as a service would, and the test after each. */
final class CellRun {
  private static final String TASK = "experiment";

  private final Settings settings;
  private final Cell cell;
  private final List<String> classes;
  private final Features.Encoded pool;
  private final Features.Encoded test;
  private final HumanLabels labels;
  private final Refinement refinement;
  private final TestImages judge;
  private final Figures bound;

  CellRun(
      Settings settings,
      Cell cell,
      List<String> classes,
      Features.Encoded pool,
      Features.Encoded test,
      Refinement refinement,
      TestImages judge,
      Figures bound) {
    this.settings = settings;
    this.cell = cell;
    this.classes = classes;
    this.pool = pool;
    this.test = test;
    this.refinement = refinement;
    this.judge = judge;
    this.bound = bound;
    this.labels =
        HumanLabels.of(
            cell.paradigm(),
            pool.pictures(),
            classes,
            settings.labelsPerClass(),
            settings.unseenShare(),
            cell.seed());
  }

  /** Hears how far a cell is. */
  @FunctionalInterface
  interface Progress {
    /**
     * @param round from 1
     * @param done of this round, from 0 to 1
     */
    void at(int round, double done);
  }

  CellResult run(Progress progress) throws InterruptedException {
    long started = System.nanoTime();
    long training = 0;
    TaskDefinition definition = settings.definition(cell, classes);
    Served served = new Served(refinement.zeroShot(TASK, definition, Instant.EPOCH));
    Figures zeroShot = figures(served.live);
    List<BatchSample> samples = samples();
    List<CellResult.Round> rounds = new ArrayList<>();
    Chosen chosen = new Chosen(progress);
    for (int round = 1; round <= settings.rounds(cell); round++) {
      chosen.begin(round);
      long begun = System.nanoTime();
      PromptVersion candidate =
          refinement.train(
              new RoundBatch(
                  TASK,
                  round,
                  round,
                  Instant.EPOCH,
                  definition,
                  served.live,
                  settings.gate() ? Optional.ofNullable(served.predecessor) : Optional.empty(),
                  cell.strategy(),
                  samples),
              chosen);
      training += System.nanoTime() - begun;
      Gate.Verdict verdict =
          settings.gate() ? Gate.judge(definition.getGate(), candidate.getEvidence()) : null;
      Gate.Action action = verdict == null ? Gate.Action.PROMOTE : verdict.action();
      served.follow(action, candidate);
      boolean promoted = action == Gate.Action.PROMOTE;
      // One that exploded labels nothing.
      Figures ofCandidate = promoted || isFinite(candidate) ? figures(candidate) : null;
      rounds.add(
          new CellResult.Round(
              round,
              promoted,
              verdict == null ? null : verdict.reason(),
              promoted ? ofCandidate : figures(served.live),
              ofCandidate,
              chosen.pseudolabels == null ? null : chosen.pseudolabels.size(),
              chosen.accuracy(),
              finite(candidate.getEvidence())));
      progress.at(round, 1);
    }
    Figures refined = rounds.get(rounds.size() - 1).figures();
    Figures linear = linearHead(chosen.pseudolabels);
    return new CellResult(
        cell,
        pool.pictures().size(),
        test.pictures().size(),
        labels.count(),
        unseenClasses(),
        zeroShot,
        List.copyOf(rounds),
        robinHood(zeroShot, refined),
        linear,
        linear == null ? null : robinHood(zeroShot, linear),
        bound,
        new CellResult.Timing(
            seconds(System.nanoTime() - started), seconds(training), PeakMemory.kibibytes()));
  }

  /** What is live, and what was before it. */
  private static final class Served {
    private final PromptVersion zeroShot;
    private PromptVersion live;

    /** Null where the live prompt followed zero-shot, or is it. */
    private PromptVersion predecessor;

    Served(PromptVersion zeroShot) {
      this.zeroShot = zeroShot;
      this.live = zeroShot;
    }

    void follow(Gate.Action action, PromptVersion candidate) {
      switch (action) {
        case PROMOTE -> {
          predecessor = live == zeroShot ? null : live;
          live = candidate;
        }
        case BACK_TO_PREDECESSOR -> {
          live = predecessor == null ? zeroShot : predecessor;
          predecessor = null;
        }
        case BACK_TO_ZERO_SHOT -> {
          live = zeroShot;
          predecessor = null;
        }
        case HOLD -> {}
      }
    }
  }

  /** Hears from a round which labels it trains on, and holds them against the truth. */
  private final class Chosen implements Refinement.Progress {
    private final Progress progress;
    private int round;
    private List<Pseudolabel> pseudolabels;

    Chosen(Progress progress) {
      this.progress = progress;
    }

    void begin(int number) {
      round = number;
      pseudolabels = null;
      progress.at(round, 0);
    }

    @Override
    public void at(double done, Map<String, Double> metrics) {
      progress.at(round, done);
    }

    @Override
    public void chosen(List<Pseudolabel> all) {
      pseudolabels = List.copyOf(all);
    }

    Double accuracy() {
      if (pseudolabels == null || pseudolabels.isEmpty()) {
        return null;
      }
      long right =
          pseudolabels.stream()
              .filter(each -> pool.pictures().get(each.sample()).label() == each.label())
              .count();
      return (double) right / pseudolabels.size();
    }
  }

  private Figures figures(PromptVersion version) {
    return Figures.of(judge.predictions(version, test), test.labels(), labels.unseen());
  }

  private static boolean isFinite(PromptVersion version) {
    return Classifier.of(version).isFinite();
  }

  /** The pool is in order of image ids, as a batch is. */
  private List<BatchSample> samples() {
    List<BatchSample> samples = new ArrayList<>();
    for (int i = 0; i < pool.pictures().size(); i++) {
      Picture picture = pool.pictures().get(i);
      samples.add(
          BatchSample.newBuilder()
              .setImageId(picture.id())
              .setImage(
                  ImageReference.newBuilder()
                      .setTopic("")
                      .setPartition(0)
                      .setOffset(i)
                      .setSha256(picture.sha256())
                      .build())
              .setFeature(ByteBuffer.wrap(pool.halves().get(i)))
              .setLabel(labels.labelled()[i] ? classes.get(picture.label()) : null)
              .build());
    }
    return samples;
  }

  /**
   * On what the round trained on, human labels included; these and the pseudolabels count equally
   * in all, as in the paper's objective. An image with several candidate labels is as much of each.
   */
  private Figures linearHead(List<Pseudolabel> pseudolabels) {
    if (pseudolabels == null || pseudolabels.isEmpty() && labels.count() == 0) {
      return null;
    }
    Map<Integer, List<Integer>> byImage = new TreeMap<>();
    for (Pseudolabel each : pseudolabels) {
      if (!labels.labelled()[each.sample()]) {
        byImage.computeIfAbsent(each.sample(), i -> new ArrayList<>()).add(each.label());
      }
    }
    int guessed = byImage.size();
    for (int i = 0; i < labels.labelled().length; i++) {
      if (labels.labelled()[i]) {
        byImage.put(i, List.of(pool.pictures().get(i).label()));
      }
    }
    int d = pool.values().columns();
    int c = classes.size();
    float[] features = new float[byImage.size() * d];
    float[] targets = new float[byImage.size() * c];
    double[] importance = new double[byImage.size()];
    int row = 0;
    for (Map.Entry<Integer, List<Integer>> entry : byImage.entrySet()) {
      System.arraycopy(pool.values().values(), entry.getKey() * d, features, row * d, d);
      for (int label : entry.getValue()) {
        targets[row * c + label] += 1f / entry.getValue().size();
      }
      importance[row] = 1.0 / (labels.labelled()[entry.getKey()] ? labels.count() : guessed);
      row++;
    }
    LinearHead head =
        LinearHead.train(
            FloatTensor.matrix(row, d, features),
            FloatTensor.matrix(row, c, targets),
            importance,
            cell.seed());
    return Figures.of(head.predictions(test.values()), test.labels(), labels.unseen());
  }

  private List<String> unseenClasses() {
    List<String> unseen = new ArrayList<>();
    for (int j = 0; j < classes.size(); j++) {
      if (labels.unseen()[j]) {
        unseen.add(classes.get(j));
      }
    }
    return unseen;
  }

  private static RobinHood robinHood(Figures before, Figures after) {
    return RobinHood.of(before.classAccuracies(), after.classAccuracies());
  }

  private static Map<String, Double> finite(Map<String, Double> evidence) {
    Map<String, Double> finite = new TreeMap<>();
    evidence.forEach(
        (name, value) -> {
          if (Double.isFinite(value)) {
            finite.put(name, value);
          }
        });
    return finite;
  }

  private static double seconds(long nanos) {
    return nanos / 1e9;
  }
}
