package io.gripstream.clip;

import java.util.List;

/** The mean loss of a set of examples as a function of tensors that are tuned. */
public interface Objective {
  /**
   * @param gradient of the loss in each of the tensors, in its shape
   */
  record Evaluation(double loss, List<FloatTensor> gradient) {}

  /**
   * The mean loss over some of the examples, and its gradient.
   *
   * @param parameters the tensors that are tuned; not changed, and not kept
   * @param rows which examples; one that comes twice counts twice
   */
  Evaluation evaluate(List<FloatTensor> parameters, int[] rows);

  /** The mean loss over some of the examples; the parameters are those of {@link #evaluate}. */
  double loss(List<FloatTensor> parameters, int[] rows);
}
