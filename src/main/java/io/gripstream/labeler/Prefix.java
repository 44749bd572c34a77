package io.gripstream.labeler;

import io.gripstream.clip.ClipModel;
import io.gripstream.clip.FloatTensor;
import io.gripstream.event.Modality;
import io.gripstream.event.PromptVersion;
import io.gripstream.event.Tensor;
import io.gripstream.prompt.Tensors;
import io.gripstream.prompt.VisualPrompt;
import java.util.List;
import java.util.Optional;

/**
 * A visual prompt that the image tower can run behind. Equal to any other of the same vectors, and
 * cheap to look up, however many those are. Immutable.
 */
final class Prefix {
  /** Far more than is any use, and few enough that the tower does not run out of memory. */
  private static final int MAX_VECTORS = 1024;

  private final FloatTensor vectors;
  private final int hash;

  private Prefix(FloatTensor vectors) {
    this.vectors = vectors;
    this.hash = vectors.hashCode();
  }

  /**
   * A prompt's visual part; empty: the image tower runs without.
   *
   * @throws IllegalArgumentException when it is missing or does not fit the model; the message says
   *     how
   */
  static Optional<Prefix> of(PromptVersion prompt, ClipModel model) {
    Tensor tensor = prompt.getTensors().get(VisualPrompt.PREFIX);
    if (tensor == null) {
      // A zero-shot prompt has no tensors, whatever it begins; after a redefinition it is not
      // version 0, but it is of no round.
      if (prompt.getRound() > 0 && prompt.getModality() != Modality.TEXT) {
        throw new IllegalArgumentException(
            "it is %s, and has no prefix".formatted(prompt.getModality()));
      }
      return Optional.empty();
    }
    List<Integer> shape = tensor.getShape();
    if (shape.size() != 2
        || shape.get(0) < 1
        || shape.get(0) > MAX_VECTORS
        || shape.get(1) != model.imageWidth()) {
      throw new IllegalArgumentException(
          "its prefix of shape %s is not 1 to %d vectors of %d numbers"
              .formatted(shape, MAX_VECTORS, model.imageWidth()));
    }
    FloatTensor vectors = Tensors.decode(tensor);
    for (float value : vectors.values()) {
      if (!Float.isFinite(value)) {
        throw new IllegalArgumentException("its prefix holds " + value);
      }
    }
    return Optional.of(new Prefix(vectors));
  }

  /** {@code [V, W]}. */
  FloatTensor vectors() {
    return vectors;
  }

  @Override
  public boolean equals(Object other) {
    return this == other
        || other instanceof Prefix that && hash == that.hash && vectors.equals(that.vectors);
  }

  @Override
  public int hashCode() {
    return hash;
  }
}
