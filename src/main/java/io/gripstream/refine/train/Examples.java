package io.gripstream.refine.train;

import io.gripstream.clip.FloatTensor;
import io.gripstream.clip.TorchClip.Targets;
import io.gripstream.event.Paradigm;
import io.gripstream.refine.select.Pseudolabel;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * What a round trains on and validates with.
 *
 * <p>A weight of {@code k} is spent as {@code k} visits in each pass rather than as one step {@code
 * k} times as long: the objective is the same, and no step leaps.
 *
 * @param training the rows of a pass, as often as they are visited
 * @param validation rows
 * @param targets over all rows; of weight 0 where a row is neither
 * @param labelled how many human labels train
 * @param pseudolabelled how many pseudolabels train
 * @param weights of the two in the objective
 */
public record Examples(
    int[] training,
    int[] validation,
    Targets targets,
    int labelled,
    int pseudolabelled,
    LossWeights weights) {

  /**
   * @param pseudolabels in the rows of the data, those that train and those that validate
   * @param supervision of the round
   */
  public static Examples of(
      RoundData data, List<Pseudolabel> pseudolabels, Supervision supervision, int classes) {
    boolean supervised = supervision.paradigm() != Paradigm.UL;
    int[] labelled = supervised ? data.rows(RoundData.Use.TRAINS, true) : new int[0];
    int[] validating = supervised ? data.rows(RoundData.Use.VALIDATES, true) : new int[0];
    int trainingPseudolabels =
        (int)
            pseudolabels.stream()
                .filter(p -> data.uses().get(p.sample()) == RoundData.Use.TRAINS)
                .count();
    LossWeights weights = supervision.weights(labelled.length, trainingPseudolabels);
    LossWeights normalized = weights.normalized();
    Builder builder = new Builder(data.size(), classes);
    for (int row : labelled) {
      builder.train(row, List.of(data.labels()[row]), normalized.gamma());
    }
    for (int row : validating) {
      builder.validate(row, List.of(data.labels()[row]), normalized.gamma());
    }
    for (Pseudolabel pseudolabel : pseudolabels) {
      if (data.uses().get(pseudolabel.sample()) == RoundData.Use.TRAINS) {
        builder.train(pseudolabel.sample(), pseudolabel.candidates(), normalized.lambda());
      } else {
        builder.validate(pseudolabel.sample(), pseudolabel.candidates(), normalized.lambda());
      }
    }
    return builder.build(labelled.length, trainingPseudolabels, weights);
  }

  /**
   * All images that train, each as probably of each class as a teacher says.
   *
   * @param teacher {@code [N, C]}, rows that sum to 1
   */
  public static Examples towards(RoundData data, FloatTensor teacher) {
    int[] training = data.rows(RoundData.Use.TRAINS);
    float[] weights = new float[data.size()];
    Arrays.fill(weights, 1);
    return new Examples(
        training,
        data.rows(RoundData.Use.VALIDATES),
        new Targets(teacher, weights),
        0,
        training.length,
        LossWeights.of(Paradigm.UL, 0, training.length));
  }

  /** {@code [C]}, how many images train each class. */
  public int[] perClass() {
    int classes = targets.targets().columns();
    int[] counts = new int[classes];
    for (int row : Arrays.stream(training).distinct().toArray()) {
      for (int j = 0; j < classes; j++) {
        counts[j] += targets.targets().values()[row * classes + j] > 0 ? 1 : 0;
      }
    }
    return counts;
  }

  private static final class Builder {
    private final int classes;
    private final float[] targets;
    private final float[] weights;
    private final List<Integer> training = new ArrayList<>();
    private final List<Integer> validation = new ArrayList<>();

    Builder(int rows, int classes) {
      this.classes = classes;
      this.targets = new float[rows * classes];
      this.weights = new float[rows];
    }

    void train(int row, List<Integer> candidates, double weight) {
      int visits = (int) Math.max(1, Math.round(weight));
      put(row, candidates, weight / visits);
      for (int i = 0; i < visits; i++) {
        training.add(row);
      }
    }

    void validate(int row, List<Integer> candidates, double weight) {
      put(row, candidates, weight);
      validation.add(row);
    }

    private void put(int row, List<Integer> candidates, double weight) {
      candidates.forEach(label -> targets[row * classes + label] = 1);
      weights[row] = (float) weight;
    }

    Examples build(int labelled, int pseudolabelled, LossWeights balance) {
      return new Examples(
          training.stream().mapToInt(Integer::intValue).toArray(),
          validation.stream().mapToInt(Integer::intValue).toArray(),
          new Targets(FloatTensor.matrix(weights.length, classes, targets), weights),
          labelled,
          pseudolabelled,
          balance);
    }
  }
}
