package io.gripstream.refine;

/**
 * Splits images into those that train and those that only judge, by a hash of task and image id:
 * for good, and everywhere alike.
 */
public final class HeldOut {
  private HeldOut() {}

  /** Whether the image is among the {@code share} that never trains. */
  public static boolean contains(String task, String imageId, double share) {
    throw new IllegalStateException("not built yet");
  }
}
