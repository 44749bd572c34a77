package io.gripstream.sample;

/**
 * How far a stream's images are from clean drawings: 0 is clean, 1 what a hurried hand and a cheap
 * camera give, 2 hard to read for a person, too.
 *
 * @param deformation of the strokes: slant, bends, tremor, uneven pressure
 * @param slant of every writer's hand, as a shear to the right: a school that they all went to. It
 *     moves all images the same way, and this is what refinement can learn from a stream
 * @param blur of the camera
 * @param noise of the sensor and the grain of ink and paper
 * @param lighting how uneven it is, and how weak
 */
public record Shift(double deformation, double slant, double blur, double noise, double lighting) {
  /** Upright, sharp and evenly lit. */
  public static final Shift NONE = new Shift(0, 0, 0, 0, 0);

  /** Many hands, each its own way. */
  public static final Shift DEFAULT = new Shift(1, 0, 1, 1, 1);

  /** Steady hands that all lean far to the right. */
  public static final Shift ITALIC = new Shift(.7, .9, 1, 1, 1);

  public Shift {
    for (double value : new double[] {deformation, slant, blur, noise, lighting}) {
      if (!(value >= 0 && value <= 4)) {
        throw new IllegalArgumentException("not within 0 and 4: " + value);
      }
    }
  }
}
