package io.gripstream.clip.pixels;

import java.awt.image.BufferedImage;
import java.awt.image.Raster;

/** Makes RGB, as Pillow does, of what a TIFF's reader leaves as it is stored: inks and alpha. */
final class TiffPixels {
  private TiffPixels() {}

  static RgbView of(TiffDirectory directory, BufferedImage image) {
    if (directory.colors() == TiffDirectory.Colors.PALETTE && directory.samples() > 1) {
      return looked(image);
    }
    boolean inks = directory.colors() == TiffDirectory.Colors.CMYK;
    if (!inks && !directory.premultiplied()) {
      return Samples.of(image);
    }
    byte[] samples = fourBands(image.getRaster());
    if (inks) {
      for (int i = 0; i < samples.length; i++) {
        samples[i] = (byte) ~samples[i];
      }
      JpegColors.removeBlack(samples);
    } else {
      divideByAlpha(samples);
    }
    return new RgbView(
        image.getWidth(), image.getHeight(), samples, 0, 4, 4 * image.getWidth(), 0, 1, 2);
  }

  /** A palette's colors, where a pixel has alpha beside its index. */
  private static RgbView looked(BufferedImage image) {
    int width = image.getWidth();
    byte[] rgb = new byte[Math.multiplyExact(3 * width, image.getHeight())];
    int[] row = new int[width];
    int o = 0;
    for (int y = 0; y < image.getHeight(); y++) {
      for (int color : image.getRGB(0, y, width, 1, row, 0, width)) {
        rgb[o++] = (byte) (color >> 16);
        rgb[o++] = (byte) (color >> 8);
        rgb[o++] = (byte) color;
      }
    }
    return RgbView.interleaved(width, image.getHeight(), rgb);
  }

  private static byte[] fourBands(Raster raster) {
    int width = raster.getWidth();
    int shift = raster.getSampleModel().getSampleSize(0) - 8;
    byte[] samples = new byte[Math.multiplyExact(4 * width, raster.getHeight())];
    int[] row = new int[width];
    for (int y = 0; y < raster.getHeight(); y++) {
      for (int band = 0; band < 4; band++) {
        raster.getSamples(0, y, width, 1, band, row);
        for (int x = 0; x < width; x++) {
          samples[4 * (y * width + x) + band] = (byte) (row[x] >> shift);
        }
      }
    }
    return samples;
  }

  /** As Pillow unpacks its mode {@code RGBa}. */
  private static void divideByAlpha(byte[] samples) {
    for (int i = 0; i < samples.length; i += 4) {
      int alpha = samples[i + 3] & 0xFF;
      for (int c = i; c < i + 3; c++) {
        samples[c] = alpha == 0 ? 0 : (byte) Math.min(255, (samples[c] & 0xFF) * 255 / alpha);
      }
    }
  }
}
