package io.gripstream.prompt;

import io.gripstream.clip.FloatTensor;
import java.util.Arrays;
import java.util.Random;

/** Tensors that a prompt begins with. */
final class Drawn {
  private Drawn() {}

  /** Independent N(0, deviation). */
  static FloatTensor normal(Random random, double deviation, int... shape) {
    FloatTensor tensor = constant(0, shape);
    for (int i = 0; i < tensor.values().length; i++) {
      tensor.values()[i] = (float) (deviation * random.nextGaussian());
    }
    return tensor;
  }

  static FloatTensor constant(float value, int... shape) {
    int count = 1;
    for (int extent : shape) {
      count *= extent;
    }
    float[] values = new float[count];
    Arrays.fill(values, value);
    return new FloatTensor(shape, values);
  }
}
