package io.gripstream.refine.judge;

import io.gripstream.clip.FloatTensor;
import io.gripstream.refine.head.ClassBalance;
import io.gripstream.refine.head.ClassLikelihood;
import io.gripstream.refine.head.Classifier;
import io.gripstream.refine.head.Metrics;
import io.gripstream.refine.head.Mixture;
import io.gripstream.refine.head.NeighborGraph;
import io.gripstream.refine.head.Scores;

/**
 * What zero-shot CLIP and the images' own positions say of a pool. No tuned prompt has a say in it:
 * it teaches, and it judges.
 *
 * @param features {@code [N, D]}, without a visual prompt, rows of unit length
 * @param zeroShot the task's version 0 at the model's own scale
 * @param logits {@code [N, C]}, of {@code zeroShot}
 * @param uniform {@code [C]}, the bias that makes the mean prediction uniform
 * @param pulled {@code [C]}, as much of it as fits the images
 * @param moved {@code [C]}, the same with single classes moved to where they fit
 * @param likelihood of the features
 */
public record PoolView(
    FloatTensor features,
    NeighborGraph graph,
    Classifier zeroShot,
    FloatTensor logits,
    float[] uniform,
    float[] pulled,
    float[] moved,
    ClassLikelihood likelihood) {
  /** Effective classes that zero-shot says at least: 1 % of the images of another. */
  private static final double SAID = 1.05;

  public static PoolView of(FloatTensor features, Classifier zeroShot) {
    return of(features, NeighborGraph.of(features), zeroShot);
  }

  /**
   * @param graph of the features
   */
  public static PoolView of(FloatTensor features, NeighborGraph graph, Classifier zeroShot) {
    FloatTensor logits = zeroShot.logits(features);
    float[] uniform = ClassBalance.uniform(logits);
    float[] pulled = ClassBalance.pulled(logits, uniform, graph);
    return new PoolView(
        features,
        graph,
        zeroShot,
        logits,
        uniform,
        pulled,
        ClassBalance.moved(logits, graph, pulled),
        ClassLikelihood.of(features));
  }

  /** Zero-shot's class vectors with a bias. */
  public Classifier balanced(float[] bias) {
    return new Classifier(zeroShot.classFeatures(), zeroShot.logitScale(), bias);
  }

  /**
   * The mixture that the balanced zero-shot prompt begins.
   *
   * @param bias {@code [C]}
   * @param labels {@code [N]}, classes that people named, and -1 where none did
   */
  Mixture mixture(float[] bias, int[] labels) {
    return Mixture.fit(features, ClassBalance.added(logits, bias), labels);
  }

  /**
   * The share of the pull towards equal shares of some classes that makes the images likeliest. 0
   * where zero-shot says one of them of nearly all images: it may be right, and then any pull cuts
   * that class in pieces.
   *
   * @param shown the classes that are thought to be there
   */
  double pull(int[] shown) {
    FloatTensor left = Scores.columns(logits, shown);
    int c = shown.length;
    if (Metrics.effectiveClasses(Scores.argmax(left), c) < SAID) {
      return 0;
    }
    float[] even = c == logits.columns() ? uniform : ClassBalance.uniform(left);
    return ClassBalance.pulled(left, even, labels -> likelihood.of(labels, c)).strength();
  }

  /**
   * Whether zero-shot's opinion is worth anything here: how sure it is once its class bias is gone,
   * from 0 at chance to 1. A model that has no idea of the classes is hardly surer than chance.
   */
  double support() {
    int c = logits.columns();
    double chance = 1.0 / c;
    double sure = Metrics.meanConfidence(Scores.softmax(ClassBalance.added(logits, uniform)));
    return (sure - chance) / (1 - chance);
  }
}
