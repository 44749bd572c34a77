package io.gripstream.refine.judge;

import static io.gripstream.refine.head.SimulatedWorld.sum;
import static io.gripstream.refine.head.SimulatedWorld.unit;
import static org.assertj.core.api.Assertions.assertThat;

import io.gripstream.event.GateLimits;
import io.gripstream.refine.head.Metrics;
import io.gripstream.refine.head.SimulatedWorld;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Where the truth is known, the gate can be judged: worlds, prompts good and bad, no labels. */
class GateSimulationTest {
  private static final GateLimits LIMITS = new GateLimits(0.2f, 0f, 20);

  private static final String ZERO_SHOT = "zero-shot";
  private static final String ADVANCED = "advanced";

  /**
   * A candidate and what it is truly worth.
   *
   * @param score by how much the judges' mixtures find it better than the live prompt
   */
  private record Trial(
      World world, String base, String kind, double gain, double score, boolean promoted) {}

  /**
   * @param shown how many of the classes the stream shows
   * @param skew the first class is so many times as frequent as the last that is shown
   */
  private record World(
      int number, double noise, double miss, double clutter, int classes, int shown, double skew) {
    boolean uniform() {
      return shown == classes && skew == 1;
    }
  }

  private static final List<Trial> TRIALS = new ArrayList<>();

  /** What each way back to zero-shot truly gains. */
  private static final List<Double> WAYS_BACK = new ArrayList<>();

  @BeforeAll
  static void simulate() {
    int number = 0;
    for (double noise : new double[] {1.2, 2}) {
      for (double miss : new double[] {1.2, 2}) {
        for (double clutter : new double[] {0, 1}) {
          int classes = number % 2 == 0 ? 10 : 6;
          judge(new World(number++, noise, miss, clutter, classes, classes, 1));
          judge(new World(number++, noise, miss, clutter, classes, classes, 8));
          judge(new World(number++, noise, miss, clutter, 10, 3, 1));
        }
      }
    }
  }

  @Test
  void whereAllClassesAreAsFrequentNothingIsPromotedThatIsTrulyWorse() {
    assertThat(TRIALS)
        .filteredOn(trial -> trial.world().uniform() && trial.gain() < -0.02)
        .hasSizeGreaterThan(150)
        .noneMatch(Trial::promoted);
  }

  @Test
  void inPlaceOfZeroShotAThirdOfWhatIsTrulyBetterIsPromotedByAHundredHeldOutImages() {
    List<Trial> better =
        TRIALS.stream()
            .filter(trial -> trial.world().uniform() && trial.base().equals(ZERO_SHOT))
            .filter(trial -> trial.gain() > 0.03)
            .toList();
    assertThat(better).hasSizeGreaterThan(40);
    assertThat(better.stream().filter(Trial::promoted).count())
        .isGreaterThanOrEqualTo((long) Math.ceil(better.size() / 3.0));
  }

  @Test
  void whereSomeClassesAreRareOrMissingNothingIsPromotedThatIsMuchWorse() {
    List<Trial> skewed = TRIALS.stream().filter(trial -> !trial.world().uniform()).toList();
    assertThat(skewed).filteredOn(trial -> trial.gain() < -0.02).hasSizeGreaterThan(300);
    assertThat(skewed).filteredOn(Trial::promoted).isNotEmpty();
    assertThat(skewed).filteredOn(Trial::promoted).allMatch(trial -> trial.gain() > -0.02);
  }

  @Test
  void whatIsPromotedIsTrulyBetterAndNotByALittle() {
    assertThat(
            TRIALS.stream()
                .filter(Trial::promoted)
                .mapToDouble(Trial::gain)
                .average()
                .orElseThrow())
        .isGreaterThan(0.1);
  }

  @Test
  void theScoreRanksCandidatesAsTheTruthDoesWhereAllClassesAreAsFrequent() {
    assertThat(meanRankCorrelation()).isGreaterThan(0.7);
  }

  @Test
  void theWayBackLeadsToABetterPromptNearlyAlways() {
    // Where few classes are shown the better prompt before is mostly promoted instead.
    assertThat(WAYS_BACK).hasSizeGreaterThan(260);
    assertThat(WAYS_BACK.stream().filter(gain -> gain < -0.02).count())
        .isLessThanOrEqualTo(WAYS_BACK.size() / 75);
    assertThat(WAYS_BACK).allMatch(gain -> gain > -0.05);
    assertThat(WAYS_BACK.stream().mapToDouble(gain -> gain).average().orElseThrow())
        .isGreaterThan(0.1);
  }

  private static void judge(World world) {
    SimulatedWorld simulated =
        new SimulatedWorld(
            world.number(),
            world.classes(),
            500,
            world.noise(),
            world.miss(),
            world.clutter(),
            world.skew(),
            world.shown());
    PoolView view = PoolView.of(simulated.features(), simulated.classifier(simulated.zeroShot));
    int[] unknown = new int[simulated.truth.length];
    Arrays.fill(unknown, Metrics.UNKNOWN);
    Bench bench = new Bench(simulated, view, new Judges(view, unknown, simulated.heldOut), unknown);
    judge(world, bench, ZERO_SHOT, simulated.zeroShot);
    judge(world, bench, ADVANCED, towards(simulated.zeroShot, simulated.ideal, 0.4));
  }

  private static void judge(World world, Bench bench, String name, double[][] base) {
    SimulatedWorld simulated = bench.world();
    candidates(simulated, base)
        .forEach(
            (kind, candidate) -> {
              double accuracy = simulated.accuracy(candidate);
              Map<String, Double> evidence = bench.evidence(base, candidate);
              TRIALS.add(
                  new Trial(
                      world,
                      name,
                      kind,
                      accuracy - simulated.accuracy(base),
                      evidence.get("candidateScore") - evidence.get("baseScore"),
                      Gate.judge(LIMITS, evidence).promote()));
              // Had it gone live, and the next round no better idea than what it began with:
              if (Gate.judge(LIMITS, bench.evidence(candidate, base)).action()
                  == Gate.Action.BACK_TO_ZERO_SHOT) {
                WAYS_BACK.add(simulated.accuracy(simulated.zeroShot) - accuracy);
              }
            });
  }

  /** A world and its judges. */
  private record Bench(SimulatedWorld world, PoolView view, Judges judges, int[] unknown) {
    Map<String, Double> evidence(double[][] base, double[][] candidate) {
      return Judged.measure(
          judges,
          view,
          world.heldOut,
          unknown,
          world.classifier(base),
          world.classifier(candidate));
    }
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

  /** Spearman's, within each uniform world and live prompt, then averaged. */
  private static double meanRankCorrelation() {
    return TRIALS.stream()
        .filter(trial -> trial.world().uniform())
        .collect(Collectors.groupingBy(trial -> trial.world().number() + trial.base()))
        .values()
        .stream()
        .mapToDouble(
            trials ->
                correlation(
                    ranks(trials.stream().mapToDouble(Trial::gain).toArray()),
                    ranks(trials.stream().mapToDouble(Trial::score).toArray())))
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
