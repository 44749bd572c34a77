package io.gripstream.refine.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import io.gripstream.clip.FloatTensor;
import io.gripstream.clip.Objective;
import io.gripstream.clip.TorchClip.Targets;
import io.gripstream.event.Paradigm;
import io.gripstream.event.Training;
import io.gripstream.prompt.TextPrompt;
import io.gripstream.refine.head.Metrics;
import io.gripstream.refine.select.Pseudolabel;
import io.gripstream.refine.train.PromptTrainer.Trained;
import io.gripstream.refine.train.RoundData.Use;
import io.gripstream.refine.train.Trajectories.Quadratic;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The trainer on functions whose minimum is known. */
class PromptTrainerTest {
  private static final float CLOSE = 1e-5f;
  private static final Consumer<List<FloatTensor>> UNBOUNDED = parameters -> {};

  /** What decides. */
  private enum Judge {
    WHOLE_BATCH,
    STEPS,
    VALIDATION
  }

  /** An objective that remembers what it was asked. */
  private static final class Recorder implements Objective {
    private final Objective objective;
    private final List<float[]> states = new ArrayList<>();
    private final List<int[]> rows = new ArrayList<>();

    Recorder(Objective objective) {
      this.objective = objective;
    }

    @Override
    public Evaluation evaluate(List<FloatTensor> parameters, int[] rows) {
      states.add(parameters.get(0).values().clone());
      this.rows.add(rows);
      return objective.evaluate(parameters, rows);
    }

    @Override
    public double loss(List<FloatTensor> parameters, int[] rows) {
      return objective.loss(parameters, rows);
    }
  }

  /** A loss of one number, with a gradient that may have nothing to do with it. */
  private interface Curve extends Objective {
    double at(double x);

    double slope(double x);

    @Override
    default Evaluation evaluate(List<FloatTensor> parameters, int[] rows) {
      float x = parameters.get(0).values()[0];
      return new Evaluation(at(x), List.of(context((float) slope(x))));
    }

    @Override
    default double loss(List<FloatTensor> parameters, int[] rows) {
      return at(parameters.get(0).values()[0]);
    }
  }

  /** {@code (x - 1)^2}, and a slope that always leads upwards in x. */
  private static final class Past implements Curve {
    @Override
    public double at(double x) {
      return (x - 1) * (x - 1);
    }

    @Override
    public double slope(double x) {
      return -1;
    }
  }

  private static FloatTensor context(float... values) {
    return new FloatTensor(new int[] {1, 1, values.length}, values);
  }

  private static TextPrompt prompt(float... values) {
    return new TextPrompt(context(values));
  }

  private static float[] values(Trained trained) {
    return trained.prompt().parameters().get(0).values();
  }

  private static Examples examples(int training, int validation) {
    int all = training + validation;
    return new Examples(
        IntStream.range(0, training).toArray(),
        IntStream.range(training, all).toArray(),
        new Targets(FloatTensor.matrix(all, 1, new float[all]), new float[all]),
        0,
        training,
        new LossWeights(0, 1));
  }

  private static Trained train(Objective objective, Training.Builder training, float... start) {
    return train(objective, training, Judge.WHOLE_BATCH, start);
  }

  private static Trained train(
      Objective objective, Training.Builder training, Judge judge, float... start) {
    Training built =
        Training.newBuilder(training.build())
            .setBatchSize(judge == Judge.WHOLE_BATCH ? 0 : 3)
            .build();
    return new PromptTrainer(objective, built, UNBOUNDED)
        .train(prompt(start), examples(10, judge == Judge.VALIDATION ? 4 : 0), 7, done -> {});
  }

  private static Training.Builder settings(JsonNode entry) {
    return Trajectories.training(entry)
        .setEpochs(entry.get("epochs").intValue())
        .setSteps(entry.get("epochs").intValue())
        .setWarmUpEpochs(entry.get("warmUp").intValue())
        .setTail(entry.get("tail").floatValue());
  }

  @Test
  void aRunWithWarmUpCosineMomentumDecayAndClippingIsPyTorchsStepByStep() {
    JsonNode entry = Trajectories.at("plain");
    Recorder recorder = new Recorder(Quadratic.ofTheFile());
    Trained trained = train(recorder, settings(entry), Trajectories.flat(Trajectories.at("start")));
    List<JsonNode> states = new ArrayList<>();
    entry.get("states").forEach(states::add);
    assertThat(recorder.states).hasSize(states.size());
    for (int i = 1; i < states.size(); i++) {
      assertThat(recorder.states.get(i))
          .containsExactly(Trajectories.flat(states.get(i - 1)), within(CLOSE));
    }
    assertThat(values(trained))
        .containsExactly(Trajectories.flat(states.get(states.size() - 1)), within(CLOSE));
    assertThat(trained.startLoss()).isEqualTo(entry.get("startLoss").doubleValue(), within(1e-4));
  }

  @Test
  void theMeanOfTheLastStatesIsPyTorchsAveragedModelAndIsTakenWhereItIsBetter() {
    JsonNode entry = Trajectories.at("averaged");
    Trained trained =
        train(Quadratic.ofTheFile(), settings(entry), Trajectories.flat(Trajectories.at("start")));
    assertThat(values(trained))
        .containsExactly(Trajectories.flat(entry.get("mean")), within(CLOSE));
    assertThat(trained.bestLoss()).isEqualTo(entry.get("meanLoss").doubleValue(), within(1e-4));
  }

  @Test
  void theMeanIsNotTakenWhereItIsWorse() {
    Training.Builder training = Trajectories.bare().setEpochs(20).setSteps(20).setTail(1);
    Trained trained = train(new Quadratic(new float[] {1}, new float[] {1}), training, 5);
    Trained without =
        train(new Quadratic(new float[] {1}, new float[] {1}), training.setTail(0), 5);
    assertThat(values(trained)).isEqualTo(values(without));
  }

  @ParameterizedTest
  @EnumSource(value = Judge.class, names = "STEPS", mode = EnumSource.Mode.EXCLUDE)
  void theBestStateIsReturnedAndNotTheLast(Judge judge) {
    Training.Builder training =
        Trajectories.bare().setLearningRate(0.07f).setEpochs(40).setSteps(40);
    Trained trained = train(new Past(), training, judge, 0.1f);
    assertThat(trained.best()).isPositive().isLessThan(trained.intervals());
    assertThat(values(trained)[0]).isEqualTo(1, within(judge == Judge.VALIDATION ? 0.2f : 0.07f));
  }

  @ParameterizedTest
  @EnumSource(Judge.class)
  void aStateWhoseLossIsAboveTheStartsIsNeverReturned(Judge judge) {
    for (float tail : new float[] {0, 0.5f}) {
      Trained trained =
          train(
              new Past(),
              Trajectories.bare().setEpochs(30).setSteps(30).setTail(tail),
              judge,
              1.1f);
      assertThat(values(trained)).containsExactly(1.1f);
      assertThat(trained.best()).isZero();
      assertThat(trained.bestLoss()).isEqualTo(trained.startLoss());
    }
  }

  @ParameterizedTest
  @EnumSource(Judge.class)
  void whatExplodesIsUndoneUntilTheRateIsSmallEnoughToLearn(Judge judge) {
    for (float rate : new float[] {3, 10, 1000}) {
      Trained trained =
          train(
              new Quadratic(new float[] {4, 1}, new float[] {1, -2}),
              Trajectories.bare().setLearningRate(rate).setMomentum(0.9f).setSteps(300),
              judge,
              3,
              0.5f);
      assertThat(trained.bestLoss()).as("rate %s", rate).isLessThan(0.1 * trained.startLoss());
    }
  }

  @Test
  void anExplosionGoesBackToTheBestStateAtHalfTheRateWithoutMomentum() {
    // From 1 a step at rate 1 leads to -2.9, which is above the start. At half the rate it leads to
    // -0.95, and the next one, with half of that step's gradient, to -0.0725.
    Recorder recorder = new Recorder(new Quadratic(new float[] {3.9f}, new float[] {0}));
    train(
        recorder,
        Trajectories.bare().setLearningRate(1).setMomentum(0.5f).setEpochs(5000).setSteps(5000),
        1);
    float[] expected = {1, -2.9f, 1, -0.95f, -0.0725f};
    for (int i = 0; i < expected.length; i++) {
      assertThat(recorder.states.get(i)[0]).isEqualTo(expected[i], within(1e-3f));
    }
  }

  @ParameterizedTest
  @ValueSource(doubles = {Double.NaN, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY})
  void aLossOrAGradientThatIsNoNumberIsAnExplosion(double broken) {
    for (Judge judge : Judge.values()) {
      for (boolean inTheGradient : new boolean[] {false, true}) {
        Recorder recorder =
            new Recorder(
                new Curve() {
                  private int calls;

                  @Override
                  public double at(double x) {
                    return !inTheGradient && calls == 3 ? broken : x * x;
                  }

                  @Override
                  public double slope(double x) {
                    calls++;
                    return inTheGradient && calls == 3 ? broken : 2 * x;
                  }
                });
        Trained trained = train(recorder, Trajectories.bare().setEpochs(30).setSteps(30), judge, 1);
        assertThat(recorder.states).allMatch(state -> Float.isFinite(state[0]));
        assertThat(values(trained)[0]).isBetween(-0.9f, 0.9f);
        assertThat(trained.bestLoss()).isBetween(0.0, 0.81);
      }
    }
  }

  @Test
  void theBoundHoldsInEveryStateThatIsTriedAndInWhatIsReturned() {
    Recorder recorder = new Recorder(new Quadratic(new float[] {1}, new float[] {10}));
    Training training = Trajectories.bare().setSteps(100).setTail(0.3f).build();
    Consumer<List<FloatTensor>> two =
        parameters -> {
          float[] values = parameters.get(0).values();
          values[0] = Math.min(values[0], 2);
        };
    Trained trained =
        new PromptTrainer(recorder, training, two).train(prompt(5), examples(10, 0), 7, done -> {});
    assertThat(recorder.states).isNotEmpty().allMatch(state -> state[0] <= 2);
    assertThat(values(trained)).containsExactly(2);
  }

  @Test
  void everyPassVisitsEachExampleOnceInAnOrderOfItsOwn() {
    Recorder recorder = new Recorder(new Quadratic(new float[] {1}, new float[] {0}));
    train(recorder, Trajectories.bare().setEpochs(6).setSteps(0), Judge.STEPS, 1);
    List<List<Integer>> passes = new ArrayList<>();
    List<Integer> pass = new ArrayList<>();
    for (int[] rows : recorder.rows) {
      Arrays.stream(rows).forEach(pass::add);
      if (pass.size() == 10) {
        passes.add(List.copyOf(pass));
        pass.clear();
      }
    }
    assertThat(passes).hasSize(6).doesNotHaveDuplicates();
    List<Integer> all = IntStream.range(0, 10).boxed().toList();
    for (List<Integer> each : passes) {
      List<Integer> sorted = new ArrayList<>(each);
      Collections.sort(sorted);
      assertThat(sorted).isEqualTo(all);
      assertThat(each).isNotEqualTo(all);
    }
  }

  @Test
  void byThePapersWeightsTheFewHumanLabelsCountAsMuchAsTheManyPseudolabelsInAStepOverAll() {
    List<Use> uses = Collections.nCopies(9, Use.TRAINS);
    int[] labels = new int[9];
    Arrays.fill(labels, Metrics.UNKNOWN);
    labels[0] = 0;
    labels[4] = 1;
    List<String> keys = IntStream.range(0, 9).mapToObj(i -> "image" + i).toList();
    RoundData data = new RoundData(keys, FloatTensor.matrix(9, 1, new float[9]), labels, uses);
    List<Pseudolabel> pseudolabels =
        IntStream.of(1, 2, 3, 5, 6, 7, 8).mapToObj(i -> new Pseudolabel(i, i % 2, 0.9f)).toList();
    Supervision papers =
        new Supervision(Paradigm.SSL, labels, new boolean[] {true, true}, true, false);
    Examples examples = Examples.of(data, pseudolabels, papers, 2);
    Recorder recorder = new Recorder(new Quadratic(new float[] {1}, new float[] {0}));
    new PromptTrainer(recorder, Training.newBuilder().build(), UNBOUNDED)
        .train(prompt(1), examples, 7, done -> {});
    assertThat(recorder.rows).hasSize(300);
    for (int[] rows : recorder.rows) {
      double[] weight = new double[2];
      for (int row : rows) {
        weight[labels[row] == Metrics.UNKNOWN ? 1 : 0] += examples.targets().weights()[row];
      }
      assertThat(weight[0]).isEqualTo(weight[1], within(1e-5)).isEqualTo(7, within(1e-5));
    }
  }
}
