package io.gripstream.workshop.pico.world;

import java.awt.Color;
import java.awt.Font;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.geom.AffineTransform;
import java.awt.geom.Path2D;
import java.awt.image.BufferedImage;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Tells typefaces from collections of pictures and ornaments, by how alike fonts draw the digits
 * and letters.
 */
final class Consensus {
  private static final String PROBES = "0123456789ABEGHKRSXabegh";
  private static final int SIDE = 16;

  /** Least mean correlation of a font's glyphs with the mean glyphs of all fonts. */
  private static final double LEAST = .22;

  private Consensus() {}

  /** A font, and the mean correlation of its glyphs with everybody's. */
  record Scored(Font font, double agreement) {}

  static List<Font> legible(List<Font> fonts) {
    return score(fonts).stream()
        .filter(scored -> scored.agreement > LEAST)
        .map(Scored::font)
        .toList();
  }

  static List<Scored> score(List<Font> fonts) {
    List<double[][]> glyphs = new ArrayList<>();
    List<Font> complete = new ArrayList<>();
    for (Font font : fonts) {
      double[][] probes = new double[PROBES.length()][];
      boolean all = true;
      for (int i = 0; i < probes.length && all; i++) {
        Optional<Path2D> outline = Typefaces.outline(font, PROBES.charAt(i));
        all = outline.isPresent();
        probes[i] = outline.map(Consensus::raster).orElse(null);
      }
      if (all) {
        complete.add(font);
        glyphs.add(probes);
      }
    }
    double[][] mean = new double[PROBES.length()][SIDE * SIDE];
    for (double[][] probes : glyphs) {
      for (int i = 0; i < mean.length; i++) {
        for (int k = 0; k < mean[i].length; k++) {
          mean[i][k] += probes[i][k] / glyphs.size();
        }
      }
    }
    List<Scored> scored = new ArrayList<>();
    for (int f = 0; f < complete.size(); f++) {
      double agreement = 0;
      for (int i = 0; i < mean.length; i++) {
        agreement += correlation(glyphs.get(f)[i], mean[i]) / mean.length;
      }
      scored.add(new Scored(complete.get(f), agreement));
    }
    return scored;
  }

  /** Stretched to a square and drawn coarsely, so that width, slant and weight count for little. */
  private static double[] raster(Path2D outline) {
    BufferedImage image = new BufferedImage(SIDE, SIDE, BufferedImage.TYPE_BYTE_GRAY);
    Graphics2D g = image.createGraphics();
    g.setRenderingHint(RenderingHints.KEY_ANTIALIASING, RenderingHints.VALUE_ANTIALIAS_ON);
    g.setColor(Color.WHITE);
    AffineTransform fit = AffineTransform.getTranslateInstance(SIDE / 2.0, SIDE / 2.0);
    double width = Math.max(.3, outline.getBounds2D().getWidth());
    fit.scale((SIDE - 2) / width, SIDE - 2);
    g.fill(fit.createTransformedShape(outline));
    g.dispose();
    double[] values = new double[SIDE * SIDE];
    image.getRaster().getPixels(0, 0, SIDE, SIDE, values);
    return values;
  }

  private static double correlation(double[] a, double[] b) {
    double meanA = 0;
    double meanB = 0;
    for (int i = 0; i < a.length; i++) {
      meanA += a[i] / a.length;
      meanB += b[i] / b.length;
    }
    double product = 0;
    double squareA = 1e-9;
    double squareB = 1e-9;
    for (int i = 0; i < a.length; i++) {
      product += (a[i] - meanA) * (b[i] - meanB);
      squareA += (a[i] - meanA) * (a[i] - meanA);
      squareB += (b[i] - meanB) * (b[i] - meanB);
    }
    return product / Math.sqrt(squareA * squareB);
  }
}
