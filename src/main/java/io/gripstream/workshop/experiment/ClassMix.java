package io.gripstream.workshop.experiment;

import java.util.List;
import java.util.Random;

/** How frequent the classes are in what a stream shows. Every class stays a candidate label. */
public enum ClassMix {
  /** As the data set has them, which is evenly for most. */
  UNIFORM,

  /** The class at rank r has a share of 1 / r of the first one's; the seed orders the classes. */
  ZIPF,

  /** Four classes, drawn by the seed, evenly; no other one is seen. */
  FEW;

  private static final int FEW_CLASSES = 4;
  private static final long MIXING = 6;

  /**
   * The share of each class.
   *
   * @return {@code [C]}, summing to 1; null for {@link #UNIFORM}, which draws from all images alike
   */
  double[] shares(int classes, long seed) {
    return shares(classes, Split.random(seed, MIXING));
  }

  /** The same, with a generator that decides which classes are frequent. */
  public double[] shares(int classes, Random random) {
    if (this == UNIFORM) {
      return null;
    }
    List<Integer> order = Split.order(classes, random);
    double[] shares = new double[classes];
    double sum = 0;
    for (int rank = 1; rank <= classes; rank++) {
      double weight = this == ZIPF ? 1.0 / rank : rank <= FEW_CLASSES ? 1 : 0;
      shares[order.get(rank - 1)] = weight;
      sum += weight;
    }
    for (int j = 0; j < classes; j++) {
      shares[j] /= sum;
    }
    return shares;
  }
}
