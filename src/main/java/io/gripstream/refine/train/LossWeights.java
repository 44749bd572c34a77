package io.gripstream.refine.train;

import io.gripstream.event.Paradigm;

/**
 * The weights of the one objective {@code gamma * CE(labelled) + lambda * CE(pseudolabelled)}, each
 * term a sum over its examples (Menghini, Delworth, Bach, NeurIPS 2023, section 3): the few count
 * as much as the many, in every round.
 *
 * @param gamma of an image with a human label
 * @param lambda of a pseudolabelled one
 */
public record LossWeights(double gamma, double lambda) {
  /**
   * The paper's weights. Where one kind of examples is missing, the other has all the weight.
   *
   * @param labelled {@code |L|}, how many human labels train
   * @param pseudolabelled {@code |U|}
   */
  public static LossWeights of(Paradigm paradigm, int labelled, int pseudolabelled) {
    if (paradigm == Paradigm.AUTO) {
      throw new IllegalArgumentException("a round's paradigm is decided before its weights");
    }
    if (paradigm == Paradigm.UL || labelled == 0) {
      return new LossWeights(0, 1);
    }
    if (pseudolabelled == 0) {
      return new LossWeights(1, 0);
    }
    return paradigm == Paradigm.SSL
        ? new LossWeights((double) pseudolabelled / labelled, 1)
        : new LossWeights(1, (double) labelled / pseudolabelled);
  }

  /**
   * The same in proportion, with 1 as the smaller of those that are not zero: learning rates are
   * tuned for examples of weight 1.
   */
  LossWeights normalized() {
    double least =
        Math.min(
            gamma > 0 ? gamma : Double.POSITIVE_INFINITY,
            lambda > 0 ? lambda : Double.POSITIVE_INFINITY);
    return new LossWeights(gamma / least, lambda / least);
  }
}
