package io.gripstream.refine;

import io.gripstream.clip.FloatTensor;
import io.gripstream.event.ClassPriorKind;
import io.gripstream.event.Paradigm;
import io.gripstream.event.TaskDefinition;
import io.gripstream.prompt.Tensors;
import io.gripstream.refine.head.ClassPrior;
import io.gripstream.refine.head.Metrics;
import io.gripstream.refine.head.Rows;
import io.gripstream.refine.select.Pseudolabel;
import io.gripstream.refine.select.Strategy;
import io.gripstream.refine.train.RoundBatch;
import io.gripstream.refine.train.RoundData;
import io.gripstream.refine.train.RoundData.Use;
import io.gripstream.refine.train.Supervision;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * Which images of a round get pseudolabels, and of which classes: images without a human label that
 * judge no candidate, and under TRZSL classes without one.
 */
public final class Pseudolabelling {
  private final RoundData data;
  private final Strategy strategy;
  private final FloatTensor teacher;
  private final int[] labels;
  private final boolean[] allowed;
  private final boolean restricted;
  private final int[] training;
  private final int[] validating;
  private final double[] prior;
  private final boolean uniform;

  /**
   * @param supervision of the round
   * @param teacher {@code [N, C]}, class probabilities
   */
  Pseudolabelling(
      TaskDefinition definition,
      Supervision supervision,
      RoundData data,
      Strategy strategy,
      FloatTensor teacher) {
    this.data = data;
    this.strategy = strategy;
    this.teacher = teacher;
    this.labels = supervision.labels();
    this.allowed = new boolean[definition.getClasses().size()];
    for (int j = 0; j < allowed.length; j++) {
      allowed[j] = supervision.paradigm() != Paradigm.TRZSL || !supervision.seen()[j];
    }
    // It says what the paper presumes: that no unlabelled image is of a labelled class.
    this.restricted = supervision.pinned();
    this.training = unlabelled(Use.TRAINS, labels);
    this.validating = unlabelled(Use.VALIDATES, labels);
    this.prior =
        ClassPrior.estimate(
            data.features(),
            teacher,
            labels,
            IntStream.concat(Arrays.stream(training), Arrays.stream(validating)).toArray());
    this.uniform = definition.getTraining().getClassPrior() == ClassPriorKind.UNIFORM;
  }

  /**
   * What a round chooses by: its strategy's way, or GRIP's where the judges choose among several.
   */
  static Pseudolabelling of(Round round) {
    Strategy strategy = Strategy.of(round.batch().strategy(), round.training());
    return new Pseudolabelling(
        round.definition(),
        round.supervision(),
        round.data(),
        strategy,
        round.teacher(strategy.teacher()));
  }

  /**
   * Says again which pseudolabels a round chose. That takes the batch and no model, as long as no
   * image must be encoded again.
   *
   * @param logitScale the model's own, which is its zero-shot prompts'
   * @return in the rows of the batch's samples; empty for a round that reads images, or whose
   *     strategy chooses none
   * @throws IllegalArgumentException when the batch cannot be that of a round
   */
  public static Optional<List<Pseudolabel>> again(RoundBatch batch, float logitScale) {
    boolean chooses =
        switch (batch.strategy()) {
          case GRIP, IFPL, FPL, CPL, AUTO -> true;
          case BALANCE, MIXTURE, DISTILL -> false;
        };
    if (!chooses || PromptRefinement.readsImages(batch)) {
      return Optional.empty();
    }
    FloatTensor zeroShot = Tensors.decode(batch.base().getZeroShotFeatures());
    FloatTensor live = Tensors.decode(batch.base().getClassFeatures());
    int classes = batch.definition().getClasses().size();
    int featureSize = zeroShot.columns();
    if (zeroShot.rows() != classes || live.rows() != classes || live.columns() != featureSize) {
      throw new IllegalArgumentException(
          "class features of %d x %d and %d x %d are not those of %d classes"
              .formatted(zeroShot.rows(), featureSize, live.rows(), live.columns(), classes));
    }
    Round round = Round.of(batch, batch.samples(), null, featureSize, logitScale);
    return Optional.of(PromptRefinement.inRowsOfBatch(round, of(round).choose(batch.step())));
  }

  /**
   * Chooses as many as the strategy asks for among the images that train, and in proportion among
   * those that validate.
   *
   * @return in the rows of the data
   */
  List<Pseudolabel> choose(int round) {
    float[] shares = shares();
    int classes = (int) IntStream.range(0, allowed.length).filter(j -> allowed[j]).count();
    if (classes == 0 || training.length == 0) {
      return List.of();
    }
    int total = strategy.total(round, training.length, classes);
    int validation = (int) Math.ceil((double) total * validating.length / training.length);
    List<Pseudolabel> chosen = new ArrayList<>(choose(shares, total, training));
    chosen.addAll(choose(shares, validation, validating));
    return chosen;
  }

  /** {@code [C]}, how frequent each class seems among the images that may be pseudolabelled. */
  double[] prior() {
    return prior;
  }

  /**
   * {@code [N, C]}, what the images are taken to be in all: what people named where they did, and
   * elsewhere what the teacher says, among the classes that an image can be of.
   */
  FloatTensor believed() {
    int[] all = IntStream.range(0, data.size()).toArray();
    return Rows.named(among(all), labels);
  }

  private int[] unlabelled(Use use, int[] labels) {
    return Arrays.stream(data.rows(use)).filter(i -> labels[i] == Metrics.UNKNOWN).toArray();
  }

  private List<Pseudolabel> choose(float[] shares, int total, int[] rows) {
    List<String> keys = Arrays.stream(rows).mapToObj(data.keys()::get).toList();
    return strategy.select(among(rows), shares, total, keys).stream()
        .map(each -> each.at(rows[each.sample()]))
        .toList();
  }

  /** {@code [C]}, the most that each class may take of all pseudolabels. */
  private float[] shares() {
    float[] shares = new float[allowed.length];
    double sum = 0;
    for (int j = 0; j < shares.length; j++) {
      shares[j] = !allowed[j] ? 0 : uniform ? 1 : (float) prior[j];
      sum += shares[j];
    }
    for (int j = 0; j < shares.length && sum > 0; j++) {
      shares[j] /= (float) sum;
    }
    return shares;
  }

  /** The probabilities of some images among the classes that they can be of. */
  private FloatTensor among(int[] rows) {
    FloatTensor probabilities = Rows.of(teacher, rows);
    if (!restricted) {
      return probabilities;
    }
    int c = allowed.length;
    float[] p = probabilities.values();
    for (int i = 0; i < rows.length; i++) {
      double sum = 0;
      for (int j = 0; j < c; j++) {
        p[i * c + j] = allowed[j] ? Math.max(p[i * c + j], Float.MIN_NORMAL) : 0;
        sum += p[i * c + j];
      }
      for (int j = 0; j < c; j++) {
        p[i * c + j] = (float) (p[i * c + j] / sum);
      }
    }
    return probabilities;
  }
}
