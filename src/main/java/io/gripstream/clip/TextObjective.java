package io.gripstream.clip;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;

/**
 * The cross-entropy of cached image features under a text prompt, as a function of the prompt's
 * context. Features, targets and tokens are on the device once; a step moves nothing but the
 * context, the rows and the gradient. Holds native memory until it is closed; not thread-safe.
 */
public final class TextObjective implements AutoCloseable {
  private final TorchScript program;
  private final NDArray[] tower;
  private final NDManager manager;
  private final NDArray[] fixed;

  /**
   * @param fixed start, ids, ends, features, targets, weights, logit scale, owned by {@code
   *     manager}
   */
  TextObjective(TorchScript program, NDArray[] tower, NDManager manager, NDArray... fixed) {
    this.program = program;
    this.tower = tower;
    this.manager = manager;
    this.fixed = TorchScript.named("inputs", fixed);
    manager.cap();
  }

  /**
   * @param gradient in the context's shape
   */
  public record Evaluation(double loss, FloatTensor gradient) {}

  /**
   * The objective over some of the samples, and its gradient.
   *
   * @param context {@code [G, M, W]}
   * @param rows which samples; the objective is the mean over them
   */
  public Evaluation evaluate(FloatTensor context, int[] rows) {
    long[] indices = new long[rows.length];
    for (int i = 0; i < rows.length; i++) {
      indices[i] = rows[i];
    }
    try (NDManager scope = manager.newSubManager()) {
      NDArray[] first = TorchScript.named("inputs", TorchClip.array(scope, context));
      NDArray[] last = TorchScript.named("inputs", scope.create(indices));
      NDList results = program.call("text_gradient", true, scope, first, fixed, last, tower);
      return new Evaluation(results.get(0).getFloat(), TorchClip.tensor(results.get(1)));
    }
  }

  /** How many arrays this objective's own scope holds. */
  int nativeArrays() {
    return manager.getManagedArrays().size();
  }

  @Override
  public void close() {
    manager.close();
  }
}
