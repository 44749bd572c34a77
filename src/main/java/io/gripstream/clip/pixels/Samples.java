package io.gripstream.clip.pixels;

import java.awt.image.BufferedImage;
import java.awt.image.DataBufferByte;
import java.awt.image.IndexColorModel;
import java.awt.image.PixelInterleavedSampleModel;
import java.awt.image.Raster;

/**
 * Takes 8-bit RGB from what a reader made, sample by sample as Pillow's {@code convert("RGB")}
 * does: alpha is dropped, never blended; no colour profile is applied; 16 bits keep the upper 8
 * (Pillow agrees, but for grey PNGs, which it clips at 255 and so turns white); fewer than 8 bits
 * are scaled to the full range.
 */
final class Samples {
  private Samples() {}

  static RgbView of(BufferedImage image) {
    Raster raster = image.getRaster();
    if (image.getColorModel() instanceof IndexColorModel palette) {
      return indexed(raster, palette);
    }
    if (raster.getSampleModel() instanceof PixelInterleavedSampleModel model
        && raster.getDataBuffer() instanceof DataBufferByte buffer
        && raster.getParent() == null
        && model.getSampleSize(0) == 8) {
      int[] bands = model.getBandOffsets();
      boolean grey = bands.length < 3;
      return new RgbView(
          raster.getWidth(),
          raster.getHeight(),
          buffer.getData(),
          buffer.getOffset(),
          model.getPixelStride(),
          model.getScanlineStride(),
          bands[0],
          bands[grey ? 0 : 1],
          bands[grey ? 0 : 2]);
    }
    return scaled(raster);
  }

  private static RgbView indexed(Raster raster, IndexColorModel palette) {
    // An index past the palette's end is black.
    byte[] colours = new byte[256 * 3];
    for (int i = 0; i < Math.min(256, palette.getMapSize()); i++) {
      colours[3 * i] = (byte) palette.getRed(i);
      colours[3 * i + 1] = (byte) palette.getGreen(i);
      colours[3 * i + 2] = (byte) palette.getBlue(i);
    }
    int width = raster.getWidth();
    byte[] rgb = new byte[Math.multiplyExact(3 * width, raster.getHeight())];
    int[] row = new int[width];
    int o = 0;
    for (int y = 0; y < raster.getHeight(); y++) {
      raster.getSamples(raster.getMinX(), raster.getMinY() + y, width, 1, 0, row);
      for (int index : row) {
        System.arraycopy(colours, 3 * (index & 0xFF), rgb, o, 3);
        o += 3;
      }
    }
    return RgbView.interleaved(width, raster.getHeight(), rgb);
  }

  private static RgbView scaled(Raster raster) {
    int bands = raster.getNumBands();
    int[] source = bands < 3 ? new int[] {0, 0, 0} : new int[] {0, 1, 2};
    int[] bits = raster.getSampleModel().getSampleSize();
    int width = raster.getWidth();
    byte[] rgb = new byte[Math.multiplyExact(3 * width, raster.getHeight())];
    int[] row = new int[width * bands];
    int o = 0;
    for (int y = 0; y < raster.getHeight(); y++) {
      raster.getPixels(raster.getMinX(), raster.getMinY() + y, width, 1, row);
      for (int p = 0; p < row.length; p += bands) {
        for (int band : source) {
          rgb[o++] = eightBits(row[p + band], bits[band]);
        }
      }
    }
    return RgbView.interleaved(width, raster.getHeight(), rgb);
  }

  private static byte eightBits(int sample, int bits) {
    return (byte) (bits >= 8 ? sample >>> bits - 8 : sample * 255 / ((1 << bits) - 1));
  }
}
