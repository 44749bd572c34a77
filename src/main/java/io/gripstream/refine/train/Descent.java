package io.gripstream.refine.train;

import io.gripstream.clip.FloatTensor;
import io.gripstream.event.Training;
import java.util.ArrayList;
import java.util.List;

/**
 * SGD with momentum and weight decay over several tensors, as {@code torch.optim.SGD} does it,
 * behind {@code torch.nn.utils.clip_grad_norm_}.
 */
final class Descent {
  /** What {@code clip_grad_norm_} adds to the norm. */
  private static final double EPSILON = 1e-6;

  private final List<FloatTensor> parameters;
  private final List<float[]> velocities = new ArrayList<>();
  private final Training training;

  /**
   * @param start copied
   * @param training of which momentum, weight decay and the bound on the gradient count
   */
  Descent(List<FloatTensor> start, Training training) {
    this.parameters = cloned(start);
    this.training = training;
    start.forEach(tensor -> velocities.add(new float[tensor.values().length]));
  }

  /** The tensors themselves, which each step changes. */
  List<FloatTensor> parameters() {
    return parameters;
  }

  /** The tensors as they are now. */
  List<FloatTensor> copy() {
    return cloned(parameters);
  }

  /**
   * Takes one step.
   *
   * @param gradient in the parameters' shapes
   * @param norm of the gradient, as {@link #norm} has it
   * @param rate learning rate
   */
  void step(List<FloatTensor> gradient, double norm, double rate) {
    double clip =
        training.getClipNorm() > 0 ? Math.min(1, training.getClipNorm() / (norm + EPSILON)) : 1;
    for (int t = 0; t < gradient.size(); t++) {
      float[] values = parameters.get(t).values();
      float[] velocity = velocities.get(t);
      float[] slope = gradient.get(t).values();
      for (int i = 0; i < values.length; i++) {
        double descent = clip * slope[i] + training.getWeightDecay() * values[i];
        velocity[i] = (float) (training.getMomentum() * velocity[i] + descent);
        values[i] -= (float) (rate * velocity[i]);
      }
    }
  }

  /** The Euclidean norm of all values of all tensors together. */
  static double norm(List<FloatTensor> tensors) {
    double square = 0;
    for (FloatTensor tensor : tensors) {
      for (float value : tensor.values()) {
        square += (double) value * value;
      }
    }
    return Math.sqrt(square);
  }

  static List<FloatTensor> cloned(List<FloatTensor> tensors) {
    return tensors.stream()
        .map(tensor -> new FloatTensor(tensor.shape(), tensor.values().clone()))
        .toList();
  }
}
