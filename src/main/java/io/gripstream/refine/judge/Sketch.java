package io.gripstream.refine.judge;

/**
 * A feature in at most {@value #LENGTH} numbers, such that means and covariances of sketches say
 * what those of the features say.
 *
 * <p>Longer features are projected by random signs (Achlioptas, "Database-friendly random
 * projections", JCSS 2003): squared distances keep their mean, with a relative standard deviation
 * of {@code sqrt(2 / 64)}. The signs follow from the feature's length alone, by SplitMix64 (Steele,
 * Lea, Flood, OOPSLA 2014), so that sketches of different processes and releases can be compared.
 */
public final class Sketch {
  /** Numbers in a sketch at most. */
  public static final int LENGTH = 64;

  private Sketch() {}

  /**
   * @param feature {@code [D]}
   * @return {@code [min(D, 64)]}; not finite where the feature is not
   */
  public static float[] of(float[] feature) {
    if (feature.length <= LENGTH) {
      return feature.clone();
    }
    float[] sketch = new float[LENGTH];
    for (int i = 0; i < feature.length; i++) {
      long signs = mixed(((long) feature.length << 32) + i);
      for (int j = 0; j < LENGTH; j++) {
        sketch[j] += (signs >>> j & 1) == 0 ? feature[i] : -feature[i];
      }
    }
    float scale = (float) (1 / Math.sqrt(LENGTH));
    for (int j = 0; j < LENGTH; j++) {
      sketch[j] *= scale;
    }
    return sketch;
  }

  private static long mixed(long seed) {
    long z = seed * 0x9e3779b97f4a7c15L + 0x9e3779b97f4a7c15L;
    z = (z ^ z >>> 30) * 0xbf58476d1ce4e5b9L;
    z = (z ^ z >>> 27) * 0x94d049bb133111ebL;
    return z ^ z >>> 31;
  }
}
