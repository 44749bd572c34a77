package io.gripstream.refine.select;

/**
 * Grow and refine iteratively pseudolabels: labels anew in each round, and takes a growing share of
 * the pool, round {@code r} of {@code R} the share {@code r / R}. Later rounds keep using all of
 * it.
 *
 * @param rounds in so many rounds the share grows to 1
 */
public record Grip(int rounds) implements Strategy {
  public Grip {
    if (rounds < 1) {
      throw new IllegalArgumentException(rounds + " rounds");
    }
  }

  @Override
  public Teacher teacher() {
    return Teacher.LIVE;
  }

  @Override
  public int total(int round, int pool, int classes) {
    if (round < 1) {
      throw new IllegalArgumentException("round " + round);
    }
    return (int) ((long) pool * Math.min(round, rounds) / rounds);
  }
}
