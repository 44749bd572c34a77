package io.gripstream.refine.select;

/**
 * Few pseudolabels: labelled by the zero-shot prompt, which never changes. So an image's
 * pseudolabel is decided once, and a later round keeps it for as long as the image is in the pool
 * and among its class's best.
 *
 * @param perClass pseudolabels per class, under a uniform prior
 */
public record Fpl(int perClass) implements Strategy {
  public Fpl {
    if (perClass < 1) {
      throw new IllegalArgumentException(perClass + " pseudolabels per class");
    }
  }

  @Override
  public Teacher teacher() {
    return Teacher.ZERO_SHOT;
  }

  @Override
  public int total(int round, int pool, int classes) {
    return (int) Math.min(pool, (long) perClass * classes);
  }
}
