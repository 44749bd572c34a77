package io.gripstream.clip;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import java.util.ArrayList;
import java.util.List;

/**
 * The loss of a set of examples as a function of a prompt's tensors. Images (their features, or
 * what the image tower's first layer sees), targets and what no prompt changes of the classes are
 * on the device once; a step moves nothing but the prompt, the rows and the gradient. Holds native
 * memory until it is closed; not thread-safe.
 *
 * <p>The loss of an example is its weight times the cross-entropy where its targets are a
 * distribution over the classes, and times {@code -log sum_c probability[c]} over its candidates
 * where they are a set of several (a partial-label loss: Feng et al., "Provably Consistent
 * Partial-Label Learning", NeurIPS 2020, eq. 9).
 */
public final class PromptObjective implements Objective, AutoCloseable {
  private final TorchScript program;
  private final String name;
  private final NDArray[][] others;
  private final ImageTokens images;
  private final NDManager manager;
  private final NDArray[] fixed;

  /**
   * @param name which objective of the program
   * @param others the lists that it takes after the inputs: what is frozen of the classes, weights
   * @param images that it runs through the image tower; null: none
   * @param fixed what it takes before the rows, owned by {@code manager}
   */
  PromptObjective(
      TorchScript program,
      String name,
      NDArray[][] others,
      ImageTokens images,
      NDManager manager,
      NDArray... fixed) {
    this.program = program;
    this.name = name;
    this.others = others;
    this.images = images;
    this.manager = manager;
    this.fixed = TorchScript.named("inputs", fixed);
    manager.cap();
  }

  @Override
  public Evaluation evaluate(List<FloatTensor> prompt, int[] rows) {
    try (NDManager scope = manager.newSubManager()) {
      NDList results = call(scope, "_gradient", true, prompt, rows);
      List<FloatTensor> gradient = new ArrayList<>();
      for (int i = 1; i < results.size(); i++) {
        gradient.add(TorchClip.tensor(results.get(i)));
      }
      return new Evaluation(results.get(0).getFloat(), gradient);
    }
  }

  @Override
  public double loss(List<FloatTensor> prompt, int[] rows) {
    try (NDManager scope = manager.newSubManager()) {
      return call(scope, "_value", false, prompt, rows).get(0).getFloat();
    }
  }

  private NDList call(
      NDManager scope, String what, boolean gradients, List<FloatTensor> prompt, int[] rows) {
    long[] indices = new long[rows.length];
    for (int i = 0; i < rows.length; i++) {
      indices[i] = rows[i];
    }
    if (images != null) {
      images.count(rows.length);
    }
    NDArray[] tensors = prompt.stream().map(t -> TorchClip.array(scope, t)).toArray(NDArray[]::new);
    NDArray[][] lists = new NDArray[3 + others.length][];
    // The engine gives the results to the owner of the first tensor: it must not be a lasting one.
    lists[0] = TorchScript.named("prompt", tensors);
    lists[1] = fixed;
    lists[2] = TorchScript.named("inputs", scope.create(indices));
    System.arraycopy(others, 0, lists, 3, others.length);
    return program.call(name + what, gradients, scope, lists);
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
