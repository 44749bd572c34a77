package io.gripstream.clip.pixels;

import java.awt.Point;
import java.awt.Transparency;
import java.awt.color.ColorSpace;
import java.awt.image.BufferedImage;
import java.awt.image.ComponentColorModel;
import java.awt.image.DataBuffer;
import java.awt.image.DataBufferByte;
import java.awt.image.PixelInterleavedSampleModel;
import java.awt.image.WritableRaster;

/**
 * A {@code [height, width, 4]} raster of bytes that spends a budget with each pixel that is read or
 * written, and ends a reader that comes back to the pixels too often: a lossless WebP can name
 * thousands of passes over the picture in a kilobyte.
 */
final class BudgetedRaster extends WritableRaster {
  /** Red, green, blue, alpha. */
  private static final int BANDS = 4;

  /** Decoding and each of the four transforms, once, touch a pixel 13 times at most. */
  private static final long TOUCHES_PER_PIXEL = 16;

  private final byte[] data;
  private final int rowStep;
  private final DecodeBudget budget;
  private long touches;

  private BudgetedRaster(int width, int height, DecodeBudget budget) {
    this(
        model(width, height, BANDS * width),
        new DataBufferByte(Math.multiplyExact(BANDS * width, height)),
        budget);
  }

  /** An empty picture on such a raster. */
  static BufferedImage image(int width, int height, DecodeBudget budget) {
    ComponentColorModel colors =
        new ComponentColorModel(
            ColorSpace.getInstance(ColorSpace.CS_sRGB),
            true,
            false,
            Transparency.TRANSLUCENT,
            DataBuffer.TYPE_BYTE);
    return new BufferedImage(colors, new BudgetedRaster(width, height, budget), false, null);
  }

  private BudgetedRaster(
      PixelInterleavedSampleModel model, DataBufferByte buffer, DecodeBudget budget) {
    super(model, buffer, new Point());
    this.data = buffer.getData();
    this.rowStep = model.getScanlineStride();
    this.budget = budget;
    this.touches = TOUCHES_PER_PIXEL * width * height;
  }

  @Override
  public Object getDataElements(int x, int y, Object pixel) {
    touch();
    byte[] bytes = pixel == null ? new byte[BANDS] : (byte[]) pixel;
    System.arraycopy(data, offset(x, y), bytes, 0, BANDS);
    return bytes;
  }

  @Override
  public void setDataElements(int x, int y, Object pixel) {
    touch();
    System.arraycopy((byte[]) pixel, 0, data, offset(x, y), BANDS);
  }

  /** The reader asks for the left part only, of a picture with several pixels in a byte. */
  @Override
  public WritableRaster createWritableChild(
      int x, int y, int width, int height, int childX, int childY, int[] bands) {
    if (x != 0 || y != 0 || childX != 0 || childY != 0 || bands != null) {
      return super.createWritableChild(x, y, width, height, childX, childY, bands);
    }
    return width == this.width && height == this.height
        ? this
        : new BudgetedRaster(
            model(width, height, rowStep), (DataBufferByte) getDataBuffer(), budget);
  }

  private static PixelInterleavedSampleModel model(int width, int height, int rowStep) {
    return new PixelInterleavedSampleModel(
        DataBuffer.TYPE_BYTE, width, height, BANDS, rowStep, new int[] {0, 1, 2, 3});
  }

  private void touch() {
    if (--touches < 0) {
      budget.exceed("has more transforms than a WebP may have");
    }
    budget.spend(1);
  }

  private int offset(int x, int y) {
    if (x < 0 || x >= width || y < 0 || y >= height) {
      throw new ArrayIndexOutOfBoundsException("pixel %d, %d".formatted(x, y));
    }
    return y * rowStep + BANDS * x;
  }
}
