package io.gripstream.workshop.experiment.drift;

import io.gripstream.clip.Float16;
import io.gripstream.clip.FloatTensor;
import io.gripstream.event.PromptVersion;
import io.gripstream.refine.head.Classifier;
import java.nio.ByteBuffer;

/** What a text prompt says of one image after another. Its tensors are decoded once. */
public final class Labeling {
  private PromptVersion known;
  private Classifier classifier;

  /**
   * @param feature {@code D} halves
   * @return {@code [1, C]}
   */
  public FloatTensor logits(PromptVersion version, byte[] feature) {
    if (known != version) {
      known = version;
      classifier = Classifier.of(version);
    }
    float[] x = Float16.decode(ByteBuffer.wrap(feature));
    return classifier.logits(FloatTensor.matrix(1, x.length, x));
  }
}
