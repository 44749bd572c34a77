package io.gripstream.refine.train;

import io.gripstream.clip.FloatTensor;
import io.gripstream.event.ClassPriorKind;
import io.gripstream.event.Paradigm;
import io.gripstream.event.TaskDefinition;
import io.gripstream.refine.head.Calibration;
import io.gripstream.refine.head.ClassBalance;
import io.gripstream.refine.head.Classifier;
import io.gripstream.refine.head.Metrics;
import io.gripstream.refine.head.Mixture;
import io.gripstream.refine.head.Scores;
import io.gripstream.refine.judge.PoolView;
import java.util.Arrays;

/**
 * What a round does in another way because people labelled some of its images. All of it is here,
 * and is the same for every data set:
 *
 * <ul>
 *   <li><b>The teacher</b> is the {@link Mixture} that holds what people named, rather than the
 *       live prompt: true labels show where classes lie, and a prompt's own opinion would have to
 *       learn that first.
 *   <li><b>Each class has a context of its own</b> where people labelled many images of some
 *       classes (TRZSL). A shared one cannot use so many true labels; where labels are few or
 *       guessed it is what keeps a prompt from learning them by heart.
 *   <li><b>A few labels weigh as pseudolabels do</b> (SSL). The paper gives the few as much weight
 *       as the many, forty times as much an image here: twenty images are learnt by heart.
 * </ul>
 *
 * <p>With equal shares of the classes, which the paper has, training is the paper's. Measured in
 * docs/experiments.md, "Where people label".
 *
 * @param labels {@code [N]}, the labels that train, -1 where there is none; none under UL
 * @param seen {@code [C]}, which classes have one
 * @param papers whether all is as in the paper
 * @param pinned whether the task says that no unlabelled image is of a labelled class
 */
public record Supervision(
    Paradigm paradigm, int[] labels, boolean[] seen, boolean papers, boolean pinned) {
  /** A logit that leaves a class no chance, in nats. */
  private static final float IMPOSSIBLE = 30;

  public static Supervision of(TaskDefinition definition, Paradigm paradigm, RoundData data) {
    int[] labels = data.trainingLabels(paradigm);
    boolean[] seen = new boolean[definition.getClasses().size()];
    Arrays.stream(labels).filter(j -> j != Metrics.UNKNOWN).forEach(j -> seen[j] = true);
    return new Supervision(
        paradigm,
        labels,
        seen,
        definition.getTraining().getClassPrior() == ClassPriorKind.UNIFORM,
        paradigm == Paradigm.TRZSL && definition.getParadigm() == Paradigm.TRZSL);
  }

  /** Whether the mixture teaches. */
  public boolean mixtureTeaches() {
    return paradigm != Paradigm.UL && !papers;
  }

  /** Whether each class has a context of its own, whatever the task's training says. */
  public boolean contextPerClass() {
    return paradigm == Paradigm.TRZSL && !papers;
  }

  /**
   * The mixture that the balanced zero-shot prompt begins and people's labels hold.
   *
   * @param bias {@code [C]}
   */
  public Mixture mixture(PoolView view, float[] bias) {
    return Mixture.fit(view.features(), possible(ClassBalance.added(view.logits(), bias)), labels);
  }

  /**
   * The balanced zero-shot prompt with what its mixture adds to it; where nobody labelled, no surer
   * on the whole than the balanced prompt is, for a mixture believes in itself.
   *
   * @param bias {@code [C]}
   */
  public Classifier head(PoolView view, float[] bias) {
    Classifier balanced = view.balanced(bias);
    if (paradigm != Paradigm.UL) {
      return mixture(view, bias).head(balanced);
    }
    FloatTensor logits = ClassBalance.added(view.logits(), bias);
    Classifier head = Mixture.fit(view.features(), logits).head(balanced);
    double temperature =
        Calibration.temperature(head.logits(view.features()), Scores.softmax(logits));
    return head.withLogitScale((float) (head.logitScale() / temperature));
  }

  /** Logits {@code [N, C]} that leave unlabelled images no class which they cannot be of. */
  private FloatTensor possible(FloatTensor logits) {
    if (!pinned) {
      return logits;
    }
    int c = seen.length;
    float[] values = logits.values().clone();
    for (int i = 0; i < values.length; i++) {
      if (labels[i / c] == Metrics.UNKNOWN && seen[i % c]) {
        values[i] -= IMPOSSIBLE;
      }
    }
    return FloatTensor.matrix(labels.length, c, values);
  }

  /**
   * The weights of what people labelled and of pseudolabels.
   *
   * @param labelled how many human labels train
   * @param pseudolabelled how many pseudolabels train
   */
  LossWeights weights(int labelled, int pseudolabelled) {
    LossWeights papers = LossWeights.of(paradigm, labelled, pseudolabelled);
    return this.papers || paradigm != Paradigm.SSL || pseudolabelled == 0
        ? papers
        : new LossWeights(Math.min(1, papers.gamma()), papers.lambda());
  }
}
