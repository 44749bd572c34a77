package io.gripstream.refine.select;

/**
 * Iterative refinement of few pseudolabels: the same number in each round, labelled anew.
 *
 * @param perClass pseudolabels per class, under a uniform prior
 */
public record Ifpl(int perClass) implements Strategy {
  public Ifpl {
    if (perClass < 1) {
      throw new IllegalArgumentException(perClass + " pseudolabels per class");
    }
  }

  @Override
  public Teacher teacher() {
    return Teacher.LIVE;
  }

  @Override
  public int total(int round, int pool, int classes) {
    return (int) Math.min(pool, (long) perClass * classes);
  }
}
