package io.gripstream.gateway;

import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.geom.AffineTransform;
import java.awt.geom.Path2D;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Random;
import javax.imageio.ImageIO;

/** Digits drawn by hand, so to speak: every one a little different, no font needed. */
public final class Strokes {
  public static final List<String> NAMES =
      List.of("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine");

  /** Control points of smooth curves in a unit square; NaN lifts the pen. */
  private static final double[][] SHAPES = {
    {.5, .1, .25, .2, .2, .5, .25, .8, .5, .9, .75, .8, .8, .5, .75, .2, .5, .1},
    {.35, .25, .55, .1, .55, .5, .55, .9},
    {.25, .3, .35, .12, .65, .12, .72, .35, .5, .6, .22, .9, .5, .88, .78, .88},
    {.25, .18, .5, .08, .72, .25, .65, .42, .45, .47, .68, .52, .75, .72, .55, .9, .25, .84},
    {.62, .1, .4, .4, .2, .65, .5, .65, .82, .65, Double.NaN, 0, .62, .4, .62, .65, .62, .92},
    {.72, .12, .5, .12, .32, .13, .3, .3, .28, .46, .5, .42, .74, .55, .7, .8, .45, .9, .24, .82},
    {.66, .1, .4, .25, .26, .55, .3, .82, .5, .9, .72, .8, .72, .6, .52, .5, .3, .64},
    {.22, .13, .5, .12, .76, .13, .62, .4, .5, .65, .42, .92},
    {
      .5, .48, .28, .32, .36, .12, .5, .09, .66, .12, .72, .32, .5, .48, .26, .66, .32, .88, .5,
      .92, .7, .88, .75, .66, .5, .48
    },
    {.7, .35, .5, .5, .3, .4, .34, .16, .52, .09, .7, .18, .7, .38, .66, .65, .56, .92},
  };

  private Strokes() {}

  /** A PNG of a digit, 64 pixels wide and high. */
  public static byte[] png(int digit, Random random) {
    BufferedImage image = new BufferedImage(64, 64, BufferedImage.TYPE_INT_RGB);
    Graphics2D g = image.createGraphics();
    g.setRenderingHint(RenderingHints.KEY_ANTIALIASING, RenderingHints.VALUE_ANTIALIAS_ON);
    boolean chalk = random.nextInt(3) == 0;
    float hue = random.nextFloat();
    g.setColor(chalk ? Color.getHSBColor(hue, .35f, .22f) : Color.getHSBColor(hue, .07f, .95f));
    g.fillRect(0, 0, 64, 64);
    g.setColor(chalk ? Color.getHSBColor(hue, .06f, .95f) : Color.getHSBColor(hue + .5f, .6f, .3f));
    g.setStroke(
        new BasicStroke(3 + random.nextFloat() * 3, BasicStroke.CAP_ROUND, BasicStroke.JOIN_ROUND));
    AffineTransform slant = AffineTransform.getTranslateInstance(8, 7);
    slant.scale(48, 50);
    slant.rotate((random.nextDouble() - .5) * .4, .5, .5);
    slant.shear((random.nextDouble() - .5) * .3, 0);
    g.draw(slant.createTransformedShape(curve(SHAPES[digit], random)));
    g.dispose();
    for (int y = 0; y < 64; y++) {
      for (int x = 0; x < 64; x++) {
        image.setRGB(x, y, noisy(image.getRGB(x, y), (int) (random.nextGaussian() * 7)));
      }
    }
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try {
      ImageIO.write(image, "png", out);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return out.toByteArray();
  }

  private static Path2D curve(double[] points, Random random) {
    Path2D path = new Path2D.Double();
    boolean down = false;
    double lastX = 0;
    double lastY = 0;
    for (int i = 0; i < points.length; i += 2) {
      if (Double.isNaN(points[i])) {
        path.lineTo(lastX, lastY);
        down = false;
        continue;
      }
      double x = points[i] + random.nextGaussian() * .025;
      double y = points[i + 1] + random.nextGaussian() * .025;
      if (down) {
        path.quadTo(lastX, lastY, (lastX + x) / 2, (lastY + y) / 2);
      } else {
        path.moveTo(x, y);
        down = true;
      }
      lastX = x;
      lastY = y;
    }
    path.lineTo(lastX, lastY);
    return path;
  }

  private static int noisy(int rgb, int noise) {
    int r = clamp((rgb >> 16 & 255) + noise);
    int g = clamp((rgb >> 8 & 255) + noise);
    int b = clamp((rgb & 255) + noise);
    return r << 16 | g << 8 | b;
  }

  private static int clamp(int value) {
    return Math.max(0, Math.min(255, value));
  }
}
