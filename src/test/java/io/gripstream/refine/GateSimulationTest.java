package io.gripstream.refine;

import static io.gripstream.refine.SimulatedWorld.sum;
import static io.gripstream.refine.SimulatedWorld.unit;
import static org.assertj.core.api.Assertions.assertThat;

import io.gripstream.clip.FloatTensor;
import io.gripstream.event.GateLimits;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Where the truth is known, the gate can be judged: worlds, prompts good and bad, no labels. */
class GateSimulationTest {
  private static final GateLimits LIMITS = new GateLimits(0.2f, 0f, 20);

  /** A candidate, what it is truly worth and what each criterion thinks it is. */
  private record Trial(
      String group, String kind, double gain, boolean promoted, Map<String, Double> criteria) {}

  /** A change of accuracy that is more than noise. */
  private static final double MATTERS = 0.02;

  private static final List<Trial> TRIALS = new ArrayList<>();

  @BeforeAll
  static void simulate() {
    int group = 0;
    for (double noise : new double[] {1.2, 2}) {
      for (double miss : new double[] {1.2, 2}) {
        for (double clutter : new double[] {0, 1}) {
          int classes = group % 2 == 0 ? 10 : 6;
          SimulatedWorld world =
              new SimulatedWorld(group, classes, 500, noise, miss, clutter, group % 3 == 0 ? 8 : 1);
          int[][] neighbours = neighbours(world);
          double[][] advanced = towards(world.zeroShot, world.ideal, 0.4);
          judge(world, neighbours, "zero-shot " + group, world.zeroShot);
          judge(world, neighbours, "advanced " + group++, advanced);
        }
      }
    }
  }

  @Test
  void theConsensusMisjudgesLess() {
    double worse = shareWorse("consensus");
    for (String rival :
        List.of("mutual information", "neighbours alike", "likelihood of live pseudolabels")) {
      assertThat(worse).as(rival).isLessThan(shareWorse(rival) / 2);
      assertThat(worst(favoured("consensus"))).as(rival).isGreaterThan(worst(favoured(rival)));
    }
    assertThat(worst(favoured("consensus"))).isGreaterThan(-0.1);
  }

  @Test
  void theConsensusRanksCandidatesAsTheTruthDoes() {
    assertThat(meanRankCorrelation("consensus"))
        .isGreaterThan(0.7)
        .isGreaterThan(meanRankCorrelation("mutual information"))
        .isGreaterThan(meanRankCorrelation("likelihood of live pseudolabels"));
  }

  @Test
  void whatIsPromotedIsTrulyBetterNearlyAlways() {
    List<Trial> promoted = TRIALS.stream().filter(Trial::promoted).toList();
    List<Trial> better = TRIALS.stream().filter(trial -> trial.gain() > MATTERS).toList();
    assertThat(shareWorse(promoted)).isLessThan(0.03);
    assertThat(worst(promoted)).isGreaterThan(-0.06);
    assertThat(promoted.stream().mapToDouble(Trial::gain).average().orElseThrow())
        .isGreaterThan(0.05);
    assertThat(better.stream().filter(Trial::promoted).count())
        .isGreaterThan((long) (0.35 * better.size()));
  }

  @Test
  void noCollapsedNorSwappedNorRuinedPromptIsPromoted() {
    assertThat(TRIALS)
        .filteredOn(trial -> trial.gain() < -0.1)
        .hasSizeGreaterThan(50)
        .noneMatch(Trial::promoted);
  }

  /** What a criterion would promote if it had no error bar. */
  private static List<Trial> favoured(String criterion) {
    return TRIALS.stream().filter(trial -> trial.criteria().get(criterion) > 1e-9).toList();
  }

  private static double shareWorse(String criterion) {
    return shareWorse(favoured(criterion));
  }

  private static double shareWorse(List<Trial> trials) {
    return trials.stream().filter(trial -> trial.gain() < -MATTERS).count()
        / (double) trials.size();
  }

  private static double worst(List<Trial> trials) {
    return trials.stream().mapToDouble(Trial::gain).min().orElseThrow();
  }

  private static void judge(
      SimulatedWorld world, int[][] neighbours, String group, double[][] base) {
    FloatTensor features = world.features();
    int[] unknown = new int[features.rows()];
    Arrays.fill(unknown, Metrics.UNKNOWN);
    candidates(world, base)
        .forEach(
            (kind, candidate) -> {
              Map<String, Double> evidence =
                  Judged.measure(
                      features,
                      world.heldOut,
                      unknown,
                      world.classifier(world.zeroShot),
                      world.classifier(base),
                      world.classifier(candidate));
              Map<String, Double> criteria = new LinkedHashMap<>();
              criteria.put(
                  "consensus",
                  evidence.get(Evidence.CANDIDATE_SCORE) - evidence.get(Evidence.BASE_SCORE));
              boolean[] judged = world.heldOut;
              FloatTensor before = world.classifier(base).probabilities(features);
              FloatTensor after = world.classifier(candidate).probabilities(features);
              criteria.put(
                  "mutual information",
                  information(rows(after, judged)) - information(rows(before, judged)));
              criteria.put(
                  "neighbours alike",
                  alike(after, neighbours, judged) - alike(before, neighbours, judged));
              criteria.put(
                  "likelihood of live pseudolabels",
                  likelihood(rows(before, judged), rows(after, judged)));
              TRIALS.add(
                  new Trial(
                      group,
                      kind,
                      world.accuracy(candidate) - world.accuracy(base),
                      Gate.judge(LIMITS, evidence).promote(),
                      criteria));
            });
  }

  /** What rounds can end in: better, trained too little or too much, collapsed, confused. */
  private static Map<String, double[][]> candidates(SimulatedWorld world, double[][] base) {
    Map<String, double[][]> candidates = new LinkedHashMap<>();
    int c = world.classes;
    for (double step : new double[] {0.2, 0.5, 0.9}) {
      candidates.put("towards the truth " + step, towards(base, world.ideal, step));
      double[][] noise =
          IntStream.range(0, c).mapToObj(j -> world.gaussian(1)).toArray(double[][]::new);
      candidates.put("astray " + step, add(base, noise, step));
      candidates.put(
          "towards the truth and astray " + step,
          add(towards(base, world.ideal, step), noise, step / 2));
      int lost = world.random.nextInt(c);
      double[] other = base[(lost + 1) % c];
      candidates.put(
          "two merged " + step, with(base, lost, unit(sum(base[lost], 1 - step, other, step))));
      candidates.put(
          "one takes all " + step,
          with(base, lost, unit(sum(base[lost], 1, world.imageCone, step / 2))));
      double[] centre = Arrays.stream(base).reduce((a, b) -> sum(a, 1, b, 1)).orElseThrow();
      double[][] collapsed = new double[c][];
      Arrays.fill(collapsed, unit(centre));
      candidates.put("all merged " + step, add(towards(base, collapsed, step), noise, 0.1 * step));
    }
    for (double[][] prompt : new double[][][] {base, world.ideal}) {
      double[][] swapped = prompt.clone();
      swapped[0] = prompt[1];
      swapped[1] = prompt[0];
      candidates.put(prompt == base ? "two swapped" : "ideal, two swapped", swapped);
    }
    for (double share : new double[] {0.2, 1}) {
      candidates.put("trained softly on " + share, world.train(base, share, 0.001, 60));
      candidates.put("trained on " + share, world.train(base, share, 0.01, 100));
      candidates.put("trained to ruins on " + share, world.train(base, share, 0.3, 40));
    }
    return candidates;
  }

  private static double[][] towards(double[][] from, double[][] to, double step) {
    return IntStream.range(0, from.length)
        .mapToObj(j -> unit(sum(from[j], 1 - step, to[j], step)))
        .toArray(double[][]::new);
  }

  private static double[][] add(double[][] base, double[][] noise, double step) {
    return IntStream.range(0, base.length)
        .mapToObj(j -> unit(sum(base[j], 1, noise[j], step)))
        .toArray(double[][]::new);
  }

  private static double[][] with(double[][] base, int row, double[] value) {
    double[][] changed = base.clone();
    changed[row] = value;
    return changed;
  }

  private static FloatTensor rows(FloatTensor tensor, boolean[] chosen) {
    int[] rows = IntStream.range(0, chosen.length).filter(i -> chosen[i]).toArray();
    float[] values = new float[rows.length * tensor.columns()];
    for (int i = 0; i < rows.length; i++) {
      System.arraycopy(tensor.row(rows[i]), 0, values, i * tensor.columns(), tensor.columns());
    }
    return FloatTensor.matrix(rows.length, tensor.columns(), values);
  }

  /** Mutual information of image and class: sure of each image, and diverse over all. */
  private static double information(FloatTensor probabilities) {
    int n = probabilities.rows();
    double conditional = 0;
    for (float p : probabilities.values()) {
      conditional -= p > 0 ? p * Math.log(p) / n : 0;
    }
    return Math.log(Metrics.effectiveClasses(Metrics.meanPrediction(probabilities))) - conditional;
  }

  /** The share of near neighbours with the same prediction, less what chance gives. */
  private static double alike(FloatTensor probabilities, int[][] neighbours, boolean[] judged) {
    int[] labels = Scores.argmax(probabilities);
    double same = 0;
    double[] shares = new double[probabilities.columns()];
    int pairs = 0;
    for (int i = 0; i < labels.length; i++) {
      shares[labels[i]] += 1.0 / labels.length;
      if (judged[i]) {
        for (int other : neighbours[i]) {
          same += labels[other] == labels[i] ? 1 : 0;
          pairs++;
        }
      }
    }
    double chance = Arrays.stream(shares).map(share -> share * share).sum();
    return (same / pairs - chance) / (1 - chance + 1e-9);
  }

  /** The log-likelihood of the live prompt's own pseudolabels, less what it gives them itself. */
  private static double likelihood(FloatTensor before, FloatTensor after) {
    List<String> keys = IntStream.range(0, before.rows()).mapToObj(i -> "image-" + i).toList();
    return Selector.select(before, PredictionPrior.estimate(before), before.rows() / 2, keys)
        .stream()
        .mapToDouble(
            pseudolabel -> {
              int at = pseudolabel.sample() * before.columns() + pseudolabel.label();
              return Math.log(after.values()[at] + 1e-9) - Math.log(before.values()[at] + 1e-9);
            })
        .average()
        .orElseThrow();
  }

  private static int[][] neighbours(SimulatedWorld world) {
    double[] sum = Arrays.stream(world.images).reduce((a, b) -> sum(a, 1, b, 1)).orElseThrow();
    double[][] centred =
        Arrays.stream(world.images)
            .map(image -> unit(sum(image, 1, sum, -1.0 / world.images.length)))
            .toArray(double[][]::new);
    return IntStream.range(0, centred.length)
        .mapToObj(
            i -> {
              double[] near =
                  Arrays.stream(centred)
                      .mapToDouble(x -> SimulatedWorld.dot(x, centred[i]))
                      .toArray();
              return IntStream.range(0, centred.length)
                  .filter(j -> j != i)
                  .boxed()
                  .sorted((a, b) -> Double.compare(near[b], near[a]))
                  .limit(10)
                  .mapToInt(Integer::intValue)
                  .toArray();
            })
        .toArray(int[][]::new);
  }

  /** Spearman's, within each world and live prompt, then averaged. */
  private static double meanRankCorrelation(String criterion) {
    return TRIALS.stream()
        .map(Trial::group)
        .distinct()
        .mapToDouble(
            group -> {
              List<Trial> trials =
                  TRIALS.stream().filter(trial -> trial.group().equals(group)).toList();
              return correlation(
                  ranks(trials.stream().mapToDouble(Trial::gain).toArray()),
                  ranks(
                      trials.stream()
                          .mapToDouble(trial -> trial.criteria().get(criterion))
                          .toArray()));
            })
        .average()
        .orElseThrow();
  }

  private static double[] ranks(double[] values) {
    return Arrays.stream(values)
        .map(
            value ->
                Arrays.stream(values).filter(other -> other < value).count()
                    + Arrays.stream(values).filter(other -> other == value).count() / 2.0)
        .toArray();
  }

  private static double correlation(double[] x, double[] y) {
    double meanX = Arrays.stream(x).average().orElseThrow();
    double meanY = Arrays.stream(y).average().orElseThrow();
    double xy = 0;
    double xx = 0;
    double yy = 0;
    for (int i = 0; i < x.length; i++) {
      xy += (x[i] - meanX) * (y[i] - meanY);
      xx += (x[i] - meanX) * (x[i] - meanX);
      yy += (y[i] - meanY) * (y[i] - meanY);
    }
    return xy / Math.sqrt(xx * yy);
  }
}
