package io.gripstream.clip.pixels;

import javax.imageio.ImageReader;
import javax.imageio.event.IIOReadProgressListener;

/**
 * Spends a budget with each row that a reader has decoded, and ends a reader that goes on after the
 * last one: a GIF of one pixel may hold codes for billions.
 */
final class RowBudget implements IIOReadProgressListener {
  /** About a row's effort, in bytes read. */
  private static final int ROW = 1 << 10;

  private final DecodeBudget budget;

  RowBudget(DecodeBudget budget) {
    this.budget = budget;
  }

  @Override
  public void imageProgress(ImageReader source, float percentageDone) {
    budget.spend(ROW);
    if (percentageDone > 100 && source != null) {
      source.abort();
    }
  }

  @Override
  public void imageStarted(ImageReader source, int imageIndex) {}

  @Override
  public void imageComplete(ImageReader source) {}

  @Override
  public void readAborted(ImageReader source) {}

  @Override
  public void sequenceStarted(ImageReader source, int minIndex) {}

  @Override
  public void sequenceComplete(ImageReader source) {}

  @Override
  public void thumbnailStarted(ImageReader source, int imageIndex, int thumbnailIndex) {}

  @Override
  public void thumbnailProgress(ImageReader source, float percentageDone) {}

  @Override
  public void thumbnailComplete(ImageReader source) {}
}
