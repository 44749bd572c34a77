package io.gripstream.clip;

import io.gripstream.clip.pixels.BicubicResampler;
import io.gripstream.clip.pixels.ImageDecoder;
import io.gripstream.clip.pixels.InvalidImageException;

/**
 * Turns encoded image bytes into what an image tower takes: CLIP's own resize and crop, equal to
 * Pillow's bit for bit.
 *
 * <p>The picture is turned upright and made RGB before it is resized, as Hugging Face's {@code
 * CLIPImageProcessor} does. OpenAI's own code resizes first, which is the same for RGB and grey,
 * and spares a palette image the nearest-neighbour resize that Pillow would give it. Thread-safe.
 */
public final class Preprocessor {
  /** 64 megapixels: more than cameras make, less than hurts. */
  public static final long DEFAULT_MAX_PIXELS = 64_000_000;

  private final Preprocessing rules;
  private final ImageDecoder decoder;

  /**
   * @param rules the model's own
   */
  public Preprocessor(Preprocessing rules) {
    this(rules, DEFAULT_MAX_PIXELS);
  }

  /**
   * @param size side {@code S} of the square that a model with the usual preprocessing takes, in
   *     pixels
   */
  public Preprocessor(int size) {
    this(size, DEFAULT_MAX_PIXELS);
  }

  /**
   * @param size as above
   * @param maxPixels images whose header names more are refused before they are decoded
   */
  public Preprocessor(int size, long maxPixels) {
    this(Preprocessing.usual(size), maxPixels);
  }

  private Preprocessor(Preprocessing rules, long maxPixels) {
    if (rules.crop() < 1 || maxPixels < 1) {
      throw new IllegalArgumentException(
          "size " + rules.crop() + ", at most " + maxPixels + " pixels");
    }
    this.rules = rules;
    this.decoder = new ImageDecoder(maxPixels);
  }

  /**
   * Decodes, resizes and crops the center to {@code S} pixels a side.
   *
   * @param encoded an image file's bytes, from anywhere
   * @return {@code [S, S, 3]} bytes, RGB
   * @throws InvalidImageException when the bytes are no image, or one that is not to be decoded
   */
  public byte[] pixels(byte[] encoded) throws InvalidImageException {
    return BicubicResampler.resizeAndCrop(
        decoder.decode(encoded), rules.resize(), rules.keepsAspect(), rules.crop());
  }
}
