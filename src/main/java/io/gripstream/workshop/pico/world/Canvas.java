package io.gripstream.workshop.pico.world;

import java.awt.AlphaComposite;
import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.geom.AffineTransform;
import java.awt.image.BufferedImage;
import java.awt.image.DataBufferInt;

/**
 * A reusable drawing surface of one thread. Whatever is painted addresses the unit square, x to the
 * right and y down; the raster beneath may be coarser than the finished picture, which is how
 * far-away and low-resolution things look.
 */
final class Canvas {
  private final BufferedImage image;
  private final int[] raster;
  private final int[][] planes;
  private final int[][] scratch;
  private final Graphics2D graphics;
  private int resolution;

  Canvas() {
    int size = World.SIZE;
    image = new BufferedImage(size, size, BufferedImage.TYPE_INT_RGB);
    raster = ((DataBufferInt) image.getRaster().getDataBuffer()).getData();
    planes = new int[3][size * size];
    scratch = new int[3][size * size];
    graphics = image.createGraphics();
    graphics.setRenderingHint(RenderingHints.KEY_ANTIALIASING, RenderingHints.VALUE_ANTIALIAS_ON);
    graphics.setRenderingHint(RenderingHints.KEY_STROKE_CONTROL, RenderingHints.VALUE_STROKE_PURE);
  }

  /**
   * Starts a picture on a plain ground.
   *
   * @param resolution the raster's side in pixels, at most {@link World#SIZE}
   */
  void clear(int resolution, Color ground) {
    this.resolution = resolution;
    graphics.setTransform(new AffineTransform());
    graphics.setClip(0, 0, resolution, resolution);
    graphics.setComposite(AlphaComposite.Src);
    graphics.setColor(ground);
    graphics.fillRect(0, 0, resolution, resolution);
    graphics.setComposite(AlphaComposite.SrcOver);
    graphics.scale(resolution, resolution);
  }

  /** Draws on the unit square. The transform and clip are the caller's to restore. */
  Graphics2D graphics() {
    return graphics;
  }

  /** What was drawn, seen through {@code look}: {@code [64, 64, 3]} bytes, RGB. */
  byte[] finish(Look look) {
    int size = World.SIZE;
    int n = resolution;
    for (int y = 0; y < n; y++) {
      for (int x = 0; x < n; x++) {
        int rgb = raster[y * size + x];
        planes[0][y * n + x] = rgb >> 16 & 255;
        planes[1][y * n + x] = rgb >> 8 & 255;
        planes[2][y * n + x] = rgb & 255;
      }
    }
    if (n < size) {
      for (int c = 0; c < 3; c++) {
        Filters.enlarge(planes[c], n, scratch[c], size);
      }
    }
    byte[] pixels = new byte[size * size * 3];
    for (int c = 0; c < 3; c++) {
      int[] plane = planes[c];
      look.blur(plane, scratch[c]);
      look.expose(plane, c, pixels);
    }
    return pixels;
  }
}
