package io.gripstream.clip;

import java.util.List;

/**
 * A loaded CLIP: both towers, the tokenizer and the preprocessing that its configuration asks for.
 * Thread-safe.
 */
public interface ClipModel extends AutoCloseable {
  /**
   * Name and weights, such as {@code pico@3f2a9c0d41be}, and a digest of its preprocessing where
   * that is not the usual one: features go only with features of the same id.
   */
  String id();

  /** Side of the square input, in pixels. */
  int imageSize();

  /** How images become what the image tower takes. */
  default Preprocessing preprocessing() {
    return Preprocessing.usual(imageSize());
  }

  /** Length {@code D} of a feature. */
  int featureSize();

  /** Width {@code W} of the image tower. */
  int imageWidth();

  /** The factor that turns a cosine into a logit, already exponentiated. */
  float logitScale();

  /**
   * Whether the towers compute on the processors that everything else runs on. If so, other work
   * beside them costs more than it saves: their threads wait for each other at every step.
   */
  boolean sharesProcessors();

  /**
   * Runs the image tower.
   *
   * @param pixels images as {@link Preprocessor} makes them, each {@code [S, S, 3]} bytes
   * @return {@code [N, D]}, rows of unit length
   */
  FloatTensor encodeImages(List<byte[]> pixels);

  /**
   * Runs the image tower behind a visual prompt (shallow VPT: Jia et al., ECCV 2022): vectors
   * between the class token and the patches, before the tower's first norm and without positions.
   *
   * @param pixels as above
   * @param prefix {@code [V, W]}, {@code W} being {@link #imageWidth}
   * @return {@code [N, D]}, rows of unit length
   */
  FloatTensor encodeImages(List<byte[]> pixels, FloatTensor prefix);

  /**
   * Runs the text tower.
   *
   * @return {@code [N, D]}, rows of unit length
   */
  FloatTensor encodeTexts(List<String> texts);

  @Override
  void close();
}
