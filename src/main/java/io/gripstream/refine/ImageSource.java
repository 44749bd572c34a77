package io.gripstream.refine;

import io.gripstream.event.BatchSample;
import java.util.List;

/**
 * Reads the images of a batch again, for prompts that change what the image tower makes of them. A
 * batch bears references only, so an image may be gone by now.
 */
@FunctionalInterface
public interface ImageSource {
  /** For a process that has only features. */
  ImageSource NONE =
      samples -> {
        throw new IllegalStateException("this process cannot read images again");
      };

  /**
   * Reads some images.
   *
   * @return for each sample, in order, {@code [S, S, 3]} bytes as {@link
   *     io.gripstream.clip.Preprocessor} makes them; null where the image is gone
   */
  List<byte[]> pixels(List<BatchSample> samples) throws InterruptedException;
}
