package io.gripstream.sample;

import java.util.SplittableRandom;

/**
 * A person with a pen, a sheet and a camera: what consecutive images of a stream have in common.
 *
 * @param habits seed of the forms this writer uses
 * @param slant shear of upright strokes
 * @param turn of the sheet, in radians
 * @param stretch width by height
 * @param pen half the stroke's width, in hundredths of the picture
 * @param pressure how much the width varies along a stroke, as a share
 * @param tremor standard deviation of the pen's wobble, in hundredths
 * @param bend of the elastic deformation, in hundredths
 * @param grain share of the ink that the paper's grain keeps off
 * @param ink RGB, 0 to 1
 * @param paper RGB, 0 to 1
 * @param ruling distance of ruled lines in hundredths, 0 for plain paper
 */
record Writer(
    long habits,
    double slant,
    double turn,
    double stretch,
    double pen,
    double pressure,
    double tremor,
    double bend,
    double grain,
    double[] ink,
    double[] paper,
    double ruling) {
  private static final double[][] PENS = {
    {.12, .12, .14}, {.1, .16, .42}, {.33, .33, .35}, {.6, .12, .12}, {.08, .3, .2}
  };
  private static final double[][] CRAYONS = {
    {.82, .15, .15},
    {.93, .5, .1},
    {.13, .55, .2},
    {.12, .3, .75},
    {.48, .2, .6},
    {.42, .26, .13},
    {.12, .12, .12},
    {.1, .6, .65}
  };
  private static final double[][] PAPERS = {
    {.96, .96, .95}, {.97, .94, .86}, {.88, .87, .84}, {.9, .93, .96}, {.85, .79, .67}
  };
  private static final double[][] BOARDS = {{.13, .22, .18}, {.12, .12, .13}};
  private static final double[] CHALK = {.9, .9, .86};

  /** Draws a person; every value's spread grows with the shift. */
  static Writer any(boolean crayons, Shift shift, SplittableRandom random) {
    double much = shift.deformation();
    boolean board = random.nextInt(5) == 0;
    double[][] pens = crayons ? CRAYONS : PENS;
    double[] ink = board ? CHALK : pens[random.nextInt(pens.length)];
    double[] paper = board ? any(BOARDS, random) : any(PAPERS, random);
    return new Writer(
        random.nextLong(),
        shift.slant() + much * .2 * random.nextGaussian(),
        much * .08 * random.nextGaussian(),
        .72 + .4 * random.nextDouble(),
        (crayons ? 2.2 : 1.6) + 2.4 * random.nextDouble(),
        much * (.15 + .3 * random.nextDouble()),
        much * (.3 + .7 * random.nextDouble()),
        much * (1.5 + 2.5 * random.nextDouble()),
        shift.noise() * ((crayons || board ? .35 : .08) + .2 * random.nextDouble()),
        ink,
        paper,
        random.nextInt(3) == 0 && !board ? 16 + 20 * random.nextDouble() : 0);
  }

  private static double[] any(double[][] colours, SplittableRandom random) {
    return colours[random.nextInt(colours.length)];
  }
}
