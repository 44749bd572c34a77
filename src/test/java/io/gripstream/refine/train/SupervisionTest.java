package io.gripstream.refine.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.gripstream.clip.FloatTensor;
import io.gripstream.event.Paradigm;
import io.gripstream.refine.head.ClassBalance;
import io.gripstream.refine.head.Classifier;
import io.gripstream.refine.head.Metrics;
import io.gripstream.refine.head.Mixture;
import io.gripstream.refine.head.Scores;
import io.gripstream.refine.head.SimulatedWorld;
import io.gripstream.refine.judge.PoolView;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

class SupervisionTest {
  private static final int[] LABELS = {0, Metrics.UNKNOWN};
  private static final boolean[] SEEN = {true, false, false};

  private static Supervision of(Paradigm paradigm, boolean papers) {
    return new Supervision(paradigm, LABELS, SEEN, papers, false);
  }

  @Test
  void eachClassHasItsOwnContextWherePeopleLabelledManyImagesOfSomeClasses() {
    assertThat(of(Paradigm.TRZSL, false).contextPerClass()).isTrue();
    assertThat(of(Paradigm.SSL, false).contextPerClass()).isFalse();
    assertThat(of(Paradigm.UL, false).contextPerClass()).isFalse();
  }

  @Test
  void theMixtureTeachesWherePeopleLabelled() {
    assertThat(of(Paradigm.TRZSL, false).mixtureTeaches()).isTrue();
    assertThat(of(Paradigm.SSL, false).mixtureTeaches()).isTrue();
    assertThat(of(Paradigm.UL, false).mixtureTeaches()).isFalse();
  }

  @Test
  void fewLabelsWeighNoMoreThanAsManyPseudolabels() {
    assertThat(of(Paradigm.SSL, false).weights(20, 800)).isEqualTo(new LossWeights(1, 1));
    assertThat(of(Paradigm.SSL, false).weights(800, 20)).isEqualTo(new LossWeights(0.025, 1));
    assertThat(of(Paradigm.SSL, false).weights(20, 0)).isEqualTo(new LossWeights(1, 0));
    for (Paradigm paradigm : new Paradigm[] {Paradigm.UL, Paradigm.TRZSL}) {
      assertThat(of(paradigm, false).weights(20, 800)).isEqualTo(LossWeights.of(paradigm, 20, 800));
    }
  }

  @Test
  void withThePapersSharesEverythingIsThePapers() {
    for (Paradigm paradigm : new Paradigm[] {Paradigm.SSL, Paradigm.TRZSL}) {
      Supervision papers = of(paradigm, true);
      assertThat(papers.contextPerClass()).isFalse();
      assertThat(papers.mixtureTeaches()).isFalse();
      assertThat(papers.weights(20, 800)).isEqualTo(LossWeights.of(paradigm, 20, 800));
    }
  }

  @Test
  void aHeadKeepsTheClassesSizesWhereNobodyLabelledAndHoldsTheLabelsWhereSomebodyDid() {
    SimulatedWorld world = new SimulatedWorld(3, 6, 300, 2.2, 2, 0, 1);
    PoolView view = PoolView.of(world.features(), world.classifier(world.zeroShot));
    int[] labels = new int[300];
    Arrays.fill(labels, Metrics.UNKNOWN);
    labels[0] = world.truth[0];
    FloatTensor teacher = ClassBalance.added(view.logits(), view.uniform());
    Classifier balanced = view.balanced(view.uniform());
    assertThat(headOf(Paradigm.UL, labels, view))
        .isEqualTo(Mixture.fit(view.features(), teacher).head(balanced).classFeatures().values());
    assertThat(headOf(Paradigm.SSL, labels, view))
        .isEqualTo(
            Mixture.fit(view.features(), teacher, labels).head(balanced).classFeatures().values());
  }

  @Test
  void aHeadIsNoSurerThanTheBalancedPromptThatBeganIt() {
    SimulatedWorld world = new SimulatedWorld(3, 6, 300, 2.2, 2, 0, 1);
    PoolView view = PoolView.of(world.features(), world.classifier(world.zeroShot));
    int[] none = new int[300];
    Arrays.fill(none, Metrics.UNKNOWN);
    double before = confidence(view.balanced(view.uniform()), view);
    Classifier head = head(Paradigm.UL, none, view);
    assertThat(confidence(head, view)).isCloseTo(before, within(0.05));
    assertThat(confidence(head.withLogitScale(view.zeroShot().logitScale()), view))
        .isGreaterThan(before + 0.1);
  }

  private static double confidence(Classifier classifier, PoolView view) {
    return Metrics.meanConfidence(classifier.probabilities(view.features()));
  }

  private static float[] headOf(Paradigm paradigm, int[] labels, PoolView view) {
    return head(paradigm, labels, view).classFeatures().values();
  }

  private static Classifier head(Paradigm paradigm, int[] labels, PoolView view) {
    return new Supervision(paradigm, labels, new boolean[6], false, false)
        .head(view, view.uniform());
  }

  @Test
  void wherePinnedNoUnlabelledImageIsOfALabelledClass() {
    SimulatedWorld world = new SimulatedWorld(3, 6, 300, 2.2, 2, 0, 1);
    PoolView view = PoolView.of(world.features(), world.classifier(world.zeroShot));
    int[] labels = Arrays.stream(world.truth).map(j -> j < 3 ? j : Metrics.UNKNOWN).toArray();
    boolean[] seen = {true, true, true, false, false, false};
    double[] right = new double[2];
    for (boolean pinned : new boolean[] {false, true}) {
      int[] says =
          Scores.argmax(
              new Supervision(Paradigm.TRZSL, labels, seen, false, pinned)
                  .mixture(view, view.pulled())
                  .probabilities());
      int unlabelled = 0;
      for (int i = 0; i < says.length; i++) {
        if (labels[i] == Metrics.UNKNOWN) {
          unlabelled++;
          right[pinned ? 1 : 0] += says[i] == world.truth[i] ? 1 : 0;
          assertThat(pinned && says[i] < 3).isFalse();
        } else {
          assertThat(says[i]).isEqualTo(labels[i]);
        }
      }
      right[pinned ? 1 : 0] /= unlabelled;
    }
    assertThat(right[1]).isGreaterThan(right[0]);
  }
}
